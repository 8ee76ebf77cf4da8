"""uvlab's clients against servers of other make."""
from peer import expect, free_port


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
    expect(all(s["http"]["received_bytes"] == len("This was fast\n") for s in newer + usual),
           "an answer's body has another length")


CASES = [
    ("nginx: os-delegation by HTTP/2", ("nginx", "openssl"), by_http2),
]
