"""A bot's settings: applied while it runs, refused with a reason, never half taken."""
import time

import harness

CONFIG = "/api/v1/trading/bots/1/config"


class Config(harness.TestCase):

    def started(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def applied(self, bot):
        return bot.value("SELECT applied_config_version FROM bot_state WHERE bot_id = 1")

    def test_put_is_applied_at_once_and_reported(self):
        bot = self.started()
        before = bot.get(CONFIG)
        self.assertEqual(before.status, 200, before)
        slowest = 0.0
        for i in range(10):
            version = bot.value("SELECT version FROM trading_configs WHERE bot_id = 1")
            started = time.monotonic()
            answer = bot.put(CONFIG, {"confidence_threshold": 0.5 + i / 100})
            self.assertEqual(answer.status, 200, answer)
            self.wait(lambda v=version: self.applied(bot) == v + 1, "version %d applies" % (version + 1))
            slowest = max(slowest, time.monotonic() - started)
        print("slowest of 10 from PUT to applied: %.0f ms" % (slowest * 1000))
        now = bot.get(CONFIG).json
        self.assertIn("0.59", str(now))
        status = bot.status()
        self.assertIn(str(version + 1), str(status))
        self.assertEqual(bot.bot_status(), "RUNNING")

    def test_the_environment_is_shown(self):
        bot = self.bot(ENVIRONMENT="dev")
        bot.start()
        self.assertEqual(bot.get("/api/v1/status/info").json["environment"], "development")
        for program, begin in ((bot.api, "listening on "), (bot.worker, "version ")):
            first = self.wait(lambda: next((r["message"] for r in program.log()
                                            if r["message"].startswith(begin)), None), "it says so")
            self.assertIn(", development, ", first)

    def test_one_message_per_bad_field(self):
        bot = self.started()
        version = bot.value("SELECT version FROM trading_configs WHERE bot_id = 1")
        bad = {"confidence_threshold": 7, "holding_time": "long", "no_such_key": 1,
               "side_mode": "sideways"}
        answer = bot.put(CONFIG, bad)
        self.assertEqual(answer.status, 422, answer)
        fields = {f["field"]: f["message"] for f in answer.json["error"]["fields"]}
        self.assertEqual(set(fields), set(bad))
        self.assertTrue(all(fields.values()))
        self.assertEqual(bot.value("SELECT version FROM trading_configs WHERE bot_id = 1"), version)
        # what would be refused says the same when only asked
        asked = bot.post(CONFIG + "/validate", bad)
        self.assertEqual((asked.status, asked.json["valid"]), (200, False), asked)
        self.assertEqual({f["field"] for f in asked.json["errors"]}, set(bad))

    def test_validate_warns_of_what_never_trades(self):
        bot = self.started()
        answer = bot.post(CONFIG + "/validate", {"profit_target_pct": 0.00015, "stop_loss_pct": 0.009})
        self.assertEqual(answer.status, 200, answer)
        self.assertIn("profit_target_pct", str(answer.json["warnings"]))

    def test_bad_row_by_hand_keeps_the_last_good_config(self):
        bot = self.started()
        good = self.applied(bot)
        bot.write("UPDATE trading_configs SET confidence_threshold = 7, version = version + 1 "
                  "WHERE bot_id = 1")
        error = self.wait(lambda: bot.value("SELECT config_error FROM bot_state WHERE bot_id = 1"),
                          "the worker says what is wrong")
        self.assertIn("confidence_threshold", error)
        self.assertEqual(self.applied(bot), good)
        self.assertEqual(bot.bot_status(), "RUNNING")
        bot.write("UPDATE trading_configs SET confidence_threshold = 0.5, version = version + 1 "
                  "WHERE bot_id = 1")
        self.wait(lambda: self.applied(bot) == good + 2, "the repaired row applies")
        self.assertEqual(bot.value("SELECT config_error FROM bot_state WHERE bot_id = 1"), "")

    def test_bad_row_while_the_worker_is_away(self):
        bot = self.started()
        bot.worker.stop()
        bot.write("UPDATE trading_configs SET holding_time = -5, version = version + 1 "
                  "WHERE bot_id = 1")
        bot.start_worker()
        error = self.wait(lambda: bot.value("SELECT config_error FROM bot_state WHERE bot_id = 1"),
                          "the worker says what is wrong")
        self.assertIn("holding_time", error)
        self.assertTrue(bot.worker.alive())

    def test_rollback(self):
        bot = self.started()
        first = bot.value("SELECT confidence_threshold FROM trading_configs WHERE bot_id = 1")
        base = bot.value("SELECT version FROM trading_configs WHERE bot_id = 1")
        self.assertEqual(bot.put(CONFIG, {"confidence_threshold": 0.77}).status, 200)
        answer = bot.post(CONFIG + "/rollback", {"version": base})
        self.assertEqual(answer.status, 200, answer)
        row = bot.rows("SELECT version, confidence_threshold FROM trading_configs WHERE bot_id = 1")[0]
        self.assertEqual((row["version"], row["confidence_threshold"]), (base + 2, first))
        self.wait(lambda: self.applied(bot) == base + 2, "the old values apply as a new version")
        history = bot.get(CONFIG + "/history")
        self.assertEqual(history.status, 200, history)
        self.assertEqual([r["version"] for r in bot.rows(
            "SELECT version FROM trading_config_history WHERE bot_id = 1 ORDER BY version")], list(range(1, base + 3)))
        self.assertEqual(bot.post(CONFIG + "/rollback", {"version": 99}).status, 404)

    def test_lost_update_is_prevented(self):
        bot = self.started()
        tag = bot.get(CONFIG).headers["ETag"]
        self.assertEqual(bot.put(CONFIG, {"holding_time": 130}, headers={"If-Match": tag}).status, 200)
        late = bot.put(CONFIG, {"holding_time": 140}, headers={"If-Match": tag})
        self.assertIn(late.status, (409, 412), late)
        self.assertEqual(bot.value("SELECT holding_time FROM trading_configs WHERE bot_id = 1"), 130)

    def test_secrets_are_masked_and_sealed(self):
        bot = self.started()
        self.assertEqual(bot.put(CONFIG, {"api_key": "SECRET-abc", "secret_key": "SECRET-def"}).status,
                         200)
        self.assertNotIn("SECRET-", bot.get(CONFIG).body)
        row = bot.rows("SELECT * FROM trading_configs WHERE bot_id = 1")[0]
        self.assertNotIn("SECRET-", str(row))
        self.assertTrue(row["api_key"].startswith("v1:"))
        self.wait(lambda: self.applied(bot) == row["version"], "the worker can open them")
        bot.stop()
        self.assertNotIn("SECRET-", bot.api.output() + bot.worker.output())


if __name__ == "__main__":
    harness.main()
