"""A client by Python's own http.client and ssl, for tests of the embedded origin.

    fetch.py URL [CERTIFICATE]     prints the status and the number of bytes of the body

Goes to 127.0.0.1 whatever the name in the URL says, as names may not resolve; the certificate is
checked against that name."""

import http.client
import socket
import ssl
import sys
import urllib.parse


def fetch(url: str, certificate) -> None:
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.sock = socket.create_connection(("127.0.0.1", parts.port), 30)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=certificate)
        connection.sock = context.wrap_socket(connection.sock, server_hostname=parts.hostname)
    connection.request("GET", urllib.parse.urlunsplit(("", "", parts.path, parts.query, "")))
    answer = connection.getresponse()
    print(answer.status, len(answer.read()))


try:
    fetch(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
except ssl.SSLCertVerificationError:
    sys.exit("not trusted")
