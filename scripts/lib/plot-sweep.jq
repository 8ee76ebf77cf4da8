# A sweep: what it is judged by against the first axis of means, every run a dot, and where the time of a
# call went, point by point. Drawn by plot-sweep.gp. Positions are pixels from the left edge of a panel.
include "values";
include "plot-text";

def panel_px: 428;
def most_lines: 8;
def most_dots: 20000; # of a picture
def sweep_letter_px: 7.2;

# --- axes and their values ------------------------------------------------------------------------

def axes_of: # [{key, name, values, default, means}]
    [.axes | array[] | object | select((.key | type) == "string")
     | {key, name: (.name // .key | text(24)), values: (.values | array), default, means: (.means == true)}
     | select(.values | length > 0)];

# "threads 2, work file", of the axes in the order in which the sweep has them
def setting_text($axes): # of an object
    object as $o
    | [$axes[] | .key as $key | select($o | has($key)) | "\(.name) \($o[$key] | value_text($key))"] | join(", ");

def nearest: [range(1; length) as $i | .[$i] - .[$i - 1]] | min // 1;
def shares: # of rising numbers: 0 for the first, 1 for the last
    .[0] as $first | (.[-1] - $first) as $all | map(if $all > 0 then (. - $first) / $all else 0.5 end);

# Where the values lie. Numbers are to scale, or on a scale of logarithms where that keeps neighbours
# farther apart, as with 1, 2, 4, 8; words stand in the order in which they were given.
def places: # of an axis: {numeric, at: [{value, x, text}], gap}
    .key as $key | .values as $given
    | ($given | length > 1 and all(.[]; known != null)) as $numeric
    | (if $numeric then $given | unique else $given end) as $values
    | ($values | length) as $n
    | (if $numeric then
           ($values | shares) as $linear
           | (if $values[0] > 0 then $values | map(log) | shares else [0] end) as $log
           | (if ($log | length) == $n and ($log | nearest) > ($linear | nearest) * 1.0001 then $log else $linear end)
           | map(30 + . * (panel_px - 60))
       else [range($n) | (. + 0.5) * panel_px / $n] end) as $x
    | {numeric: $numeric, gap: ([panel_px, ($x | nearest)] | if $n > 1 then .[1] else .[0] end),
       at: [range($n) | {value: $values[.], x: $x[.], text: ($values[.] | value_text($key))}]};

# Below the axis: numbers that would run into the one before are left out, long words are turned.
def widest_text: [.at[].text | length] | max * sweep_letter_px;
def turned: (.numeric | not) and widest_text > .gap - 8;
def tick_text($turned): # of a path, its end
    (if $turned then 17 else 24 end) as $most
    | if length > $most and contains("/") then "\u2026" + .[1 - $most:] else cut_to($most) end;
def spaced: # of [{x, text}], rising
    reduce .[] as $t ([]; ($t.text | length * sweep_letter_px / 2) as $half
        | if length > 0 and $t.x - $half < .[-1].right + 6 then .
          else . + [$t + {right: ($t.x + $half)}] end);

# --- points and runs ------------------------------------------------------------------------------

# What the sweep is judged by, of one run; null for what is unknown or failed.
def judged($by):
    if .error != null then null
    elif $by == "elapsed_ns" then .elapsed_ns | known
    elif $by == "cpu_ns" then .cpu_ns | known
    elif $by == "request_ns" then
        (.elapsed_ns | known) as $all | (.load | object | .answered | known) as $n
        | if $all == null or ($n // 0) == 0 then null else $all / $n end
    else .load | object | .latency_ns | object | .[$by | ltrimstr("latency_") | rtrimstr("_ns")] | known end;

def judged_title($by):
    {elapsed_ns: "elapsed time of a run", cpu_ns: "CPU time of a run", request_ns: "time per request",
     latency_p50_ns: "latency, median", latency_p99_ns: "latency, 99th percentile"}[$by];

# Means over the calls of all runs, which add up.
def parts_of: # of an array of runs
    [.[] | select(.error == null) | .calls | object
     | [(.waited_ns, .ran_ns, .returned_ns) | object | .mean | known] as $means
     | (.count | known) as $calls
     | select(($calls // 0) > 0 and all($means[]; . != null)) | {$calls, $means}]
    | if length == 0 then null
      else (map(.calls) | add) as $all
           | [range(3) as $k | map(.means[$k] * .calls) | add / $all] end;

# The same text for the same values of the axes.
def setting_key($axes): object as $o | [$axes[].key | [., $o[.]]] | tojson;

# Every point with its number, place, line, runs and figures.
def points_of($by; $axes; $first; $places):
    (.runs | array | map(select(type == "object"))) as $runs
    | ([$runs | to_entries[] | select(.value.point | known != null)
        | .value + {index: .key, value: (.value | judged($by))}]
       | group_by(.point) | map({key: (.[0].point | tostring), value: .}) | from_entries) as $runs_of
    | ([.answers | array[] | object | select(.recommended | type == "object")
        | {key: ((.where | object) + .recommended | setting_key($axes)), value: true}] | from_entries) as $recommended
    | ($places.at | to_entries | map({key: (.value.value | tojson), value: {x: .value.x, slot: .key}})
       | from_entries) as $place_of
    | ([$axes[] | select(.key != $first.key)]) as $others
    | [.points | array | to_entries[] | .key as $number | .value | object
       | (.parameters | object) as $p
       | ($place_of[$p[$first.key] | tojson] // empty) as $place
       | ($runs_of[$number | tostring] // []) as $own
       | (.outliers | array) as $outliers
       | (.value | object) as $value
       | {x: $place.x, slot: $place.slot, line: ($p | setting_key($others)), setting: $p, at: $number,
          median: ($value.median | known), low: ($value.low | known), high: ($value.high | known),
          failed: (($value.median | known) == null),
          why: (if .verdict == "failed" or .error != null then "failed" else "no runs" end),
          recommended: ($recommended[$p | setting_key($axes)] == true),
          dots: [$own[] | .index as $i | select(.value != null)
                 | {y: .value, far: any($outliers[]; . == $i)}],
          failed_runs: ([$own[] | select(.error != null)] | length), runs: ($own | length),
          parts: ($own | parts_of)}];

# --- the picture ----------------------------------------------------------------------------------

# From where to where an axis of these values goes, and whether by logarithms. Zero is left out where all
# differences would be lost in the upper third; the title says so then.
def reach: # of the values
    if length == 0 then {low: 0, high: 1, log: 0, cut: false} else
        min as $min | max as $max
        | if $min > 0 and $max / $min > 30 then {low: ($min / 1.5), high: ($max * 1.5), log: 1, cut: false}
          elif $min > $max * 2 / 3 and $max > $min then
              {low: ([0, $min - ($max - $min) * 0.6] | max), high: ($max + ($max - $min) * 0.15), log: 0}
              | .cut = (.low > 0)
          else {low: 0, high: ([$max * 1.08, 1e-9] | max), log: 0, cut: false} end
    end;
def along($share): # of a reach: the value so far up
    if .log == 1 then .low * pow(.high / .low; $share) else .low + (.high - .low) * $share end;

def recommendation($axes):
    [.answers | array[] | object
     | {where: (.where | setting_text($axes)),
        what: (.recommended | if type == "object" then setting_text($axes) else null end)}] as $answers
    | if (.recommended | type) == "object" then "recommended: " + (.recommended | setting_text($axes))
      elif all($answers[]; .what == null) then "no value is recommended"
      else "recommended: " + ([$answers[] | .where + ": " + (.what // "none")] | join("; ")) end
    | text(96);

def sweep_title($axes):
    (.experiment | text(32)) + ": "
    + ([$axes[] | .key as $key | (.values | map(value_text($key) | tick_text(false))) as $v
        | .name + " " + (if ($v | length) > 10 then ($v[:4] + ["\u2026"] + $v[-1:]) else $v end | join(", "))]
       | join("; ")) | text(90);

def sweep_subtitle($axes; $points; $drawn; $lines):
    ([$points[].runs] | add // 0) as $runs | ([$points[].failed_runs] | add // 0) as $failed
    | [ recommendation($axes), plural($runs; "run"),
        (if $failed > 0 then "\($failed) of them failed" else empty end),
        (if .interrupted == true then "interrupted" else empty end),
        (if $drawn < $lines then "\($drawn) of \($lines) lines are drawn" else empty end),
        ([.] | doubts(2)) ] | join(" \u00b7 ") | text(140);

# Why, in the order in which there is room for it: all reasons of what is recommended, then the first one
# of each group without an answer.
def why_lines($axes):
    [.answers | array[] | object
     | {where: (.where | setting_text($axes)), found: (.recommended != null),
        reasons: [.reasons | array[] | strings | select(. != "")]}
     | select(.reasons | length > 0)]
    | if length == 1 then .[0].reasons
      else sort_by(.found | not)
           | map((if .where == "" then "" else .where + ": " end)
                 + (if .found then .reasons | join(", ") else .reasons[0] end)) end
    | join("; ") | lines_of(138; 2);

# Rows of the names of lines: [{row, left}].
def legend_places:
    reduce .[] as $name ({row: 0, left: 16, places: []};
        ($name | length * sweep_letter_px + 56) as $width
        | if .left > 16 and .left + $width > 990 then .row += 1 | .left = 16 else . end
        | .places += [{row, left}] | .left += $width)
    | .places;

def numbers_array($name): # an array of gnuplot's has at least one element
    if length == 0 then [0] else . end | "array \($name)[\(length)] = [\(join(", "))]";
def flag: if . then 1 else 0 end;

# Everything that is drawn, and where: what the columns below are made of.
def sweep_page:
    axes_of as $axes
    | (if ($axes | length) == 0 then error("the sweep has no axis") else .by | strings // "?" end) as $by
    | (judged_title($by) // error("the sweep is judged by something unknown")) as $what
    | ([$axes[] | select(.means)][0] // $axes[0]) as $first
    | ($first | places) as $places
    | points_of($by; $axes; $first; $places) as $all
    | (if ($all | length) == 0 then error("the sweep has no points")
       else $all | group_by(.line) | map({line: .[0].line, setting: .[0].setting, at: (map(.at) | min)})
            | sort_by(.at) end) as $lines
    | $lines[:most_lines] as $drawn
    | ($drawn | to_entries | map({key: .value.line, value: .key}) | from_entries) as $line_of
    | [$all[] | .k = $line_of[.line] | select(.k != null)] as $points
    | ($drawn | length) as $count
    | ([$points[].dots[].y] | beyond([$points[].median | values])) as $beyond
    | ([$points[] | .dots[].y, .median, .low, .high | values | select($beyond == null or . < $beyond)]) as $values
    | (if $count == 1 then []
       else [$drawn[].setting | del(.[$first.key]) | setting_text($axes) | text(60)] end) as $names
    | {$axes, $beyond, $what, $first, $places, $points, $count, $names, all: $all, lines: ($lines | length),
       legend: ($names | legend_places), why: why_lines($axes), turned: ($places | turned),
       any_values: ($values | length > 0), y: ($values | reach | with_room($beyond)), y_unit: unit_for($values | max // 1),
       longest: ([$points[].parts | values | add] | max // 0),
       default: ([$first.default as $d | select($d != null) | $places.at[] | select(.value == $d) | .x][:1]),
       # Where numbers are to scale, the lines stand as close to the place as they can be told apart.
       slot: (if $count > 1 and $places.numeric then [$places.gap * 0.5 / $count, 6]
              else [$places.gap * 0.8 / $count, 130] end | min),
       pitch: (panel_px / ($places.at | length))}
    | .bar = ([.pitch * 0.8, 130] | min / $count)
    | .z_unit = unit_for(.longest)
    | .deep = (if .turned then [$places.at[].text | tick_text(true) | length] | max * sweep_letter_px * 0.65
               else 0 end);

def sweep_settings: # of a page
    .points as $points | ([.legend[].row + 1] | max // 0) as $rows | (18 * (.why | length)) as $head
    | "width = 1000; height = \(470 + .deep + 20 * $rows + $head)",
      "head = \($head); deep = \(.deep); turned = \(.turned | flag); legend_rows = \($rows)",
      "panel = \(panel_px); count = \(.count); numeric = \(.places.numeric | flag)",
      "large_dot = \(if .places.gap < 12 then 0.8 else 1.8 end)",
      "y_low = \(.y.low / .y_unit.ns); y_high = \(.y.high / .y_unit.ns); y_unit = '\(.y_unit.name)'",
      "y_log = \(.y.log); y_cut = \(.y.cut | flag); any_values = \(.any_values | flag)",
      "z_high = \([.longest / .z_unit.ns * 1.08, 1e-9] | max); z_unit = '\(.z_unit.name)'",
      "any_parts = \(.longest > 0 | flag); any_default = \(.default | length)",
      "any_far = \(any($points[].dots[]; .far) | flag)",
      "any_recommended = \(any($points[]; .recommended) | flag)",
      "any_interval = \(any($points[]; .low != null and .high != null) | flag)",
      (.legend | (map(.left) | numbers_array("legend_left")), (map(.row) | numbers_array("legend_row")));

def sweep_ticks: # of a page
    .turned as $turned | .pitch as $pitch
    | def lines($file):
          if $turned then . else spaced end | .[] | [$file, .x, (.text | tick_text($turned) | field)];
      (.places.at | lines("ticks")),
      (.places.at | to_entries | map({x: ((.key + 0.5) * $pitch), text: .value.text}) | lines("bar_ticks"));

def sweep_marks: # of a page: what a point becomes, on the left and on the right
    . as $page | ((.count - 1) / 2) as $middle
    | ([.points[].dots | length] | add / most_dots | ceil | [., 1] | max) as $step
    | .points | sort_by(.x)[]
    | (.x + (.k - $middle) * $page.slot) as $x
    | ((.slot + 0.5) * $page.pitch + (.k - $middle) * $page.bar) as $z
    | (.dots | length) as $m | ([3, $page.slot * 0.7 / ([$m, 1] | max)] | min) as $apart
    | def y: . / $page.y_unit.ns;
      def z: . / $page.z_unit.ns;
      (if .median == null then ["line\(.k + 1)", $x, "NaN", "NaN", "NaN"]
       else ["line\(.k + 1)", $x, (.median | y), (.low // .median | y), (.high // .median | y)] end),
      (.dots | map(.y | select($page.beyond != null and . >= $page.beyond)) | select(length > 0)
       | ["beyond", $x, ($page.y.high | y)]),
      (.k as $k | .dots | to_entries[] | select($page.beyond == null or .value.y < $page.beyond)
       | ($x + (.key - ($m - 1) / 2) * $apart) as $at
       | (select(.key % $step == 0 or .value.far) | ["dots\($k + 1)", $at, (.value.y | y)]),
         (select(.value.far) | ["far", $at, (.value.y | y)])),
      (select(.recommended and .median != null) | ["recommended", $x, (.median | y)]),
      (select(.failed) | ["failed", $x, ($page.y | along(0.03) | y), $z, .why]),
      (.parts | values | ["bars", $z, $page.bar * 0.45, (.[0] | z), (.[1] | z), (.[2] | z)]),
      (select($page.count > 1) | ["feet\(.k + 1)", $z, $page.bar * 0.45]);

# The values of what is marked at the upper edge, once for all lines that have a point at a place.
def sweep_beyond: # of a page
    . as $page | [.points[] | {x, far: [.dots[].y | select($page.beyond != null and . >= $page.beyond)]}]
    | group_by(.x)[] | {x: .[0].x, far: (map(.far) | add)} | select(.far | length > 0)
    | ["beyond_values", .x, $page.y.high / $page.y_unit.ns, (.far | beyond_text)];

def sweep:
    .[0] | sweep_page as $page
    | ["title", sweep_title($page.axes)],
      ["subtitle", sweep_subtitle($page.axes; $page.all; $page.count; $page.lines)],
      ["setting", environment],
      ($page
       | (sweep_settings | ["settings", .]),
         (.why[] | ["why", .]),
         ["what", .what], ["axis", .first.name],
         (.names[] | ["legend", .]),
         (.default[] | ["default", .]),
         sweep_ticks, sweep_marks, sweep_beyond);
