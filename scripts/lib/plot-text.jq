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
