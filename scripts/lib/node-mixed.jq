# The table of scripts/compare-node on a request, a file read and hashes: in which order they came
# back, and how often. From the pairs that were run (slurped; see node-pair.jq). Fits into 80 columns.
include "values";

# "request, hash, read, 3 hashes"
def in_words:
    reduce .[].kind as $kind ([];
        if .[-1].kind == $kind then .[-1].count += 1 else . + [{kind: $kind, count: 1}] end)
    | map(if .count == 1 then .kind
          else "\(.count) \(.kind)" + (if .kind == "hash" then "es" else "s" end) end)
    | join(", ");

def times($orders): . as $order | [$orders[] | select(. == $order)] | length;

[["pool", "called back", "uvlab", "Node.js"]]
+ [map(select(.experiment == "multitask")) | group_by(.threads)[]
   | (.[0].threads | tostring) as $threads
   | map(.uvlab | in_words) as $ours | map(.node | in_words) as $theirs
   | ($ours + $theirs | unique | sort_by(- times($ours) - times($theirs))) | to_entries[]
   | .value as $order
   | [(if .key == 0 then $threads else "" end), ($order | cut_to(50)),
      ($order | "\(times($ours))/\($ours | length)", "\(times($theirs))/\($theirs | length)")]]
| table([1])
