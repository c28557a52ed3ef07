#!/usr/bin/env python3
"""The Docker engine for tests and benches: the one that runs, or one that is started.

    engine = engine.Engine()        # raises Unavailable with the reason
    ...
    engine.close()                  # ends the engine if it was started here

A docker earlier on the PATH can be a client only, so the engine is asked, never the name.
"""
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START_LIMIT_S = 180
PR_SET_PDEATHSIG = 1


class Unavailable(Exception):
    """There is no engine, and none can be started."""


def answers():
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=120,
                              check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def die_with_parent():
    """Ended even when the tests are killed. dockerd stops its containers at SIGTERM."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Engine:
    """Answers from construction to close."""

    def __init__(self):
        self.process = self.log = None
        if answers():
            return
        if not shutil.which("docker"):
            raise Unavailable("docker is not installed (scripts/install-deps.sh docker)")
        daemon = shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if not daemon:
            raise Unavailable("no Docker engine answers, and there is no dockerd to start")
        if os.geteuid() != 0:
            raise Unavailable("no Docker engine answers, and only root can start one")
        self.start(daemon)

    def start(self, daemon):
        self.log = tempfile.NamedTemporaryFile(prefix="dockerd-", suffix=".log", delete=False)
        self.process = subprocess.Popen([daemon], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, start_new_session=True,
                                        preexec_fn=die_with_parent)
        until = time.monotonic() + START_LIMIT_S
        while not answers():
            if self.process.poll() is not None or time.monotonic() > until:
                why = self.last_line()
                self.close()
                raise Unavailable("the Docker engine does not start: " + why)
            time.sleep(0.3)

    def last_line(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            return (f.read().strip().splitlines() or ["no output"])[-1][-300:]

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(120)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.log:
            self.log.close()
            os.unlink(self.log.name)
            self.log = None


def base_image():
    """Pulled, or a stand-in (see base-image.sh). Raises Unavailable."""
    done = subprocess.run([os.path.join(ROOT, "tests/docker/base-image.sh")], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Unavailable("no base image: " + done.stdout.strip()[-600:])
    return done.stdout.strip()
