"""The figures of the thread pool, of starting, and of printing spans."""
import os
import re
import statistics
import subprocess
import sys
import time

from measure import HERE, interleave, quiet_environment, run_process, say

JOBS = 1000000
SLACK_MS = 0.05  # the kernel's default timer slack, PR_SET_TIMERSLACK in prctl(2)


def whole_process(command, **variables):
    """Wall-clock seconds and peak memory of a whole process."""
    usage = run_process(command, **variables)
    return usage.elapsed_s, usage.memory_bytes


def uvlab_elapsed_ns(bench, threads, jobs, work):
    """`elapsed_ns` of a run, without reading the spans that follow it."""
    command = [bench.uvlab, "threadpool", "--work", work, "--jobs", str(jobs), "--threads",
               str(threads), "--format", "json", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env=quiet_environment())
    text = ""
    while True:
        piece = process.stdout.read(4096).decode(errors="replace")
        text += piece
        match = re.search(r'"elapsed_ns":\s*(\d+)', text)
        if match or not piece:
            break
    process.stdout.close()
    process.wait()
    if not match:
        sys.exit("bench: %s: no elapsed_ns" % " ".join(command))
    return int(match.group(1))


def bare_elapsed_ns(bench, threads, jobs, work):
    command = [bench.bare_program("bare_pool"), str(threads), str(jobs), work]
    return int(subprocess.run(command, env=quiet_environment(), check=True,
                              stdout=subprocess.PIPE).stdout)


def node_elapsed_ns(bench, threads, jobs):
    command = [bench.node, os.path.join(HERE, "pbkdf2.js"), str(jobs)]
    return int(subprocess.run(command, env=quiet_environment(UV_THREADPOOL_SIZE=str(threads)),
                              check=True, stdout=subprocess.PIPE).stdout)


def bench_overhead(bench):
    for threads in (1, 2, 4):
        ours, bare = interleave(2 * bench.pairs,
                                lambda: uvlab_elapsed_ns(bench, threads, JOBS, "none"),
                                lambda: bare_elapsed_ns(bench, threads, JOBS, "none"))
        say("1e6 empty jobs, %d thread%s, to a bare loop" % (threads, "s"[: threads > 1]),
            ours, bare, 1.10, " ns a job", 1 / JOBS)


def bench_memory(bench):
    command = [bench.uvlab, "threadpool", "--work", "none", "--jobs", str(JOBS), "--threads", "4",
               "--quiet"]
    bare = [bench.bare_program("bare_pool"), "4", str(JOBS), "none"]
    for view in ("table", "ndjson"):
        ours, theirs = interleave(3, lambda: whole_process(command + ["--format", view])[1],
                                  lambda: whole_process(bare)[1])
        per_job = (statistics.median(ours) - statistics.median(theirs)) / JOBS
        print("%-44s %6.1f bytes a job beyond the bare program; goal 128: %s" % (
            "peak memory, 1e6 jobs, --format " + view, per_job,
            "reached" if per_job <= 128 else "MISSED"), flush=True)


def bench_hashes(bench):
    for threads in (1, 2, 4, 5):
        command = [bench.uvlab, "threadpool", "--threads", str(threads), "--jobs", "5"]
        bare = [bench.bare_program("bare_pool"), str(threads), "5", "pbkdf2"]
        what = "5 pbkdf2, %d thread%s, whole process, to " % (threads, "s"[: threads > 1])
        ours, theirs = interleave(bench.pairs, lambda: whole_process(command)[0],
                                  lambda: whole_process(bare)[0])
        say(what + "bare", ours, theirs, 1.02, " s")
        if bench.node is None:
            continue
        node = [bench.node, os.path.join(HERE, "pbkdf2.js"), "5"]
        ours, theirs = interleave(
            bench.pairs, lambda: whole_process(command)[0],
            lambda: whole_process(node, UV_THREADPOOL_SIZE=str(threads))[0])
        say(what + "Node", ours, theirs, None, " s")


def bench_hash_libraries(bench):
    """What Node.js brings along is another build of OpenSSL than the system's. Without uvlab, hence:
    how far apart the two are, below which nothing of uvlab's can be."""
    if bench.node is None:
        print("hashes of the two libraries: skipped: there is no Node.js")
        return
    bare, node = interleave(bench.pairs, lambda: bare_elapsed_ns(bench, 1, 3, "pbkdf2"),
                            lambda: node_elapsed_ns(bench, 1, 3))
    say("3 pbkdf2, 1 thread, a bare program to Node", bare, node, None, " s", 1e-9)


def bench_start(bench):
    """Runs of a few milliseconds: many more pairs. Loading libcurl beforehand shows its price."""
    version = [bench.uvlab, "--version"]
    bare = [bench.bare_program("bare_version")]
    ours, theirs = interleave(30 * bench.pairs, lambda: whole_process(version)[0],
                              lambda: whole_process(bare)[0])
    say("uvlab --version, to a bare program", ours, theirs, 1.2, " ms", 1e3)
    ours, theirs = interleave(30 * bench.pairs,
                              lambda: whole_process(version, LD_PRELOAD="libcurl.so.4")[0],
                              lambda: whole_process(version)[0])
    say("  (with libcurl loaded, to without)", ours, theirs, None, " ms", 1e3)


def bench_sleep(bench):
    command = [bench.uvlab, "threadpool", "--work", "sleep", "--duration", "100ms", "--jobs", "4",
               "--runs", "25", "--format", "csv", "--quiet"]
    lines = subprocess.run(command, env=quiet_environment(), check=True, stdout=subprocess.PIPE,
                           text=True).stdout.splitlines()
    column = lines[0].split(",").index("ran_ns")
    errors = sorted(int(line.split(",")[column]) / 1e6 - 100 - SLACK_MS for line in lines[1:])
    over = sum(error >= 0.5 for error in errors)
    print("%-44s median %.3f ms, p90 %.3f ms, max %.3f ms; %d of %d at 0.5 ms or more" % (
        "sleep of 100 ms: `ran` beyond timer slack", statistics.median(errors),
        errors[int(0.9 * len(errors))], errors[-1], over, len(errors)), flush=True)


def bench_rows(bench):
    """From the first byte of the output to its last."""
    for view in ("ndjson", "csv", "json"):
        costs = []
        for _ in range(5):
            process = subprocess.Popen(
                [bench.uvlab, "threadpool", "--work", "none", "--jobs", str(JOBS), "--format", view,
                 "--quiet"], stdout=subprocess.PIPE, env=quiet_environment())
            os.read(process.stdout.fileno(), 1)
            begin = time.perf_counter()
            while os.read(process.stdout.fileno(), 1 << 20):
                pass
            costs.append((time.perf_counter() - begin) / JOBS * 1e6)
            process.wait()
        print("%-44s %6.2f µs a span (median of 5); goal 2: %s" % (
            "1e6 spans as " + view, statistics.median(costs),
            "reached" if statistics.median(costs) <= 2 else "MISSED"), flush=True)


BENCHES = {"overhead": bench_overhead, "memory": bench_memory, "hashes": bench_hashes,
           "hash-libraries": bench_hash_libraries, "start": bench_start, "sleep": bench_sleep, "rows": bench_rows}
