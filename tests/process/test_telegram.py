#!/usr/bin/env python3
"""Messages to Telegram: the real worker against a Bot API on loopback."""
import botapi
import harness

# Quiet, so that a test sees its own messages only.
QUIET = {"TELEGRAM_NOTIFY_" + k: "off" for k in (
    "STARTUP", "STATUS", "WARNING", "ENTRY", "ENTRY_FILL", "ENTRY_CANCEL", "EXIT_FILL",
    "EMERGENCY", "FEED", "SUMMARY", "RELOAD")}


class TelegramCase(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.api = botapi.BotApi()
        self.addCleanup(self.api.close)

    def telegram_bot(self, **env):
        return self.bot(**self.api.env(**env))

    def started(self, **env):
        """A worker that trades, with nothing to say of itself."""
        bot = self.telegram_bot(**dict(QUIET, **env))
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs")
        return bot

    def ask(self, text, *parts, **kw):
        """Says text; the first new answer that holds all parts."""
        before = len(self.api.texts())
        self.api.say(text, **kw)
        return self.wait(lambda: next((t for t in self.api.texts()[before:]
                                       if all(p in t for p in parts)), None),
                         "%s is answered with %s" % (text, parts))


class Delivery(TelegramCase):
    def test_start_and_end_are_told(self):
        bot = self.telegram_bot()
        bot.start_worker()
        text = self.wait(lambda: self.api.said("Worker started"), "the start is told")
        self.assertIn("<b>Worker started</b>\nversion ", text)
        self.wait(lambda: bot.value("SELECT count(*) FROM notifications WHERE state = 'delivered'"),
                  "the row is marked")
        self.assertEqual(bot.worker.stop(), 0)
        self.assertTrue(self.api.said("Worker ended"))
        self.assertEqual(bot.value("SELECT count(*) FROM notifications WHERE state = 'queued'"), 0)


class Commands(TelegramCase):
    def test_reading(self):
        bot = self.started()
        self.assertIn("RUNNING", self.ask("/status", "Bot 1"))
        for command, part in (("/profit", "Bot 1"), ("/balance", "equity"), ("/daily", "Bot 1"),
                              ("/weekly 2", "Bot 1"), ("/monthly", "Bot 1"),
                              ("/performance", "Bot 1"), ("/count", "MAX_OPEN_POSITIONS"),
                              ("/reload_config", "is in force"), ("/locks", "Bot 1"),
                              ("/logs 3", "INFO"), ("/health", "Worker: up"),
                              ("/version", "trading-bot "), ("/help", "/emergency_stop"),
                              ("/show_config", "confidence_threshold")):
            with self.subTest(command=command):
                self.ask(command, part)
        self.assertIn("no command", self.ask("/fly", "/fly"))
        self.assertIn("There is no bot 9", self.ask("/status 9", "bot 9"))
        self.assertEqual(bot.worker.stop(), 0)

    def test_acting(self):
        bot = self.started()
        self.ask("/pause", "pause, bot 1")
        self.wait(lambda: bot.bot_status() == "PAUSED", "it pauses")
        row = bot.rows("SELECT * FROM commands WHERE kind = 'pause'")[0]
        self.assertEqual(row["requested_by"], "telegram:%d" % botapi.CHAT)
        self.assertEqual(row["status"], "done")
        self.ask("/resume@" + botapi.BOT_NAME + " #1", "resume, bot 1")
        self.assertEqual(bot.bot_status(), "RUNNING")
        self.ask("/stop", "stop, bot 1")
        self.assertEqual(bot.bot_status(), "STOPPED")
        self.ask("/pause", "not done: ")
        self.assertEqual(bot.worker.stop(), 0)


if __name__ == "__main__":
    harness.main()
