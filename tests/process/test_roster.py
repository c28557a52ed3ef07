"""Which bots run with what: changes that must wait, that can't be, and restarts between."""
import os

import books
import harness
import recording

# An entry at once, at a new price when the market went away from it, and a position that stays.
PATIENT = {"confidence_threshold": 0, "holding_time": 1000000, "profit_target_pct": 5,
           "stop_loss_pct": 0.5, "max_positions": 1, "maker_order_timeout": 2,
           "ignore_risk_per_trade": True, "confirm_wide": True}
QUICK = {"confidence_threshold": 0, "holding_time": 1, "maker_order_timeout": 2,
         "max_positions": 1, "decision_interval_ms": 1000}


class Roster(harness.TestCase):

    def configure(self, bot, bot_id=1, **settings):
        answer = bot.put("/api/v1/trading/bots/%d/config" % bot_id, settings)
        self.assertEqual(answer.status, 200, answer)
        return bot.value("SELECT version FROM trading_configs WHERE bot_id = ?", bot_id)

    def running(self, **settings):
        """With these settings from its first trade on: an open position keeps those it began with."""
        bot = self.bot()
        bot.start_api()
        version = self.configure(bot, **settings)
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.wait(lambda: self.applied(bot) == version, "the settings are in force")
        return bot

    def applied(self, bot, bot_id=1):
        return bot.value("SELECT applied_config_version FROM bot_state WHERE bot_id = ?", bot_id)

    def state(self, bot, bot_id=1):
        return bot.rows("SELECT * FROM bot_state WHERE bot_id = ?", bot_id)[0]

    def restart(self, bot, **env):
        bot.worker.kill9()
        bot.start_worker(**env)
        self.wait(bot.worker_is_up, "the worker is back", 60)

    def test_restart_while_a_new_symbol_waits(self):
        """The open position is still somebody's; the new symbol comes when it is closed."""
        bot = self.running(**PATIENT)
        self.wait(lambda: self.state(bot)["open_positions"], "a position is open", 90)
        old = self.applied(bot)
        new = self.configure(bot, symbol="ETHUSDT")
        self.wait(lambda: self.state(bot)["config_error"], "the new symbol has to wait")
        self.restart(bot)
        self.wait(lambda: self.state(bot)["status"] == "RUNNING", "the bot runs again")
        self.assertEqual(self.applied(bot), old)
        self.wait(lambda: self.state(bot)["open_positions"] == 1, "it has its position")
        answer = bot.post("/api/v1/bot/stop", {"positions": "close"})
        self.assertEqual(answer.status, 200, answer)
        self.wait(lambda: self.applied(bot) == new, "flat, and on the new symbol")
        self.assertEqual(bot.value("SELECT base_asset FROM sim_accounts WHERE bot_id = 1"), "ETH")
        self.assertEqual(bot.value("SELECT count(*) FROM trading_orders WHERE status != 'closed'"), 0)
        self.assertEqual(books.breaches(bot), [])

    def test_a_bot_that_comes_up_late_has_its_position(self):
        """Settings that nobody can use, at the start: the position waits for them, with the bot."""
        bot = self.running(**PATIENT)
        self.wait(lambda: self.state(bot)["open_positions"], "a position is open", 90)
        bot.worker.kill9()
        good = bot.rows("SELECT version, config FROM trading_config_history WHERE bot_id = 1")
        bot.write("UPDATE trading_configs SET max_positions = -5 WHERE bot_id = 1")
        bot.write("UPDATE trading_config_history SET config = 'nonsense' WHERE bot_id = 1")
        bot.start_worker()
        self.wait(lambda: self.state(bot)["status"] == "ERROR", "the bot can't come up", 60)
        self.assertEqual(self.state(bot)["open_positions"], 1)
        for row in good:
            bot.write("UPDATE trading_config_history SET config = ? WHERE version = ? AND bot_id = 1",
                      row["config"], row["version"])
        bot.write("UPDATE trading_configs SET max_positions = 1, version = version + 1 WHERE bot_id = 1")
        self.wait(lambda: self.state(bot)["status"] == "STOPPED", "the bot came up", 60)
        self.assertEqual(self.state(bot)["open_positions"], 1)
        answer = bot.post("/api/v1/bot/start")
        self.assertEqual(answer.status, 200, answer)
        answer = bot.post("/api/v1/bot/stop", {"positions": "close"})
        self.assertEqual(answer.status, 200, answer)
        self.wait(lambda: not bot.value("SELECT count(*) FROM trading_orders WHERE status != 'closed'"),
                  "the position is sold", 60)
        self.assertEqual(self.state(bot)["open_positions"], 0)
        self.assertEqual(books.breaches(bot), [])

    def test_what_trades_leave_does_not_hold_a_new_symbol_up(self):
        """Coins under the lot step stay until the next trade; they are worth their price."""
        bot = self.running(**QUICK)
        self.wait(lambda: bot.value("SELECT count(*) FROM trading_orders WHERE dust_taken > 0") > 2,
                  "trades have sold what those before had left", 120)
        bot.post("/api/v1/bot/stop", {"positions": "close"})
        self.wait(lambda: not bot.value("SELECT count(*) FROM trading_orders WHERE status != 'closed'"),
                  "the bot is flat")
        equity = self.state(bot)["equity"]
        self.assertGreater(self.state(bot)["dust"], 0)
        self.assertLess(self.state(bot)["dust"], 1e-5)
        new = self.configure(bot, symbol="ETHUSDT")
        self.wait(lambda: self.applied(bot) == new, "the new symbol is in force")
        capital = bot.value("SELECT initial_capital FROM sim_accounts WHERE bot_id = 1")
        self.assertAlmostEqual(capital, equity, delta=0.5)
        self.assertEqual(self.state(bot)["dust"], 0)
        self.assertEqual(books.breaches(bot), [])

    def test_statistics_of_today_go_on_beside_later_days(self):
        """The clock was ahead once, or a recording of later days was played here."""
        bot = self.running(**QUICK)
        closed = "SELECT count(*) FROM trading_orders WHERE status = 'closed' AND filled > 0"
        self.wait(lambda: bot.value(closed), "a trade is closed", 90)
        bot.worker.stop()
        bot.write("INSERT INTO trading_stats(bot_id, day, trades, updated_us) VALUES (1, '2099-01-01', 7, 1)")
        before = bot.value(closed)
        bot.start_worker()
        self.wait(lambda: bot.value(closed) > before, "another one is closed", 90)
        bot.worker.stop()
        self.assertEqual(bot.value("SELECT sum(trades) FROM trading_stats WHERE day < '2099'"),
                         bot.value(closed))

    def test_a_symbol_that_never_can_be_is_told_once(self):
        bot = self.bot()
        bot.env.update(MARKET_DATA="replay", RECORDING=recording.write(
            os.path.join(bot.folder, "btc.gz"), 60, seed=9))
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        other = bot.post("/api/v1/bots", {"name": "other"}).json["id"]
        self.configure(bot, other, symbol="ETHUSDT")	# in no recording
        self.wait(lambda: "the recording has no ETHUSDT" in str(bot.value(
            "SELECT config_error FROM bot_state WHERE bot_id = ?", other)), "it is refused")
        turns = bot.value("SELECT turns FROM worker_heartbeat")
        self.wait(lambda: bot.value("SELECT turns FROM worker_heartbeat") > turns + 20, "some turns")
        told = [r for r in bot.worker.log() if "the recording has no ETHUSDT" in r["message"]]
        self.assertEqual(len(told), 1, told)

    def test_spot_and_futures_of_one_symbol(self):
        """Two markets in one worker: a bot may move to the other and back without a restart."""
        bot = self.running(**QUICK)
        other = bot.post("/api/v1/bots", {"name": "other"}).json["id"]
        for exchange in ("binance_futures", "binance", "binance_futures"):
            version = self.configure(bot, other, symbol="BTCUSDT", exchange=exchange)
            self.wait(lambda: self.applied(bot, other) == version, "it is on " + exchange)
            self.assertIsNone(self.state(bot, other)["config_error"] or None)

    def test_a_model_taken_away(self):
        bot = self.running(**QUICK)
        model = self.state(bot)["applied_model_id"]
        self.assertTrue(model)
        self.configure(bot, model_id=model)
        self.configure(bot, model_id=0)
        self.assertEqual(bot.value("SELECT count(*) FROM model_assignments WHERE bot_id = 1"), 0)
        self.wait(lambda: self.state(bot)["applied_model_id"] == 0, "the model is gone")
        self.wait(lambda: bot.value("SELECT rule FROM signals ORDER BY id DESC LIMIT 1") == "no_model",
                  "no decision without it")

    def test_a_bot_that_can_not_come_up_forgets_nothing(self):
        """Limits count from the peak and from the losses before; a stop stays one."""
        bot = self.running(**QUICK)
        self.wait(lambda: self.state(bot)["peak_equity"] > 0, "equity was looked at", 60)
        self.assertEqual(bot.post("/api/v1/bot/emergency-stop").status, 200)
        self.wait(lambda: self.state(bot)["emergency"] == 2, "all is closed")
        bot.worker.stop()
        kept = ("peak_equity", "day_equity", "day", "loss_streak", "emergency", "start_us",
                "last_decision_us")
        before = self.state(bot)
        other = recording.write(os.path.join(bot.folder, "made.gz"), 30, seed=3, symbol="XRPUSDT")
        bot.start_worker(MARKET_DATA="replay", RECORDING=other)
        self.wait(lambda: "XRPUSDT" in self.state(bot)["error"], "the symbol is missing", 60)
        after = self.state(bot)
        self.assertEqual({k: after[k] for k in kept}, {k: before[k] for k in kept})
        self.assertEqual(after["status"], "STOPPED")


if __name__ == "__main__":
    harness.main()
