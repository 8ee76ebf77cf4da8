"""The figures of requests, and of requests beside file reads and hashes.

The server of all of them is a `uvlab origin` that is no child of the client, so CPU time and memory are
the client's alone. They are those of its whole process: its start and its end are in them, on both
sides, and nothing is subtracted that is not said.
"""
import collections
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile

from measure import SCRIPTS, interleave, run_process, say

ORDER_RUNS = 20
FILES_NEEDED = 10100  # descriptors of 10,000 connections and a program


class Origin:
    """A `uvlab origin`, for use in a with statement. It ends with its standard input."""

    def __init__(self, bench, delay):
        self.folder = tempfile.TemporaryDirectory(prefix="uvlab-bench.")
        self.certificate = os.path.join(self.folder.name, "certificate.pem")
        self.process = subprocess.Popen(
            [bench.uvlab, "origin", "--origin-delay", delay, "--certificate", self.certificate,
             "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        url = re.fullmatch(r"https://[^/]+:(\d+)/\n", self.process.stdout.readline())
        if not url:
            sys.exit("bench: uvlab origin did not start")
        port = url.group(1)
        self.by_address = "https://127.0.0.1:%s/" % port
        # Both look the name up on the pool. Where that is not possible, none of them does.
        try:
            socket.getaddrinfo("localhost", port)
            self.url, self.kind = "https://localhost:%s/" % port, "by name"
        except OSError:
            self.url, self.kind = self.by_address, "by address"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()


def uvlab_requests(bench, origin, count, *more):
    return [bench.uvlab, "os-delegation", "--requests", str(count), "--cacert", origin.certificate,
            "--quiet", *more]


def bare_requests(bench, origin, count):
    return [bench.bare_program("bare_requests"), str(count), origin.by_address, origin.certificate]


def elapsed_ns(output):
    """From the first submission to the last callback, of any of the programs."""
    document = json.loads(output)
    if "runs" in document:
        return document["runs"][0]["elapsed_ns"]
    return document["calls"][-1]["called_back_ns"]


def cpu_per_request(command, count, **variables):
    return run_process(command, **variables).cpu_s / count


def bench_requests_node(bench):
    """Elapsed time and CPU time of the same pairs."""
    if bench.node is None:
        print("requests, to Node.js: skipped: there is no Node.js")
        return
    count = 1000
    with Origin(bench, "100ms") as origin:
        ours = uvlab_requests(bench, origin, count, "--url", origin.url, "--format", "json")
        node = [bench.node, os.path.join(SCRIPTS, "node", "os-delegation.js"), origin.url, str(count)]
        us, them = interleave(
            bench.pairs, lambda: run_process(ours, keep_output=True),
            lambda: run_process(node, keep_output=True, NODE_EXTRA_CA_CERTS=origin.certificate))
        what = "%d requests %s, " % (count, origin.kind)
        say(what + "elapsed, to Node", [elapsed_ns(u.output) for u in us],
            [elapsed_ns(u.output) for u in them], 0.7, " ms", 1e-6)
        say(what + "CPU, to Node", [u.cpu_s for u in us], [u.cpu_s for u in them], 0.55,
            " µs a request", 1e6 / count)


def bench_requests_bare(bench):
    count = 1000
    with Origin(bench, "100ms") as origin:
        ours = uvlab_requests(bench, origin, count, "--url", origin.by_address, "--dns", "none")
        bare = bare_requests(bench, origin, count)
        us, them = interleave(bench.pairs, lambda: cpu_per_request(ours, count),
                              lambda: cpu_per_request(bare, count))
        say("%d requests by address, CPU, to bare" % count, us, them, 1.1, " µs a request", 1e6)


def connections_of(command):
    """How many connections a curl command that writes num_connects out has made."""
    return sum(int(n) for n in run_process(command, keep_output=True).output.split())


def bench_requests_curl(bench):
    """curl would use connections again that others have left: as all transfers begin together and
    each answer takes 100 ms, none has been left by then, which is counted beforehand."""
    curl = shutil.which("curl")
    count = 300
    if curl is None:
        print("requests, to curl: skipped: there is no curl (Debian: curl)")
        return
    with Origin(bench, "100ms") as origin:
        theirs = [curl, "--parallel", "--parallel-immediate", "--parallel-max", str(count), "--silent",
                  "--cacert", origin.certificate, "--output", "/dev/null",
                  "%s?[1-%d]" % (origin.by_address, count)]
        made = connections_of(theirs + ["--write-out", "%{num_connects}\n"])
        ours = uvlab_requests(bench, origin, count, "--url", origin.by_address, "--dns", "none")
        us, them = interleave(bench.pairs, lambda: cpu_per_request(ours, count),
                              lambda: cpu_per_request(theirs, count))
        say("%d requests by address, CPU, to curl" % count, us, them, 1.0, " µs a request", 1e6)
        if made != count:
            print("    WARNING: curl made %d connections for %d requests" % (made, count))


def bench_requests_scale(bench):
    """Peak memory of whole processes: what uvlab and the bare program have in common (libcurl's
    memory of a connection, OpenSSL's) is subtracted, and said beside the rest."""
    count, pairs = 10000, 3
    import resource  # pylint: disable=import-outside-toplevel
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < FILES_NEEDED:
        print("%d requests at once: skipped: the hard limit of open files is %d" % (count, hard))
        return
    with Origin(bench, "100ms") as origin:
        ours = uvlab_requests(bench, origin, count, "--url", origin.by_address, "--dns", "none",
                              "--format", "csv", "--timeout", "5m")
        bare = bare_requests(bench, origin, count)
        us, them = interleave(pairs, lambda: run_process(ours, keep_output=True, may_fail=True),
                              lambda: run_process(bare))
    succeeded = [requests_that_succeeded(u.output.decode()) for u in us]
    print("%-44s %s succeeded; goal: all: %s" % (
        "%d requests at once, %d times" % (count, pairs), ", ".join(map(str, succeeded)),
        "reached" if set(succeeded) == {count} else "MISSED"), flush=True)
    ours_bytes = statistics.median(u.memory_bytes for u in us)
    bare_bytes = statistics.median(u.memory_bytes for u in them)
    per_connection = (ours_bytes - bare_bytes) / count
    print("%-44s %6.0f bytes a connection beyond the bare program (%.1f MiB against %.1f); goal 4096: "
          "%s" % ("peak memory, %d requests at once" % count, per_connection, ours_bytes / 2 ** 20,
                  bare_bytes / 2 ** 20, "reached" if per_connection <= 4096 else "MISSED"), flush=True)


def requests_that_succeeded(csv):
    lines = [line.split(",") for line in csv.splitlines()]
    kind, status = lines[0].index("kind"), lines[0].index("status")
    return sum(line[kind] == "http" and line[status] == "ok" for line in lines[1:])


# --- The order of a request, a file read and hashes. ---

KINDS = {"http": "request", "fs.readFile": "read", "pbkdf2": "hash"}


def kinds_in_order(output):
    """Of a uvlab result or of what scripts/node/multitask.js writes."""
    document = json.loads(output)
    if "runs" not in document:
        return tuple(call["kind"] for call in document["calls"])
    spans = [s for s in document["runs"][0]["spans"] if s["parent"] is None]
    return tuple(KINDS[s["kind"]] for s in sorted(spans, key=lambda s: s["called_back_ns"]))


def first_seen(order):
    """The kinds in the order in which each came back first."""
    return tuple(dict.fromkeys(order))


def say_order(what, ours, theirs):
    """`ours` and `theirs` are orders, one of each run. Node's own order is stable when all are one."""
    usual, times = collections.Counter(theirs).most_common(1)[0]
    same = sum(order == usual for order in ours)
    stable = times == len(theirs)
    print("%-44s %d of %d are as Node's usual one, which Node itself had in %d of %d%s\n    %s" % (
        what, same, len(ours), times, len(theirs),
        "; goal: all: %s" % ("reached" if same == len(ours) else "MISSED") if stable
        else ": not stable, so no goal", ", ".join(usual)), flush=True)


def bench_mixed(bench):
    if bench.node is None:
        print("multitask, to Node.js: skipped: there is no Node.js")
        return
    with Origin(bench, "0ms") as origin:
        file = os.path.join(origin.folder.name, "file")
        with open(file, "wb") as out:
            out.write(bytes(65536))
        for threads in (1, 4, 5):
            ours = [bench.uvlab, "multitask", "--threads", str(threads), "--file", file, "--url",
                    origin.url, "--cacert", origin.certificate, "--format", "json", "--quiet"]
            node = [bench.node, os.path.join(SCRIPTS, "node", "multitask.js"), origin.url, file, "4"]
            us, them = interleave(
                ORDER_RUNS, lambda: kinds_in_order(run_process(ours, keep_output=True).output),
                lambda: kinds_in_order(run_process(
                    node, keep_output=True, UV_THREADPOOL_SIZE=str(threads),
                    NODE_EXTRA_CA_CERTS=origin.certificate).output))
            what = "multitask, %d thread%s: " % (threads, "s"[: threads > 1])
            say_order(what + "order of callbacks", us, them)
            say_order(what + "order of kinds", [first_seen(o) for o in us],
                      [first_seen(o) for o in them])


BENCHES = {"requests-node": bench_requests_node, "requests-bare": bench_requests_bare,
           "requests-curl": bench_requests_curl, "requests-scale": bench_requests_scale,
           "mixed": bench_mixed}
