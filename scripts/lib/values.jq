# What the jq programs around uvlab share: numbers and text of results, and how people read them.

# A known instant or duration, in nanoseconds; null for what is unknown or no number.
def known: if type == "number" and . >= 0 and . < 1e18 then . else null end;

# Text without control characters, in one line.
def printable:
    tostring | gsub("[\\x{00}-\\x{1f}\\x{7f}-\\x{9f}\\x{2028}\\x{2029}\\x{fffe}\\x{ffff}]"; " ");

def cut_to($longest): if length > $longest then .[:$longest - 1] + "\u2026" else . end;

def array: if type == "array" then . else [] end;
def object: if type == "object" then . else {} end;
def plural($n; $one): "\($n) \($one)" + (if $n == 1 then "" else "s" end);

# Of an even number of values, the mean of the two in the middle.
def median:
    sort | if length == 0 then null else (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2 end;

def mean: if length == 0 then null else add / length end;

def unit_for($ns):
    if $ns < 999.5 then {name: "ns", ns: 1}
    elif $ns < 999.5e3 then {name: "µs", ns: 1e3}
    elif $ns < 999.5e6 then {name: "ms", ns: 1e6}
    else {name: "s", ns: 1e9} end;

# With so many digits behind the point: 12.5 | fixed(2) is "12.50".
def fixed($digits):
    (. * ([range($digits) | 10] | reduce .[] as $ten (1; . * $ten)) | round | tostring) as $whole
    | if $digits == 0 then $whole else
          ("0" * ([0, $digits + 1 - ($whole | length)] | max) // "") + $whole
          | .[:-$digits] + "." + .[-$digits:]
      end;

# Three digits that count, with a unit: "98.3 ms".
def duration:
    if . == null then "-" else
        unit_for(.) as $u | (. / $u.ns) as $v
        | ($v | fixed(if $u.ns == 1 or $v >= 99.95 then 0 elif $v >= 9.995 then 1 else 2 end)) + " " + $u.name
    end;

# Of ratios: "0.62 [0.58 - 0.70]".
def spread:
    (median | fixed(2)) + (if length > 1 then " [\(min | fixed(2)) - \(max | fixed(2))]" else "" end);

# Rows of text to lines, every column as wide as its longest entry. Numbers stand to the right; the
# columns in $words (counted from 0) hold words, which stand to the left.
def table($words):
    . as $rows
    | [range($rows | map(length) | max) as $column | $rows | map(.[$column] // "" | length) | max] as $widths
    | $rows[] | to_entries
    | map(.key as $column | (" " * ($widths[$column] - (.value | length)) // "") as $space
          | if any($words[]; . == $column) then .value + $space else $space + .value end)
    | join("  ") | sub(" +$"; "");

# One text to lines of at most 80 columns, all but the first behind $indent. No word is cut.
def wrapped($indent):
    reduce splits(" ") as $word ([];
        if . == [] then [$word]
        elif (.[-1] + " " + $word | length) > 80 then . + [$indent + $word]
        else .[:-1] + [.[-1] + " " + $word] end)
    | .[];

# --- warnings of several results ------------------------------------------------------------------

def numbers: [scan("[0-9]+(?:[.][0-9]+)?")];
# A text that quotes a name stays as it is: the numbers in it may be the name's.
def less_numbers: if test("'") then . else gsub("[0-9]+([.][0-9]+)?"; "#") end;

# Texts that differ only in numbers to one text: "3 to 8 pool threads on 2 CPUs".
def merged: if .[0] | test("'") then .[0] else
    (map(numbers) | transpose | map(unique_by(tonumber)
        | if length == 1 then .[0] else .[0] + " to " + .[-1] end)) as $ranges
    | reduce $ranges[] as $range (.[0] | less_numbers; (index("#")) as $at | .[:$at] + $range + .[$at + 1:]) end;

# From the warnings of several results (an array of arrays) to an array with one line for each
# matter. What others did to the machine is said as what it means here: $doubt.
def all_warnings($doubt):
    length as $results
    | [.[] | array[] | strings | printable | gsub("#"; " ")] | group_by(less_numbers)
    | map(length as $count
          | (if $count < $results then " in \($count) of \($results) measurements" else "" end) as $share
          | merged
          | sub("^the machine was busy: other processes used (?<n>.+) CPUs during the runs$";
                "the machine was busy (others used \(.n) CPUs\($share)): \($doubt)")
          | sub("^the hypervisor took (?<n>.+) CPUs away during the runs$";
                "the hypervisor took \(.n) CPUs away\($share): \($doubt)"));

# --- parts of a result ----------------------------------------------------------------------------

def pool_size: (.environment | object | .pool_size | known) // (.parameters | object | .threads | known);

def measured_runs:
    .runs | array | map(select(type == "object" and ((.role // "measured") == "measured")));

def top_spans: .spans | array | map(select(type == "object"));

# Calls of which every part is known, so that the means of the parts add up to that of the whole.
def whole_calls: # of an array of runs
    [.[] | top_spans[] | select(.parent == null and (.waited_ns | known) != null
                                and (.ran_ns | known) != null and (.returned_ns | known) != null)];

# {waited, ran, returned}: means; longest_wait: of all calls whose wait is known.
def parts_of_calls: # of an array of runs
    whole_calls as $calls
    | {waited: ([$calls[].waited_ns] | mean), ran: ([$calls[].ran_ns] | mean),
       returned: ([$calls[].returned_ns] | mean),
       longest_wait: ([.[] | top_spans[] | select(.parent == null) | .waited_ns | known | values] | max)};
