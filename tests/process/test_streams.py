"""What stands around the programs may go away, hang or never have been there: stdout and
stderr, the terminal, inotify."""
import fcntl
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time

import harness

PIPE_BYTES = 4096


class Piped:
    """A program with a small pipe at stdout and stderr, which nobody reads until told."""

    def __init__(self, test, bot, name, *args, **env):
        out, into = os.pipe()
        fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.file = os.fdopen(out, "rb", 0)
        self.popen = subprocess.Popen([harness.program(name), *args], cwd=bot.folder,
                                      env=bot.environment(env), stdin=subprocess.DEVNULL, stdout=into,
                                      stderr=into)
        os.close(into)
        test.addCleanup(self.end)

    def end(self):
        if not self.file.closed:
            self.file.close()
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()

    def alive(self):
        return self.popen.poll() is None


class Streams(harness.TestCase):

    def turns(self, bot):
        return bot.value("SELECT turns FROM worker_heartbeat") or 0

    def goes_on(self, bot, what):
        before = self.turns(bot)
        fills = bot.value("SELECT count(*) FROM fills") or 0
        self.wait(lambda: self.turns(bot) > before + 20, "%s: the loop turns" % what, 60)
        self.wait(lambda: bot.value("SELECT count(*) FROM fills") > fills, "%s: it trades" % what, 120)

    def prepared(self):
        """The first start, with its training, is behind us."""
        bot = self.bot(REPORT_STDOUT="true", LOG_LEVEL="DEBUG")
        bot.quick_trades()
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.assertEqual(bot.worker.stop(), 0)
        bot.write("DELETE FROM worker_heartbeat")
        return bot

    def test_the_reader_goes_away(self):
        bot = self.prepared()
        worker = Piped(self, bot, "trading-bot-worker")
        self.wait(lambda: self.turns(bot), "the worker is up", 60)
        worker.file.close()
        self.goes_on(bot, "without a reader")
        self.assertTrue(worker.alive())
        worker.popen.send_signal(signal.SIGTERM)
        self.assertEqual(worker.popen.wait(60 * harness.SLOW), 0)

    def test_the_reader_hangs_and_comes_back(self):
        bot = self.prepared()
        worker = Piped(self, bot, "trading-bot-worker")
        self.wait(lambda: self.turns(bot), "the worker is up", 60)
        self.goes_on(bot, "with a reader that hangs")
        text = []
        reader = threading.Thread(target=lambda: text.append(worker.file.read()))
        reader.start()
        worker.popen.send_signal(signal.SIGTERM)
        self.assertEqual(worker.popen.wait(60 * harness.SLOW), 0)
        reader.join()
        lines = [json.loads(line) for line in text[0].decode().splitlines()]	# none is torn
        times = [line["timestamp"] for line in lines if "timestamp" in line]
        self.assertEqual(times, sorted(times))
        self.assertTrue(any(line.get("event") == "fill" for line in lines))
        self.assertIn("ended; resting orders and positions are kept", [line.get("message") for line in lines])

    def test_the_end_waits_for_no_reader(self):
        bot = self.prepared()
        worker = Piped(self, bot, "trading-bot-worker")
        self.wait(lambda: self.turns(bot), "the worker is up", 60)
        self.goes_on(bot, "with a reader that hangs")
        worker.popen.send_signal(signal.SIGTERM)
        self.assertEqual(worker.popen.wait(60 * harness.SLOW), 0)

    def test_the_api_without_a_reader(self):
        bot = self.bot(DEBUG_MODE="true")
        api = Piped(self, bot, "trading-bot-api")
        self.wait(bot.answers, "the API answers", 60)
        for i in range(200):	# each with a log line
            self.assertEqual(bot.get("/api/v1/status").status, 200, i)
        api.file.close()
        for i in range(20):
            self.assertEqual(bot.get("/api/v1/status").status, 200, i)
        api.popen.send_signal(signal.SIGTERM)
        self.assertEqual(api.popen.wait(60 * harness.SLOW), 0)

    def test_the_command_line_ends_quietly(self):
        bot = self.prepared()
        out, into = os.pipe()
        os.close(out)	# whoever read has gone already
        done = subprocess.run([harness.program("trading-bot"), "status"], cwd=bot.folder,
                              env=bot.environment(), stdin=subprocess.DEVNULL, stdout=into,
                              stderr=subprocess.PIPE, text=True, check=False)
        os.close(into)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open("/dev/full", "wb") as full:
            done = subprocess.run([harness.program("trading-bot"), "status"], cwd=bot.folder,
                                  env=bot.environment(), stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not be written", done.stderr)


class Signals(harness.TestCase):

    def test_hangup(self):
        """A terminal that closes ends neither program; each says what it makes of it."""
        bot = self.bot()
        bot.start_worker()
        self.wait(bot.worker.output, "it has begun")
        for _ in range(20):	# also while it starts
            bot.worker.signal(signal.SIGHUP)
            time.sleep(0.01)
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        bot.worker.signal(signal.SIGHUP)
        self.wait(lambda: "SIGHUP: bots, models and commands" in bot.worker.output(), "it is said")
        before = bot.value("SELECT turns FROM worker_heartbeat")
        self.wait(lambda: bot.value("SELECT turns FROM worker_heartbeat") > before, "the loop turns")
        self.assertEqual(bot.worker.stop(), 0)
        bot.start_api()
        bot.api.signal(signal.SIGHUP)
        self.assertTrue(bot.answers())
        self.assertTrue(bot.api.alive())

    def closed(self, bot, name, *args):
        """Started as by a supervisor that closes everything."""
        program = harness.program(name)
        popen = subprocess.Popen(["/bin/sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', program, *args],
                                 cwd=bot.folder, env=bot.environment(), stdin=subprocess.DEVNULL)
        self.addCleanup(popen.wait)
        self.addCleanup(popen.kill)
        return popen

    def links(self, popen):
        links = {}
        for fd in "012":
            try:
                links[fd] = os.readlink("/proc/%d/fd/%s" % (popen.pid, fd))
            except OSError:
                links[fd] = None
        return links

    def test_closed_streams(self):
        nothing = {fd: "/dev/null" for fd in "012"}
        bot = self.bot()
        worker = self.closed(bot, "trading-bot-worker")
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.assertEqual(self.links(worker), nothing)
        api = self.closed(bot, "trading-bot-api")
        self.wait(bot.answers, "the API answers", 60)
        self.assertEqual(self.links(api), nothing)
        holder = sqlite3.connect(bot.db_path, isolation_level=None, timeout=harness.LOCK_S)
        self.addCleanup(holder.close)
        holder.execute("BEGIN IMMEDIATE")	# so that the command line has to wait
        seen = []

        def waiting():
            cli = self.closed(bot, "trading-bot", "pause")
            while cli.poll() is None and not seen:
                seen.extend([links for links in [self.links(cli)] if links == nothing])
            return seen
        self.wait(waiting, "the command line has all three", 60)
        holder.execute("ROLLBACK")


class Inotify(harness.TestCase):

    def test_without_inotify(self):
        """The user's instances are used up: slower by a few milliseconds, no more."""
        none = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$0" "$@"'
        if subprocess.run(["unshare", "-r", "/bin/sh", "-c", none, "true"], check=False,
                          stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no user namespace to use inotify up in")
        bot = self.bot()

        def start(name, *args, **kw):
            return subprocess.Popen(["unshare", "-r", "/bin/sh", "-c", none, harness.program(name), *args],
                                    cwd=bot.folder, env=bot.environment(), stdin=subprocess.DEVNULL, **kw)
        with open(os.path.join(bot.folder, "worker.log"), "ab") as log:
            worker = start("trading-bot-worker", stdout=log, stderr=log)
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)
        self.wait(lambda: bot.bot_status() == "RUNNING" or worker.poll() is not None, "bot 1 runs", 60)
        self.assertIsNone(worker.poll(), "the worker did not start")
        for args, status in ((("pause",), "PAUSED"), (("resume",), "RUNNING"),
                             (("emergency-stop",), "STOPPED")):
            cli = start("trading-bot", *args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            out, err = cli.communicate(timeout=60 * harness.SLOW)
            self.assertEqual(cli.returncode, 0, (args, out, err))
            self.assertEqual(bot.bot_status(), status)
        with open(os.path.join(bot.folder, "worker.log"), encoding="utf-8") as log:
            self.assertEqual(log.read().count("the worker looks for commands only every 50 ms"), 1)
        doctor = start("trading-bot", "doctor", stdout=subprocess.PIPE, text=True)
        out, _ = doctor.communicate(timeout=60 * harness.SLOW)
        self.assertRegex(out, r"(?m)^note +.*every 50 ms")
        self.assertEqual(doctor.returncode, 0, out)


if __name__ == "__main__":
    harness.main()
