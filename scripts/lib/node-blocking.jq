# The table of scripts/compare-node on slow handlers, from the pairs that were run (slurped; see
# node-blocking-pair.jq). Fits into 80 columns.
include "values";

def row($name; $where; side): # from the pairs
    [.[] | side[] | select(.where == $where)] as $seen
    | def middle(f): [$seen[] | f | known | values] | median | duration;
      [$name, middle(.first_ns), middle(.last_ns), middle(.p50_ns), middle(.p99_ns), middle(.lag_ns)];

map(select(.experiment == "blocking")) as $pairs
| [["where", "program", "first", "last", "/fast p50", "/fast p99", "held up"]]
+ [$pairs[0].uvlab[].where as $where | $pairs
   | ([$where] + row("uvlab"; $where; .uvlab)), ([""] + row("Node.js"; $where; .node))]
| table([0, 1])
