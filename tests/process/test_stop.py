"""The emergency stop and its sisters do what they are told, for whom they are told."""
import os

import harness
import recording


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


if __name__ == "__main__":
    harness.main()
