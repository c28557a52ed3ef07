"""/metrics of the real programs, read strictly."""
import os
import re
import unittest

import exposition
import harness

DOC = os.path.join(harness.ROOT, "docs/METRICS.md")
FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(harness.TestCase):

    def scrape(self, bot, **kw):
        answer = bot.get("/metrics", **kw)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["Content-Type"], FORMAT)
        return exposition.read(answer.body)

    def test_every_family_with_both_programs(self):
        bot = self.bot()
        bot.quick_trades(holding_s=3)
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.wait(lambda: bot.value("SELECT sum(trades) FROM trading_stats"), "a trade is closed",
                  120)
        families = self.scrape(bot)
        with open(DOC, encoding="utf-8") as f:
            rows = re.findall(r"(?m)^\| `(\w+)` \| (\w+) \| `?([\w ]*)`? \|", f.read())
        self.assertEqual({(n, t) for n, t, _ in rows},
                         {(f.name, f.type) for f in families.values()})
        for name, kind, labels in rows:
            family = families[name]
            if name.endswith("certificate_expiry_timestamp_seconds"):
                continue
            self.assertTrue(family.samples, name)
            for _, pairs in family.samples:
                self.assertEqual({k for k, _ in pairs} - ({"le"} if kind == "histogram" else set()),
                                 set(labels.split()), name)

        def value(name, **labels):
            return families["tradingbot_" + name].value(**labels)

        self.assertEqual(value("worker_up"), 1)
        self.assertLess(value("worker_heartbeat_age_seconds"), 60)
        self.assertEqual(value("feed_state", state="live"), 1)
        self.assertEqual(sum(families["tradingbot_feed_state"].samples.values()), 1)
        self.assertEqual(value("bot_status", bot="1", status="RUNNING"), 1)
        self.assertEqual(sum(families["tradingbot_bot_status"].samples.values()), 1)
        self.assertGreater(value("bot_equity_quote", bot="1"), 1000)
        self.assertEqual(value("database_up"), 1)
        self.assertEqual(value("database_schema_version"), bot.get("/api/v1/status/info").json[
            "schema_version"])
        self.assertGreater(value("data_free_bytes"), 0)
        self.assertGreater(value("worker_market_events_total"), 0)
        for process, name in ((bot.worker, "worker"), (bot.api, "api")):
            with open("/proc/%d/statm" % process.pid, encoding="ascii") as f:
                now = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            self.assertLess(abs(value(name + "_resident_memory_bytes") - now), now * 0.5, name)

        # the figures of trades are those of the table, whatever happened meanwhile
        bot.worker.stop()
        families = self.scrape(bot)
        row = bot.rows("SELECT sum(trades) AS trades, sum(wins) AS wins, sum(losses) AS losses,"
                       " sum(fees) AS fees_quote FROM trading_stats WHERE bot_id = 1")[0]
        for key, expected in row.items():
            self.assertAlmostEqual(value("bot_%s_total" % key, bot="1"), expected, 8)
        self.assertEqual(value("worker_up"), 0)

    def test_requests_are_counted_by_route(self):
        bot = self.bot()
        bot.start_api()
        before = self.scrape(bot)["tradingbot_api_requests_total"]

        def grown(**labels):
            now = self.scrape(bot)["tradingbot_api_requests_total"]
            return (now.value(**labels) or 0) - (before.value(**labels) or 0)

        for number in (1, 2, 3):
            bot.get("/api/v1/bots/%d" % number)
        bot.get("/api/bots/1")
        bot.request("HEAD", "/api/v1/bots/1")
        bot.get("/no/such/route")
        bot.request("PUT", "/api/v1/bots/1", {"name": 1})
        route = "/api/v1/bots/:id"
        self.assertEqual(grown(route=route, method="GET", status="200"), 2)
        self.assertEqual(grown(route=route, method="GET", status="404"), 2)
        self.assertEqual(grown(route=route, method="HEAD", status="200"), 1)
        self.assertEqual(grown(route=route, method="PUT", status="422"), 1)
        self.assertEqual(grown(route="none", method="other", status="404"), 1)
        families = self.scrape(bot)
        duration = families["tradingbot_api_request_duration_seconds"]
        total = sum(families["tradingbot_api_requests_total"].samples.values())
        self.assertEqual(duration.value("_count", kind="read") + duration.value("_count", kind="write"),
                         total)
        self.assertEqual(duration.value("_count", kind="write"), 1)
        self.assertGreater(duration.value("_sum", kind="read"), 0)

    def test_names_that_need_escapes(self):
        bot = self.bot()
        bot.start_api()
        name = 'a "quoted" \\ back\\slash and\nline {x="1"} 7'
        bot.write("UPDATE bots SET name = ?", name)	# the API takes no such line
        self.assertIn(name, self.scrape(bot)["tradingbot_bot_info"].label_values("name"))

    def test_who_may_read(self):
        bot = self.bot()
        bot.start_api()
        self.assertEqual(bot.get("/metrics", token=None).status, 401)
        self.assertEqual(bot.get("/api/v1/status/metrics", token=None).status, 401)
        viewer = bot.post("/api/v1/tokens", {"name": "prometheus", "role": "viewer"}).json["token"]
        self.scrape(bot, token=viewer)
        exposition.read(bot.get("/api/v1/status/metrics", token=viewer).body)
        bot.api.stop()
        bot.start_api(METRICS_PUBLIC="true")
        self.scrape(bot, token=None)
        self.assertEqual(bot.get("/api/v1/status/metrics", token=None).status, 401)
        self.assertEqual(bot.get("/api/v1/status", token=None).status, 401)

    def test_without_the_database(self):
        bot = self.bot()
        bot.start_api()
        self.assertEqual(self.scrape(bot)["tradingbot_database_up"].value(), 1)
        os.rename(bot.db_path, bot.db_path + ".away")
        self.wait(lambda: self.scrape(bot)["tradingbot_database_up"].value() == 0, "it is missed")
        families = self.scrape(bot)
        self.assertNotIn("tradingbot_bot_status", families)
        self.assertIn("tradingbot_api_requests_total", families)


class Strict(unittest.TestCase):
    """The reader itself refuses what is not the format."""

    def test_what_is_wrong_is_refused(self):
        family = "# HELP a_total b\n# TYPE a_total counter\n"
        exposition.read(family + 'a_total{x="1"} 1\na_total{x="2"} 2\n')
        for text in ("a_total 1\n", family + "a_total 1", family + "a_total -1\n",
                     family + "a_total 1\na_total 2\n", family + "a_total{x=1} 1\n",
                     family + 'a_total{x="\\q"} 1\n', family + 'a_total{x="1",x="2"} 1\n',
                     family + "a_total one\n", family + "a_total  1\n", family + "\n",
                     family + "a_total 1\n" + family, "# TYPE a_total counter\na_total 1\n",
                     "# HELP a b\n# TYPE a counter\na 1\n", "# HELP a b\n# TYPE a what\na 1\n",
                     "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
                     "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\n"
                     "a_sum 1\na_count 1\n"):
            with self.assertRaises(ValueError, msg=text):
                exposition.read(text)


if __name__ == "__main__":
    harness.main()
