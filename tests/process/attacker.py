"""What attackers have: raw sockets, certificates of their own, the list of routes."""
import os
import re
import socket
import ssl
import subprocess

import harness

API_DOC = os.path.join(harness.ROOT, "docs/API.md")


class Answer:
    """Raw bytes of an answer; status 0 when the connection ended without one."""

    def __init__(self, data):
        self.data = data
        match = re.match(rb"HTTP/1\.1 (\d+) ", data)
        self.status = int(match.group(1)) if match else 0
        head, _, self.body = data.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")

    def header(self, name):
        match = re.search(r"(?im)^%s: (.*?)\r?$" % re.escape(name), self.head)
        return match.group(1) if match else None

    def __repr__(self):
        return "%d %r" % (self.status, self.data[:400])


def connect(bot, limit=30, context=None):
    s = socket.create_connection(("127.0.0.1", bot.port), timeout=limit * harness.SLOW)
    return context.wrap_socket(s, server_hostname="localhost") if context else s


def send(s, text):
    """As much as the other side takes: it may have ended the connection."""
    try:
        s.sendall(text)
    except (ConnectionError, ssl.SSLError):
        pass


def read_all(s):
    """Until the other side ends the connection (or what has come when it breaks)."""
    data = b""
    while True:
        try:
            piece = s.recv(65536)
        except (ConnectionError, ssl.SSLError):
            return data
        if not piece:
            return data
        data += piece


def raw(bot, text, context=None):
    """Bytes as they are; the answer up to the end of the connection."""
    with connect(bot, context=context) as s:
        send(s, text)
        return Answer(read_all(s))


def head(bot, method, path, *lines, host="localhost", token=harness.TOKEN):
    """A request's head, to be ended with the caller's own headers."""
    all_lines = ["%s %s HTTP/1.1" % (method, path)]
    if host is not None:
        all_lines.append("Host: %s" % host)
    if token:
        all_lines.append("Authorization: Bearer " + token)
    all_lines += lines
    return ("\r\n".join(all_lines) + "\r\n\r\n").encode("latin-1")


def ask(bot, method, path, *lines, **kw):
    return raw(bot, head(bot, method, path, "Connection: close", *lines, **kw))


def openssl(*args, **kw):
    subprocess.run(["openssl"] + list(args), check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, **kw)


def certificate(folder, name="server", days="30"):
    """A self-signed certificate for localhost and its key; their paths."""
    cert, key = (os.path.join(folder, name + end) for end in ("-cert.pem", "-key.pem"))
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", cert, "-days", days, "-subj", "/CN=" + name,
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    os.chmod(key, 0o600)
    return cert, key


def routes():
    """(method, path under the root with 1 for each part, role) of docs/API.md, which a unit
    test compares with the route table."""
    with open(API_DOC, encoding="utf-8") as f:
        text = f.read()
    found = re.findall(r"\n### (GET|POST|PUT|DELETE|PATCH) (\S+)\n\nRole: (\w+)\. ([^\n]*)\n", text)
    assert len(found) == text.count("\n### ") > 50, len(found)
    return [(method, ("" if "At the top" in rest else "/api/v1") + re.sub(r":\w+", "1", path), role)
            for method, path, role, rest in found]
