# The timeline of one run. Read by scripts/plot, after plot-page.gp.
set lmargin at screen px(name_px)
set rmargin at screen 1 - px(18)
set tmargin at screen 1 - py(76)
set bmargin at screen py(84)
set label 4 'time since the run began ('.x_unit.')' at screen 0.5, screen py(40) center noenhanced

set xrange [0:x_last]
set yrange [calls + 0.5:0.5]
set grid xtics linetype 1 linewidth 0.5 linecolor rgb '#dddddd'
if (named) {
    unset ytics
    half = 0.36
} else {
    set ytics nomirror out
    half = 0.5 * step
    set ylabel 'call, in the order of submission' noenhanced offset 1.2, 0
    set lmargin at screen px(80)
}

# The legend.
array meaning[5] = ['waited', 'ran', 'returned (done, not yet called back)', 'called back', 'parts not known']
array left[5] = [0, 82, 138, 402, 508]
legend_x(k, p) = px((named ? name_px : 80) + left[k] + p)
do for [k = 1:(any_unknown ? 5 : 4)] {
    set object k rectangle from screen legend_x(k, (k == 4 ? 10 : 0)), screen py(10) \
        to screen legend_x(k, (k == 4 ? 12 : 14)), screen py(22) fillcolor rgb colour[k] fillstyle solid noborder
    set label 10 + k meaning[k] at screen legend_x(k, 20), screen py(16) left noenhanced
}

row_top(r) = r - half
row_bottom(r) = r + half
mark_half = half * (named ? 1.25 : 1)
plot 'waited' using 2:1:2:3:(row_top($1)):(row_bottom($1)) with boxxyerror linecolor rgb colour[1], \
     'ran' using 2:1:2:3:(row_top($1)):(row_bottom($1)) with boxxyerror linecolor rgb colour[2], \
     'returned' using 2:1:2:3:(row_top($1)):(row_bottom($1)) with boxxyerror linecolor rgb colour[3], \
     'unknown' using 2:1:2:3:(row_top($1)):(row_bottom($1)) with boxxyerror linecolor rgb colour[5], \
     'marks' using 2:($1 - mark_half):(0):(2 * mark_half) with vectors nohead linewidth (named ? 1.5 : 1) linecolor rgb colour[4], \
     'inside' using 2:1:3 with labels center noenhanced textcolor rgb '#ffffff', \
     'beside' using 2:1:3 with labels left offset character 1, 0 noenhanced textcolor rgb '#444444', \
     'failures' using 2:1:3 with labels left offset character 1, 0 noenhanced textcolor rgb '#b00020', \
     'rows' using (0):1:2 with labels right offset character -0.6, 0 noenhanced
