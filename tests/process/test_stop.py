"""The emergency stop and its sisters do what they are told, for whom they are told."""
import contextlib
import errno
import os
import signal
import sqlite3
import subprocess

import harness
import recording
from forms import TYPE, form, retrained


class Several(harness.TestCase):
    """Several bots in one command: each one is told, and says so."""

    def running(self, n, **env):
        """A worker and an API with n bots that run."""
        bot = self.bot(**env)
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        for i in range(2, n + 1):
            made = bot.post("/api/v1/bots", {"name": "bot number %d" % i})
            self.assertEqual((made.status, made.json["id"]), (201, i), made)
            config = bot.put("/api/v1/trading/bots/%d/config" % i, {"strategy": "ema_cross"})
            self.assertEqual(config.status, 200, config)
            self.wait(lambda i=i: bot.post("/api/v1/bots/%d/start" % i).status == 200, "bot %d starts" % i)
        return bot

    def says(self, bot, *args, code=0):
        done = bot.cli(*args)
        self.assertEqual(done.returncode, code, (args, done.stdout, done.stderr))
        return done.stdout, done.stderr

    def statuses(self, bot, n):
        return [bot.bot_status(i) for i in range(1, n + 1)]

    def test_each_bot_that_is_named(self):
        bot = self.running(4)
        out, err = self.says(bot, "emergency-stop", "1", "3", "4711", "4", code=1)
        for i in (1, 3, 4):
            self.assertRegex(out, r"(?m)^bot %d: Emergency stop executed" % i)
        self.assertEqual(len(out.splitlines()), 3, out)
        self.assertRegex(err, r"(?m)^trading-bot: bot 4711: .*there is no bot 4711$")
        self.assertEqual(self.statuses(bot, 4), ["STOPPED", "RUNNING", "STOPPED", "STOPPED"])
        # one slip of the finger, and the others are stopped all the same
        out, err = self.says(bot, "emergency-stop", "2,", "2", code=2)
        self.assertIn('"2," is not the number of a bot', err)
        self.assertEqual(self.statuses(bot, 4), ["STOPPED"] * 4)

        def start():
            return bot.cli("start", "4", "2", "4").returncode == 0
        self.wait(start, "no position is being closed any more", 60)
        self.assertEqual(self.statuses(bot, 4), ["STOPPED", "RUNNING", "STOPPED", "RUNNING"])
        out, err = self.says(bot, "pause", "1", "2", "4", code=1)
        self.assertRegex(out, r"(?m)^bot 2: .*\nbot 4: ")
        self.assertRegex(err, r"(?m)^trading-bot: bot 1: .*can't pause: the bot is STOPPED")
        self.says(bot, "resume", "2", "4")
        self.says(bot, "stop", "--close", "2", "4")
        self.assertEqual(self.statuses(bot, 4), ["STOPPED"] * 4)
        self.assertEqual([r["args"] for r in bot.rows("SELECT args FROM commands WHERE kind = 'stop'")],
                         ['{"positions":"close"}'] * 2)

    def test_everything_without_a_number(self):
        bot = self.running(3)
        for args in (("emergency-stop", "--help"), ("emergency-stop", "--al"), ("emergency-stop", "x"),
                     ("emergency-stop", "--close")):
            self.says(bot, *args, code=2)
        self.assertEqual(self.statuses(bot, 3), ["RUNNING"] * 3)
        out, _ = self.says(bot, "emergency-stop")
        self.assertEqual([line.split(": ")[0] for line in out.splitlines()], ["bot 1", "bot 2", "bot 3"])
        self.assertEqual(self.statuses(bot, 3), ["STOPPED"] * 3)
        self.wait(lambda: bot.value("SELECT count(*) FROM bot_state WHERE emergency = 2") == 3,
                  "flat and latched", 60)

    def test_the_default_bot_is_named(self):
        bot = self.running(2)
        for command, status in (("pause", "PAUSED"), ("resume", "RUNNING"), ("stop", "STOPPED"),
                                ("start", "RUNNING")):
            out, _ = self.says(bot, command)
            self.assertRegex(out, r"^bot 1 \(the default bot\): ")
            self.assertEqual(self.statuses(bot, 2), [status, "RUNNING"])
        self.says(bot, "stop")
        _, err = self.says(bot, "pause", code=1)
        self.assertIn("bot 1", err)
        answer = bot.post("/api/v1/bot/pause")
        self.assertIn("bot 1", answer.json["error"]["message"])

    def test_a_worker_that_is_away(self):
        bot = self.running(2)
        bot.worker.stop()
        out, err = self.says(bot, "emergency-stop", "2", "9", code=1)
        self.assertRegex(out, r"^bot 2: emergency-stop is queued as command \d+")
        self.assertIn("there is no bot 9", err)
        out, _ = self.says(bot, "emergency-stop")
        self.assertIn("emergency-stop of all bots is queued", out)
        bot.start_worker()
        self.wait(lambda: self.statuses(bot, 2) == ["STOPPED"] * 2, "it is done at the start", 60)

    def test_a_bot_that_can_not_come_up(self):
        """An emergency stop is kept for it: it must not trade on when it is repaired."""
        bot = self.running(2)
        bot.stop()
        bot.write("UPDATE trading_configs SET symbol = 'NOSUCHCOIN', version = version + 1 WHERE bot_id = 2")
        bot.write("DELETE FROM trading_config_history WHERE bot_id = 2")
        file = recording.write(os.path.join(bot.folder, "made.gz"), 400, seed=6)
        bot.start_worker(MARKET_DATA="replay", RECORDING=file)
        self.wait(lambda: bot.worker_is_up() and bot.bot_status(2) == "ERROR", "bot 2 can't run", 60)
        out, _ = self.says(bot, "emergency-stop")
        self.assertRegex(out, r"(?m)^bot 1: Emergency stop executed")
        self.assertRegex(out, r"(?m)^bot 2: Emergency stop in force; the bot does not run: ")
        self.wait(lambda: bot.value("SELECT emergency FROM bot_state WHERE bot_id = 2"), "it is kept")
        self.assertEqual(bot.bot_status(2), "STOPPED")


class RepairedModel(harness.TestCase):
    """The first start after a model was repaired or replaced waits for it."""

    def prepared(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot, os.path.join(bot.data_dir, bot.value("SELECT path FROM models"))

    def test_repaired(self):
        bot, path = self.prepared()
        with open(path, "rb") as f:
            good = f.read()
        for how in (("cli",), ("api",), ("cli",)):
            self.assertEqual(bot.post("/api/v1/bot/stop").status, 200)
            self.assertEqual(bot.worker.stop(), 0)
            with open(path, "wb") as f:
                f.write(good[:len(good) // 2])
            bot.start_worker()
            self.wait(lambda: bot.worker_is_up() and bot.value("SELECT model_error FROM bot_state"), "it is seen", 60)
            refused = bot.cli("start")
            self.assertEqual(refused.returncode, 1, refused)
            self.assertIn("sha256 differs", refused.stderr)
            with open(path, "wb") as f:
                f.write(good)
            if how == ("cli",):
                done = bot.cli("start")
                self.assertEqual(done.returncode, 0, done)
            else:
                answer = bot.post("/api/v1/bot/start")
                self.assertEqual(answer.status, 200, answer)
            self.assertEqual(bot.bot_status(), "RUNNING")

    def test_replaced(self):
        """By another one, while the first can't be loaded; one that is no better is refused with
        its own reason."""
        bot, path = self.prepared()
        with open(path, "rb") as f:
            good = f.read()
        self.assertEqual(bot.post("/api/v1/bot/stop").status, 200)
        self.assertEqual(bot.worker.stop(), 0)
        with open(path, "wb") as f:
            f.write(b"no model")
        bot.start_worker()
        self.wait(lambda: bot.worker_is_up() and bot.value("SELECT model_error FROM bot_state"), "it is seen", 60)
        new = retrained(good)
        answer = bot.request("POST", "/api/v1/models/upload",
                             form(new, name="other", symbol="BTCUSDT"), {"Content-Type": TYPE}, limit=120)
        self.assertEqual(answer.status, 201, answer)
        number = answer.json["id"]
        other = os.path.join(bot.data_dir, bot.value("SELECT path FROM models WHERE id = ?", number))
        os.rename(other, other + ".away")
        bot.write("INSERT OR REPLACE INTO model_assignments(bot_id, model_id, assigned_us, assigned_by)"
                  " VALUES (1, ?, 1, 'test')", number)
        refused = bot.cli("start")
        self.assertEqual(refused.returncode, 1, refused)
        self.assertIn("model %d" % number, refused.stderr)
        os.rename(other + ".away", other)
        done = bot.cli("start")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(bot.value("SELECT applied_model_id FROM bot_state"), number)


class InNeed(harness.TestCase):
    """The emergency stop works when it is needed: with the disk full, the database locked, of a
    newer version, and with any other setting wrong."""

    def started(self, **env):
        bot = self.bot(**env)
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def stopped(self, bot):
        self.wait(lambda: bot.value("SELECT emergency FROM bot_state WHERE bot_id = 1") == 2,
                  "flat and latched", 60)
        self.assertEqual(bot.bot_status(), "STOPPED")
        self.assertEqual(bot.value("SELECT count(*) FROM trading_orders WHERE status != 'closed'"), 0)

    def says(self, bot, *args, code=0, **env):
        done = bot.cli(*args, **env)
        self.assertEqual(done.returncode, code, (args, done.stdout, done.stderr))
        return done.stdout + done.stderr

    def test_with_wrong_settings(self):
        bot = self.started()
        for i, wrong in enumerate(({"API_PORT": "0"}, {"MAX_DRAWDOWN": "pigs"}, {"LOG_LEVEL": "LOUD"},
                                   {"TRADING_MODE": "live"}, {"SECRETS_DIR": "/nowhere/at/all"})):
            self.says(bot, "pause" if i % 2 else "resume", **wrong)
            self.says(bot, "status", **wrong)
        self.says(bot, "doctor", code=1, API_PORT="0")		# which looks at all of them
        with open(os.path.join(bot.folder, ".env"), "w", encoding="ascii") as f:
            f.write("API_PROT=1337\nAPI_TOKEN='never closed\n")
        self.assertIn(bot.db_path, self.says(bot, "emergency-stop", API_PORT="0"))
        self.stopped(bot)
        self.assertIn("DATA_DIR", self.says(bot, "emergency-stop", code=1, DATA_DIR="x" * 2000))

    @contextlib.contextmanager
    def locked(self, bot):
        holder = sqlite3.connect(bot.db_path, isolation_level=None, timeout=harness.LOCK_S)
        holder.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")
            holder.close()

    def test_with_a_locked_database(self):
        bot = self.started()
        with self.locked(bot):
            said = self.says(bot, "emergency-stop")
            self.assertIn("is locked by another program", said)
            self.assertRegex(said, r"(?m)^all bots: the worker \(pid %d\) was told by signal" % bot.worker.pid)
            self.assertIn("emergency stop of all bots by signal: done", bot.worker.output())
            self.assertIn("without a number all bots", self.says(bot, "emergency-stop", "1", code=1).lower())
        self.stopped(bot)
        row = bot.rows("SELECT * FROM commands WHERE kind = 'emergency-stop'")[0]
        self.assertEqual((row["bot_id"], row["status"], row["requested_by"]), (None, "done", "signal"))
        self.wait(lambda: self.mark(bot) == "none", "the mark is taken back")
        bot.worker.stop()
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.assertEqual(bot.value("SELECT count(*) FROM commands WHERE kind = 'emergency-stop'"), 1)
        self.assertEqual(self.says(bot, "start").count("bot 1"), 1)

    def told_without(self, bot, path):
        """The API tells the worker, for the database takes no command."""
        answer = bot.post(path)
        self.assertEqual(answer.status, 202, answer)
        self.assertRegex(answer.json["message"], r"^all bots: the worker \(pid %d\) is being told by signal"
                         % bot.worker.pid)
        self.assertEqual(answer.json["status"], "queued")
        self.assertNotIn("command_id", answer.json)

    def test_through_the_api_with_a_locked_database(self):
        bot = self.started()
        bot.start_api()
        for path in ("/api/v1/bots/emergency-stop", "/api/v1/bot/emergency-stop"):
            with self.locked(bot):
                self.told_without(bot, path)
                self.wait(lambda: self.mark(bot) == "told", "the engine was told")
                self.assertIn("emergency stop of all bots by signal: done", bot.worker.output())
            self.stopped(bot)
            self.wait(lambda: bot.cli("start").returncode == 0, "the bot starts", 60)
        self.assertEqual(bot.post("/api/v1/bots", {"name": "second"}).json["id"], 2)
        with self.locked(bot):
            answer = bot.post("/api/v1/bots/1/emergency-stop")
            self.assertEqual(answer.status, 503, answer)
            self.assertIn("No bot was told: POST /api/v1/bots/emergency-stop", answer.json["error"]["message"])
            self.assertEqual(self.mark(bot), "none")
            self.assertEqual(bot.post("/api/v1/bot/stop").status, 503)
            bot.worker.kill9()
            answer = bot.post("/api/v1/bots/emergency-stop")
            self.assertEqual(answer.status, 202, answer)
            self.assertIn("no worker runs; the emergency stop is kept", answer.json["message"])
        bot.start_worker()
        self.stopped(bot)

    def mark(self, bot):
        with open(bot.db_path + ".stop", encoding="ascii") as f:
            return f.read().strip()

    def test_killed_before_it_is_stored(self):
        bot = self.started()
        with self.locked(bot):
            bot.worker.signal(signal.SIGUSR1)
            self.wait(lambda: self.mark(bot) == "told", "the engine was told")
            bot.worker.kill9()
        self.assertEqual(bot.bot_status(), "RUNNING")
        bot.start_worker()
        self.stopped(bot)

    def test_a_worker_that_is_away(self):
        bot = self.started()
        bot.worker.stop()
        with self.locked(bot):
            said = self.says(bot, "emergency-stop")
            self.assertIn("no worker runs; the emergency stop is kept in", said)
        bot.start_worker()
        self.stopped(bot)

    def test_the_signal_alone(self):
        bot = self.started()
        bot.worker.signal(signal.SIGUSR1)
        self.stopped(bot)
        self.says(bot, "start")
        self.assertEqual(bot.bot_status(), "RUNNING")
        with open(bot.db_path + ".stop", "r+", encoding="ascii") as f:
            f.write("asked  \n")		# from where no signal arrives
        self.stopped(bot)
        self.assertEqual([r["requested_by"] for r in bot.rows(
            "SELECT requested_by FROM commands WHERE kind = 'emergency-stop'")], ["signal", "stop file"])

    def test_with_a_newer_schema(self):
        bot = self.started()
        bot.write("ALTER TABLE bots ADD COLUMN of_tomorrow TEXT")
        bot.write("PRAGMA user_version = 4711")
        self.assertRegex(self.says(bot, "emergency-stop"), r"(?m)^bot 1: Emergency stop executed")
        self.stopped(bot)

    # ---- a disk that is full ----

    def on_a_small_disk(self, megabytes=24):
        if os.geteuid() != 0:
            self.skipTest("mounting a small disk needs root")
        bot = self.bot()
        os.makedirs(bot.data_dir)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm" % megabytes, "none", bot.data_dir],
                                 check=False, stderr=subprocess.PIPE, text=True)
        if mounted.returncode:
            self.skipTest("no small disk: %s" % mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", bot.data_dir], check=False)
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def fill(self, bot):
        """To the last byte, again and again, as what makes disks full does."""
        path = os.path.join(bot.data_dir, "filler")
        with open(path, "ab", 0) as f:
            try:
                while True:
                    f.write(b"x" * 4096)
            except OSError as e:
                self.assertEqual(e.errno, errno.ENOSPC)

    def test_with_a_full_disk(self):
        bot = self.on_a_small_disk()
        reserve = bot.db_path + ".reserve"
        self.wait(lambda: os.path.exists(reserve), "the reserve is there")
        st = os.stat(reserve)
        self.assertGreaterEqual(min(st.st_size, st.st_blocks * 512), 4 << 20)
        self.assertRegex(self.says(bot, "doctor", code=1), r"reserve of 4 MiB")
        self.fill(bot)
        said = self.says(bot, "emergency-stop")
        self.assertRegex(said, r"(?m)^(bot 1: Emergency stop executed|all bots: the worker)")
        self.stopped(bot)
        self.wait(lambda: not os.path.exists(reserve), "the reserve was given up")
        self.assertIn("reserve", self.says(bot, "doctor", code=1))
        os.unlink(os.path.join(bot.data_dir, "filler"))
        self.wait(lambda: os.path.exists(reserve), "there is a reserve again", 60)
        self.wait(lambda: "there is room again" in bot.worker.output(), "it is said")

    def test_no_entries_while_the_reserve_is_gone(self):
        """What is left of the disk is for what is open; exits go on."""
        bot = self.on_a_small_disk()
        self.wait(lambda: os.path.exists(bot.db_path + ".reserve"), "the reserve is there")
        self.fill(bot)
        self.wait(lambda: not os.path.exists(bot.db_path + ".reserve"), "the reserve is given up", 120)
        first = self.wait(lambda: bot.value("SELECT min(at_us) FROM signals WHERE rule = 'disk_full'"),
                          "an entry is held back", 180)
        self.assertIn("free some space", bot.value("SELECT reason FROM signals WHERE rule = 'disk_full'"))
        self.assertRegex(self.says(bot, "emergency-stop"), r"(?m)^(bot 1: Emergency stop executed|all bots: the worker)")
        self.stopped(bot)
        self.assertEqual(bot.value("SELECT count(*) FROM trading_orders WHERE created_us > ?", first), 0)
        os.unlink(os.path.join(bot.data_dir, "filler"))
        self.wait(lambda: os.path.exists(bot.db_path + ".reserve"), "there is a reserve again", 60)
        self.says(bot, "start")
        self.wait(lambda: bot.value("SELECT count(*) FROM trading_orders WHERE created_us > ?", first),
                  "entries go on", 180)

    def without_room(self):
        """A worker and an API on a disk that is full to the last byte, the reserve too."""
        bot = self.on_a_small_disk()
        bot.start_api()
        self.wait(lambda: os.path.exists(bot.db_path + ".reserve"), "the reserve is there")
        self.fill(bot)
        self.wait(lambda: not os.path.exists(bot.db_path + ".reserve"), "the reserve is given up", 120)

        def full():
            self.fill(bot)
            return "the database takes no writes" in bot.worker.output()
        self.wait(full, "nothing can be stored any more", 120)
        return bot

    def test_through_the_api_with_a_full_disk_and_no_reserve(self):
        bot = self.without_room()
        self.told_without(bot, "/api/v1/bots/emergency-stop")
        self.wait(lambda: self.mark(bot) == "told", "the engine was told")
        os.unlink(os.path.join(bot.data_dir, "filler"))
        self.stopped(bot)

    def test_with_a_full_disk_and_no_reserve(self):
        bot = self.without_room()
        said = self.says(bot, "emergency-stop")
        self.assertRegex(said, r"(?m)^all bots: the worker \(pid %d\) was told by signal" % bot.worker.pid)
        self.wait(lambda: "alive (pid %d), but it has stored nothing for" % bot.worker.pid in
                  self.says(bot, "status"), "status tells a living worker from an absent one")
        self.assertIn("its disk is full: free some space", self.says(bot, "status"))
        self.assertIn("its disk is full", self.says(bot, "healthcheck", code=1))
        short = bot.get("/api/v1/health", token=None)
        self.assertEqual((short.status, short.json["status"], short.json["database"]["status"],
                          short.json["worker"]["status"]), (200, "unhealthy", "unhealthy", "blocked"))
        parts = bot.get("/api/v1/status/health/detailed").json
        self.assertEqual(parts["database"]["message"], "its disk is full: free some space")
        self.assertIn("its disk is full", parts["worker"]["blocked_by"])
        os.unlink(os.path.join(bot.data_dir, "filler"))
        self.stopped(bot)

    def test_with_a_limit_on_the_size_of_files(self):
        """SIGXFSZ ends nobody: it is a disk that is full."""
        bot = self.started()
        bot.worker.stop()
        size = os.path.getsize(bot.db_path) // 1024 + 16
        worker = subprocess.Popen(["/bin/bash", "-c", 'ulimit -f %d; exec "$0"' % size,
                                   harness.program("trading-bot-worker")], cwd=bot.folder,
                                  env=bot.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)
        self.wait(lambda: "but it has stored nothing for" in bot.cli("status").stdout or
                  worker.poll() is not None, "the limit is reached", 180)
        self.assertIsNone(worker.poll(), "the worker was ended")
        worker.send_signal(signal.SIGUSR1)
        self.wait(lambda: self.mark(bot) == "told", "the engine was told")

    def test_a_locked_database_and_a_living_worker(self):
        bot = self.started()
        bot.start_api()
        with self.locked(bot):
            self.wait(lambda: "alive (pid %d), but it has stored nothing for" % bot.worker.pid in
                      self.says(bot, "status"), "status says so", 60)
            self.assertIn("locked by another program", self.says(bot, "status"))
            worker = self.wait(lambda: (lambda w: w["status"] == "blocked" and w)(
                bot.get("/api/v1/status").json["worker"]), "the API says so", 60)
            self.assertIn("locked by another program", worker["blocked_by"])
            self.assertEqual(bot.get("/api/v1/health").json["worker"]["status"], "blocked")
            said = bot.cli("doctor").stdout
            self.assertRegex(said, r"(?m)^FAIL +worker: alive, but it has stored nothing")
            self.assertNotIn("restore a backup", said)
        self.wait(lambda: bot.get("/api/v1/status").json["worker"]["status"] == "running", "it goes on", 60)
        self.assertIn("worker: alive (pid %d), simulation" % bot.worker.pid, self.says(bot, "status"))


if __name__ == "__main__":
    harness.main()
