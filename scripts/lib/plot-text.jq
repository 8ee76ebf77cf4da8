# Text for pictures, and what is said above them. Text goes to files that gnuplot reads as data, never into
# its commands; it has no control characters and no quotes that end a field.
#
# Arguments: $format ("svg" or "png").
include "values";

# Text for a picture.
def text($longest):
    printable | gsub("\""; "\u201d")
    | gsub("]]>"; "]] >") # gnuplot does not escape this end of a CDATA section
    # A letter that no font has becomes a box over the whole picture in gnuplot's PNG.
    | if $format == "png" then gsub("[^\\x{20}-\\x{24f}\\x{370}-\\x{4ff}\\x{2000}-\\x{22ff}]"; "\ufffd") else . end
    | cut_to($longest);

# A field of a data file: gnuplot undoes backslashes there.
def field: if type == "string" then gsub("\\\\"; "\\\\") else . end;

# A text as at most $most lines of so many letters; only the last one is cut.
def lines_of($letters; $most):
    reduce splits(" ") as $word ([];
        if . == [] then [$word]
        elif length < $most and (.[-1] + " " + $word | length) > $letters then . + [$word]
        else .[-1] += " " + $word end)
    | map(select(. != "") | text($letters));

# --- numbers with their units ---------------------------------------------------------------------

def bytes_size: # 65536 | "64 KiB"
    (if . >= 1073741824 then [1073741824, "GiB"] elif . >= 1048576 then [1048576, "MiB"]
     elif . >= 1024 then [1024, "KiB"] else [1, "B"] end) as [$unit, $name]
    | "\(. / $unit * 10 | round / 10) \($name)";

def exact_duration: # 2000000 | "2 ms"
    unit_for(.) as $u | (. / $u.ns * 1000 | round / 1000 | tostring) + " " + $u.name;

def value_text($key): # of a parameter, whose key says its unit
    if known == null then text(400)
    elif $key | endswith("_ns") then exact_duration
    elif $key | endswith("_bytes") then bytes_size
    else tostring end;

# --- values that would flatten all others ---------------------------------------------------------

# The least of the single values that lie so far above all others, and above what is to be seen in any
# case, that these would lie on one line; null when there is none. No more than a tenth are such.
def beyond($always): # of the values
    sort as $v | ($v | length) as $n
    | [range(1; [1, ($n / 10 | floor)] | max + 1) as $k | select($k < $n)
       | ($v[:$n - $k] + $always) as $rest
       | select($v[$n - $k] - ($rest | max) > 3 * ([($rest | max) - ($rest | min), ($rest | max) * 0.02] | max))
       | $v[$n - $k]]
    | last;

# Room for the marks of such values at the upper edge.
def with_room($beyond): # of {low, high, log}
    if $beyond == null then .
    elif .log == 1 then .high *= pow(.high / .low; 0.12) else .high += (.high - .low) * 0.12 end;

# What is written beside the mark at the upper edge: "99 ms", "3: 52 ms to 99 ms".
def beyond_text: # of values in nanoseconds
    sort | if length == 1 then .[0] | duration
           else "\(length): \(.[0] | duration) to \(.[-1] | duration)" end;

# --- what is said above a picture -----------------------------------------------------------------

def kinds: # of top-level calls, with how many there are of each: "4 pbkdf2, 1 file"
    group_by(.kind) | map({kind: (.[0].kind | text(24)), count: length, first: (map(.id) | min)})
    | sort_by(.first) | map("\(.count) \(.kind)")
    | if length > 4 then .[:4] + ["\u2026"] else . end | join(", ");

def calls: # "5 pbkdf2 calls", "5 calls: 4 pbkdf2, 1 file"
    if map(.kind) | unique | length == 1 then kinds + (if length == 1 then " call" else " calls" end)
    else plural(length; "call") + " (" + kinds + ")" end;

def environment:
    (.environment | object) as $e
    | [ ($e.cpu | strings | select(. != "") | text(48)),
        (($e.cpus_allowed // $e.cpus_online) | known | values | plural(.; "CPU")),
        ($e.cpu_quota | known | values | "quota of \(.) CPUs"),
        ($e.kernel | strings | select(. != "") | text(36)),
        ($e.libuv | strings | select(. != "") | "libuv \(text(16))"),
        ($e.openssl | strings | select(. != "") | "OpenSSL \(text(16))"),
        ($e.uvlab | strings | select(. != "") | "uvlab \(text(16))") ]
    | join(" · ") | text(150);

# Doubt travels with the picture: what the results warn of, each matter by its first words. That one
# was interrupted is said elsewhere, and of several runs none is the only one.
def doubts($runs): # of an array of results
    [.[].warnings | array[] | strings | printable | gsub("#"; " ")
     | select((startswith("interrupted") or ($runs > 1 and startswith("one run only"))) | not)]
    | group_by(less_numbers) | map(merged | split(": ")[0])
    | if length > 0 then join(", ") | text(80) else empty end;
