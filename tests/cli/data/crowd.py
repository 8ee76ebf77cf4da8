"""A client with more connections than a worker of `uvlab serve` has room for at the moment.

    crowd.py descriptors URL WORKER    the process WORKER may open no more files for a while
    crowd.py end URL PRIMARY           SIGTERM comes while a request waits for room

Prints the statuses of the answers that the two of the connections get that are in question."""

import os
import resource
import signal
import socket
import sys
import time
import urllib.parse


def connect(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(url).port), 30)


def ask(peer: socket.socket) -> None:
    peer.sendall(b"GET /fast HTTP/1.1\r\nHost: localhost\r\n\r\n")


def status(peer: socket.socket) -> str:
    return peer.recv(4096)[9:12].decode()


def descriptors(url: str, worker: int) -> None:
    first, second = connect(url), connect(url)
    ask(first)
    status(first)
    ask(second)
    status(second)
    used = {int(name) for name in os.listdir(f"/proc/{worker}/fd")}
    soft, hard = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    free = next(number for number in range(soft) if number not in used)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (free, hard))
    late = connect(url)
    ask(late)
    time.sleep(0.2)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (soft, hard))
    later = connect(url)
    ask(later)
    print(status(late), status(later))


def end(url: str, primary: int) -> None:
    rests, waits = connect(url), connect(url)
    ask(rests)
    first = status(rests)
    ask(waits)
    os.kill(primary, signal.SIGTERM)
    print(first, status(waits))


{"descriptors": descriptors, "end": end}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
