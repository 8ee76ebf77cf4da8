# Pool sizes side by side: elapsed time, and the parts of a call. Read by scripts/plot, after the
# settings that plot.jq has written. Colours as in plot-timeline.gp.
set encoding utf8
set datafile separator "\t"
set datafile commentschars ''
px(p) = p / (1.0 * width)
py(p) = p / (1.0 * height)

set multiplot
set label 1 title at screen px(12), screen 1 - py(18) left noenhanced font large
set label 2 subtitle at screen px(12), screen 1 - py(40) left noenhanced textcolor rgb '#333333'
set label 3 setting at screen px(12), screen 1 - py(58) left noenhanced font small textcolor rgb '#666666'
set tmargin at screen 1 - py(110)
set bmargin at screen py(92)
set xrange [0.4:sizes + 0.6]
set xtics nomirror out offset 0, lift
set ytics nomirror out
set grid ytics linetype 1 linewidth 0.5 linecolor rgb '#dddddd'
set border 3 linewidth 0.7 linecolor rgb '#666666'
set style fill solid 1.0 noborder

# Legends, drawn by hand: gnuplot's own wrap where they like.
unset key
set object 1 rectangle from screen px(160), screen py(15.2) to screen px(182), screen py(16.8) fillcolor rgb '#56b4e9' fillstyle solid noborder
set label 11 'median' at screen px(190), screen py(16) left noenhanced
set label 12 '' at screen px(286), screen py(16) point pointtype 7 pointsize dot linecolor rgb '#0072b2'
set label 13 'one run' at screen px(298), screen py(16) left noenhanced
array colour[3] = ['#f0c46c', '#0072b2', '#d55e00']
array meaning[3] = ['waited', 'ran', 'returned']
array left[3] = [560, 646, 708]
set label 14 'threads in the pool' at screen px(268), screen py(46) center noenhanced
set label 15 'threads in the pool' at screen px(748), screen py(46) center noenhanced
do for [k = 1:3] {
    set object 1 + k rectangle from screen px(left[k]), screen py(10) to screen px(left[k] + 14), screen py(22) \
        fillcolor rgb colour[k] fillstyle solid noborder
    set label 20 + k meaning[k] at screen px(left[k] + 20), screen py(16) left noenhanced
}

# A dash of the width of a bar, as in the plot.
set object 5 rectangle from screen px(804), screen py(15) to screen px(826), screen py(17) fillcolor rgb '#000000' fillstyle solid noborder
set label 24 'longest wait' at screen px(832), screen py(16) left noenhanced

set lmargin at screen px(72)
set rmargin at screen px(464)
set yrange [0:y_most * 1.08]
set label 9 'elapsed time of a run ('.y_unit.')' at graph 0.5, screen 1 - py(92) center noenhanced
plot 'medians' using 1:2 with lines linewidth 2 linecolor rgb '#56b4e9', \
     'dots' using 1:2 with points pointtype 7 pointsize dot linecolor rgb '#0072b2', \
     'rows' using 1:(NaN):xtic(2)

unset label
unset object
set lmargin at screen px(552)
set rmargin at screen 1 - px(16)
set yrange [0:z_most * 1.08]
set label 9 'parts of a call: mean ('.z_unit.')' at graph 0.5, screen 1 - py(92) center noenhanced
set boxwidth 0.6
plot 'bars' using 1:(0):($1 - 0.3):($1 + 0.3):(0):2 with boxxyerror linecolor rgb colour[1], \
     'bars' using 1:2:($1 - 0.3):($1 + 0.3):2:($2 + $3) with boxxyerror linecolor rgb colour[2], \
     'bars' using 1:2:($1 - 0.3):($1 + 0.3):($2 + $3):($2 + $3 + $4) with boxxyerror linecolor rgb colour[3], \
     'longest' using ($1 - 0.34):2:(0.68):(0) with vectors nohead linewidth 2 linecolor rgb '#000000', \
     'rows' using 1:(NaN):xtic(2)
unset multiplot
