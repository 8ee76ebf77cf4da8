# What scripts/compare-node keeps of a pair of runs, as one line:
#   {"experiment": "threadpool", "calls": 5, ..., "uvlab": [{"call", "kind", "started_ns",
#    "finished_ns", "called_back_ns"}, ...], "node": [...], "uvlab_cpu_ns": 0, "node_cpu_ns": 0,
#    "warnings": [...]}
# with the calls in the order in which they came back, in nanoseconds since the first was submitted.
# Arguments: $experiment; $setting, an object that is added; $uvlab, a result, and $node, what the
# program for Node.js wrote (both slurped); $uvlab_cpu and $node_cpu, the words "user system".

def ns: gsub(","; ".") | [splits("[ \n]+") | select(. != "") | tonumber] | add * 1e9;

# Null stays null: what is not known.
def since($start): if . == null then null else . - $start end;

# The names that scripts/node/multitask.js uses.
def kind: {"http": "request", "fs.readFile": "read", "pbkdf2": "hash"}[.] // .;

[$uvlab[0].runs[0].spans[] | select(.parent == null)]
| (map(.submitted_ns) | min) as $start
| map({call: .id, kind: (.kind // "" | kind), started_ns: (.started_ns | since($start)),
       finished_ns: (.finished_ns | since($start)), called_back_ns: (.called_back_ns - $start)})
| sort_by(.called_back_ns)
| {experiment: $experiment, uvlab: ., node: $node[0].calls, uvlab_cpu_ns: ($uvlab_cpu | ns),
   node_cpu_ns: ($node_cpu | ns), warnings: $uvlab[0].warnings} + $setting
