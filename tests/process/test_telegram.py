#!/usr/bin/env python3
"""Messages to Telegram: the real worker against a Bot API on loopback."""
import botapi
import harness


class TelegramCase(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.api = botapi.BotApi()
        self.addCleanup(self.api.close)

    def telegram_bot(self, **env):
        return self.bot(**self.api.env(**env))


class Delivery(TelegramCase):
    def test_a_start_is_told(self):
        bot = self.telegram_bot()
        bot.start_worker()
        text = self.wait(lambda: self.api.said("Worker started"), "the start is told")
        self.assertIn("<b>Worker started</b>\nversion ", text)
        self.wait(lambda: bot.value("SELECT count(*) FROM notifications WHERE state = 'delivered'"),
                  "the row is marked")
        self.assertEqual(bot.worker.stop(), 0)


if __name__ == "__main__":
    harness.main()
