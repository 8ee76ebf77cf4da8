# The timeline of one run of a result: a row per call, drawn by plot-timeline.gp.
#
# Arguments: $run, which measured run to draw, from 1.
include "values";
include "plot-text";

# Above this, a row per call cannot be told apart; every k-th call is drawn, and the title says so.
def most_rows: 4000;
def most_named_rows: 60;

# Pixels: of the part that holds the bars, of a letter, of a row, around the rows.
def plot_px: 720;
def letter_px: 7.2;
def row_px($rows): if $rows <= 20 then 28 elif $rows <= most_named_rows then 18 else 720 / $rows end;

def instants:
    {s: (.submitted_ns | known), b: (.started_ns | known), f: (.finished_ns | known),
     c: (.called_back_ns | known)};

# The calls, each with its parts behind it in the order in which they were submitted: `depth` is 0 for
# calls, 1 for their parts, and so on. A part comes after its call in the result; what says otherwise
# stands by itself.
def has_whole: (.parent | type) == "number" and (.id | type) == "number" and .parent < .id;
def with_parts($parts; $depth):
    . + {depth: $depth}, ($parts[.id | tostring] // [] | .[] | with_parts($parts; $depth + 1));
def in_tree:
    (map(select(has_whole)) | group_by(.parent)
     | map({key: (.[0].parent | tostring), value: sort_by(.submitted_ns)}) | from_entries) as $parts
    | (map(.id | tostring) | unique | map({key: ., value: true}) | from_entries) as $known
    | [.[] | select((has_whole | not) or ($known[.parent | tostring] | not)) | with_parts($parts; 0)
       | .parts = ($parts[.id | tostring] // [])];

# The bars of a call, as [file, from, to]; what cannot be known is a bar of its own. Where the run was
# cut off, what had started ran until then, and what was cancelled or had not started waited.
def bars($stop; $status; $is_phase):
    . as $i
    | (if .s != null and .b != null then ["waited", .s, .b] else empty end),
      (if .b != null and .f != null then ["ran", .b, .f] else empty end),
      (if .f != null and .c != null then ["returned", .f, .c] else empty end),
      (if .b == null and .s != null then
           [(if .c == null or $status == "cancelled" then "waited" else "unknown" end), .s, .c // $stop]
       elif .b != null and .f == null and .c == null then ["ran", .b, $stop]
       elif .b != null and .f == null then ["unknown", .b, .c // $stop]
       elif .f != null and .c == null and ($is_phase | not) then ["unknown", .f, $stop]
       else empty end);

# A part on which the operating system worked has no callback of its own.
def is_phase: .depth > 0 and .lane == "os";

# A call whose parts ran on several threads did for most of its time what its parts did.
def is_sum: .lane == null and (.parts | length) > 0 and any(.parts[]; (.started_ns | known) != null);
def all_bars($stop):
    (if is_sum then .parts[] + {depth: 1} else . end)
    | .status as $status | is_phase as $is_phase | instants | bars($stop; $status; $is_phase);

def span_label:
    if (.status // "ok") != "ok" then {file: "failures", text: (.status | text(44))}
    else (if (.parts | length) > 0 and .lane == null then ""
          elif .lane == null or .lane == "loop" then .phase // .lane // "" else .lane end)
         | {file: "beside", text: text(16)} end;

# Inside its bar where there is room, to the right of it elsewhere.
def placed_label($stop; $xmax):
    .i as $i | .label as $l
    | (($i.f // 0) - ($i.b // 0)) as $room
    | (if $l.file == "beside" and $i.b != null and $i.f != null
          and $room / $xmax * plot_px > ($l.text | length) * letter_px + 8
       then ["inside", $i.b + $room / 2] else [$l.file, $i.end] end)
    | [.[0], .[1], $l.text];

def timeline_title($spans):
    (.experiment | text(32)) + ": " + ($spans | calls)
    + (pool_size as $p | if $p == null or $p == 0 then "" else " on " + plural($p; "pool thread") end) | text(90);

def timeline_subtitle($r; $runs; $all; $drawn):
    [ (if $runs > 1 then "run \($run) of \($runs)" else empty end),
      "elapsed \($r.elapsed_ns | known | duration)",
      # The workers of a cluster are processes of their own, whose time is not in there.
      (if .experiment == "cluster" then "the client's CPU time " else "CPU time " end)
      + ($r.cpu_ns | known | duration),
      (if .interrupted == true then "interrupted" else empty end),
      (if $drawn < $all then "\($drawn) of \($all) calls are drawn" else empty end),
      ([.] | doubts($runs)) ] | join(" · ");

def timeline:
    .[0] as $result
    | ($result | measured_runs) as $runs
    | (if ($runs | length) == 0 then error("the result has no measured run")
       elif $run > ($runs | length) then error("--run \($run): the result has \(plural($runs | length; "measured run"))")
       else $runs[$run - 1] end) as $r
    | ($r | top_spans | in_tree) as $spans
    | ($spans | length) as $all
    | (if $all == 0 then error("the run has no calls") else ($all / most_rows | ceil) end) as $step
    | ([$spans[] | instants[] | values] | max) as $last
    | (if $last == null then error("no instant of any call is known")
       else [$last, ($r.elapsed_ns | known) // 0, 1] | max end) as $stop
    | [range(0; $all; $step) as $k | $spans[$k]
       | is_phase as $is_phase
       | {row: ($k + 1), name: ((("\u00b7 " * .depth) // "") + (.name // "" | text(28))),
          i: (instants | .end = (.c // (if $is_phase then .f else null end) // $stop)), label: span_label, bars: [all_bars($stop)]}] as $rows
    | ($all <= most_named_rows) as $named
    | (if $named then [$rows[] | .i.end / (1 - (.label.text | length) * letter_px / plot_px)]
       else [] end + [$stop * 1.02] | max) as $widest
    | (if all($rows[]; ($named | not) or (placed_label($stop; $stop * 1.03)[0] == "inside"))
       then $stop * 1.03 else $widest end) as $xmax
    | unit_for($xmax) as $u
    | (if $named then [$rows[].name | length] | max else 8 end) as $name_length
    | (["settings", "width = \([960, 820 + ($name_length * letter_px | round)] | max)"],
       ["settings", "height = \(160 + row_px($all) * $all | round)"],
       ["settings", "name_px = \($name_length * letter_px + 22)"],
       ["settings", "any_unknown = \(if any($rows[].bars[]; .[0] == "unknown") then 1 else 0 end)"],
       ["settings", "calls = \($all); named = \(if $named then 1 else 0 end); step = \($step)"],
       ["settings", "x_last = \($xmax / $u.ns); x_unit = '\($u.name)'"],
       ["title", ($result | timeline_title([$spans[] | select(.parent == null)]))],
       ["subtitle", ($result | timeline_subtitle($r; $runs | length; $all; $rows | length))],
       ["setting", ($result | environment)],
       ($rows[] | .row as $row
        | (.bars[] | [.[0], $row, .[1] / $u.ns, .[2] / $u.ns]),
          (.i.c | values | ["marks", $row, . / $u.ns]),
          (if $named then
               ["rows", $row, (.name | field)],
               (placed_label($stop; $xmax) | select(.[2] != "") | [.[0], $row, .[1] / $u.ns, (.[2] | field)])
           else empty end)));
