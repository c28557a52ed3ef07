#!/usr/bin/env python3
"""The webhook: the real worker posts its messages to a receiver on loopback, with faults."""
import os
import subprocess

import botapi
import harness

SECRET = "process-test-webhook-secret"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class WebhookCase(harness.TestCase):
    def receiver(self, secret=SECRET):
        receiver = botapi.Receiver(secret)
        self.addCleanup(receiver.close)
        return receiver

    def insert(self, bot, *events):
        for event in events:
            bot.write("INSERT INTO notifications(channel, kind, bot_id, text, created_us)"
                      " VALUES ('webhook', 'status', 1, ?, 1)", '{"text":"%s"}' % event)

    def quiet(self, receiver, **env):
        """A worker that says nothing of itself."""
        bot = self.bot(**dict({"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRET": SECRET,
                               "WEBHOOK_EVENTS": "summary"}, **env))
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up")
        return bot

    def wait_empty(self, bot):
        self.wait(lambda: bot.value("SELECT count(*) FROM notifications WHERE state = 'queued'")
                  == 0, "nothing is queued")


class Webhook(WebhookCase):
    def test_events_are_signed_posts(self):
        receiver = self.receiver()
        bot = self.bot(WEBHOOK_URL=receiver.url, WEBHOOK_SECRET=SECRET)
        bot.quick_trades()
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 90)
        self.wait(lambda: [e for e in receiver.events if e["event"] == "exit_fill"], "a trade", 90)
        kinds = [e["event"] for e in receiver.events]
        self.assertEqual(kinds[0], "startup")
        self.assertIn("status", kinds)
        self.assertEqual(receiver.wrong, [])
        ids = [e["id"] for e in receiver.events]
        self.assertEqual(ids, sorted(set(ids)))
        status = next(e for e in receiver.events if e["event"] == "status")
        self.assertEqual((status["bot_id"], status["data"]["to"]), (1, "RUNNING"))
        trade = next(e for e in receiver.events if e["event"] == "exit_fill")
        row = bot.rows("SELECT * FROM trading_orders WHERE id = ?", trade["data"]["order_id"])[0]
        self.assertEqual(trade["data"]["pnl"], row["pnl"])
        self.assertEqual(trade["data"]["close_reason"], row["close_reason"])
        self.assertEqual(trade["correlation_id"], row["correlation_id"])
        self.assertEqual(trade["dropped_before"], 0)

    def test_every_fault_loses_none_and_keeps_the_order(self):
        receiver = self.receiver()
        bot = self.quiet(receiver)
        want = []
        for i, fault in enumerate([(500,), ("cut",), ("effect",), (429, 1), (404,)]):
            receiver.script(*fault)
            want += ["a%d" % i, "b%d" % i]
            self.insert(bot, *want[-2:])
            self.wait_empty(bot)
        self.assertEqual(list(dict.fromkeys(e["text"] for e in receiver.events)), want)
        self.assertEqual(len(receiver.events), len(want) + 1)  # the one that had an effect
        repeated = [e["id"] for e in receiver.events]
        self.assertEqual(len(set(repeated)), len(want))        # has the same id again
        self.assertEqual(receiver.wrong, [])

    def test_what_is_refused_fails_alone(self):
        receiver = self.receiver()
        bot = self.quiet(receiver)
        receiver.script(422)
        self.insert(bot, "bad")
        bot.write("INSERT INTO notifications(channel, kind, text, created_us)"
                  " VALUES ('webhook', 'status', 'no object', 1)")
        self.insert(bot, "good")
        self.wait_empty(bot)
        self.assertEqual([e["text"] for e in receiver.events], ["good"])
        self.assertEqual([r["error"] for r in bot.rows(
            "SELECT error FROM notifications WHERE state = 'failed' ORDER BY id")],
            ["the receiver answered HTTP 422", "its text is no JSON object with members"])

    def test_without_a_secret_nothing_is_signed(self):
        receiver = self.receiver(None)
        bot = self.quiet(receiver, WEBHOOK_SECRET="")
        self.insert(bot, "plain")
        self.wait_empty(bot)
        self.assertEqual(receiver.wrong, [])
        self.assertEqual(receiver.events[0]["text"], "plain")

    def test_secrets_stay_secret(self):
        receiver = self.receiver()
        bot = self.quiet(receiver, LOG_LEVEL="DEBUG")
        receiver.script("cut")
        receiver.script(500)
        self.insert(bot, "x")
        self.wait_empty(bot)
        self.assertEqual(bot.worker.stop(), 0)
        for folder, _, names in os.walk(bot.folder):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    data = f.read()
                self.assertNotIn(SECRET.encode(), data, name)
                self.assertNotIn(b"process-test-path", data, name)

    def test_the_check_of_the_documentation(self):
        """The openssl line of docs/TELEGRAM.md gives the signature that we send."""
        with open(os.path.join(ROOT, "docs", "TELEGRAM.md"), encoding="utf-8") as f:
            line = next(l.strip() for l in f if "openssl dgst" in l)
        folder = self.folder()
        with open(os.path.join(folder, "body"), "w", encoding="utf-8") as f:
            f.write('{"id":1}')
        out = subprocess.run(["sh", "-c", line], cwd=folder, check=True, stdout=subprocess.PIPE,
                             text=True, env=dict(os.environ, WEBHOOK_SECRET="key",
                                                 T="1700000000")).stdout
        self.assertIn("1d542af0cd7355fefa5c19021ad89d3e2afd77ebff5448db280f180e013d2651", out)


if __name__ == "__main__":
    harness.main()
