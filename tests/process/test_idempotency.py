"""Idempotency-Key: a repeat does nothing and gets the first answer, for one token and one day."""
import json

import harness

DAY_US = 24 * 3600 * 1_000_000
SECOND = {"name": "Second", "config": {"symbol": "ETHUSDT", "strategy": "ema_cross"}}
KEY = {"Idempotency-Key": "key-1"}


class Idempotency(harness.TestCase):

    def started(self, **env):
        bot = self.bot(**env)
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def token(self, bot, name, role="trader"):
        return bot.post("/api/v1/tokens", {"name": name, "role": role}).json["token"]

    def test_a_repeated_command_says_so_and_shows_the_present(self):
        bot = self.started()
        one = bot.post("/api/v1/bot/pause", headers=KEY)
        self.assertEqual((one.status, one.json["status"]), (200, "paused"), one)
        self.assertNotIn("replayed", one.json)
        self.assertEqual(bot.post("/api/v1/bot/resume").status, 200)
        two = bot.post("/api/v1/bot/pause", headers=KEY)
        self.assertEqual(two.status, 200, two)
        self.assertEqual(two.json["command_id"], one.json["command_id"])
        self.assertIs(two.json["replayed"], True)
        self.assertEqual(two.json["status"], "running")
        answered = bot.get("/api/v1/commands/%d" % one.json["command_id"]).json["answered"]
        self.assertEqual(two.json["answered"], answered)
        self.assertGreater(two.json["timestamp"], answered)
        self.assertEqual(bot.bot_status(), "RUNNING")

    def test_each_token_has_keys_of_its_own(self):
        bot = self.started()
        self.assertEqual(bot.post("/api/v1/bot/pause", headers=KEY).status, 200)
        other = bot.post("/api/v1/bot/resume", headers=KEY, token=self.token(bot, "other"))
        self.assertEqual(other.status, 200, other)
        self.assertEqual(bot.bot_status(), "RUNNING")
        # neither another route nor another body may go under a key that is taken
        for path, body in (("/api/v1/bot/resume", None), ("/api/v1/bots/1/pause", None),
                           ("/api/v1/bots", {"name": "x"})):
            self.assertEqual(bot.post(path, body, headers=KEY).status, 409, path)
        stop = {"Idempotency-Key": "stop"}
        self.assertEqual(bot.post("/api/v1/bot/stop", {"positions": "keep"}, headers=stop).status,
                         200)
        self.assertEqual(bot.post("/api/v1/bot/stop", {"positions": "close"}, headers=stop).status,
                         409)

    def test_keys_end_after_a_day(self):
        bot = self.started()
        one = bot.post("/api/v1/bot/pause", headers=KEY)
        self.assertEqual(bot.post("/api/v1/bot/resume").status, 200)
        bot.write("UPDATE idempotency_keys SET created_us = created_us - ?", DAY_US)
        two = bot.post("/api/v1/bot/pause", headers=KEY)
        self.assertEqual(two.status, 200, two)
        self.assertNotEqual(two.json["command_id"], one.json["command_id"])
        self.assertEqual(bot.bot_status(), "PAUSED")
        self.assertEqual(bot.value("SELECT count(*) FROM idempotency_keys"), 1)

    def test_a_refusal_is_repeated_too(self):
        """A copy that comes late must not start what its sender was told is not possible."""
        bot = self.started()
        self.assertEqual(bot.post("/api/v1/bot/stop").status, 200)
        one = bot.post("/api/v1/bot/pause", headers=KEY)
        self.assertEqual(one.status, 409, one)
        self.assertEqual(bot.post("/api/v1/bot/start").status, 200)
        two = bot.post("/api/v1/bot/pause", headers=KEY)
        self.assertEqual(two.status, 409, two)
        self.assertIs(two.json["replayed"], True)
        self.assertEqual(two.json["status"], "running")
        self.assertEqual(bot.bot_status(), "RUNNING")

    def test_every_change_takes_a_key(self):
        bot = self.started()
        bot.post("/api/v1/bots", {"name": "Outside", "bot_type": "external"})
        changes = [
            ("POST", "/bots", {"name": "Second"}), ("PUT", "/bots/1", {"description": "x"}),
            ("PUT", "/trading/bots/1/config", {"max_positions": 5}),
            ("POST", "/trading/bots/1/config/rollback", {"version": 1}),
            ("POST", "/trading/bots/2/orders", {"order_id": "a", "symbol": "BTCUSDT",
                                                "side": "BUY", "quantity": 1}),
            ("POST", "/trading/bots/2/stats/update", {"trades": 1}),
            ("PUT", "/models/1", {"description": "x"}), ("PUT", "/models/assign/1", {"model_id": 1}),
            ("POST", "/tokens", {"name": "t", "role": "viewer"}),
            ("DELETE", "/bots/2", None), ("DELETE", "/tokens/999", None),
        ]
        for i, (method, path, body) in enumerate(changes):
            key = {"Idempotency-Key": "change-%d" % i}
            one = bot.request(method, "/api/v1" + path, body, headers=key)
            before = bot.rows("SELECT * FROM trading_configs") + bot.rows(
                "SELECT id, name, updated_us FROM bots") + bot.rows("SELECT id FROM api_tokens")
            two = bot.request(method, "/api" + path, body, headers=key)
            self.assertEqual(two.status, one.status, (method, path, one, two))
            self.assertIs(two.json["replayed"], True, (path, two))
            for name in ("Location", "ETag"):
                self.assertEqual(two.headers[name], one.headers[name], path)
            # the rest is as it was, but for what belongs to the request itself
            other = {"timestamp", "correlation_id", "replayed", "answered", "token"}
            self.assertEqual({k: v for k, v in two.json.items() if k not in other},
                             {k: v for k, v in one.json.items() if k not in other}, path)
            self.assertEqual(before, bot.rows("SELECT * FROM trading_configs") + bot.rows(
                "SELECT id, name, updated_us FROM bots") + bot.rows("SELECT id FROM api_tokens"))
            if path == "/tokens":
                self.assertEqual(set(two.json["token"]), {"*"})
                self.assertNotIn(one.json["token"], json.dumps(
                    [list(row) for row in bot.rows("SELECT answer FROM idempotency_keys")]))

    def test_a_repeated_bot_shows_its_present_status(self):
        bot = self.started()
        one = bot.post("/api/v1/bots", SECOND, headers=KEY)
        self.assertEqual(one.json["status"], "stopped")
        made = one.json["id"]
        self.assertEqual(bot.post("/api/v1/bots/%d/start" % made).status, 200)
        two = bot.post("/api/v1/bots", SECOND, headers=KEY)
        self.assertEqual((two.status, two.json["id"]), (201, made), two)
        self.assertEqual((two.json["status"], two.json["bot_status"]), ("running", "RUNNING"))


if __name__ == "__main__":
    harness.main()
