"""Starts the real programs on a data directory of their own, for process tests.

    class FirstStart(harness.TestCase):
        def test_x(self):
            bot = self.bot()                    # a fresh DATA_DIR and a free port
            bot.start()                         # worker and API
            self.wait(lambda: bot.status()["bot_status"] == "RUNNING", "bot 1 runs")

Everything that a test started is ended when it is over, and nothing else. When a
test fails, its rows and the newest log lines of its programs are printed.

Limits are for a machine that has much else to do: who waits for a condition goes on at once
when it is there. A test that is over its whole time says where it stood.
"""
import faulthandler
import http.client
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import time
import unittest

import witness

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TEST_BUILD", "build")
SHARED_DATA = os.environ.get("SHARED_DATA", os.path.join(ROOT, "../shared/data"))
# Every limit is multiplied: the machine may be slow or busy, and sanitizers cost time.
SLOW = 8 if "san" in BUILD else 3
LOCK_S = 20 * SLOW	# that somebody else may have the database
TOKEN = "tb_process_test_token"


reserved = []		# sockets that keep other tests from our ports, until this process ends


def free_port():
    """A port under the kernel's own range, so that no client socket takes it first.

    It is free until a program listens there, perhaps again and again: a name of ours (in
    Linux' abstract namespace, which ends with the process) keeps other tests away from it.
    """
    while True:
        port = random.randint(18_000, 31_999)
        ours = socket.socket(socket.AF_UNIX)
        try:
            ours.bind("\0trading-bot-test-port-%d" % port)
            with socket.socket() as s:
                s.bind(("127.0.0.1", port))
        except OSError:
            ours.close()
            continue
        reserved.append(ours)
        return port


def program(name, build=None):
    return os.path.join(ROOT, build or BUILD, name)


class Answer:
    """What the API said."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body
        try:
            self.json = json.loads(body) if body else None
        except ValueError:
            self.json = None

    def __repr__(self):
        return "HTTP %d %s" % (self.status, self.body[:600])


class Process:
    """One running program, and its log."""

    def __init__(self, name, args, env, log_path, build):
        self.name = name
        self.log_path = log_path
        with open(log_path, "ab") as log:
            self.offset = log.tell()	# this run's part of the file
            self.popen = subprocess.Popen([program(name, build)] + args, cwd=os.path.dirname(log_path),
                                          env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def signal(self, number):
        if self.alive():
            self.popen.send_signal(number)

    def state(self):
        """R, S, T (stopped) and so on, as in /proc."""
        with open("/proc/%d/stat" % self.pid, encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0]

    def wait(self, limit=30):
        return self.popen.wait(limit * SLOW)

    def stop(self, limit=30):
        """SIGTERM; returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(limit)

    def kill9(self):
        self.signal(signal.SIGKILL)
        self.wait()

    def output(self):
        with open(self.log_path, "rb") as f:
            f.seek(self.offset)
            return f.read().decode("utf-8", "replace")

    def log(self):
        """The JSON lines of this run."""
        records = []
        for line in self.output().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records


class Bot:
    """A data directory, the programs on it, the API's client and the database."""

    def __init__(self, folder, build=None, **env):
        self.folder = folder
        self.data_dir = os.path.join(folder, "data")
        self.build = build
        self.port = free_port()
        self.env = {"DATA_DIR": self.data_dir, "API_PORT": str(self.port), "API_BIND": "127.0.0.1",
                    "API_TOKEN": TOKEN, "MARKET_DATA": "synthetic", "SYNTHETIC_SEED": "7",
                    "API_RATE_LIMIT": "0", "COMMAND_WAIT_MS": "30000"}
        self.env.update({k: str(v) for k, v in env.items()})
        self.processes = []
        self.worker = self.api = None

    def environment(self, extra=None):
        """Nothing of the caller's settings gets in."""
        env = {k: os.environ[k] for k in ("PATH", "HOME", "TMPDIR", "LANG") if k in os.environ}
        env["ASAN_OPTIONS"] = "abort_on_error=1:detect_leaks=1"
        env["UBSAN_OPTIONS"] = "print_stacktrace=1"
        env["TSAN_OPTIONS"] = "second_deadlock_stack=1 suppressions=%s" % os.path.join(
            ROOT, "tests/tsan.supp")
        env.update(self.env)
        env.update({k: str(v) for k, v in (extra or {}).items()})
        return {k: v for k, v in env.items() if v != ""}

    def launch(self, name, *args, **env):
        process = Process(name, list(args), self.environment(env),
                          os.path.join(self.folder, name + ".log"), self.build)
        self.processes.append(process)
        return process

    def start_worker(self, *args, **env):
        self.worker = self.launch("trading-bot-worker", *args, **env)
        return self.worker

    def start_api(self, *args, **env):
        self.api = self.launch("trading-bot-api", *args, **env)
        wait(lambda: self.answers() or not self.api.alive(), "the API answers", 30)
        return self.api

    def start(self, **env):
        self.start_worker(**env)
        self.start_api(**env)

    def stop(self):
        """SIGTERM to both; returns their exit codes (API, worker)."""
        return [p.stop() for p in (self.api, self.worker) if p]

    def answers(self):
        try:
            return self.request("GET", "/api/v1/health", token=None).status in (200, 503)
        except OSError:
            return False

    def cli(self, *args, limit=60, **env):
        return subprocess.run([program("trading-bot", self.build)] + list(args), cwd=self.folder,
                              env=self.environment(env), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=limit * SLOW, check=False)

    # HTTP

    def connection(self, limit=30):
        limit *= SLOW
        if "API_TLS_CERT" not in self.env:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=limit)
        context = ssl.create_default_context(cafile=self.env["API_TLS_CERT"])
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=limit, context=context)

    def request(self, method, path, body=None, headers=None, token=TOKEN, limit=30):
        connection = self.connection(limit)
        try:
            all_headers = dict(headers or {})
            if token:
                all_headers["Authorization"] = "Bearer " + token
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
                all_headers.setdefault("Content-Type", "application/json")
            connection.request(method, path, body, all_headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self.request("POST", path, body, **kw)

    def put(self, path, body=None, **kw):
        return self.request("PUT", path, body, **kw)

    def status(self, bot=None):
        return self.get("/api/v1/status" if bot is None else "/api/v1/bots/%d/status" % bot).json

    # the database

    @property
    def db_path(self):
        return os.path.join(self.data_dir, "app.db")

    def rows(self, sql, *params):
        """Rows as dicts; [] while the file or its tables are not there yet."""
        if not os.path.exists(self.db_path):
            return []
        connection = sqlite3.connect(self.db_path, timeout=LOCK_S)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(r) for r in connection.execute(sql, params)]
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            connection.close()

    def value(self, sql, *params):
        """First column of the first row, or None."""
        rows = self.rows(sql, *params)
        return next(iter(rows[0].values())) if rows else None

    def write(self, sql, *params):
        connection = sqlite3.connect(self.db_path, timeout=LOCK_S)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            with connection:
                return connection.execute(sql, params).lastrowid
        finally:
            connection.close()

    def quick_trades(self, holding_s=20):
        """Bot 1 enters whatever its model says, and soon again where nobody filled it; its trades end
        soon. The sample bot's own depend on what the market does in these minutes. To be called
        before the first start of the worker: an open position keeps the settings it began with."""
        assert not os.path.exists(self.db_path), "a position may be open already"
        self.start_api()
        self.api.stop()
        self.write("UPDATE trading_configs SET holding_time = ?, profit_target_pct = 0.003,"
                   " stop_loss_pct = 0.001, ignore_risk_reward = 1, confidence_threshold = 0,"
                   " maker_order_timeout = 2, version = version + 1"
                   " WHERE bot_id = 1", holding_s)

    def bot_status(self, bot=1):
        return self.value("SELECT status FROM bot_state WHERE bot_id = ?", bot)

    def command(self, command_id):
        return self.rows("SELECT * FROM commands WHERE id = ?", command_id)[0]

    def worker_is_up(self):
        """A worker of this run has written its heartbeat."""
        return self.value("SELECT 1 FROM worker_heartbeat WHERE pid = ? AND stopped_us IS NULL",
                          self.worker.pid) == 1

    def hold_worker(self):
        """Stops its process, with a fresh beat, while it does not hold the database; else lets it
        go on and returns False. SIGCONT ends it."""
        self.worker.signal(signal.SIGSTOP)
        wait(lambda: self.worker.state() == "T", "the worker stands")
        connection = sqlite3.connect(self.db_path, timeout=0.1)
        try:
            with connection:
                connection.execute("UPDATE worker_heartbeat SET beat_us = ?", (int(time.time() * 1e6),))
            return True
        except sqlite3.OperationalError:
            self.worker.signal(signal.SIGCONT)
            return False
        finally:
            connection.close()

    def show_logs(self, lines=witness.LINES):
        witness.show(self, lines)


class InVain(AssertionError):
    """A condition that did not come."""


def wait(condition, what, limit=30):
    """Waits until condition() is true; its value is returned."""
    limit *= SLOW
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise InVain("waited %d s in vain until %s" % (limit, what))
        time.sleep(0.01)


class TestCase(unittest.TestCase):
    """A unittest whose bots end with it."""

    maxDiff = 4000

    def setUp(self):
        self.bots = []
        self.folders = []
        self.addCleanup(self.end)

    def folder(self):
        path = tempfile.mkdtemp(prefix="tb-test-")
        self.folders.append(path)
        return path

    def bot(self, build=None, **env):
        bot = Bot(self.folder(), build, **env)
        self.bots.append(bot)
        return bot

    def wait(self, condition, what, limit=30):
        try:
            return wait(condition, what, limit)
        except InVain as error:		# what the bots are at stands with it
            told = [text for bot in self.bots for text in witness.rows(bot.db_path, witness.STATE)]
            raise AssertionError("\n".join([str(error)] + told[:6])) from None

    def trouble(self):
        """What failed so far, as text."""
        outcome = self._outcome
        if hasattr(outcome, "result") and hasattr(outcome.result, "failures"):
            result = outcome.result		# python 3.11 and on
            return [text for test, text in result.failures + result.errors
                    if self in (test, getattr(test, "test_case", None))]
        return [str(error[1]) for _, error in getattr(outcome, "errors", []) if error]

    def end(self):
        for bot in self.bots:
            for process in bot.processes:
                process.signal(signal.SIGKILL)
                process.popen.wait()
        sanitizer = [p for b in self.bots for p in b.processes
                     if "ERROR: AddressSanitizer" in p.output() or "runtime error:" in p.output()
                     or "ERROR: LeakSanitizer" in p.output()
                     or "ThreadSanitizer" in p.output()]
        trouble = self.trouble()
        if trouble or sanitizer:
            # unittest repeats it at the end, if there is time for that
            print("\n==== what %s saw\n%s" % (self.id().split(".", 1)[1], "\n".join(
                line for text in trouble for line in text.rstrip().splitlines()[-8:])))
            for bot in self.bots:
                bot.show_logs()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)
        if sanitizer:
            self.fail("sanitizer report of " + ", ".join(p.name for p in sanitizer))


def main():
    if "TEST_LIMIT_S" in os.environ:		# tests/run.py ends us then
        faulthandler.dump_traceback_later(max(1, int(os.environ["TEST_LIMIT_S"]) - 10))
    unittest.main(verbosity=2)
