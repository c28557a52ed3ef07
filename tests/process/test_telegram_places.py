#!/usr/bin/env python3
"""Where messages go: a bot's own chat, tokens that nobody may see, certificates."""
import os

import attacker
import botapi
import harness
from telegrams import TelegramCase


class OwnPlaces(TelegramCase):
    def test_a_bot_with_its_own_token_and_chat(self):
        token, chat = "4712:process-test-other-token", -100777
        bot = self.telegram_bot(TELEGRAM_ENABLED="false", TELEGRAM_BOT_TOKEN="")
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs")
        answer = bot.put("/api/v1/trading/bots/1/config", {"telegram_token": token,
                                                   "telegram_chat_id": str(chat)})
        self.assertEqual(answer.status, 200, answer)
        bot.post("/api/v1/bots/1/pause")
        self.wait(lambda: self.api.said("RUNNING -&gt; PAUSED", chat=chat), "its chat hears it")
        self.assertEqual(self.api.tokens, {token})
        self.api.say("/resume", chat=chat)
        self.wait(lambda: self.api.said("resume, bot 1", chat=chat), "its chat commands it")
        self.assertEqual(bot.bot_status(), "RUNNING")
        self.assertEqual(bot.value("SELECT account FROM notification_lanes"), 1)
        # taken away: what waits is given up, and said so
        bot.put("/api/v1/trading/bots/1/config", {"telegram_token": "", "telegram_chat_id": ""})
        bot.write("INSERT INTO notifications(channel, account, target, kind, text, created_us)"
                  " VALUES ('telegram', 1, '-100777', 'status', 'late', 1)")
        self.wait(lambda: bot.value("SELECT error FROM notifications WHERE text = 'late'"
                                    " AND state = 'failed'"), "it is given up")
        self.assert_hidden(bot, token)

    def test_a_topic_of_a_group(self):
        bot = self.telegram_bot(TELEGRAM_CHAT_ID="-100777:17")
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs")
        self.wait(lambda: self.api.said("Worker started", chat=-100777), "its topic hears it")
        self.api.say("/pause", chat=-100777, topic=18)
        self.api.say("/pause", chat=-100777)
        self.api.say("/status", chat=-100777, topic=17)
        self.wait(lambda: self.api.said("Bot 1", "RUNNING", chat=-100777), "the topic asks")
        self.assertEqual(bot.bot_status(), "RUNNING", "another topic may not command")
        self.assertEqual({m.get("message_thread_id") for m in self.api.sent}, {17})

    def assert_hidden(self, bot, secret):
        needle = secret.encode()
        for folder, _, names in os.walk(bot.folder):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    self.assertNotIn(needle, f.read(), name)
        for process in bot.processes:
            if process.alive():
                with open("/proc/%d/cmdline" % process.pid, "rb") as f:
                    self.assertNotIn(needle, f.read())

    def test_the_token_is_nowhere(self):
        bot = self.started(LOG_LEVEL="DEBUG")
        # an API that repeats what it was asked
        self.api.script(400, "no such method: /bot%s/sendMessage" % botapi.TOKEN)
        self.insert(bot, "a")
        self.wait(lambda: bot.value("SELECT count(*) FROM notifications WHERE state = 'failed'"),
                  "it failed")
        self.assertIn("****", bot.value("SELECT error FROM notifications WHERE state = 'failed'"))
        self.api.say("/show_config")
        self.wait(lambda: self.api.said("confidence_threshold"), "an answer")
        self.assertEqual(bot.worker.stop(), 0)
        for down in ({"TELEGRAM_API_URL": "http://127.0.0.1:1"},
                     {"TELEGRAM_API_URL": "https://127.0.0.1:%d" % self.api.port},
                     {"TELEGRAM_API_URL": "http://no-such-host.invalid"}):
            bot.start_worker(**down)
            self.wait(lambda: [r for r in bot.worker.log() if "trying again" in r["message"]],
                      "%s fails" % down)
            self.assertEqual(bot.worker.stop(), 0)
        self.assert_hidden(bot, botapi.TOKEN)

    def test_certificates_are_verified(self):
        folder = self.folder()
        certificate, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
        attacker.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                         "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                         "-keyout", key, "-out", certificate)
        self.api = self.server(certificate, key)
        bot = self.started()
        self.insert(bot, "private")
        self.wait(lambda: "certificate" in bot.value("SELECT error FROM notifications"),
                  "it is not trusted")
        self.assertEqual(self.api.tries, [])
        self.assertEqual(bot.worker.stop(), 0)
        bot.start_worker(TLS_CA_FILE=certificate)
        self.wait(lambda: "private" in self.api.texts(), "it is trusted now")


if __name__ == "__main__":
    harness.main()
