"""The figures of sweeps and comparisons: what a point costs beyond its experiment, how often the
answer is right where it is known, how often a comparison raises a false alarm or misses a change.

Nothing is compared with another program here; the answers are known by construction. With `sleep`
jobs as many threads as jobs are best, with `spin` jobs as many as CPUs (where the jobs are a multiple
of them), as more threads only share the CPUs.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

from measure import quiet_environment

SWEEPS = 20
PAIRS = 200
JOBS = 8
RUNS = 10  # of a result that is compared
SPIN_ROUNDS = 2000000  # 3 to 5 ms; not a duration, as every process calibrates anew
STATUS_CLAIM = 3  # what --check ends with


def run(command, may_be=(0,)):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.DEVNULL, env=quiet_environment())
    if done.returncode not in may_be:
        sys.exit("bench: %s: status %d" % (" ".join(command), done.returncode))
    return done


def sweep(bench, *flags):
    return json.loads(run([bench.uvlab, "sweep", *flags, "--format", "json", "--quiet"]).stdout)


def bench_point_cost(bench):
    """With a journal, as that is what an ordinary sweep has."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "sweep.json")
        run([bench.uvlab, "sweep", "threadpool", "--threads", "1,2", "--work", "sleep", "--jobs", "1",
             "--duration", "1ms", "--runs", "50", "--format", "json", "--quiet", "-o", file])
        with open(file, encoding="utf-8") as document:
            result = json.load(document)
    spent_ns = result["took_ns"] - sum(r["elapsed_ns"] for r in result["runs"])
    process_ms = statistics.median(r["process_ns"] - r["elapsed_ns"] for r in result["runs"]) / 1e6
    each_ms = spent_ns / len(result["runs"]) / 1e6
    print("a point of a sweep, beyond its experiment     %.2f ms (%.2f ms of them the process), mean of %d; "
          "goal 20: %s" % (each_ms, process_ms, len(result["runs"]),
                           "reached" if each_ms < 20 else "MISSED"), flush=True)


def right_answers(bench, work, wanted):
    answers = []
    for _ in range(SWEEPS):
        result = sweep(bench, "threadpool", "--threads", "1..8", "--work", work, "--jobs", str(JOBS),
                       "--duration", "20ms")
        answers.append((result["recommended"] or {}).get("threads"))
    right = answers.count(wanted)
    print("sweep of %s jobs, right answers (%d)         %d of %d; goal %d: %s; answers %s" % (
        work, wanted, right, SWEEPS, SWEEPS - 1, "reached" if right >= SWEEPS - 1 else "MISSED",
        " ".join(map(str, answers))), flush=True)


def bench_right_answers(bench):
    right_answers(bench, "sleep", JOBS)
    right_answers(bench, "spin", min(len(os.sched_getaffinity(0)), JOBS))


def alarms(bench, ratio, pairs):
    """Of so many pairs of results, the second with jobs longer by `ratio`: how many are said to be slower."""
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("a.json", "b.json")]
        for _ in range(pairs):
            for file, scale in zip(files, (1.0, ratio)):
                run([bench.uvlab, "threadpool", "--work", "spin", "--threads", "1", "--jobs", str(JOBS),
                     "--rounds", "%d" % (SPIN_ROUNDS * scale), "--runs", str(RUNS), "--format", "json",
                     "--quiet", "-o", file])
            done = run([bench.uvlab, "compare", "--check", "--limit", "2%", *files], (0, STATUS_CLAIM))
            count += done.returncode == STATUS_CLAIM
    return count


def bench_alarms(bench):
    false = alarms(bench, 1.0, PAIRS)
    print("compare --check --limit 2%%, false alarms      %d of %d (%.1f %%); goal 5 %%: %s" % (
        false, PAIRS, 100 * false / PAIRS, "reached" if false <= PAIRS * 0.05 else "MISSED"), flush=True)
    found = alarms(bench, 1.05, PAIRS)
    print("the same, jobs 5 %% longer, missed             %d of %d (%.1f %%); goal 10 %%: %s" % (
        PAIRS - found, PAIRS, 100 * (PAIRS - found) / PAIRS,
        "reached" if PAIRS - found <= PAIRS * 0.1 else "MISSED"), flush=True)


BENCHES = {
    "sweep-cost": bench_point_cost,
    "sweep-answers": bench_right_answers,
    "compare-alarms": bench_alarms,
}
