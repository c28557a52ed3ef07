"""Settings that can't be in force at once, and times that lie ahead of a clock set back."""
import time

import harness

CONFIG = "/api/v1/trading/bots/1/config"
# Enters at once and stays in: an entry needs no model's word and no near target.
PATIENT = {"confidence_threshold": 0, "holding_time": 1000000, "profit_target_pct": 0.09,
           "stop_loss_pct": 0.02, "max_positions": 1, "ignore_risk_per_trade": True,
           "maker_order_timeout": 2}
DAY_US = 86_400_000_000


class Waits(harness.TestCase):

    def holding(self, **env):
        """A bot with one position that stays open."""
        bot = self.bot(**env)
        bot.start_api()	# an open position keeps the settings it began with
        self.assertEqual(bot.put(CONFIG, PATIENT).status, 200)
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.wait(lambda: bot.value("SELECT count(*) FROM trading_orders WHERE status = 'active'"
                                    " AND holding_us = 1000000000000"), "it holds something", 120)
        return bot

    def state(self, bot, column):
        return bot.value("SELECT %s FROM bot_state WHERE bot_id = 1" % column)

    def test_a_symbol_that_waits_for_a_position(self):
        bot = self.holding()
        before = self.state(bot, "applied_config_version")
        answer = bot.put(CONFIG, {"symbol": "ETHUSDT", "capital_per_trade": 50, "max_positions": 5})
        self.assertEqual(answer.status, 200, answer)
        for part in ("symbol BTCUSDT -> ETHUSDT waits", "open orders are closed", "no new entries"):
            self.assertIn(part, answer.json["message"])
        wanted = answer.json["version"]
        error = self.wait(lambda: self.state(bot, "config_error"), "the status says what waits")
        for part in ("version %d waits" % wanted, "BTCUSDT -> ETHUSDT", "without open orders"):
            self.assertIn(part, error)
        self.assertEqual(bot.status()["config_version"]["error"], error)
        self.assertIn(error[:100], "".join(r["message"] for r in bot.worker.log()
                                           if r["logger"] == "bots"))
        self.assertEqual(self.state(bot, "applied_config_version"), before)
        # entries are wanted all the time, and none is made
        orders = bot.value("SELECT max(id) FROM trading_orders")
        self.wait(lambda: bot.value("SELECT sum(repeats) FROM signals WHERE rule = 'config_waits'"),
                  "an entry is refused because of it", 60)
        self.assertEqual(bot.value("SELECT max(id) FROM trading_orders"), orders)
        # a restart changes nothing of that
        bot.worker.stop()
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is back")
        self.assertIn("BTCUSDT -> ETHUSDT", self.wait(lambda: self.state(bot, "config_error"), "it says so"))
        n = bot.value("SELECT coalesce(max(id), 0) FROM signals WHERE rule != 'config_waits'")
        self.wait(lambda: bot.value("SELECT count(*) FROM signals WHERE rule = 'config_waits' AND"
                                    " id > ?", n), "an entry is refused again", 120)
        self.assertEqual(bot.value("SELECT max(id) FROM trading_orders"), orders)
        # closed: all of it is in force
        bot.post("/api/v1/positions/close-all")
        self.wait(lambda: self.state(bot, "applied_config_version") == wanted, "it is applied", 60)
        self.assertEqual(self.state(bot, "config_error"), "")
        row = self.wait(lambda: bot.rows("SELECT * FROM trading_orders WHERE id > ?", orders),
                        "it trades there", 120)[0]
        self.assertEqual((row["symbol"], row["config_version"]), ("ETHUSDT", wanted))
        self.assertLessEqual(row["quantity"] * row["limit_price"], 50)

    def test_another_quote_asset_needs_a_reset(self):
        bot = self.holding()
        bot.post("/api/v1/bot/stop", {"positions": "close"})
        self.wait(lambda: not bot.value("SELECT count(*) FROM trading_orders WHERE status !="
                                        " 'closed'"), "nothing is open", 60)
        worth = self.state(bot, "equity")
        self.assertLess(worth, 10000)
        for again in (False, True):		# also when the worker meets it at a start
            if again:
                bot.worker.stop()
            answer = bot.put(CONFIG, {"symbol": "ETHBTC"})
            self.assertEqual(answer.status, 200, answer)
            self.assertIn("simulation/reset", answer.json["message"])
            if again:
                bot.start_worker()
                self.wait(bot.worker_is_up, "the worker is back")
            self.wait(lambda: "waits" in self.state(bot, "config_error") and
                      "simulation/reset" in self.state(bot, "config_error"), "it says so")
            self.wait(lambda: bot.post("/api/v1/bot/start").status == 200, "it starts")
            self.assertEqual(bot.value("SELECT quote_asset FROM sim_accounts"), "USDT")
            self.assertAlmostEqual(self.state(bot, "equity"), worth, 2)
            self.assertEqual(self.state(bot, "peak_equity"), 10000)
            self.assertEqual(bot.post("/api/v1/bot/stop").status, 200)
        self.assertEqual(bot.value("SELECT epoch FROM sim_accounts"), 1)
        reset = bot.post("/api/v1/simulation/reset")
        self.assertEqual(reset.status, 200, reset)
        self.wait(lambda: self.state(bot, "config_error") == "", "all is in force")
        self.assertEqual(bot.value("SELECT quote_asset FROM sim_accounts"), "BTC")
        self.assertEqual(self.state(bot, "applied_config_version"), answer.json["version"])
        self.wait(lambda: bot.rows("SELECT 1 FROM audit_log WHERE action LIKE '%simulation/reset%'"),
                  "the audit log has it")	# its rows are written after the answer has left

    def set_back(self, bot):
        """Every time in the rows is a day ahead, as if the clock had been set back by one."""
        for table in ("trading_orders", "exchange_orders", "sim_orders", "sim_accounts", "bot_state",
                      "fills", "signals"):
            columns = [r["name"] for r in bot.rows("PRAGMA table_info(%s)" % table)
                       if r["name"].endswith("_us") and
                       r["name"] not in ("holding_us", "maker_timeout_us")]
            bot.write("UPDATE %s SET %s" % (table, ", ".join(
                "%s = CASE WHEN %s > 0 THEN %s + %d ELSE %s END" % (c, c, c, DAY_US, c)
                for c in columns)))

    def test_a_clock_set_back_and_a_start(self):
        """Requests on their way arrive, positions are protected, the emergency stop closes them."""
        bot = self.holding(SIMULATION_LATENCY_MS=1500)
        self.assertEqual(bot.put(CONFIG, {"max_positions": 4, "maker_order_timeout": 4}).status, 200)
        # a kill while requests travel, next to positions
        self.wait(lambda: bot.value("SELECT count(*) FROM sim_orders WHERE stage = 'travelling'") and
                  bot.value("SELECT count(*) FROM trading_orders WHERE status = 'active'"),
                  "a request is on its way", 120)
        bot.worker.kill9()
        self.set_back(bot)
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is back")
        now = int(time.time() * 1e6)
        for row in bot.rows("SELECT due_us FROM sim_orders WHERE stage != 'resting'"):
            self.assertLess(row["due_us"], now + 60_000_000)
        naked = """SELECT o.id FROM trading_orders o WHERE o.phase = 'holding' AND NOT EXISTS
            (SELECT 1 FROM exchange_orders x WHERE x.order_id = o.id AND x.leg IN ('t', 's')
             AND x.state IN ('new', 'partially_filled'))"""
        self.wait(lambda: not bot.rows(naked), "every position has its exit at the venue", 60)
        self.assertEqual(bot.post("/api/v1/bot/emergency-stop").status, 200)
        self.wait(lambda: not bot.value("SELECT count(*) FROM trading_orders WHERE status !="
                                        " 'closed'"), "nothing is open", 60)
        self.assertEqual(bot.value("SELECT count(*) FROM sim_orders WHERE stage != 'cancelling'"), 0)


if __name__ == "__main__":
    harness.main()
