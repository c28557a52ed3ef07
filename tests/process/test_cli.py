"""The command line: control straight at the database, tokens, doctor, replay."""
import os
import re

import books
import harness
import recording


class Cli(harness.TestCase):

    def run_cli(self, bot, *args, code=0, **env):
        done = bot.cli(*args, **env)
        self.assertEqual(done.returncode, code, (args, done.stdout, done.stderr))
        return done.stdout + done.stderr

    def test_usage(self):
        bot = self.bot()
        text = self.run_cli(bot, "--help")
        for command in ("status", "start", "stop", "pause", "resume", "emergency-stop", "token",
                        "doctor", "replay"):
            self.assertRegex(text, r"(?m)^ +%s " % command)
        self.assertIn("no command", self.run_cli(bot, "dance", code=2))
        self.run_cli(bot, code=2)
        self.assertIn("Usage", self.run_cli(bot, "pause", "first-of-may", code=2))

    def test_control_without_the_api(self):
        bot = self.bot()
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        for command, status in (("pause", "PAUSED"), ("resume", "RUNNING"), ("stop", "STOPPED"),
                                ("start", "RUNNING")):
            self.assertTrue(self.run_cli(bot, command).strip())
            self.assertEqual(bot.bot_status(), status)
            self.assertIn(status, self.run_cli(bot, "status"))
        self.run_cli(bot, "stop", "--all")
        text = self.run_cli(bot, "pause", code=1)
        self.assertIn("STOPPED", text)
        self.assertIn("4711", self.run_cli(bot, "pause", "4711", code=1))
        self.run_cli(bot, "start")
        self.run_cli(bot, "emergency-stop", "--all")
        self.wait(lambda: bot.value("SELECT emergency FROM bot_state WHERE bot_id = 1") == 2,
                  "flat and latched")
        self.assertEqual(bot.bot_status(), "STOPPED")

    def test_the_wrong_folder_is_noticed(self):
        """An emergency stop that nobody will hear must not look as if it had been given."""
        bot = self.bot()
        for command in (("emergency-stop", "--all"), ("pause",), ("status",), ("doctor",),
                        ("token", "list"), ("token", "revoke", "1"), ("job", "check")):
            self.assertIn("there is no database %s" % bot.db_path, self.run_cli(bot, *command, code=1))
            self.assertFalse(os.path.exists(bot.db_path), command)

    def test_control_while_the_worker_is_away(self):
        bot = self.bot()
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        bot.worker.stop()
        count = bot.value("SELECT count(*) FROM commands")
        self.assertIn("worker", self.run_cli(bot, "pause", code=1))
        self.assertEqual(bot.value("SELECT count(*) FROM commands"), count)
        self.assertIn("queued", self.run_cli(bot, "emergency-stop"))
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "STOPPED", "the emergency stop is done at the start")
        new = self.bot()
        new.start_api()		# which makes the database
        self.assertIn("never ran", self.run_cli(new, "status"))

    def test_tokens(self):
        bot = self.bot()
        bot.start_api()
        text = self.run_cli(bot, "token", "create", "reader", "viewer")
        token = re.search(r"tb_[A-Za-z0-9_-]{43}", text).group(0)
        self.assertIn("it is shown this once", text)
        alone = bot.cli("token", "create", "for-a-file", "viewer")	# as Prometheus wants its file
        self.assertRegex(alone.stdout, r"\Atb_[A-Za-z0-9_-]{43}\n\Z")
        self.assertEqual(bot.get("/api/v1/status", token=token).status, 200)
        self.assertEqual(bot.post("/api/v1/bot/pause", token=token).status, 403)
        listing = self.run_cli(bot, "token", "list")
        self.assertIn("reader", listing)
        self.assertNotIn(token, listing)
        self.assertNotIn(token, str(bot.rows("SELECT * FROM api_tokens")))
        self.run_cli(bot, "token", "revoke", "reader")
        self.wait(lambda: bot.get("/api/v1/status", token=token).status == 401, "the token is void")
        self.run_cli(bot, "token", "revoke", "nobody", code=1)
        for name in (" ", "\u00a0\u3000", "a\u202eb", "a\u0085", "a\nb", "\ufffd"):
            self.run_cli(bot, "token", "create", name, "viewer", code=1)

    def test_doctor(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        text = self.run_cli(bot, "doctor")
        for word in ("database", "worker", "config"):
            self.assertIn(word, text.lower())
        bot.stop()
        os.makedirs(os.path.join(bot.folder, "other"))
        with open(os.path.join(bot.folder, "other/app.db"), "w", encoding="ascii") as f:
            f.write("not a database at all, not even close to one\n" * 50)
        text = self.run_cli(bot, "doctor", code=1, DATA_DIR=os.path.join(bot.folder, "other"))
        self.assertIn("app.db", text)

    def test_replay_prints_the_same_digest_twice(self):
        bot = self.bot()
        file = recording.write(os.path.join(bot.folder, "made.gz"), 400, seed=6)
        one, two = (self.run_cli(bot, "replay", file) for _ in range(2))
        digest = re.findall(r"\b[0-9a-f]{64}\b", one)
        self.assertTrue(digest, one)
        self.assertEqual(re.findall(r"\b[0-9a-f]{64}\b", two), digest)
        self.assertRegex(one, "tb1-|BUY|trades")
        other = recording.write(os.path.join(bot.folder, "other.gz"), 400, seed=7)
        self.assertNotEqual(re.findall(r"\b[0-9a-f]{64}\b", self.run_cli(bot, "replay", other)), digest)
        self.assertIn("missing.gz", self.run_cli(bot, "replay", "missing.gz", code=1))

    def test_backup(self):
        bot = self.bot()
        bot.quick_trades()
        bot.start_worker()
        self.wait(lambda: bot.value("SELECT count(*) FROM fills"), "there are fills", 90)
        copy = self.bot()
        os.makedirs(copy.data_dir)
        self.run_cli(bot, "backup", copy.db_path)
        self.assertEqual(books.breaches(copy), [])
        self.assertTrue(copy.value("SELECT count(*) FROM trading_orders"))


if __name__ == "__main__":
    harness.main()
