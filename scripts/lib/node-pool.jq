# One table of scripts/compare-node, from the pairs that were run (slurped into an array), each
#   {"calls": 5, "threads": 4, "round": 1, "uvlab": [{"call", "called_back_ns"}, ...], "node": [...],
#    "uvlab_cpu_ns": 0, "node_cpu_ns": 0, "warnings": [...]}
# with the calls in the order in which they came back. Arguments: $calls. It fits into 80 columns.
include "values";

def order: map(.call | tostring) | join(" ");

# The order that was seen most often, and how often that was.
def usual_order:
    length as $all
    | map(order) | group_by(.) | max_by(length)
    | (if length == $all then "" else " (\(length)/\($all))" end) as $share
    | (.[0] | cut_to(17 - ($share | length))) + $share;

def total: .[-1].called_back_ns;

def row($name; cpu_ns; calls): # from the pairs
    [$name, ([.[] | calls[0].called_back_ns] | median | duration),
     ([.[] | calls | total] | median | duration), ([.[] | cpu_ns / $calls] | median | duration),
     ([.[] | calls] | usual_order)];

def spread: # of ratios
    (median | fixed(2)) + (if length > 1 then " [\(min | fixed(2)) - \(max | fixed(2))]" else "" end);

[["pool", "program", "first", "last", "CPU", "order", "uvlab/Node.js"]]
+ [map(select(.calls == $calls)) | group_by(.threads)[]
   | ([.[0].threads | tostring] + row("uvlab"; .uvlab_cpu_ns; .uvlab)
      + [[.[] | (.uvlab | total) / (.node | total)] | spread]),
     ([""] + row("Node.js"; .node_cpu_ns; .node) + [""])]
| table([1, 5])
