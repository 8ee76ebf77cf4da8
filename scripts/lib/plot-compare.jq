# A comparison: a panel for every metric that is checked, with the values of all sides beside each other,
# and for calls of all runs together their distribution. Drawn by plot-compare.gp.
include "values";
include "plot-text";

def most_sides: 6;
def most_panels: 16;
def most_values: 2000; # of a side, in a panel
def base_name: split("/") | map(select(. != "")) | .[-1] // "?";

# Sides are called A, B, ... where there is no room for the names of their files.
def letter: ["A", "B", "C", "D", "E", "F"][.];

def file_of: # of a result
    object | .file | if type == "string" then base_name | text(40) else "?" end;

# The metrics of several comparisons with one base, as those of the first that has them, with `all`: what
# each comparison has, and `n`, which comparison that is.
def metrics_of($comparisons):
    [$comparisons | to_entries[] | .key as $n | .value.metrics | array[] | object
     | . + {n: $n, same: [.name, .kind, .of]}]
    | reduce .[] as $m ({order: [], by: {}};
        ($m.same | tojson) as $key
        | (if .by[$key] then . else .order += [$key] end)
        | .by[$key] += [$m])
    | [.by[.order[]] | .[0] + {all: .}];

def percent: # of a ratio: "+4.9", "−12.0"
    (. - 1) * 100
    | (if . < 0 then "\u2212" else "+" end)
      + (if . < 0 then -. else . end
         | if . >= 1e6 then "1e6 or more" elif . >= 99.95 then fixed(0) else fixed(1) end);

def verdict_text: # of a metric of one comparison
    (.ratio | object) as $r
    | (if ($r.median | known) == null then ""
       else ($r.median | percent) + " %"
            + (if ($r.low | known) == null or ($r.high | known) == null then ""
               else " [\($r.low | percent), \($r.high | percent)]" end)
            + ": " end)
    + (.verdict // "not judged" | text(24));

def verdict_colour: # as a number, for gnuplot
    if .verdict == "slower" then 11534368 elif .verdict == "faster" then 24366 else 4473924 end;

def metric_title:
    (if .kind == null then "" else (.kind | text(20)) + ": " end) + (.name // "?" | text(24))
    + (if .of == "calls" then ", all calls" else "" end);

# Every k-th, so that at most so many are drawn; the first and the last among them.
def thinned($most): . as $v | length as $n
    | if $n <= $most then . else [range($most) | $v[. * ($n - 1) / ($most - 1) | round]] end;

# From where to where, with room at both ends; {low, high, log}.
def range_of: # of the values
    if length == 0 then {low: 0, high: 1, log: 0} else
        min as $min | max as $max
        | if $min > 0 and $max / $min > 30 then {low: ($min / 1.3), high: ($max * 1.3), log: 1}
          else ([($max - $min) * 0.12, $max * 0.005, 1e-9] | max) as $room
              | {low: ([0, $min - $room] | max), high: ($max + $room), log: 0} end
    end;

def side_values: object | .values | array | map(known | values);
def side_figures: object | {median: (.median | known), low: (.low | known), high: (.high | known)};

# A panel, with the sides in order: the base, then the others.
def panel_of:
    . as $m
    | ([.base] + [.all[].other]) as $sides
    | (.of == "calls" and any($sides[]; side_values | length > 1)) as $as_shares
    | (if $as_shares then null
       else [$sides[] | side_values[]] | beyond([$sides[] | side_figures.median | values]) end) as $beyond
    | ([$sides[] | side_values[]]
       + if $as_shares then [] else [$sides[] | side_figures[] | values] end
       | map(select($beyond == null or . < $beyond))) as $drawn
    | ($drawn | range_of | with_room($beyond)) as $r
    | (if .unit == "ns" then unit_for($drawn | max // 1)
       else {name: (.unit // "?" | text(12)), ns: 1} end) as $u
    | {title: "\(metric_title | text(33 - ($u.name | length))) (\($u.name))",
       shares: (if $as_shares then 1 else 0 end), log: $r.log, low: ($r.low / $u.ns), high: ($r.high / $u.ns),
       sides: [range($sides | length) as $i
               | {n: (if $i == 0 then 0 else $m.all[$i - 1].n + 1 end),
                  values: ($sides[$i] | side_values | map(select($beyond == null or . < $beyond) / $u.ns)),
                  beyond: ($sides[$i] | side_values | map(select($beyond != null and . >= $beyond)))}
                 + ($sides[$i] | side_figures
                    | map_values(if . == null then null else . / $u.ns end))],
       verdicts: [.all[] | {n: (.n + 1), text: verdict_text, colour: verdict_colour}]};

# Dots of a side beside each other, the same in every picture: the golden section spreads any number of
# them well.
def scattered: to_entries | map([(((.key + 1) * 0.61803398875) | . - floor - 0.5) * 0.5, .value]);

def side_line: # of a result: "before.json, 10 runs, 2026-11-30T01:02:03Z"
    object as $r
    | ($r.file // "?" | text(72))
    + ([($r.runs | known | values | plural(.; "run")), ($r.started_at | strings | text(24)),
        (if $r.interrupted == true then "interrupted" else empty end)] | map(", " + .) | join(""));

# "threads: 2, 4; duration: 2 ms, 4 ms" of everything that is not the same on both sides; of several
# comparisons with what is whose, "threads: A 2, B 2, C 4". A letter and its value stay in one line.
def difference_lines($comparisons; $letters):
    [$comparisons | to_entries[] | .key as $n | .value | (.parameters, .environment) | array[] | object
     | {key: (.key // "?" | tostring), base: (.values | array | .[0]), other: (.values | array | .[1]), n: $n}]
    | group_by(.key)
    | map(.[0].key as $key
          | def shown: if . == null then "-" else value_text($key) | cut_to(40) | gsub(" "; "\u00a0") end;
            ($key | sub("_(ns|bytes)$"; "") | text(24)) + ": "
            + (if ($comparisons | length) == 1 then "\(.[0].base | shown), \(.[0].other | shown)"
               else "A\u00a0\(.[0].base | shown), " + (. as $changes | [range($comparisons | length) as $n
                   | ([$changes[] | select(.n == $n)][0] // {other: $changes[0].base})
                   | "\($n + 1 | letter)\u00a0\(.other | shown)"] | join(", ")) end))
    | if length == 0 then [] else "different: " + join("; ") | lines_of($letters; 2) | map(gsub("\u00a0"; " ")) end;

def comparison_subtitle($drawn; $all; $sides; $others; $letters):
    [ (if .slower == true then "something became slower" else "nothing became slower" end)
      + " beyond noise"
      + (.limit | known | if . == null then "" else " and the limit of \(. * 1000 | round / 10) %" end),
      (if $drawn < $all then "\($drawn) of \($all) metrics are drawn" else empty end),
      (if $sides < $others then "\($sides) of \($others) results are drawn beside the base" else empty end),
      ([.] | doubts(2)) ] | join(" \u00b7 ") | text($letters);

def page_px: # of so many panels
    [760, 16 + 250 * ([., 4] | min)] | max;

def comparison_page: # {results, sides (indexes of results), others, every (how many more there are), panels, ...}
    [.results | array[]] as $results
    | [.comparisons | array[] | object | select((.base | known) != null and (.other | known) != null)] as $every
    | (if ($every | length) == 0 then error("the comparison compares nothing")
       else $every[:most_sides - 1] end) as $comparisons
    | metrics_of($comparisons) as $metrics
    | [$metrics[] | select(.checked == true or .of == "calls")] as $checked
    | (if ($checked | length) > 0 then $checked else $metrics end) as $wanted
    | (if ($wanted | length) == 0 then error("the comparison has no metrics")
       else $wanted[:most_panels] | map(panel_of) end) as $panels
    | {$results, sides: ([$comparisons[0].base] + [$comparisons[].other]), others: ($comparisons | length),
       every: ($every | length), $panels, wanted: ($wanted | length),
       width: ($panels | length | page_px)}
    | .letters = ((.width - 24) / 7.3 | floor)
    | .difference = difference_lines($comparisons; .letters);

def comparison_settings: # of a page
    (.panels | length) as $count | ([$count, 4] | min) as $columns
    | .width as $width
    | (76 + 18 * (.sides | length) + 18 * (.difference | length)) as $head
    | (44 + 16 * .others) as $panel_head | ($panel_head + 220 + 34) as $row
    | "width = \($width); height = \($head + $row * ($count / $columns | ceil) + 8)",
      "columns = \($columns); panels = \($count); sides = \(.sides | length)",
      "head = \($head); row = \($row); panel_head = \($panel_head)",
      "pitch = \([($width - 8) / $columns, 375] | min)",
      "differences = \(.difference | length)",
      (.panels as $panels | "shares", "log", "low", "high"
       | . as $key | "array panel_\($key)[\($count)] = [\([$panels[][$key]] | join(", "))]");

def comparison_title: # of a page
    (if .others == 1 then .results[.sides[1]] | file_of else plural(.others; "result") end)
    + " against " + (.results[.sides[0]] | file_of);

# A panel's title, what each comparison says of it, and the values of every side.
def panel_columns($p; $others):
    .shares as $shares | .high as $high
    | ["panel_titles", .title],
      (range(1; $others + 1) as $n | [.verdicts[] | select(.n == $n)][0]
       | ["verdicts", (if . == null then " " else (if $others > 1 then "\($n | letter) " else "" end) + .text end)],
         ["settings", "v_\($p)_\($n) = \(.colour // 0)"]),
      (.sides[] | .n as $n | "panel\($p)side\($n + 1)" as $file
       | if $shares == 1 then
             (.values | sort | thinned(most_values) | (length - 1) as $last | to_entries[]
              | [$file, .value, (if $last > 0 then .key / $last else 1 end)]),
             (.median | values | ["panel\($p)median", ., 0.5, $n + 1])
         else
             (.values | thinned(most_values) | scattered[] | [$file, $n + .[0], .[1]]),
             (.beyond | select(length > 0) | ["panel\($p)beyond", $n, $high, $n + 1, beyond_text]),
             (select(.median != null)
              | ["panel\($p)median", $n, .median, .low // .median, .high // .median, $n + 1])
         end);

def comparison:
    .[0] | comparison_page as $page
    | ["title", ((.experiment | text(32)) + ": " + ($page | comparison_title) | text(90))],
      ["subtitle", comparison_subtitle($page.panels | length; $page.wanted; $page.others; $page.every; $page.letters)],
      ["setting", ($page.results[$page.sides[0]] | object | environment)],
      ($page
       | (comparison_settings | ["settings", .]),
         (.difference[] | ["difference", .]),
         (range(.sides | length) as $i
          | ["sides", ($i | letter) + "  " + (.results[.sides[$i]] | side_line)], ["letters", $i, ($i | letter)]),
         (.others as $others | .panels | to_entries[] | (.key + 1) as $p | .value | panel_columns($p; $others)));
