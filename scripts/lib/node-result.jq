# A result of schema uvlab.result/1 from what scripts/node/pbkdf2.js wrote, a line a run (slurped into
# an array). Arguments: $like, an array with a result by uvlab of the same calls on the same machine;
# $iterations of a call.
include "values";

# The statistics of durations, as uvlab has them: p90 and p99 are measured values (nearest rank).
def statistics:
    sort as $all | length as $n
    | if $n == 0 then null else
          {min: $all[0], mean: (add / $n | round), p50: (median | round), p90: $all[($n * 0.9 | ceil) - 1],
           p99: $all[($n * 0.99 | ceil) - 1], max: $all[-1],
           stddev: (if $n < 2 then null else
               (add / $n) as $mean | (map((. - $mean) * (. - $mean)) | add / ($n - 1) | sqrt | round) end)}
      end;

def summary:
    {count: length, errors: 0, total_ns: (map(.called_back_ns - .submitted_ns) | statistics),
     waited_ns: null, ran_ns: null, returned_ns: null, cpu_ns: null};

def span:
    {id: .call, parent: null, armed_by: null, kind: "pbkdf2", name: "hash \(.call)", lane: null,
     iteration: null, phase: "poll", node_name: "crypto.pbkdf2", submitted_ns: .submitted_ns,
     started_ns: null, finished_ns: null, called_back_ns: .called_back_ns, waited_ns: null, ran_ns: null,
     returned_ns: null, total_ns: (.called_back_ns - .submitted_ns), cpu_ns: null, status: "ok"};

def run:
    {role: "measured", parameters: {}, interrupted: false, elapsed_ns: ([.calls[].called_back_ns] | max),
     cpu_ns: .cpu_ns, pool_cpu_ns: null, loop: {iterations: null, idle_ns: null, max_lag_ns: null},
     summary: {pbkdf2: (.calls | summary)}, calls: (.calls | summary),
     spans: (.calls | sort_by(.call) | map(span))};

$like[0] as $like | .[0].versions as $versions | map(run) as $runs
| {schema: "uvlab.result/1", experiment: "threadpool",
   parameters: ($like.parameters + {iterations: $iterations, runs: ($runs | length), measured_only: false}),
   environment: ($like.environment + {libuv: $versions.uv, libuv_built: $versions.uv,
       openssl: ($versions.openssl | sub("\\+.*"; "")), runtime: "Node.js v\($versions.node)",
       others_cpu_ns: null, stolen_ns: null, watched_ns: null}),
   started_at: $like.started_at, interrupted: false, warmup_runs: 0, runs: $runs,
   summary_runs: {count: ($runs | length), elapsed_ns: ($runs | map(.elapsed_ns) | statistics),
                  cpu_ns: ($runs | map(.cpu_ns) | statistics)},
   summary: {pbkdf2: (map(.calls[]) | summary)}, warnings: [], claims: []}
