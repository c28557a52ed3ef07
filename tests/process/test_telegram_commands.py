#!/usr/bin/env python3
"""Commands by Telegram: the real worker, and people who write to a Bot API on loopback."""
import botapi
import harness
from telegrams import CommandCase

STRANGER = 666


class Reading(CommandCase):
    def test_every_command_answers(self):
        bot = self.started(quick=True)
        self.wait(lambda: bot.value("SELECT count(*) FROM trading_orders WHERE status = 'closed'"
                                    " AND filled > 0"), "a trade was closed", 90)
        answers = {}
        for command, part in (("/status", "Bot 1 "), ("/profit", "win rate"),
                              ("/profit 1", "win rate"), ("/balance", "equity"),
                              ("/daily", " trades "), ("/weekly 2", " trades "),
                              ("/monthly", " trades "), ("/performance", "BTCUSDT"),
                              ("/count", "MAX_OPEN_POSITIONS"), ("/reload_config", "is in force"),
                              ("/locks", "Bot 1 "), ("/logs 3", "INFO"), ("/health", "Worker: up"),
                              ("/version", "trading-bot "), ("/help", "/emergency_stop"),
                              ("/show_config", "confidence_threshold")):
            answers[command] = self.ask(command, part)
        self.assertIn("RUNNING", answers["/status"])
        self.assertEqual(answers["/logs 3"].count("\n"), 2)
        self.assertNotIn("api_key: k", answers["/show_config"])
        self.assertIn("no command /fly", self.ask("/fly<b>", "/fly&lt;b&gt;"))
        self.assertIn("There is no bot 9", self.ask("/status 9", "bot 9"))
        self.assertIn("usage", self.ask("/status all", "does not take"))
        self.assertEqual([m for m, _ in self.api.calls][:2], ["getMe", "setMyCommands"])
        self.assertEqual(bot.worker.stop(), 0)

    def test_long_answers_are_several_messages(self):
        bot = self.started()
        bot.write("UPDATE logs SET message = ?", "<&>" * 70)
        self.wait(lambda: bot.value("SELECT count(*) FROM logs") >= 12, "lines", 60)
        bot.write("UPDATE logs SET message = ?", "<&>" * 70)
        before = len(self.api.texts())
        self.api.say("/logs 12")
        self.wait(lambda: len([t for t in self.api.texts()[before:] if "&lt;&amp;&gt;" in t]) > 1,
                  "several messages")
        self.wait_empty(bot)
        for text in self.api.texts()[before:]:
            self.assertLessEqual(len(text), 4096)
            self.assertEqual(text.count("<pre>"), text.count("</pre>"))


class Acting(CommandCase):
    def test_pause_resume_stop(self):
        bot = self.started()
        self.ask("/pause", "pause, bot 1")
        self.assertEqual(bot.bot_status(), "PAUSED")
        self.ask("/resume@" + botapi.BOT_NAME + " #1", "resume, bot 1")
        self.assertEqual(bot.bot_status(), "RUNNING")
        self.api.say("/pause@another_bot")
        self.ask("/stop 1", "stop, bot 1")
        self.assertEqual(bot.bot_status(), "STOPPED")
        self.ask("/stopentry", "pause, bot 1: not done: ")
        self.ask("/start", "start, bot 1")
        self.assertEqual(bot.bot_status(), "RUNNING")
        by = "telegram:%d" % botapi.CHAT
        self.assertEqual([(r["kind"], r["status"], r["requested_by"]) for r in self.commands(bot)],
                         [("pause", "done", by), ("resume", "done", by), ("stop", "done", by),
                          ("pause", "failed", by), ("start", "done", by)])

    def test_forceexit(self):
        bot = self.started(quick=True)
        trade = self.wait(lambda: bot.value("SELECT id FROM trading_orders WHERE status ="
                                            " 'active' ORDER BY id DESC"), "a position", 90)
        self.assertIn("no open trade 999999", self.ask("/forceexit 999999", "999999"))
        self.ask("/forceexit", "needs the number")
        self.ask("/fx %d" % trade, "close-position, bot 1")
        self.ask("/forceexit all", "close-all, bot 1")
        self.wait(lambda: bot.value("SELECT status FROM trading_orders WHERE id = ?", trade)
                  == "closed", "it is closed")
        kinds = [r["kind"] for r in self.commands(bot)]
        self.assertEqual(kinds[0], "close-position")
        self.assertIn("close-all", kinds)

    def test_emergency_stop_by_button(self):
        bot = self.started(quick=True, TELEGRAM_NOTIFY_EMERGENCY="on")
        self.wait(lambda: bot.value("SELECT open_positions FROM bot_state"), "a position", 90)
        self.ask("/emergency_stop", "Emergency stop of all bots?")
        message = next(m for m in self.api.sent if "Emergency stop of" in m["text"])
        yes, no = message["reply_markup"]["inline_keyboard"][0]
        self.assertEqual(self.commands(bot), [])
        # only who asked may confirm, and only there
        self.api.press(yes["callback_data"], user=78)
        self.wait(lambda: self.api.said("That question is over"), "somebody else may not")
        self.api.press(yes["callback_data"], chat=STRANGER)
        self.api.press("emergency:00000000:yes")
        self.api.press("%")
        self.assertEqual(self.commands(bot), [])
        self.api.press(yes["callback_data"])
        self.wait(lambda: self.api.said("emergency-stop, bot 1: "), "the answer")
        self.wait(lambda: bot.value("SELECT emergency FROM bot_state") == 2, "flat and latched")
        self.wait(lambda: self.api.said("\U0001f6d1", "flat"), "its end is told")
        self.assertEqual(bot.bot_status(), "STOPPED")
        self.assertEqual(bot.value("SELECT count(*) FROM trading_orders WHERE status != 'closed'"),
                         0)
        self.assertIn("answerCallbackQuery", [m for m, _ in self.api.calls])
        # the button works once
        self.api.press(yes["callback_data"])
        self.wait(lambda: len([t for t in self.api.texts() if "question is over" in t]) >= 3,
                  "the button is spent")
        self.assertEqual([r["kind"] for r in self.commands(bot)], ["emergency-stop"])
        # and its other answer does nothing
        self.ask("/emergency_stop 1", "Emergency stop of bot 1?")
        message = [m for m in self.api.sent if "Emergency stop of" in m["text"]][-1]
        self.api.press(message["reply_markup"]["inline_keyboard"][0][1]["callback_data"])
        self.wait(lambda: self.api.said("Nothing was stopped"), "no is no")
        self.assertEqual(len(self.commands(bot)), 1)

    def test_emergency_stop_over_a_restart(self):
        """The question is gone with its worker; whoever answers it then is told so, and asks again."""
        bot = self.started()
        self.ask("/emergency_stop", "Emergency stop of all bots?")
        markup = next(m["reply_markup"] for m in self.api.sent if "Emergency stop of" in m["text"])
        bot.worker.kill9()
        self.api.press(markup["inline_keyboard"][0][0]["callback_data"])
        bot.start_worker()
        told = self.wait(lambda: self.api.said("That question is over"), "the press is answered")
        self.assertIn("did nothing", told)
        self.assertIn("send /emergency_stop again", told)
        self.ask("/emergency_stop confirm", "nothing to confirm: send /emergency_stop first")
        self.assertEqual(self.commands(bot), [])
        self.ask("/emergency_stop", "Emergency stop of all bots?")
        self.ask("/emergency_stop confirm", "emergency-stop, bot 1")
        self.wait(lambda: bot.value("SELECT emergency FROM bot_state") == 2, "flat and latched")

    def test_emergency_stop_by_word(self):
        bot = self.started()
        self.ask("/emergency_stop confirm", "nothing to confirm")
        self.ask("/emergency_stop", "Emergency stop of all bots?")
        self.ask("/emergency_stop confirm", "nothing to confirm", user=78)
        self.ask("/emergency_stop confirm", "emergency-stop, bot 1")
        self.wait(lambda: bot.value("SELECT emergency FROM bot_state") == 2, "flat and latched")


if __name__ == "__main__":
    harness.main()
