# A comparison, a panel for every metric. Read by scripts/plot, after plot-page.gp.
array side_colour[6] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']
array pale_colour[6] = ['#800072b2', '#80d55e00', '#80009e73', '#80cc79a7', '#80e69f00', '#8056b4e9']
array dark_colour[6] = ['#00405f', '#7a3500', '#005a42', '#7a4065', '#7a5300', '#2a6284']

set multiplot
set label 3 at screen px(12), screen 1 - py(head - 18)
do for [k = 1:sides] {
    y = 1 - py(58 + 18 * (k - 1))
    set object k rectangle from screen px(12), screen y - py(5) to screen px(22), screen y + py(5) \
        fillcolor rgb side_colour[k] fillstyle solid noborder
    set label 10 + k nth('sides', k) at screen px(28), screen y left noenhanced
}
do for [k = 1:differences] {
    set label 20 + k nth('difference', k) at screen px(12), screen 1 - py(head - 18 - 18 * (differences + 1 - k)) \
        left noenhanced textcolor rgb '#333333'
}

values_of(k) = sprintf('panel%dside%d', p, k)
do for [p = 1:panels] {
    left_px = 8 + pitch * ((p - 1) % columns)
    top_px = head + row * ((p - 1) / columns)
    medians = sprintf('panel%dmedian', p)
    far = sprintf('panel%dbeyond', p)
    shares = panel_shares[p]
    set lmargin at screen px(left_px + 56)
    set rmargin at screen px(left_px + pitch - 14)
    set tmargin at screen 1 - py(top_px + panel_head)
    set bmargin at screen 1 - py(top_px + row - 34)
    set label 30 nth('panel_titles', p) at screen px(left_px + 12), screen 1 - py(top_px + 20) left noenhanced
    do for [n = 1:sides - 1] {
        set label 30 + n nth('verdicts', (p - 1) * (sides - 1) + n) \
            at screen px(left_px + 12), screen 1 - py(top_px + 22 + 16 * n) left noenhanced font small \
            textcolor rgb value(sprintf('v_%d_%d', p, n))
    }
    unset logscale
    if (shares) {
        set xtics auto nomirror out offset 0, lift
        set ytics 0.25 nomirror out format '%.2g'
        set xrange [panel_low[p]:panel_high[p]]
        set yrange [0:1.03]
        if (panel_log[p]) { set logscale x }
        # Labels stand side by side here: of more than two decades there is room for their powers only.
        if (panel_log[p] && panel_high[p] / panel_low[p] < 150) {
            do for [e = -9:12] { do for [m = 2:5:3] { set xtics add (m * 10.0 ** e) } }
        }
        set grid xtics ytics linetype 1 linewidth 0.5 linecolor rgb '#dddddd'
        plot for [k = 1:sides] values_of(k) using 1:2 with steps linewidth 1.8 linecolor rgb side_colour[k], \
             for [k = 1:sides] medians using ($3 == k ? $1 : NaN):2 \
                 with points pointtype 7 pointsize dot * 1.6 linecolor rgb side_colour[k]
    } else {
        set xtics ('' 0)
        set ytics auto nomirror out format '%g'
        set xrange [-0.6:sides - 0.4]
        set yrange [panel_low[p]:panel_high[p]]
        if (panel_log[p]) { set logscale y; do for [e = -9:12] { do for [m = 2:5:3] { set ytics add (m * 10.0 ** e) } } }
        set grid noxtics ytics linetype 1 linewidth 0.5 linecolor rgb '#dddddd'
        plot for [k = 1:sides] values_of(k) using 1:2 \
                 with points pointtype 7 pointsize dot * 1.2 linecolor rgb pale_colour[k], \
             for [k = 1:sides] medians using ($5 == k ? $1 : NaN):3:(0):($4 - $3) \
                 with vectors heads size screen px(5), 90 linewidth 1.5 linecolor rgb dark_colour[k], \
             for [k = 1:sides] medians using ($5 == k ? $1 - 0.3 : NaN):2:(0.6):(0) \
                 with vectors nohead linewidth 2.5 linecolor rgb dark_colour[k], \
             for [k = 1:sides] far using ($3 == k ? $1 : NaN):2 \
                 with points pointtype 9 pointsize dot * 2 linecolor rgb side_colour[k], \
             far using 1:2:4 with labels center offset 0, -1 noenhanced font small, \
             'letters' using 1:(NaN):xtic(2)
    }
    # What belongs to the whole page is drawn with the first panel alone.
    if (p == 1) { unset label; unset object }
}
unset multiplot
