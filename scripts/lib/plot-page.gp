# What the pictures have in common. Read by scripts/plot, after the settings that plot.jq has written and
# before a picture of its own. The colours are from Okabe and Ito's palette, which people of any colour
# vision tell apart.
set encoding utf8
set datafile separator "\t"
set datafile commentschars ''
px(p) = p / (1.0 * width)
py(p) = p / (1.0 * height)
# A line of one of the files of texts, whose names stand in these programs.
nth(file, n) = system(sprintf('sed -n %dp %s', n, file))

# Waited, ran, returned, called back, not known.
array colour[5] = ['#f0c46c', '#0072b2', '#d55e00', '#000000', '#c8c8c8']

set label 1 nth('title', 1) at screen px(12), screen 1 - py(18) left noenhanced font large
set label 2 nth('subtitle', 1) at screen px(12), screen 1 - py(40) left noenhanced textcolor rgb '#333333'
set label 3 nth('setting', 1) at screen px(12), screen 1 - py(58) left noenhanced font small textcolor rgb '#666666'
set xtics nomirror out offset 0, lift
set border 3 linewidth 0.7 linecolor rgb '#666666'
set style fill solid 1.0 noborder
unset key # legends are drawn by hand: gnuplot's own wrap where they like
