"""`uvlab serve` under clients of other make. Each client's own count of what went wrong is read: a
server that drops one request in a thousand would still look fine to someone who looks at rates."""
import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time

from peer import FAST, LIMIT_S, Wrong, accepts, expect, free_port

REQUESTS = 2000


@contextlib.contextmanager
def serve(bench, *flags):
    """A uvlab serve; gives its port, and its process for signals."""
    port = free_port()
    with bench.server(port, bench.uvlab, "serve", "--port", str(port), *flags) as child:
        until = time.monotonic() + LIMIT_S
        for file in [f for f in flags if f.endswith(".pem")]:  # it comes after the port is open
            while not os.path.exists(file) and time.monotonic() < until:
                time.sleep(0.01)
        yield port, child


def number(pattern, text):
    found = re.search(pattern, text)
    expect(found, "no '%s' in what it printed: %s" % (pattern, text[-300:]))
    return int(found.group(1))


def by_curl(bench):
    with serve(bench, "--workers", "2") as (port, _):
        url = "http://127.0.0.1:%d" % port
        expect(bench.run("curl", "-sS", url + "/fast") == FAST, "another text")
        heads = bench.run("curl", "-sSi", "--http1.0", url + "/fast")
        expect("Connection: close" in heads, "HTTP/1.0 is not told that the connection ends")
        heads = bench.run("curl", "-sSI", url + "/")
        expect(heads.startswith("HTTP/1.1 200") and "Content-Length: 8" in heads, "HEAD: " + heads)
        heads = bench.run("curl", "-sSi", "-d", "x=1", url + "/")
        expect(heads.startswith("HTTP/1.1 405") and "Allow: GET, HEAD" in heads, "POST: " + heads)
        stats = json.loads(bench.run("curl", "-sS", url + "/stats"))
        expect([w["worker"] for w in stats["workers"]] == [1, 2], "/stats lacks a worker")
        many = bench.run("curl", "-sS", *[url + "/fast"] * 20, "-w", "%{num_connects}\n", "-o",
                         "/dev/null", *["-o", "/dev/null"] * 19)
        expect(sum(map(int, many.split())) == 1, "curl needed more than one connection")


def by_curl_https(bench):
    certificate = bench.path("certificate.pem")
    with serve(bench, "--tls", "--certificate", certificate) as (port, _):
        said = bench.run("curl", "-sS", "--cacert", certificate, "https://127.0.0.1:%d/fast" % port)
        expect(said == FAST, "another text")
        bench.run("curl", "-sS", "https://127.0.0.1:%d/fast" % port, statuses=(60,))


def by_ab(bench):
    with serve(bench) as (port, _):
        url = "http://127.0.0.1:%d/fast" % port
        for flags in (["-k"], []):
            said = bench.run("ab", "-q", *flags, "-n", str(REQUESTS), "-c", "20", url)
            expect(number(r"Complete requests: +(\d+)", said) == REQUESTS, "not all were complete")
            expect(number(r"Failed requests: +(\d+)", said) == 0, "some failed: " + said)
            if flags:
                expect(number(r"Keep-Alive requests: +(\d+)", said) == REQUESTS, "not all kept alive")


def by_wrk(bench):
    with serve(bench, "--workers", "2") as (port, _):
        said = bench.run("wrk", "-t1", "-c20", "-d1s", "http://127.0.0.1:%d/fast" % port)
        expect(number(r"(\d+) requests in", said) > 0, "it made no requests")
        expect("Socket errors" not in said and "Non-2xx" not in said, "errors: " + said)


def by_hey(bench):
    with serve(bench) as (port, _):
        said = bench.run("hey", "-n", str(REQUESTS), "-c", "20", "http://127.0.0.1:%d/fast" % port)
        expect(number(r"\[200\]\s+(\d+) responses", said) == REQUESTS, "not all were 200: " + said)


def by_h2load(bench):
    with serve(bench) as (port, _):
        said = bench.run("h2load", "--h1", "-n", str(REQUESTS), "-c", "20",
                         "http://127.0.0.1:%d/fast" % port)
        expect(number(r"(\d+) succeeded", said) == REQUESTS, "not all succeeded: " + said)


def by_chromium(bench):
    with serve(bench) as (port, _):
        said = bench.run("chromium", "--headless", "--no-sandbox", "--disable-gpu",
                         "--user-data-dir=" + bench.path("chromium"), "--dump-dom",
                         "http://127.0.0.1:%d/fast" % port)
        expect(FAST in said, "it shows something else: " + said)


def replaced_under_ab(bench):
    """SIGHUP while ab asks: no request is lost, however connections reach the workers."""
    for scheduling in ("round-robin", "shared", "reuse-port"):
        with serve(bench, "--workers", "2", "--scheduling", scheduling) as (port, child):
            timers = [threading.Timer(0.2 * i, child.send_signal, [signal.SIGHUP]) for i in (1, 2, 3)]
            for timer in timers:
                timer.start()
            said = bench.run("ab", "-q", "-k", "-r", "-t", "2", "-n", "1000000", "-c", "10",
                             "http://127.0.0.1:%d/fast" % port)
            for timer in timers:
                timer.join()
            expect(number(r"Complete requests: +(\d+)", said) > 0, "no request was complete")
            expect(number(r"Failed requests: +(\d+)", said) == 0, scheduling + ": " + said)


def drained(bench):
    """SIGTERM while a slow request is under way: it is answered, then the server ends with 0."""
    with serve(bench) as (port, child):
        with subprocess.Popen(["curl", "-sS", "http://127.0.0.1:%d/sleep?ms=700" % port],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as curl:
            threading.Event().wait(0.3)
            child.terminate()
            said, why = curl.communicate(timeout=LIMIT_S)
        if curl.returncode != 0:
            raise Wrong("the request was lost: " + why.decode())
        expect(said != b"", "the answer is empty")
        expect(child.wait(LIMIT_S) == 0, "it ended with status %d" % child.returncode)
        expect(not accepts(port), "something still listens")


CASES = [
    ("curl: routes, HEAD, HTTP/1.0, one connection", ("curl",), by_curl),
    ("curl: HTTPS, trusted and not", ("curl",), by_curl_https),
    ("ab: with and without keep-alive", ("ab",), by_ab),
    ("wrk: no errors", ("wrk",), by_wrk),
    ("hey: every answer is 200", ("hey",), by_hey),
    ("h2load: HTTP/1.1", ("h2load",), by_h2load),
    ("chromium: shows an answer", ("chromium",), by_chromium),
    ("ab: no request lost while workers are replaced", ("ab",), replaced_under_ab),
    ("curl: a request under way is answered before the end", ("curl",), drained),
]
