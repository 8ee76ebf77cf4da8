# The table of scripts/compare-pool-sizes, from a stream of results (slurped into an array). The parts
# of a call are means over the calls of all runs of a size, so they add up; a median would hide the
# fifth call that waits. The longest wait stands beside them.
include "values";

def spread: # of the elapsed times: "98.3 ms [97.1 - 99.9 ms]", the bracket where there are several
    (min | duration | split(" ")) as $least | (max | duration | split(" ")) as $most
    | (median | duration)
    + if length < 2 then ""
      else " [" + ($least | if .[1] == $most[1] then .[0] else join(" ") end)
           + " - " + ($most | join(" ")) + "]" end;

def cpus_used: [.[] | select((.elapsed_ns | known) and (.cpu_ns | known) and .elapsed_ns > 0)
               | .cpu_ns / .elapsed_ns]
    | if length == 0 then "-" else median | fixed(2) end;

[["pool", "elapsed", "waited", "waited", "ran", "returned", "CPU", "CPUs"],
 ["size", (if group_by(pool_size) | all(map(measured_runs | length) | add == 1)
           then "" else "median [min - max]" end), "(mean)", "(max)", "(mean)", "(mean)", "time", "used"],
 (group_by(pool_size)[] | (.[0] | pool_size) as $size | [.[] | measured_runs[]]
  | parts_of_calls as $call
  | [$size, ([.[].elapsed_ns | known | values] | spread),
     ($call | (.waited, .longest_wait, .ran, .returned) | duration),
     ([.[].cpu_ns | known | values] | median | duration), cpus_used])]
| map(map(tostring)) | table([])
