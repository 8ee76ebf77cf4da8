"""uvlab's clients against servers of other make."""
from peer import FAST, expect, free_port


def spans_of(result, kind):
    return [s for run in result["runs"] for s in run["spans"] if s["kind"] == kind]


def by_http2(bench):
    port = free_port()
    with bench.nginx(port, tls=True):
        flags = ("os-delegation", "--requests", "4", "--dns", "none", "--cacert",
                 bench.path("certificate.pem"), "--url", "https://127.0.0.1:%d/fast" % port)
        newer = spans_of(bench.result(*flags, "--http2"), "http")
        usual = spans_of(bench.result(*flags), "http")
    expect([s["http"]["version"] for s in newer] == ["2"] * 4, "--http2 was answered by another version")
    expect([s["http"]["version"] for s in usual] == ["1.1"] * 4, "without --http2 it is not HTTP/1.1")
    expect(all(s["status"] == "ok" for s in newer + usual), "a request failed")
    expect(all(s["http"]["received_bytes"] == len(FAST) for s in newer + usual),
           "an answer's body has another length")


def load_on_nginx(bench):
    port = free_port()
    with bench.nginx(port):
        result = bench.result("load", "http://127.0.0.1:%d/fast" % port, "-n", "2000", "-c", "20")
    spans = spans_of(result, "http")
    expect(len(spans) == 2000, "%d spans instead of 2000" % len(spans))
    expect(all(s["status"] == "ok" and s["http"]["answer"] == 200 for s in spans), "a request failed")
    expect(all(s["http"]["received_bytes"] == len(FAST) for s in spans),
           "an answer's body has another length")
    expect(all(s["started_ns"] is None for s in spans), "nginx cannot tell when it began")
    expect(sum(not s["http"]["reused"] for s in spans) == 20, "not one connection each")


def load_on_nginx_https(bench):
    port = free_port()
    with bench.nginx(port, tls=True):
        result = bench.result("load", "https://127.0.0.1:%d/fast" % port, "-n", "200", "-c", "5",
                              "--cacert", bench.path("certificate.pem"))
        refused = bench.result("load", "https://127.0.0.1:%d/fast" % port, "-n", "5",
                               statuses=(1,))
    expect([s["status"] for s in spans_of(result, "http")] == ["ok"] * 200, "a request failed")
    expect(all(s["status"] != "ok" for s in spans_of(refused, "http")),
           "a certificate that nobody vouches for was trusted")


CASES = [
    ("nginx: load, every answer and one connection each", ("nginx",), load_on_nginx),
    ("nginx: load by HTTPS, trusted and not", ("nginx", "openssl"), load_on_nginx_https),
    ("nginx: os-delegation by HTTP/2", ("nginx", "openssl"), by_http2),
]
