# The second table of scripts/compare-node: in which order timers, immediates and 'close' came.
# Input (slurped): a uvlab result of `loop`, then what node/loop.js has written. Arguments: $node_libuv,
# the version of libuv in Node.js. Fits into 80 columns.
include "values";

# Node's name of what a call armed, in the order in which it came back; two 'close' in a row are one.
def armed_by($cause; $run):
    [$run | top_spans[] | select(.armed_by == $cause and .called_back_ns != null and .node_name != null)]
    | sort_by(.called_back_ns) | map(.node_name)
    | reduce .[] as $name ([]; if .[-1] == $name then . else . + [$name] end);

def from_cause($from; $cause_name):
    {from: $from, orders: [measured_runs[] as $run | $run | top_spans[] | select(.node_name == $cause_name)
                           | armed_by(.id; $run)]};

def of_uvlab:
    {from: "the main program",
     orders: [.runs[] | select(.role == "trial") | . as $run | armed_by(null; $run)]},
    from_cause("an fs.readFile callback"; "fs.readFile"),
    from_cause("a socket's 'data' callback"; "'data'");

def seen($orders; $order): [$orders[] | select(. == $order)] | "\(length)/\($orders | length)";

# uv_run() calls timers first in an iteration; since libuv 1.45, last.
def timers: if split(".") | map(tonumber? // 0) | .[:2] >= [1, 45] then "last" else "first" end;

# Below the table: why the two programs need not agree where chance decides.
def note($ours; $rows): # $rows: of the main program
    (if $rows == 1 then "The first row is a matter of chance (see uvlab loop); its shares"
     else "The first \(if $rows == 2 then "two" else $rows end) rows are a matter of chance (see uvlab loop); their shares" end)
    + " need not agree. "
    + (if ($ours | timers) == ($node_libuv | timers)
       then "libuv \($ours) and Node.js's \($node_libuv) have their timers \($ours | timers) in an iteration."
       else "libuv \($ours) has its timers \($ours | timers) in an iteration, Node.js's \($node_libuv) \($node_libuv | timers)." end);

([.[0] | of_uvlab]) as $uvlab
| (.[1:] | group_by(.from) | map({key: .[0].from, value: (map(.orders) | add)}) | from_entries) as $node
| .[0].environment.libuv as $ours
| [ $uvlab[] | .from as $from | .orders as $ours | $node[$from] as $theirs
    | ($ours + $theirs | unique) | to_entries[]
    | .value as $order
    | [(if .key == 0 then $from | sub("^(an?|the) "; "") else "" end), ($order | join(", ")),
       seen($ours; $order), seen($theirs; $order)] ] as $rows
| ([["armed by", "called back", "uvlab", "Node.js"]] + $rows | table([0, 1])),
  "",
  (note($ours; [$uvlab[0].orders, $node[$uvlab[0].from] | .[]] | unique | length) | printable | wrapped(""))
