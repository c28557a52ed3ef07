"""What tests and benches of the containers share: a copy of the source, deploy.sh on it,
and what exists on the engine.

The copy is deployed under the names that users get, so a machine with a deployment of its
own is left alone: Deployment raises engine.Unavailable.
"""
import fcntl
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile

import engine

ROOT = engine.ROOT
API, WORKER = "trading-bot-api", "trading-bot-worker"
PORT = 1337
PREFIX = "tb-docker-"		# of the copies of the source


def run(*command, limit=1800, env=None, **kw):
    done = subprocess.run(list(command), text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=limit, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, **(env or {})), **kw)
    return done.returncode, done.stdout


def docker(*args, **kw):
    code, text = run("docker", *args, **kw)
    if code:
        raise AssertionError("docker %s: %s" % (" ".join(args), text))
    return text.strip()


def inspect(name, path):
    return json.loads(docker("inspect", "-f", "{{json %s}}" % path, name))


def names(kind):
    """What of ours exists: containers, images, volumes or networks."""
    command = {"container": ("ps", "-a", "--format", "{{.Names}}"),
               "image": ("image", "ls", "-aq", "--no-trunc"),
               "volume": ("volume", "ls", "-q"),
               "network": ("network", "ls", "--format", "{{.Name}}")}[kind]
    return set(docker(*command).split())


def everything():
    return {kind: names(kind) for kind in ("container", "image", "volume", "network")}


def copy_of_the_source(folder, settings):
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, files):
        source, target = os.path.join(ROOT, name), os.path.join(folder, name)
        if os.path.exists(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target)
    with open(os.path.join(folder, "test.env"), "w", encoding="ascii") as f:
        f.write(settings)


def port_is_free():
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", PORT))
            return True
        except OSError:
            return False


def request(method, path, token=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=90)
    headers = {"Authorization": "Bearer " + token} if token else {}
    if body:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, text


def token():
    return docker("exec", API, "cat", "/data/api_token").strip()


def sql(container, text):
    return docker("exec", container, "sqlite3", "-readonly", "/data/app.db", text)


def trades():
    return int(sql(WORKER, "SELECT count(*) FROM trading_orders WHERE filled > 0"))


def left_by_a_test():
    """A test that was killed leaves its containers, which mount a copy of the source."""
    code, text = run("docker", "inspect", "-f", "{{json .Mounts}}", WORKER)
    return code == 0 and ("/" + PREFIX) in text


class Deployment:
    """A copy of the source, and deploy.sh in it. close() leaves the engine as it was."""

    def __init__(self, settings):
        # pylint: disable=consider-using-with
        self.lock = open(os.path.join(tempfile.gettempdir(), "trading-bot-docker.lock"), "w",
                         encoding="ascii")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.lock.close()
            raise engine.Unavailable("another test or bench uses the engine") from None
        try:
            self.engine = engine.Engine()
        except engine.Unavailable:
            self.lock.close()
            raise
        try:
            if left_by_a_test():
                run(os.path.join(ROOT, "scripts/deploy.sh"), "cleanup", "--data", "--yes")
            ours = [n for kind in ("container", "volume", "network") for n in names(kind)
                    if n.startswith("trading-bot")]
            if ours:
                raise engine.Unavailable("a bot is deployed here (%s); it is left alone"
                                         % " ".join(sorted(ours)))
            if not port_is_free():
                raise engine.Unavailable("port %d is in use" % PORT)
            self.base = engine.base_image()
            self.before = everything()
        except BaseException:
            self.engine.close()
            self.lock.close()
            raise
        self.tree = tempfile.mkdtemp(prefix=PREFIX)
        copy_of_the_source(self.tree, settings)

    def run(self, *args, **kw):
        """Exit code and output of deploy.sh."""
        return run(os.path.join(self.tree, "scripts/deploy.sh"), "--env-file",
                   os.path.join(self.tree, "test.env"), *args, limit=2400, **kw)

    def close(self):
        self.run("cleanup", "--data", "--yes")
        shutil.rmtree(self.tree, ignore_errors=True)
        self.engine.close()
        self.lock.close()
