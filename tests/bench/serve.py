"""The figures of `uvlab serve`: against nginx and Node's cluster under the same client, its idle
connections, and how fast a killed worker is replaced.

Where rates are compared, the server has one CPU and the client the other, on both sides (taskset).
CPU time of servers is that of all their processes, between two readings of /proc."""
import contextlib
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from measure import HERE, SCRIPTS, interleave, quiet_environment, run_process, say

SERVER_CPU, CLIENT_CPU = ("taskset", "-c", "0"), ("taskset", "-c", "1")
WRK_S = 3
IDLE = 10000
REQUESTS = 20000
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

sys.path.insert(0, os.path.join(os.path.dirname(HERE), "peers"))
import peer  # noqa: E402  (the folder must be known first)


def lacks(what, *programs):
    """Says that a benchmark is skipped, and why, if one of its programs is missing."""
    missing = [p for p in programs if p is None or shutil.which(p, path=PATH) is None]
    if missing:
        print("%s: skipped: there is no %s" % (what, ", ".join(p or "Node.js" for p in missing)))
    return bool(missing)


def say_at_least(what, ours, theirs, goal, unit="", scale=1.0):
    """As say(), of figures of which more is better."""
    ratios = [a / b for a, b in zip(ours, theirs)]
    quartiles = statistics.quantiles(ratios, n=4)
    median = statistics.median(ratios)
    print("%-44s %6.3f  [%.3f %.3f]  %.4g%s against %.4g%s goal at least %.2f: %s" % (
        what, median, quartiles[0], quartiles[2], statistics.median(ours) * scale, unit,
        statistics.median(theirs) * scale, unit, goal, "reached" if median >= goal else "MISSED"),
        flush=True)


@contextlib.contextmanager
def serving(command, port, **variables):
    """A server for as long as the block lasts; gives its process."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL,
                             env=quiet_environment(PATH=PATH, **variables))
    try:
        until = time.monotonic() + 30
        while not peer.accepts(port):
            if child.poll() is not None or time.monotonic() > until:
                sys.exit("bench: %s does not serve" % " ".join(command))
            time.sleep(0.02)
        time.sleep(0.3)  # workers of Node's cluster come one after another
        yield child
    finally:
        child.terminate()
        child.wait()
        child.stdin.close()


def tree(pid):
    """The process and all that descend from it."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in os.listdir("/proc/%d/task" % parent):
                with open("/proc/%d/task/%s/children" % (parent, task), encoding="ascii") as f:
                    found += [int(child) for child in f.read().split()]
    return found


def cpu_s(pid):
    """User and system time of a process tree so far, of those that are still there."""
    ticks = 0
    for process in tree(pid):
        with open("/proc/%d/stat" % process, encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * TICK_S


def memory_bytes(pid):
    """Its proportional share of what is resident."""
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
        return int(re.search(r"^Pss: +(\d+) kB", f.read(), re.M).group(1)) * 1024


def wrk_rate(port, connections=50):
    said = run_process([*CLIENT_CPU, "wrk", "-t1", "-c%d" % connections, "-d%ds" % WRK_S,
                        "http://127.0.0.1:%d/fast" % port], keep_output=True).output.decode()
    if "Socket errors" in said or "Non-2xx" in said:
        sys.exit("bench: wrk had errors: " + said)
    return float(re.search(r"Requests/sec: +([\d.]+)", said).group(1))


def serve(bench, port, *flags):
    return [bench.uvlab, "serve", "--port", str(port), *flags]


def bench_serve_nginx(bench):
    if lacks("serve, to nginx", "wrk", "nginx", "taskset"):
        return
    ours, theirs = peer.free_port(), peer.free_port()
    with tempfile.TemporaryDirectory(prefix="uvlab-bench.") as folder:
        nginx = peer.Bench(bench.uvlab, folder).nginx_command(theirs, "This was fast")
        with serving([*SERVER_CPU, *serve(bench, ours)], ours), \
                serving([*SERVER_CPU, *nginx], theirs):
            us, them = interleave(bench.pairs, lambda: wrk_rate(ours), lambda: wrk_rate(theirs))
    say_at_least("/fast under wrk, 1 worker, to nginx", us, them, 1.0, " requests/s")


def node_cluster(bench, port, workers, *flags):
    return [bench.node, os.path.join(SCRIPTS, "node", "cluster.js"), "--port", str(port), "--workers",
            str(workers), *flags]


def cpu_a_request(pid, port):
    """Of the server, while a client that counts makes REQUESTS of them."""
    before = cpu_s(pid)
    said = run_process(["h2load", "--h1", "-n", str(REQUESTS), "-c", "50",
                        "http://127.0.0.1:%d/fast" % port], keep_output=True).output.decode()
    if int(re.search(r"(\d+) succeeded", said).group(1)) != REQUESTS:
        sys.exit("bench: not every request succeeded: " + said)
    return (cpu_s(pid) - before) / REQUESTS


def has_express(bench):
    return subprocess.run([bench.node, "-e", "require('express')"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def bench_serve_node(bench):
    if lacks("serve, to Node.js", bench.node, "h2load"):
        return
    kinds = [("http", [], 0.5)]
    if has_express(bench):
        kinds.append(("express", ["--express"], 0.2))
    else:
        print("serve, to express: skipped: node cannot find express (npm install express, NODE_PATH)")
    for name, flags, goal in kinds:
        ours, theirs = peer.free_port(), peer.free_port()
        with serving(serve(bench, ours, "--workers", "2"), ours) as us, \
                serving(node_cluster(bench, theirs, 2, *flags), theirs) as them:
            cpu_a_request(us.pid, ours)  # what is compiled and allocated once
            cpu_a_request(them.pid, theirs)
            a, b = interleave(bench.pairs, lambda: cpu_a_request(us.pid, ours),
                              lambda: cpu_a_request(them.pid, theirs))
        say("/fast, server CPU, 2 workers, to Node %s" % name, a, b, goal, " µs a request", 1e6)


def elapsed_of_six(port):
    """From the first connection to the last answer, of six requests at once to `/`."""
    said = run_process(["ab", "-q", "-n", "6", "-c", "6", "http://127.0.0.1:%d/" % port],
                       keep_output=True).output.decode()
    if not re.search(r"Failed requests: +0\b", said):
        sys.exit("bench: a request failed: " + said)
    return float(re.search(r"Time taken for tests: +([\d.]+)", said).group(1))


def bench_serve_hashes(bench):
    if lacks("serve, hashes, to Node.js", bench.node, "ab"):
        return
    ours, theirs = peer.free_port(), peer.free_port()
    with serving(serve(bench, ours, "--workers", "2", "--threads", "1"), ours), \
            serving(node_cluster(bench, theirs, 2), theirs, UV_THREADPOOL_SIZE="1"):
        us, them = interleave(bench.pairs, lambda: elapsed_of_six(ours),
                              lambda: elapsed_of_six(theirs))
    say("6 requests to /, 2 workers, elapsed, to Node", us, them, 1.05, " s")


def connect_idle(port, count):
    """Keep-alive connections that have had an answer and rest now."""
    request = b"GET /fast HTTP/1.1\r\nHost: localhost\r\n\r\n"
    idle = []
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(request)
        idle.append(s)
    for s in idle:
        if b"200 OK" not in s.recv(4096):
            sys.exit("bench: a connection had no answer")
    return idle


def latency_p50(bench, port):
    said = run_process([bench.uvlab, "load", "http://127.0.0.1:%d/fast" % port, "-n", "5000", "-c",
                        "1", "--format", "json", "--quiet"], keep_output=True).output
    return json.loads(said)["summary"]["http"]["total_ns"]["p50"]


def bench_serve_idle(bench):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + 100:
        print("%d idle connections: skipped: the hard limit of open files is %d" % (IDLE, hard))
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + 100), hard))
    crowded, empty = peer.free_port(), peer.free_port()
    with serving(serve(bench, crowded, "--max-connections", str(IDLE + 50)), crowded) as server, \
            serving(serve(bench, empty), empty):
        worker = tree(server.pid)[1]
        for s in connect_idle(crowded, 100):  # what is allocated once
            s.close()
        time.sleep(0.5)
        before = memory_bytes(worker)
        idle = connect_idle(crowded, IDLE)
        time.sleep(1)
        each = (memory_bytes(worker) - before) / IDLE
        print("%-44s %6.0f bytes of the worker each; goal 4096: %s" % (
            "%d idle connections" % IDLE, each, "reached" if each <= 4096 else "MISSED"), flush=True)
        us, them = interleave(bench.pairs, lambda: latency_p50(bench, crowded),
                              lambda: latency_p50(bench, empty))
        for s in idle:
            s.close()
    say("/fast, median, beside %d idle connections" % IDLE, us, them, 1.05, " µs", 1e-3)


def bench_serve_kill(bench):
    """tests/serve-lab kills, and waits until another serves."""
    lab = os.path.join(os.path.dirname(HERE), "serve-lab")
    said = run_process([lab, "--count", "100", "timing", bench.uvlab], keep_output=True).output.decode()
    p50, p95 = (float(re.search(r"^p%d-ms ([\d.]+)" % share, said, re.M).group(1)) for share in (50, 95))
    print("%-44s %6.1f ms median, %.1f ms 95th percentile of 100 kills; goal 100: %s" % (
        "a killed worker is replaced and serves", p50, p95, "reached" if p95 < 100 else "MISSED"),
        flush=True)


BENCHES = {"serve-nginx": bench_serve_nginx, "serve-node": bench_serve_node,
           "serve-hashes": bench_serve_hashes, "serve-idle": bench_serve_idle,
           "serve-kill": bench_serve_kill}
