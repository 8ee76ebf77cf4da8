# From one document of uvlab (in an array) to lines of columns for gnuplot.
#
# Every line is FILE <tab> FIELD <tab> FIELD ...; scripts/plot sorts the lines into files of those
# names. What goes to "settings" is read by gnuplot as commands: it consists of names that stand in these
# programs and of numbers that are checked to be numbers. Text goes to files that are read as data.
#
# Arguments: $picture ("timeline", "sweep" or "compare"), $format ("svg" or "png"), $run (of the timeline).

include "plot-timeline";
include "plot-sweep";
include "plot-compare";

(if $picture == "timeline" then timeline elif $picture == "sweep" then sweep else comparison end)
| map(tostring) | join("\t")
