#!/usr/bin/env python3
"""Messages to Telegram: the real worker against a Bot API on loopback, with faults."""
import time

import harness
from telegrams import QUIET, TelegramCase, first_times, words


class Delivery(TelegramCase):
    def test_start_and_end_are_told(self):
        bot = self.telegram_bot(**dict(QUIET, TELEGRAM_NOTIFY_STARTUP="silent"))
        bot.start_worker()
        text = self.wait(lambda: self.api.said("Worker started"), "the start is told")
        self.assertIn("<b>Worker started</b>\nversion ", text)
        self.assertTrue(self.api.sent[0]["disable_notification"])
        self.assertEqual(self.api.sent[0]["parse_mode"], "HTML")
        self.assertEqual(bot.worker.stop(), 0)
        self.assertTrue(self.api.said("Worker ended"))
        bot.start_worker()
        self.wait(lambda: self.api.said("<b>Worker started</b>") and len(self.api.sent) == 3,
                  "the next start")
        bot.worker.kill9()
        bot.start_worker()
        self.wait(lambda: self.api.said("Worker started, the run before did not end by itself"),
                  "a crash shows")
        self.wait_empty(bot)
        self.assertEqual(bot.value("SELECT count(*) FROM notifications WHERE state = 'queued'"), 0)

    def test_trades_are_told(self):
        bot = self.telegram_bot(TELEGRAM_NOTIFY_ENTRY="on")
        bot.quick_trades()
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.wait(lambda: self.api.said("Bot 1: BTCUSDT long, entry placed"), "an entry", 90)
        self.wait(lambda: self.api.said("Bot 1: BTCUSDT long opened"), "a fill", 90)
        self.wait(lambda: self.api.said("Bot 1: BTCUSDT long closed"), "a result", 90)
        row = bot.rows("SELECT o.id, o.pnl FROM trading_orders o WHERE status = 'closed'"
                       " AND filled > 0 ORDER BY closed_us LIMIT 1")[0]
        text = self.api.said("closed", "trade %d" % row["id"])
        self.assertIn(("%+.8f" % row["pnl"]).rstrip("0"), text)

    def test_every_fault_loses_none_and_keeps_the_order(self):
        bot = self.started()
        want = []
        for i, fault in enumerate([(429, 2), (500,), ("cut",), ("half",), ("json",), ("effect",),
                                   (401,), (403,)]):
            self.api.script(*fault)
            want += ["first%d" % i, "second%d" % i]
            self.insert(bot, *want[-2:])
            self.wait_empty(bot)
        self.assertEqual(first_times(words(self.api.texts())), want)
        self.assertEqual(self.lane(bot)["retries"], 8)
        self.assertEqual(self.lane(bot)["delivered"], len(want))
        self.assertEqual(self.lane(bot)["error"], "")
        # what the other side asks for is kept to
        tried = [(at, m["text"]) for at, m in self.api.tries]
        self.assertGreaterEqual(tried[1][0] - tried[0][0], 2)
        log = [r["message"] for r in bot.worker.log() if r["logger"] == "notify"]
        self.assertEqual(sum("not delivered, trying again" in m for m in log), 8, log)
        self.assertTrue(any("Telegram does not know this token" in m for m in log))

    def test_what_waits_goes_together(self):
        bot = self.started()
        self.api.script("slow")
        self.insert(bot, "head")
        self.wait(lambda: self.api.tries, "the first is under way")
        many = ["w%d" % i + "x" * 200 for i in range(40)]
        self.insert(bot, *many)
        released = time.monotonic()
        self.api.release()
        self.wait_empty(bot)
        self.assertEqual(words(self.api.texts()), ["head"] + many)
        self.assertLess(len(self.api.sent), 6)
        for message in self.api.sent:
            self.assertLessEqual(len(message["text"]), 4096)
        # a message a second in a chat; our server may be late with each, but never early
        for i, (at, _) in enumerate(self.api.tries[1:]):
            self.assertGreaterEqual(at - released, i)

    def test_a_bad_message_stops_nothing(self):
        self.api.refuse = lambda m: "Bad Request: can't parse entities" \
            if "poison" in m["text"] else None
        bot = self.telegram_bot(**QUIET)
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up")
        self.api.script("slow")
        self.insert(bot, "a")
        self.wait(lambda: self.api.tries, "the first is under way")
        self.insert(bot, "b", "poison", "c", "d")
        self.api.release()
        self.wait_empty(bot)
        self.assertEqual(words(self.api.texts()), ["a", "b", "c", "d"])
        row = bot.rows("SELECT * FROM notifications WHERE state = 'failed'")
        self.assertEqual([(r["text"], r["error"]) for r in row],
                         [("poison", "HTTP 400: Bad Request: can't parse entities")])
        self.assertEqual(self.lane(bot)["failed"], 1)

    def test_killed_between_sending_and_marking(self):
        bot = self.started()
        for i in range(2):
            self.api.script("hold")
            self.insert(bot, "one%d" % i)
            self.wait(lambda: len(self.api.sent) == 3 * i + 1, "Telegram has it")
            bot.worker.kill9()
            self.api.release()
            self.insert(bot, "two%d" % i)
            bot.start_worker()
            self.wait(lambda: "two%d" % i in words(self.api.texts()), "both arrive")
            self.wait_empty(bot)
            self.api.released.clear()
            with self.api.lock:
                texts = words([m["text"] for m in self.api.sent[3 * i:]])
                self.assertEqual(texts[:3], ["one%d" % i, "one%d" % i, "two%d" % i])
                # one message or two: make the count the same
                self.api.sent = [{"text": w, "chat_id": 0} for w in words(
                    m["text"] for m in self.api.sent)]
        self.assertEqual(bot.value("SELECT count(*) FROM notifications"
                                   " WHERE state = 'delivered'"), 4)

    def test_the_queue_is_bounded_and_says_so(self):
        self.api.script("slow")
        bot = self.started(NOTIFY_QUEUE_MAX="10")
        self.api.say("/fly0")
        self.wait(lambda: self.api.tries, "one is under way, alone: more would go together")
        for i in range(1, 25):
            self.api.say("/fly%d" % i)
        self.wait(lambda: bot.value("SELECT max(text LIKE '%/fly24;%') FROM notifications"),
                  "all were heard")
        lane = self.lane(bot)
        self.assertEqual((lane["dropped"], lane["untold"]), (14, 14))
        self.assertEqual(bot.value("SELECT count(*) FROM notifications"), 11)
        self.api.release()
        text = self.wait(lambda: self.api.said("older messages were dropped"), "it is told", 60)
        self.assertIn("14 older", text)
        self.wait_empty(bot)
        self.assertEqual(self.lane(bot)["untold"], 0)
        self.assertEqual(len([t for t in self.api.texts() if "dropped" in t]), 1)
        self.assertTrue([r for r in bot.worker.log() if "messages were dropped" in r["message"]])

    def test_a_slow_api_holds_nothing_up(self):
        bot = self.started()
        self.api.script("slow")
        self.insert(bot, "slow")
        self.wait(lambda: self.api.tries, "it is under way")
        command = bot.write("INSERT INTO commands(kind, bot_id) VALUES ('pause', 1)")
        self.wait(lambda: bot.command(command)["status"] == "done", "commands are done")
        turns = bot.value("SELECT turns FROM worker_heartbeat")
        self.wait(lambda: bot.value("SELECT turns FROM worker_heartbeat") > turns + 20, "it turns")
        self.assertEqual(self.api.sent, [])
        self.api.release()
        self.wait_empty(bot)

    def test_nobody_answers(self):
        bot = self.started(TELEGRAM_API_URL="http://127.0.0.1:%d" % harness.free_port())
        self.insert(bot, "x")
        self.wait(lambda: bot.value("SELECT attempts FROM notifications") >= 2, "it tries again")
        self.assertIn("127.0.0.1: ", bot.value("SELECT error FROM notifications"))
        self.assertEqual(bot.bot_status(), "RUNNING")
        self.assertEqual(bot.worker.stop(), 0)


if __name__ == "__main__":
    harness.main()
