# The table of scripts/compare-node on counts on worker threads, from the pairs that were run (slurped;
# see node-pair.jq). Arguments: $count. Fits into 80 columns.
include "values";

def total: .[-1].called_back_ns;

def row($name; cpu_ns; calls): # from the pairs of one number of requests
    [$name, ([.[] | calls[] | .started_ns] | median | duration),
     ([.[] | calls[] | .finished_ns - .started_ns] | median | duration),
     ([.[] | calls[] | .called_back_ns - .finished_ns] | median | duration),
     ([.[] | calls | total] | median | duration),
     ([.[] | cpu_ns / .requests] | median | duration)];

[["at once", "program", "began", "counted", "back", "elapsed", "CPU", "uvlab/Node.js"]]
+ [map(select(.experiment == "workers" and .count == $count)) | group_by(.requests)[]
   | ([.[0].requests | tostring] + row("uvlab"; .uvlab_cpu_ns; .uvlab)
      + [[.[] | (.uvlab | total) / (.node | total)] | spread]),
     ([""] + row("Node.js"; .node_cpu_ns; .node) + [""])]
| table([1])
