"""What the benchmarks share: processes and what they used, pairs that take turns, and how a figure is
printed. Standard library only."""
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "scripts")


class Bench:
    def __init__(self, build, pairs):
        self.uvlab = os.path.join(build, "uvlab")
        self.bare = os.path.join(build, "tests/bench")
        self.pairs = pairs
        self.node = shutil.which("node")

    def bare_program(self, name):
        return os.path.join(self.bare, name)


def quiet_environment(**variables):
    """The caller's own UV_THREADPOOL_SIZE would decide the size of bare programs."""
    environment = {k: v for k, v in os.environ.items() if k != "UV_THREADPOOL_SIZE"}
    environment.update(variables)
    return environment


class Usage:
    """Of a whole process, from before its start to after its end."""

    def __init__(self, elapsed_s, cpu_s, memory_bytes, output):
        self.elapsed_s, self.cpu_s, self.memory_bytes = elapsed_s, cpu_s, memory_bytes
        self.output = output


def run_process(command, keep_output=False, may_fail=False, **variables):
    """Runs it to its end; its CPU time is its own, user and system, and nothing of others'."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               stdout=subprocess.PIPE if keep_output else subprocess.DEVNULL,
                               env=quiet_environment(**variables))
    output = process.stdout.read() if keep_output else b""
    _, status, usage = os.wait4(process.pid, 0)
    elapsed_s = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 and not may_fail:
        sys.exit("bench: %s: status %d" % (" ".join(command), process.returncode))
    return Usage(elapsed_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, output)


def interleave(pairs, first, second):
    """`pairs` values of each, taken in turns; each side goes first every other time."""
    firsts, seconds = [], []
    for i in range(pairs):
        for side in ((first, firsts), (second, seconds))[:: 1 if i % 2 == 0 else -1]:
            side[1].append(side[0]())
    return firsts, seconds


def say(what, firsts, seconds, goal, unit="", scale=1.0):
    ratios = [a / b for a, b in zip(firsts, seconds)]
    quartiles = statistics.quantiles(ratios, n=4)
    median = statistics.median(ratios)
    mark = "" if goal is None else (" goal %.2f: %s" % (goal, "reached" if median <= goal else "MISSED"))
    print("%-44s %6.3f  [%.3f %.3f]  %.4g%s against %.4g%s%s" % (
        what, median, quartiles[0], quartiles[2], statistics.median(firsts) * scale, unit,
        statistics.median(seconds) * scale, unit, mark), flush=True)
