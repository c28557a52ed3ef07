"""Several bots on one feed: what fails in one stays in one."""
import hashlib
import os
import time

import books
import harness


class Isolation(harness.TestCase):

    def add_bot(self, bot, name, **config):
        made = bot.post("/api/v1/bots", {"name": name})
        self.assertEqual(made.status, 201, made)
        bot_id = made.json["id"]
        sample = bot.rows("SELECT * FROM trading_configs WHERE bot_id = 1")[0]
        keys = ("confidence_threshold", "capital_per_trade", "holding_time", "profit_target_pct",
                "stop_loss_pct", "maker_order_timeout", "max_positions", "symbol")
        settings = {k: sample[k] for k in keys}
        settings.update(config)
        answer = bot.put("/api/v1/trading/bots/%d/config" % bot_id, settings)
        self.assertEqual(answer.status, 200, answer)
        return bot_id

    def assign(self, bot, bot_id, model_id):
        now = int(time.time() * 1e6)
        bot.write("INSERT INTO model_assignments(bot_id, model_id, assigned_us, assigned_by) "
                  "VALUES (?, ?, ?, 'test') ON CONFLICT (bot_id) DO UPDATE SET model_id = ?2",
                  bot_id, model_id, now)

    def garbage_model(self, bot):
        text = b"\x00\x01garbage" * 200
        digest = hashlib.sha256(text).hexdigest()
        os.makedirs(os.path.join(bot.data_dir, "models"), exist_ok=True)
        with open(os.path.join(bot.data_dir, "models", digest), "wb") as f:
            f.write(text)
        now = int(time.time() * 1e6)
        return bot.write(
            "INSERT INTO models(name, symbol, format, sha256, size_bytes, path, features, origin, "
            "created_us, updated_us) VALUES ('garbage', 'BTCUSDT', 'xgboost-json', ?, ?, ?, "
            "'features-1', 'upload', ?, ?)", digest, len(text), "models/" + digest, now, now)

    def test_one_fails_the_others_trade(self):
        bot = self.bot(MAX_OPEN_POSITIONS="50")
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        good = self.add_bot(bot, "good")
        other = self.add_bot(bot, "other symbol", symbol="ETHUSDT")
        bad = self.add_bot(bot, "bad")
        missing = self.add_bot(bot, "missing file")
        sample = bot.value("SELECT id FROM models ORDER BY id")
        garbage = self.garbage_model(bot)
        gone = bot.write(
            "INSERT INTO models(name, symbol, format, sha256, size_bytes, path, features, origin, "
            "created_us, updated_us) VALUES ('gone', 'BTCUSDT', 'xgboost-json', 'f', 1, 'models/gone', "
            "'features-1', 'upload', 1, 1)")
        for bot_id, model in ((good, sample), (other, sample), (bad, garbage), (missing, gone)):
            self.assign(bot, bot_id, model)
            bot.post("/api/v1/bots/%d/start" % bot_id)
        for bot_id in (bad, missing):
            self.wait(lambda i=bot_id: bot.bot_status(i) == "ERROR", "bot %d fails" % bot_id)
            row = bot.rows("SELECT * FROM bot_state WHERE bot_id = ?", bot_id)[0]
            self.assertIn("model", row["error"])
        for bot_id in (good, other):
            self.wait(lambda i=bot_id: bot.value(
                "SELECT count(*) FROM trading_orders WHERE bot_id = ? AND filled > 0", i),
                "bot %d trades" % bot_id, 90)
            self.assertEqual(bot.bot_status(bot_id), "RUNNING")
        self.assertEqual(bot.bot_status(1), "RUNNING")
        self.assertEqual(bot.value("SELECT count(*) FROM trading_orders WHERE bot_id IN (?, ?)",
                                   bad, missing), 0)
        # a repaired bot starts again
        self.assign(bot, bad, sample)
        self.wait(lambda: bot.post("/api/v1/bots/%d/start" % bad).status == 200 and
                  bot.bot_status(bad) == "RUNNING", "the repaired bot runs")
        self.assertEqual(books.breaches(bot), [])

    def test_failing_bot_after_a_restart(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        bad = self.add_bot(bot, "bad")
        self.assign(bot, bad, self.garbage_model(bot))
        bot.post("/api/v1/bots/%d/start" % bad)
        self.wait(lambda: bot.bot_status(bad) == "ERROR", "the bot fails")
        bot.worker.stop()
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is back")
        self.wait(lambda: bot.bot_status(1) == "RUNNING", "bot 1 runs")
        self.assertEqual(bot.bot_status(bad), "ERROR")

    def test_bots_keep_their_own_money(self):
        bot = self.bot()
        bot.quick_trades()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        second = self.add_bot(bot, "second")
        self.wait(lambda: bot.rows("SELECT * FROM sim_accounts WHERE bot_id = ?", second),
                  "the second bot has an account")
        before = bot.rows("SELECT * FROM sim_balances WHERE bot_id = ?", second)
        self.wait(lambda: bot.value("SELECT count(*) FROM fills WHERE bot_id = 1"), "bot 1 trades", 90)
        self.assertEqual(bot.rows("SELECT * FROM sim_balances WHERE bot_id = ?", second), before)


if __name__ == "__main__":
    harness.main()
