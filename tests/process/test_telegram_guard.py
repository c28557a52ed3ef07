#!/usr/bin/env python3
"""Who may command by Telegram, when, and that nothing is done twice."""
import harness
from telegrams import CommandCase

STRANGER = 666


class Guarding(CommandCase):
    def test_strangers_get_nothing(self):
        bot = self.started(TELEGRAM_USERS="77, 79")
        for text in ("/status", "/stop", "/emergency_stop", "hello"):
            self.api.say(text, chat=STRANGER)
        self.api.say("/stop", user=80)
        self.api.say("/stop", user=80)
        self.ask("/version", "trading-bot ", user=79)
        self.assertEqual(len(self.api.sent), 1)
        self.assertEqual(self.commands(bot), [])
        self.assertEqual(bot.bot_status(), "RUNNING")
        warnings = [r["message"] for r in bot.worker.log() if "may not command" in r["message"]]
        self.assertEqual(len(warnings), 2, warnings)
        self.assertIn("chat 666", warnings[0])
        self.assertIn("user 80", warnings[1])

    def test_old_commands_are_left_with_a_word(self):
        bot = self.telegram_bot(TELEGRAM_NOTIFY_STARTUP="off")
        self.api.say("/stop", age_s=1000)
        bot.start_worker()
        self.wait(lambda: self.api.said("/stop was sent 1", " m", "not carried out"), "the word")
        self.wait(lambda: bot.bot_status() == "RUNNING", "it runs")
        self.assertEqual(self.commands(bot), [])

    def test_commands_can_be_off(self):
        self.api.say("/stop")
        bot = self.started(TELEGRAM_COMMANDS="false", TELEGRAM_NOTIFY_STATUS="on")
        self.wait(lambda: self.api.said("STOPPED -&gt; RUNNING"), "a message")
        self.assertEqual(self.api.offsets, [])
        self.assertEqual(bot.bot_status(), "RUNNING")

    def test_a_killed_worker_runs_no_command_twice(self):
        bot = self.started()
        for i in range(3):
            update = self.api.say("/pause" if i % 2 == 0 else "/resume")
            self.wait(lambda: len(self.commands(bot)) == i + 1, "it is taken in")
            bot.worker.kill9()
            with self.api.lock:
                self.api.offsets = []
            bot.start_worker()
            self.wait(lambda: self.commands(bot)[i]["status"] != "queued", "it is answered")
            self.wait(lambda: self.api.offsets, "it reads again")
            self.assertEqual(self.api.offsets[0], update + 1)
            self.wait_empty(bot)
        self.assertEqual([r["kind"] for r in self.commands(bot)], ["pause", "resume", "pause"])
        self.assertEqual(len([t for t in self.api.texts() if t.startswith("resume, bot 1")]), 1)

    def test_polling_comes_back(self):
        bot = self.started()
        self.ask("/version", "trading-bot ")
        port, update_id = self.api.port, self.api.update_id
        self.api.close()
        self.wait(lambda: [r for r in bot.worker.log() if "commands can't be read" in r["message"]],
                  "it is noticed")
        self.api = self.server(None, None, port)
        self.api.update_id = update_id
        self.ask("/version", "trading-bot ")
        self.assertTrue([r for r in bot.worker.log() if "commands can be read again" in
                         r["message"]])


if __name__ == "__main__":
    harness.main()
