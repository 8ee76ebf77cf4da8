# One table of scripts/compare-node on hashes, from the pairs that were run (slurped into an array; see
# node-pair.jq). Arguments: $calls. It fits into 80 columns.
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

[["pool", "program", "first", "last", "CPU", "order", "uvlab/Node.js"]]
+ [map(select(.experiment == "threadpool" and .calls == $calls)) | group_by(.threads)[]
   | ([.[0].threads | tostring] + row("uvlab"; .uvlab_cpu_ns; .uvlab)
      + [[.[] | (.uvlab | total) / (.node | total)] | spread]),
     ([""] + row("Node.js"; .node_cpu_ns; .node) + [""])]
| table([1, 5])
