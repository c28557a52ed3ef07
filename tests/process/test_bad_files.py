"""Files that are not what they should be: a sentence that helps, and nothing broken."""
import gzip
import os
import sqlite3
import subprocess

import books
import harness
import recording
import replays

PROGRAMS = ("trading-bot-worker", "trading-bot-api")


class BadDatabase(harness.TestCase):

    def refused(self, bot, name, *words, **kw):
        process = bot.launch(name, **kw)
        code = process.wait(30)
        self.assertEqual(code, 1, process.output()[-2000:])
        text = process.output()
        for word in words:
            self.assertIn(word, text)
        self.assertNotIn("Assertion", text)
        return text

    def test_not_a_database(self):
        for name in PROGRAMS:
            bot = self.bot()
            os.makedirs(bot.data_dir)
            with open(bot.db_path, "w", encoding="ascii") as f:
                f.write("this is a shopping list\n" * 100)
            self.refused(bot, name, "app.db", "not a")
            with open(bot.db_path, encoding="ascii") as f:
                self.assertTrue(f.read().startswith("this is a shopping list"))	# left alone

    def test_newer_schema(self):
        for name in PROGRAMS:
            bot = self.bot()
            bot.start_api()
            bot.api.stop()
            bot.write("PRAGMA user_version = 9999")
            self.refused(bot, name, "9999", "newer")

    def test_database_of_another_program(self):
        for name in PROGRAMS:
            bot = self.bot()
            os.makedirs(bot.data_dir)
            connection = sqlite3.connect(bot.db_path)
            connection.execute("CREATE TABLE recipes (x)")
            connection.close()
            self.refused(bot, name, "app.db", "another")

    def test_read_only(self):
        bot = self.bot()
        bot.start()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        bot.stop()
        for folder, _, files in os.walk(bot.data_dir):
            for f in files:
                os.chmod(os.path.join(folder, f), 0o444)
            os.chmod(folder, 0o555)
        os.chmod(bot.folder, 0o755)
        if os.getuid() == 0:
            try:
                subprocess.run([harness.program("trading-bot"), "--help"], user=65534,
                               capture_output=True, check=True)
            except (OSError, subprocess.CalledProcessError):
                self.skipTest("another user can't run the programs here")
            # root may write everything, so the programs run as nobody
            real = subprocess.Popen
            try:
                harness.subprocess.Popen = lambda *a, **k: real(*a, user=65534, **k)
                text = self.refused(bot, "trading-bot-worker")
            finally:
                harness.subprocess.Popen = real
        else:
            text = self.refused(bot, "trading-bot-worker")
        self.assertRegex(text, "read-only|readonly|writable|[Pp]ermission|may not")
        os.chmod(bot.data_dir, 0o755)

    def test_data_dir_is_a_file(self):
        for name in PROGRAMS:
            bot = self.bot()
            with open(bot.data_dir, "w", encoding="ascii"):
                pass
            self.refused(bot, name, bot.data_dir)

    def test_locked_while_running(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        holder = sqlite3.connect(bot.db_path, isolation_level=None, timeout=harness.LOCK_S)
        holder.execute("BEGIN IMMEDIATE")
        answer = bot.post("/api/v1/bot/pause", limit=60)
        self.assertEqual(answer.status, 503, answer)
        self.assertIn(answer.json["error"]["code"], ("busy", "database_unavailable", "database_busy"))
        self.assertTrue(bot.worker.alive())
        holder.execute("ROLLBACK")
        holder.close()
        self.wait(lambda: bot.post("/api/v1/bot/pause").status == 200, "it goes on")
        self.assertTrue(bot.worker.alive())
        self.assertEqual(books.breaches(bot), [])

    def test_disk_full_and_free_again(self):
        bot = self.bot()
        os.makedirs(bot.data_dir)
        mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", bot.data_dir]
        if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            self.skipTest("no small file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", bot.data_dir], check=False)
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        filler = os.path.join(bot.data_dir, "filler")
        with open(filler, "wb", buffering=0) as f:
            try:
                while f.write(b"\0" * 4096):
                    pass
            except OSError:
                pass
        self.wait(lambda: not bot.worker.alive() or
                  any("full" in r["message"] or "space" in r["message"]
                      for r in bot.worker.log() if r.get("level") in ("ERROR", "WARNING", "error", "warn")),
                  "the worker says that the disk is full", 60)
        health = bot.get("/api/v1/health", token=None)
        self.assertIn(health.status, (200, 503))
        os.unlink(filler)
        if not bot.worker.alive():
            bot.start_worker()
        turns = bot.value("SELECT beat_us FROM worker_heartbeat")
        self.wait(lambda: bot.value("SELECT beat_us FROM worker_heartbeat") > turns, "it goes on", 60)
        self.assertEqual(books.breaches(bot), [])
        self.assertEqual(bot.stop(), [0, 0])


class BadRecording(harness.TestCase):

    def refused(self, files, *words):
        bot = self.bot(**replays.environment(*files))
        bot.start_worker()
        self.assertEqual(bot.worker.wait(60), 1, bot.worker.output()[-2000:])
        for word in words:
            self.assertIn(word, bot.worker.output())

    def test_missing_empty_and_no_recording(self):
        folder = self.folder()
        missing = os.path.join(folder, "missing.gz")
        self.refused([missing], missing)
        empty = os.path.join(folder, "empty.gz")
        with gzip.open(empty, "wb"):
            pass
        self.refused([empty], empty)
        text = os.path.join(folder, "text.gz")
        with open(text, "w", encoding="ascii") as f:
            f.write("hello\nworld\n")
        self.refused([text], text)
        self.refused([], "RECORDING")

    def test_broken_lines_are_counted_and_skipped(self):
        garbage = ["", "hello", "123", "123 {", '99999999999999999999999 {"a":1}', "\x00\x01\x02",
                   '1723161600040000000 {"stream":"btcusdt@trade","data":{"e":"trade","p":"NaN"}}',
                   "x" * 5000, '1723161600040000000 ' + "[" * 2000]

        def broken(lines):
            out = []
            for i, line in enumerate(lines):
                out.append(line)
                if i % 500 == 250:
                    out.append(garbage[i // 500 % len(garbage)])
            return out
        clean = recording.write(os.path.join(self.folder(), "clean.gz"), 240, seed=4)
        dirty = recording.write(os.path.join(self.folder(), "dirty.gz"), 240, seed=4, edit=broken)
        outcomes = []
        for file in (clean, dirty):
            bot = self.bot(**replays.environment(file))
            replays.run_to_end(self, bot)
            outcomes.append(replays.outcome(bot))
            errors = bot.value("SELECT decode_errors FROM worker_heartbeat")
            self.assertEqual(errors > 0, file == dirty)
        self.assertTrue(outcomes[0]["trading_orders"])
        replays.assert_same(self, outcomes[0], outcomes[1], "with broken lines")

    def test_cut_gzip(self):
        whole = recording.write(os.path.join(self.folder(), "whole.gz"), 240, seed=5)
        cut = os.path.join(self.folder(), "cut.gz")
        with open(whole, "rb") as f, open(cut, "wb") as g:
            g.write(f.read()[:200_000])
        bot = self.bot(**replays.environment(cut))
        replays.run_to_end(self, bot)
        self.assertTrue(any("cut.gz" in r["message"] for r in bot.worker.log()), "it says so")


class BadConfiguration(harness.TestCase):

    def test_environment_is_checked_at_the_start(self):
        for key, value in (("API_PORT", "70000"), ("MARKET_DATA", "astrology"),
                           ("TRADING_MODE", "yolo"), ("MAX_OPEN_POSITIONS", "many")):
            for name in PROGRAMS:
                with self.subTest(key=key, name=name):
                    bot = self.bot(**{key: value})
                    process = bot.launch(name)
                    self.assertEqual(process.wait(30), 1)
                    self.assertIn(key, process.output())
                    self.assertIn(value, process.output())

    def test_check_config_masks_secrets(self):
        for name in PROGRAMS:
            bot = self.bot()
            process = bot.launch(name, "--check-config")
            self.assertEqual(process.wait(30), 0)
            self.assertIn("DATA_DIR=" + bot.data_dir, process.output())
            self.assertNotIn(harness.TOKEN, process.output())

    def test_port_in_use(self):
        bot = self.bot()
        bot.start_api()
        other = self.bot(API_PORT=bot.port)
        process = other.launch("trading-bot-api")
        self.assertEqual(process.wait(30), 1)
        self.assertIn(str(bot.port), process.output())


if __name__ == "__main__":
    harness.main()
