"""What every case of tests/run-peers needs: programs with a limit of time, and servers that end."""
import contextlib
import json
import os
import socket
import subprocess
import time

LIMIT_S = 60
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

    def nginx(self, port, tls=False):
        """nginx with one worker: /fast answers `This was fast` and a newline."""
        if tls:
            certificate, key = self.certificate()
        text = "daemon off; worker_processes 1; pid nginx.pid; error_log error.log;\n"
        if os.geteuid() == 0:
            text += "user root;\n"  # its worker has to read this folder
        text += "events { worker_connections 4096; }\nhttp { access_log off; keepalive_requests 1000000000;\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            text += "%s_temp_path %s;\n" % (kind, kind)
        text += "server { listen 127.0.0.1:%d%s;\n" % (port, " ssl http2" if tls else "")
        if tls:
            text += "ssl_certificate %s; ssl_certificate_key %s;\n" % (certificate, key)
        text += 'location = /fast { default_type text/plain; return 200 "This was fast\\n"; }\n}}\n'
        configuration = self.write("nginx.conf", text)
        return self.server(port, "nginx", "-p", self.folder, "-e", "error.log", "-c", configuration)
