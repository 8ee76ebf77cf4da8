# What scripts/compare-node keeps of a pair of runs of `uvlab blocking` and node/blocking.js, as one line:
#   {"experiment": "blocking", "uvlab": [{"where", "first_ns", "last_ns", "p50_ns", "p99_ns", "lag_ns"}, ...],
#    "node": [...], "warnings": [...]}
# with one element for each place where the slow work was done, in nanoseconds; null is what is not known.
# Arguments: $uvlab, a result, and $node, the lines of the program for Node.js (both slurped).

def ns: if . == null then null else . * 1e6 end;

{experiment: "blocking", warnings: $uvlab[0].warnings,
 uvlab: [$uvlab[0].runs[].blocking | values
         | {where, first_ns: .slow.first_ns, last_ns: .slow.last_ns, p50_ns: .fast.p50_ns,
            p99_ns: .fast.p99_ns, lag_ns: .loop_lag_ns}],
 node: [$node[] | {where, first_ns: (.slow.first_ms | ns), last_ns: (.slow.last_ms | ns),
                   p50_ns: (.fast.p50_ms | ns), p99_ns: (.fast.p99_ms | ns), lag_ns: (.loop_delay_ms | ns)}]}
