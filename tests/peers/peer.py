"""What every case of tests/run-peers needs: programs with a limit of time, and servers that end."""
import contextlib
import json
import os
import socket
import subprocess
import time

LIMIT_S = 60
FAST = "This was fast"  # what uvlab serve answers, too
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Wrong(Exception):
    """Something is not as it has to be."""


def expect(holds, what):
    if not holds:
        raise Wrong(what)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def accepts(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Bench:
    """A folder and a uvlab to try."""

    def __init__(self, uvlab, folder):
        self.uvlab = uvlab
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as f:
            f.write(text)
        return self.path(name)

    def run(self, *command, statuses=(0,)):
        """Runs a program to its end. Returns what it printed on standard output."""
        try:
            done = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, timeout=LIMIT_S,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                                  env=dict(os.environ, PATH=PATH))
        except subprocess.TimeoutExpired:
            raise Wrong("%s was still running after %d s" % (command[0], LIMIT_S)) from None
        expect(done.returncode in statuses, "%s ended with status %d: %s" % (
            " ".join(command), done.returncode, done.stderr.decode(errors="replace")[-400:]))
        return done.stdout.decode(errors="replace")

    def result(self, *arguments, statuses=(0,)):
        """A result of uvlab, read from its JSON."""
        return json.loads(self.run(self.uvlab, *arguments, "--format", "json", statuses=statuses))

    @contextlib.contextmanager
    def server(self, port, *command):
        """A program that serves on the port for as long as the block lasts."""
        child = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                 env=dict(os.environ, PATH=PATH))
        try:
            until = time.monotonic() + LIMIT_S
            while not accepts(port):
                if child.poll() is not None or time.monotonic() > until:
                    raise Wrong("%s does not serve: %s" % (
                        command[0], child.stderr.read().decode() if child.poll() is not None else ""))
                time.sleep(0.02)
            yield child
        finally:
            child.terminate()
            try:
                child.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            child.stderr.close()

    def certificate(self):
        """A self-signed certificate for localhost and 127.0.0.1: its file, and its key's."""
        self.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                 "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "key.pem", "-out",
                 "certificate.pem")
        return self.path("certificate.pem"), self.path("key.pem")

    def nginx_command(self, port, text, tls=False):
        """The command line of an nginx with one worker, whose /fast answers `text`."""
        if tls:
            certificate, key = self.certificate()
        lines = ["daemon off; worker_processes 1; pid nginx.pid; error_log error.log;"]
        if os.geteuid() == 0:
            lines.append("user root;")  # its worker has to read this folder
        lines.append("events { worker_connections 4096; }")
        lines.append("http { access_log off; keepalive_requests 1000000000;")
        lines += ["%s_temp_path %s;" % (kind, kind)
                  for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
        lines.append("server { listen 127.0.0.1:%d%s;" % (port, " ssl http2" if tls else ""))
        if tls:
            lines.append("ssl_certificate %s; ssl_certificate_key %s;" % (certificate, key))
        lines.append('location = /fast { default_type text/plain; return 200 "%s"; } } }' % text)
        configuration = self.write("nginx.conf", "\n".join(lines) + "\n")
        return ["nginx", "-p", self.folder, "-e", "error.log", "-c", configuration]

    def nginx(self, port, tls=False):
        return self.server(port, *self.nginx_command(port, FAST, tls))
