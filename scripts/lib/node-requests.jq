# The table of scripts/compare-node on HTTPS requests at once, from the pairs that were run (slurped;
# see node-pair.jq). Fits into 80 columns.
include "values";

def total: .[-1].called_back_ns;

def row($name; cpu_ns; calls): # from the pairs of one number of requests
    [$name, ([.[] | calls | total] | median | duration),
     ([.[] | cpu_ns / .requests] | median | duration)];

[["at once", "program", "elapsed", "CPU", "elapsed, ratio", "CPU, ratio"]]
+ [map(select(.experiment == "os-delegation")) | group_by(.requests)[]
   | ([.[0].requests | tostring] + row("uvlab"; .uvlab_cpu_ns; .uvlab)
      + [([.[] | (.uvlab | total) / (.node | total)] | spread),
         ([.[] | .uvlab_cpu_ns / .node_cpu_ns] | spread)]),
     ([""] + row("Node.js"; .node_cpu_ns; .node) + ["", ""])]
| table([1])
