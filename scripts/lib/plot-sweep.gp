# A sweep: what it is judged by, and the parts of a call. Read by scripts/plot, after plot-page.gp.
# Not those of the parts first, which mean something else.
array line_colour[8] = ['#000000', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#0072b2', '#d55e00', '#7f7f7f']
array pale_colour[8] = ['#a0000000', '#a0009e73', '#a0cc79a7', '#a056b4e9', \
    '#a0e69f00', '#a00072b2', '#a0d55e00', '#a07f7f7f']
left_px = 76
right_px = 556
foot = 20 * legend_rows

set multiplot
if (head > 0) {
    set label 3 at screen px(12), screen 1 - py(58 + head)
    do for [k = 1:head / 18] {
        set label 40 + k nth('why', k) at screen px(12), screen 1 - py(40 + 18 * k) left noenhanced \
            textcolor rgb '#333333'
    }
}
set tmargin at screen 1 - py(110 + head)
set bmargin at screen py(foot + 92 + deep)
set xrange [0:panel]
if (turned) { set xtics rotate by 40 right; }
set ytics nomirror out
set grid ytics linetype 1 linewidth 0.5 linecolor rgb '#dddddd'
set label 5 nth('axis', 1) at screen px(left_px + panel / 2), screen py(foot + 44) center noenhanced
set label 6 nth('axis', 1) at screen px(right_px + panel / 2), screen py(foot + 44) center noenhanced
set label 7 nth('what', 1).' ('.y_unit.')'.(y_cut ? '; the axis does not begin at 0' : '') \
    at screen px(left_px + panel / 2), screen 1 - py(92 + head) center noenhanced
set label 8 'parts of a call: mean ('.z_unit.')' \
    at screen px(right_px + panel / 2), screen 1 - py(92 + head) center noenhanced

# What the marks mean.
mark = py(foot + 18)
x = left_px
set label 10 '' at screen px(x), screen mark \
    point pointtype 7 pointsize dot linecolor rgb (count > 1 ? '#808080' : pale_colour[1])
set label 11 'run' at screen px(x + 10), screen mark left noenhanced
x = x + 52
set label 12 '' at screen px(x), screen mark \
    point pointtype 7 pointsize dot * 1.8 linecolor rgb (count > 1 ? '#808080' : line_colour[1])
set label 13 'median'.(any_interval ? ' and its interval' : '') at screen px(x + 10), screen mark left noenhanced
x = x + (any_interval ? 178 : 78)
if (any_recommended) {
    set label 14 '' at screen px(x), screen mark \
        point pointtype 6 pointsize dot * 3.2 linewidth 1.5 linecolor rgb '#000000'
    set label 15 'recommended' at screen px(x + 13), screen mark left noenhanced
    x = x + 122
}
if (any_far) {
    set label 16 '' at screen px(x), screen mark \
        point pointtype 4 pointsize dot * 2 linecolor rgb '#b00020'
    set label 17 'outlier' at screen px(x + 12), screen mark left noenhanced
    x = x + 74
}
if (any_default) {
    set arrow 1 from screen px(x - 6), screen mark to screen px(x + 20), screen mark \
        nohead dashtype 2 linewidth 1.5 linecolor rgb '#666666'
    set label 18 'default' at screen px(x + 28), screen mark left noenhanced
}
array meaning[3] = ['waited', 'ran', 'returned']
array meaning_left[3] = [0, 86, 148]
do for [k = 1:3] {
    set object k rectangle from screen px(right_px + 100 + meaning_left[k]), screen mark - py(6) \
        to screen px(right_px + 114 + meaning_left[k]), screen mark + py(6) \
        fillcolor rgb colour[k] fillstyle solid noborder
    set label 20 + k meaning[k] at screen px(right_px + 120 + meaning_left[k]), screen mark left noenhanced
}
if (count > 1) {
    do for [k = 1:count] {
        y = py(16 + 20 * (legend_rows - 1 - legend_row[k]))
        set object 10 + k rectangle from screen px(legend_left[k]), screen y - py(1.5) \
            to screen px(legend_left[k] + 22), screen y + py(1.5) \
            fillcolor rgb line_colour[k] fillstyle solid noborder
        set label 30 + k nth('legend', k) at screen px(legend_left[k] + 28), screen y left noenhanced
    }
}

set lmargin at screen px(left_px)
set rmargin at screen px(left_px + panel)
set yrange [y_low:y_high]
if (y_log) {
    set logscale y
    do for [e = -9:12] { do for [m = 2:5:3] { set ytics add (m * 10.0 ** e) } } # 1, 2, 5, 10, ...
}
if (!any_values) {
    unset ytics
    set label 9 'no run succeeded' at graph 0.5, graph 0.5 center noenhanced textcolor rgb '#666666'
}
plot 'default' using 1:(y_low):(0):(y_high - y_low) \
         with vectors nohead dashtype 2 linewidth 1.5 linecolor rgb '#666666', \
     for [k = 1:count] sprintf('dots%d', k) using 1:2 \
         with points pointtype 7 pointsize dot linecolor rgb pale_colour[k], \
     for [k = 1:count] sprintf('line%d', k) using 1:(numeric ? $2 : NaN) \
         with lines linewidth 1.5 linecolor rgb line_colour[k], \
     for [k = 1:count] sprintf('line%d', k) using 1:2:3:4 \
         with yerrorbars pointtype 7 pointsize dot * large_dot linewidth 1.5 linecolor rgb line_colour[k], \
     'far' using 1:2 with points pointtype 4 pointsize dot * 2 linecolor rgb '#b00020', \
     'recommended' using 1:2 with points pointtype 6 pointsize dot * 3.2 linewidth 1.5 linecolor rgb '#000000', \
     'failed' using 1:2 with points pointtype 2 pointsize dot * 2.4 linewidth 2 linecolor rgb '#b00020', \
     'beyond' using 1:2 with points pointtype 9 pointsize dot * 2.4 linecolor rgb '#b00020', \
     'beyond_values' using 1:2:3 with labels center offset 0, -1 noenhanced font small, \
     'ticks' using 1:(NaN):xtic(2)

unset label
unset object
unset arrow
unset logscale
set lmargin at screen px(right_px)
set rmargin at screen px(right_px + panel)
set yrange [(count > 1 ? -0.025 * z_high : 0):z_high]
set ytics nomirror out
if (!any_parts) {
    unset ytics
    set label 9 'nothing is known of them' at graph 0.5, graph 0.5 center noenhanced textcolor rgb '#666666'
}
low(k) = k == 1 ? 0 : k == 2 ? column(3) : column(3) + column(4)
plot for [k = 1:3] 'bars' using 1:(0):($1 - $2):($1 + $2):(low(k)):(low(k) + column(2 + k)) \
         with boxxyerror linecolor rgb colour[k], \
     for [k = 1:count] sprintf('feet%d', k) using 1:(0):($1 - $2):($1 + $2):(-0.006 * z_high):(-0.025 * z_high) \
         with boxxyerror linecolor rgb line_colour[k], \
     'failed' using 3:(0.02 * z_high):4 with labels rotate by 90 left noenhanced textcolor rgb '#b00020', \
     'bar_ticks' using 1:(NaN):xtic(2)
unset multiplot
