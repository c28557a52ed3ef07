"""A worker that runs one bot only does no harm to the others."""
import json

import books
import harness


class OneBot(harness.TestCase):
    def two_bots(self):
        """Bot 1, the sample bot, which runs; bot 2, which was not started yet."""
        bot = self.bot()
        bot.quick_trades(holding_s=1000)
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.assertEqual(bot.post("/api/v1/bots", {"name": "second"}).json["id"], 2)
        answer = bot.put("/api/v1/trading/bots/2/config", {"strategy": "ema_cross"})
        self.assertEqual(answer.status, 200, answer)
        return bot

    def of_others(self, bot):
        tables = ("trading_orders", "exchange_orders", "fills", "sim_orders", "sim_accounts",
                  "sim_balances", "sim_ledger", "bot_state", "bot_events")
        return {t: bot.rows("SELECT * FROM %s WHERE bot_id != 2" % t) for t in tables}

    def test_refused_while_others_have_something_open(self):
        bot = self.two_bots()
        self.wait(lambda: bot.value("SELECT 1 FROM trading_orders WHERE status = 'active'"),
                  "bot 1 holds something", 180)
        self.assertEqual(bot.worker.stop(), 0)
        before = self.of_others(bot)
        commands = bot.value("SELECT count(*) FROM commands")
        refused = bot.launch("trading-bot-worker", "--bot-id", "2", "--config-json",
                             json.dumps({"max_positions": 7}))
        self.wait(lambda: not refused.alive() or bot.value(
            "SELECT 1 FROM worker_heartbeat WHERE pid = ?", refused.pid), "it ends, or trades", 60)
        self.assertFalse(refused.alive(), "it trades")
        self.assertEqual(refused.wait(), 1)
        self.assertIn("other bots have open orders or positions, which nobody would watch (bots: 1)",
                      refused.output())
        self.assertEqual(self.of_others(bot), before)
        self.assertEqual(bot.value("SELECT count(*) FROM commands"), commands, "nothing is queued")
        self.assertNotEqual(bot.value("SELECT max_positions FROM trading_configs WHERE bot_id = 2"), 7)
        bot.start_worker("--bot-id", "1")	# its own orders hinder nobody
        self.wait(bot.worker_is_up, "the worker of bot 1 is up", 60)
        self.assertEqual(bot.worker.stop(), 0)
        self.assertEqual(books.breaches(bot), [])

    def test_commands_for_all_are_kept_for_the_others(self):
        bot = self.two_bots()

        def paused_and_flat():
            bot.cli("emergency-stop", "1")
            bot.cli("start", "1")
            return bot.cli("pause", "1").returncode == 0 and not bot.value(
                "SELECT 1 FROM trading_orders WHERE status != 'closed'")
        self.wait(paused_and_flat, "bot 1 is paused and flat", 120)
        self.assertEqual(bot.worker.stop(), 0)
        bot.start_worker("--bot-id", "2")
        self.wait(bot.worker_is_up, "the worker of bot 2 is up", 60)
        self.wait(lambda: bot.bot_status(2) == "RUNNING", "bot 2 runs")
        said = bot.cli("emergency-stop")
        self.assertEqual(said.returncode, 0, said)
        self.assertEqual(bot.bot_status(2), "STOPPED")
        self.assertEqual(bot.rows("SELECT kind, status FROM commands WHERE bot_id = 1 ORDER BY id DESC")[0],
                         {"kind": "emergency-stop", "status": "queued"})
        self.assertEqual(bot.bot_status(1), "PAUSED", "the row of a bot that does not run here")
        self.wait(lambda: not bot.value("SELECT 1 FROM trading_orders WHERE status != 'closed'"), "bot 2 is flat", 60)
        self.assertEqual(bot.worker.stop(), 0)
        bot.start_worker()
        self.wait(lambda: bot.bot_status(1) == "STOPPED", "bot 1 is stopped before anything", 60)
        self.assertEqual(bot.value("SELECT count(*) FROM commands WHERE status = 'queued'"), 0)


if __name__ == "__main__":
    harness.main()
