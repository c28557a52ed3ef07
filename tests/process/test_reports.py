"""What outside bots send: texts, ids, amounts, counts and times that can't be are field errors."""
import json
import time

import harness

ORDER = {"order_id": "a-1", "symbol": "BTCUSDT", "side": "BUY", "quantity": 0.01}
BAD_TEXTS = ("a\u0000b", "a\u0085b", "a\u2028b", "a\u2029", "\u202eb", "a\u2066", "\u00a0\u3000",
             "  ", "\u200b", "a\ufffd")


class Reports(harness.TestCase):

    def outside(self):
        bot = self.bot()
        bot.start_api()
        made = bot.post("/api/v1/bots", {"name": "Outside", "bot_type": "external"}).json["id"]
        return bot, "/api/v1/trading/bots/%d" % made

    def refused(self, bot, field, method, path, body):
        answer = bot.request(method, path, body)
        self.assertEqual(answer.status, 422, (body, answer))
        self.assertEqual([f["field"] for f in answer.json["error"]["fields"]], [field],
                         (body, answer))

    def test_texts_are_refused_everywhere_the_same(self):
        bot, base = self.outside()
        for text in BAD_TEXTS:
            for field, method, path, body in (
                    ("name", "POST", "/api/v1/bots", {"name": text}),
                    ("name", "PUT", "/api/v1/bots/1", {"name": text}),
                    ("name", "POST", "/api/v1/tokens", {"name": text, "role": "viewer"}),
                    ("order_id", "POST", base + "/orders", dict(ORDER, order_id=text))):
                self.refused(bot, field, method, path, body)
            if text.strip("  \u00a0\u3000\u200b"):
                self.refused(bot, "description", "PUT", "/api/v1/bots/1", {"description": text})
        self.assertEqual(bot.value("SELECT count(*) FROM reported_orders"), 0)
        # what is taken stays as it is: these are four ids
        for text in ("a", " a", "a ", "A"):
            self.assertEqual(bot.post(base + "/orders", dict(ORDER, order_id=text)).status, 201)
        self.assertEqual([row["order_id"] for row in bot.rows(
            "SELECT order_id FROM reported_orders ORDER BY id")], ["a", " a", "a ", "A"])

    def test_amounts(self):
        bot, base = self.outside()
        for field, value in (("quantity", 1e-9), ("entry_price", 1e-9), ("pnl", -4e-9),
                             ("fees", 1e-12), ("quantity", 9.1e10)):
            self.refused(bot, field, "POST", base + "/orders", dict(ORDER, **{field: value}))
        for i, quantity in enumerate((1e-8, 90_000_001, 123456789.5, 5e10, 0.30000000000000004)):
            answer = bot.post(base + "/orders", dict(ORDER, order_id=str(i), quantity=quantity))
            self.assertEqual(answer.status, 201, answer)
            self.assertEqual(answer.json["quantity"], round(quantity, 8))

    def test_times(self):
        bot, base = self.outside()
        path = base + "/orders"
        self.refused(bot, "created", "POST", path, dict(ORDER, created="2999-01-01"))
        self.refused(bot, "closed", "POST", path,
                     dict(ORDER, status="closed", closed="2999-01-01T00:00:00Z"))
        self.refused(bot, "closed", "POST", path,
                     dict(ORDER, status="closed", created="2026-01-31", closed="2026-01-30"))
        self.assertEqual(bot.value("SELECT count(*) FROM reported_orders"), 0)
        self.assertEqual(bot.post(path, dict(ORDER, created="2026-01-31")).status, 201)
        # against what is stored
        self.refused(bot, "closed", "POST", path,
                     {"order_id": "a-1", "status": "closed", "closed": "2026-01-30"})
        self.assertEqual(bot.post(path, {"order_id": "a-1", "status": "closed",
                                         "closed": "2026-01-31T01:00:00Z"}).status, 200)
        self.refused(bot, "created", "POST", path, {"order_id": "a-1", "created": "2026-02-01"})
        # a clock that is a little ahead
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
        self.assertEqual(bot.post(path, dict(ORDER, order_id="a-2", created=soon)).status, 201)

    def test_counts(self):
        bot, base = self.outside()
        path = base + "/stats/update"
        self.refused(bot, "wins", "POST", path, {"trades": 1, "wins": 2})
        self.refused(bot, "losses", "POST", path, {"trades": 3, "wins": 2, "losses": 2})
        self.refused(bot, "day", "POST", path, {"day": "2999-01-01", "trades": 1})
        self.refused(bot, "volume", "POST", path, {"volume": 1e-9})
        self.assertEqual(bot.value("SELECT count(*) FROM reported_stats"), 0)
        day = {"day": "2026-01-31", "trades": 4, "wins": 3, "losses": 1, "net": 12.5}
        self.assertEqual(bot.post(path, day).status, 200)
        self.refused(bot, "wins", "POST", path, {"day": "2026-01-31", "trades": 2})
        self.assertEqual(bot.value("SELECT trades FROM reported_stats"), 4)
        self.assertEqual(json.loads(bot.post(path, {"day": "2026-01-31", "net": -1}).body)["net"], -1)


if __name__ == "__main__":
    harness.main()
