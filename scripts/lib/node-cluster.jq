# The table of scripts/compare-node on requests for a hash to clusters, from the pairs that were run
# (slurped; see node-pair.jq). Fits into 80 columns.
include "values";

def total: .[-1].called_back_ns;

def row($name; calls): # from the pairs of one number of workers
    [$name, ([.[] | calls[0].called_back_ns] | median | duration),
     ([.[] | calls | map(.called_back_ns) | median] | median | duration),
     ([.[] | calls | total] | median | duration)];

[["workers", "program", "first", "middle", "last", "uvlab/Node.js"]]
+ [map(select(.experiment == "cluster")) | group_by(.workers)[]
   | ([.[0].workers | tostring] + row("uvlab"; .uvlab)
      + [[.[] | (.uvlab | total) / (.node | total)] | spread]),
     ([""] + row("Node.js"; .node) + [""])]
| table([1])
