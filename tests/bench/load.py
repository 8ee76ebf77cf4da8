"""The figures of the load generator, against wrk, ab, h2load, hey and autocannon.

Every client makes 50 keep-alive connections from one thread, one request at a time on each, to the
same server: `canned`, which does nothing but answer, or nginx with one worker. Client and server are
pinned to a CPU each, the same ones on both sides, taken in turns. uvlab keeps every span.

What is compared is requests a second, as each client counts them itself, and CPU time of the client's
process for each request: with the server on its own CPU and the client's full, one is about the
inverse of the other, but only CPU time can be told on a machine that others use as well.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from measure import interleave, run_process, say

CONNECTIONS = 50
SECONDS = 3
REQUESTS = 200000  # where a client counts requests, not seconds
NGINX = """worker_processes 1; daemon off; pid pid; error_log error.log crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000;
  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server {{ listen 127.0.0.1:{port}; location /fast {{ return 200 'This was fast'; }} }} }}
"""


def pinned(cpu, command):
    """Where there are two CPUs: the client on the first, the server on the second."""
    cpus = sorted(os.sched_getaffinity(0))
    return command if len(cpus) < 2 else ["taskset", "-c", str(cpus[cpu]), *command]


def cpu_of(pid):
    """CPU seconds that a process has used."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Canned:
    """The server that costs least, for use in a with statement."""

    name = "canned"

    def __init__(self, bench):
        self.process = subprocess.Popen(pinned(1, [bench.bare_program("canned")]),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = "http://127.0.0.1:%d/" % int(self.process.stdout.readline())
        self.serving = self.process.pid
        self.began_s, self.cpu_s = time.perf_counter(), cpu_of(self.serving)

    def busy(self):
        """The part of a CPU that it has used since it was made."""
        return (cpu_of(self.serving) - self.cpu_s) / (time.perf_counter() - self.began_s)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


class Nginx:
    name = "nginx"

    def __init__(self, port=18137):
        self.folder = tempfile.TemporaryDirectory(prefix="uvlab-bench.")
        with open(os.path.join(self.folder.name, "conf"), "w", encoding="ascii") as file:
            file.write(NGINX.format(port=port))
        self.process = subprocess.Popen(
            pinned(1, ["nginx", "-p", self.folder.name, "-c", "conf"]), stderr=subprocess.DEVNULL)
        self.url = "http://127.0.0.1:%d/fast" % port
        time.sleep(0.5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


class Figure:
    """Of one run of a client."""

    def __init__(self, usage, requests, rate):
        self.rate, self.cpu_s = rate, usage.cpu_s / requests


def number(pattern, text):
    found = re.search(pattern, text)
    if not found:
        sys.exit("bench: no figure %s in:\n%s" % (pattern, text))
    return float(found.group(1).replace(",", ""))


def run_uvlab(bench, url, *more):
    usage = run_process(pinned(0, [bench.uvlab, "load", "-c", str(CONNECTIONS), "--quiet", *more, url]),
                        keep_output=True)
    text = usage.output.decode()
    requests = number(r"load +[0-9,.]+ requests/s: [0-9,]+ asked\s+for, ([0-9,]+)", text)
    return Figure(usage, requests, number(r"load +([0-9,.]+) requests/s", text))


def uvlab(bench, url):
    return run_uvlab(bench, url, "-n", str(REQUESTS))


def wrk(_, url):
    usage = run_process(pinned(0, ["wrk", "-t1", "-c%d" % CONNECTIONS, "-d%ds" % SECONDS, url]),
                        keep_output=True)
    text = usage.output.decode()
    return Figure(usage, number(r"(\d+) requests in", text), number(r"Requests/sec: +([\d.]+)", text))


def ab(_, url):
    usage = run_process(pinned(0, ["ab", "-q", "-k", "-c", str(CONNECTIONS), "-n", str(REQUESTS), url]),
                        keep_output=True)
    return Figure(usage, REQUESTS, number(r"Requests per second: +([\d.]+)", usage.output.decode()))


def h2load(_, url):
    usage = run_process(pinned(0, ["h2load", "--h1", "-t1", "-c%d" % CONNECTIONS, "-m1",
                                   "-n%d" % REQUESTS, url]), keep_output=True)
    return Figure(usage, REQUESTS, number(r"finished in .*, ([\d.]+) req/s", usage.output.decode()))


def hey(_, url):
    usage = run_process(pinned(0, ["hey", "-cpus", "1", "-c", str(CONNECTIONS), "-n", str(REQUESTS), url]),
                        keep_output=True)
    return Figure(usage, REQUESTS, number(r"Requests/sec:\s+([\d.]+)", usage.output.decode()))


def autocannon(_, url):
    usage = run_process(pinned(0, ["autocannon", "-c", str(CONNECTIONS), "-d", str(SECONDS), "--json",
                                   url]), keep_output=True)
    totals = json.loads(usage.output)["requests"]
    return Figure(usage, totals["total"], totals["average"])


def say_pairs(what, us, them, rate_goal, cpu_goal=None):
    """say() has ratios that are to be small: those of the time for a request."""
    say(what + ", time of a request", [1 / f.rate for f in us], [1 / f.rate for f in them],
        None if rate_goal is None else 1 / rate_goal, " µs", 1e6)
    say(what + ", CPU of a request", [f.cpu_s for f in us], [f.cpu_s for f in them], cpu_goal, " µs",
        1e6)


def against(client, package, goal):
    def bench_one(bench):
        name = client.__name__
        if shutil.which(name) is None:
            print("load, to %s: skipped: there is no %s (%s)" % (name, name, package))
            return
        with Canned(bench) as server:
            us, them = interleave(bench.pairs, lambda: uvlab(bench, server.url),
                                  lambda: client(bench, server.url))
            busy = server.busy()
        say_pairs("load, to %s" % name, us, them, goal)
        print("    (the server used %.0f %% of its CPU)" % (100 * busy), flush=True)
    return bench_one


def bench_nginx(bench):
    for program, package in (("wrk", "wrk"), ("nginx", "nginx-light")):
        if shutil.which(program) is None:
            print("load on nginx, to wrk: skipped: there is no %s (Debian: %s)" % (program, package))
            return
    with Nginx() as server:
        us, them = interleave(bench.pairs, lambda: uvlab(bench, server.url),
                              lambda: wrk(bench, server.url))
    say_pairs("load on nginx, to wrk", us, them, 1.0, 0.8)


def bench_rate(bench):
    """At half of what was reached without a rate."""
    with Canned(bench) as server:
        half = int(max(uvlab(bench, server.url).rate for _ in range(3)) / 2)
        for _ in range(bench.pairs):
            usage = run_process(pinned(0, [bench.uvlab, "load", "-c", str(CONNECTIONS), "-d",
                                           "%ds" % SECONDS, "--rate", str(half), "--format", "json",
                                           "--histogram", "--quiet", server.url]), keep_output=True)
            load = json.loads(usage.output)["runs"][0]["load"]
            error = abs(load["rate_got"] - load["rate_wanted"]) / load["rate_wanted"] * 100
            late_ms = load["late_ns"]["p99"] / 1e6
            print("%-44s %d/s: off by %.3f %%, goal 0.5: %s; late by %.3f ms (p99), goal 0.2: %s" % (
                "load --rate, half of the capacity", half, error,
                "reached" if error < 0.5 else "MISSED", late_ms,
                "reached" if late_ms < 0.2 else "MISSED"), flush=True)


BENCHES = {"load-wrk": against(wrk, "Debian: wrk", 1.2),
           "load-ab": against(ab, "Debian: apache2-utils", 1.1),
           "load-h2load": against(h2load, "Debian: nghttp2-client", 1.3),
           "load-hey": against(hey, "github.com/rakyll/hey", 3.0),
           "load-autocannon": against(autocannon, "npm: autocannon", 3.0),
           "load-nginx": bench_nginx, "load-rate": bench_rate}
