"""kill -9 at every commit that can be reached: nothing is lost, sent or counted twice."""
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

import books
import harness
import recording
import replays

SAN = "build/san"		# only this build can kill itself at a commit
FULL_CHECKS = 6			# so many of the points are followed to the end of the recording
POINTS = int(os.environ.get("CRASH_POINTS", "16"))	# commits tried of each kind


class Crash(harness.TestCase):

    @classmethod
    def setUpClass(cls):
        """A data directory as it is when the sample model is there and nothing else happened."""
        if not os.access(harness.program("trading-bot-worker", SAN), os.X_OK):
            raise unittest.SkipTest("no sanitizer build: make FLAVOR=san programs")
        cls.shared = tempfile.mkdtemp(prefix="tb-test-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.file = recording.write(os.path.join(cls.shared, "made.gz"), 240, seed=3)
        cls.template = harness.Bot(cls.shared, SAN, **replays.environment(cls.file))
        n = 0
        while not cls.template.value("SELECT count(*) FROM models"):
            n += 1
            worker = cls.template.start_worker(*replays.first(cls.template),
                                               FAULT_COMMIT="%d:after" % n)
            worker.wait(120)
            assert worker.popen.returncode == -signal.SIGKILL, worker.output()[-2000:]
        print("%d commits until the sample model is there" % n)

    def replay_bot(self):
        bot = self.bot(SAN, **replays.environment(self.file))
        shutil.copytree(self.template.data_dir, bot.data_dir)
        return bot

    def crash(self, bot, n, kind):
        """Runs until the fault strikes; False when the replay ended before."""
        bot.start_worker(*replays.first(bot), FAULT_COMMIT="%d:%s" % (n, kind))
        self.wait(lambda: not bot.worker.alive() or replays.ended(bot), "commit %d" % n, 120)
        if bot.worker.alive():
            bot.worker.kill9()
            return False
        self.assertEqual(bot.worker.popen.returncode, -signal.SIGKILL, bot.worker.output()[-2000:])
        return True

    def test_every_commit(self):
        whole = self.replay_bot()
        replays.run_to_end(self, whole)
        expected = replays.outcome(whole)
        self.assertTrue(expected["fills"])
        for kind in ("before", "after"):
            n, step, tried = 1, 1, 0
            while True:
                bot = self.replay_bot()
                if not self.crash(bot, n, kind):
                    break
                tried += 1
                self.assertEqual(books.breaches(bot), [], "after commit %d:%s" % (n, kind))
                if tried % max(1, POINTS // FULL_CHECKS) == 1:
                    replays.run_to_end(self, bot)
                    replays.assert_same(self, expected, replays.outcome(bot), "%d:%s" % (n, kind))
                # all of the first ones, then ever wider steps
                step = 1 if tried < POINTS else step * 2
                n += step
            print("%s: %d commits tried, up to the %dth" % (kind, tried, n - step))
            self.assertGreater(tried, 3)

    def test_crash_after_crash_on_one_directory(self):
        whole = self.replay_bot()
        replays.run_to_end(self, whole)
        bot = self.replay_bot()
        crashes = 0
        for n in range(2, 2 + POINTS):
            crashes += self.crash(bot, n, ("before", "after")[n % 2])
            self.assertEqual(books.breaches(bot), [], "after crash %d" % crashes)
        replays.run_to_end(self, bot)
        print("%d crashes on one directory" % crashes)
        replays.assert_same(self, replays.outcome(whole), replays.outcome(bot), "crash after crash")

    def test_failing_writes(self):
        """A write that fails (disk full) neither ends the worker wrongly nor breaks the books."""
        for n in (1, 5, 20, 60, 150, 400, 1000):
            bot = self.replay_bot()
            bot.start_worker(*replays.first(bot), FAULT_WRITE=str(n))
            self.wait(lambda b=bot: not b.worker.alive() or replays.ended(b), "write %d" % n, 120)
            self.assertEqual(books.breaches(bot), [], "after failing write %d" % n)
            if bot.worker.alive():
                bot.worker.stop()
            else:
                self.assertGreaterEqual(bot.worker.popen.returncode, 0, bot.worker.output()[-2000:])
            replays.run_to_end(self, bot)


class ApiCrash(harness.TestCase):

    def test_kill_api_during_requests(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        done = []
        over = threading.Event()

        def client(kind):
            while not over.is_set():
                try:
                    done.append(bot.post("/api/v1/bot/" + kind, limit=10).status)
                except (OSError, ValueError, harness.http.client.HTTPException):
                    pass
        threads = [threading.Thread(target=client, args=(k,)) for k in ("pause", "resume", "start")]
        for t in threads:
            t.start()
        try:
            for _ in range(5):
                count = len(done)
                self.wait(lambda c=count: len(done) > c + 20, "requests are answered")
                bot.api.kill9()
                bot.start_api()
        finally:
            over.set()
            for t in threads:
                t.join()
        self.assertTrue(bot.worker.alive())
        self.wait(lambda: bot.value("SELECT count(*) FROM commands WHERE status = 'queued'") == 0,
                  "no command is left over")
        self.assertEqual(books.breaches(bot), [])
        # the events tell one unbroken story
        events = bot.rows("SELECT from_status, to_status FROM bot_events WHERE bot_id = 1 ORDER BY id")
        for one, two in zip(events, events[1:]):
            self.assertEqual(one["to_status"], two["from_status"])
        print("%d requests, %d status changes" % (len(done), len(events)))

    def test_kill_worker_while_commands_come(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        for round_ in range(4):
            for kind in ("pause", "start"):
                subprocess.run(["sqlite3", "-cmd", ".timeout 10000", bot.db_path,
                                "insert into commands(kind, bot_id) values ('%s', 1)" % kind],
                               check=True)
            bot.worker.kill9()
            self.assertEqual(books.breaches(bot), [], "round %d" % round_)
            bot.start_worker()
            self.wait(lambda: bot.worker_is_up() and
                      bot.value("SELECT count(*) FROM commands WHERE status = 'queued'") == 0,
                      "all commands are answered")
            self.assertEqual(bot.bot_status(), "RUNNING")


if __name__ == "__main__":
    harness.main()
