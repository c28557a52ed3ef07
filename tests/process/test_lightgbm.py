"""LightGBM text models: uploaded by the manager's own curl line, refused by name, traded with."""
import json
import os
import struct
import subprocess

import harness
import lightgbm_text
from forms import TYPE, form

MODELS = "/api/v1/models"
OWN = os.path.join(harness.ROOT, "tests/unit/lightgbm")
CONFIG = "/api/trading/bots/1/config"

# The configuration example of the bot manager's page (its model_id is the uploaded one's).
MANAGER = {
    "confidence_threshold": 0.40, "capital_per_trade": 200, "holding_time": 2000,
    "profit_target_pct": 0.00015, "stop_loss_pct": 0.009, "maker_order_timeout": 60, "max_positions": 2,
    "api_key": "...", "secret_key": "...", "testnet": True, "telegram_token": "...",
    "telegram_chat_id": "...", "symbol": "BTCUSDC", "socket_type": "demo",
}


def as_float(x):
    return struct.unpack("f", struct.pack("f", x))[0]


class LightGBM(harness.TestCase):

    def started(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.value("SELECT count(*) FROM models") == 1, "the sample model is there", 60)
        self.names = json.loads(bot.value("SELECT feature_names FROM models"))
        return bot

    def upload(self, bot, content):
        return bot.request("POST", MODELS + "/upload", form(content, name="mine", symbol="BTCUSDT"),
                           {"Content-Type": TYPE})

    def curl(self, bot, content):
        """The line of the bot manager's page, but for the port and the token."""
        path = os.path.join(bot.folder, "model.txt")
        with open(path, "wb") as f:
            f.write(content)
        done = subprocess.run(
            ["curl", "-sS", "-X", "POST", "http://localhost:%d/api/models/upload" % bot.port,
             "-H", "Authorization: Bearer " + harness.TOKEN, "-F", "model=@" + path,
             "-F", "name=BTCUSDC Model v1", "-F", "symbol=BTCUSDC"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60 * harness.SLOW, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_the_managers_curl_line_and_configuration(self):
        bot = self.started()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        trees = [("close", 1e9, 0.3, -5.0), ("rsi_14", 101.0, 0.125, -5.0)]	# the same for every row
        made = self.curl(bot, lightgbm_text.model(self.names, trees))
        self.assertTrue(made["success"], made)
        self.assertEqual((made["format"], made["status"], made["features"], made["symbol"]),
                         ("lightgbm-text", "ready", "features-1", "BTCUSDC"))
        answer = bot.put(CONFIG, {**MANAGER, "model_id": made["id"]})
        self.assertEqual(answer.status, 200, answer)
        # The account is in USDT, the example's symbol in USDC: a rule says so.
        said = self.rule(bot, "config_waits", made["id"])
        self.assertIn("waits", said["reason"])	# also for the sample model's trade to end
        self.assertIn("BTCUSDC", said["reason"])
        answer = bot.post("/api/v1/simulation/reset", {"bot_id": 1, "force": True})
        self.assertEqual(answer.status, 200, answer)
        bot.worker.stop()
        bot.start_worker()	# the built-in market has a past at a start: no wait for 60 candles
        # The example's target, 0.015 %, is below the fees of Binance's spot market.
        said = self.rule(bot, "edge_after_fees", made["id"], "BTCUSDC")
        self.assertIn("it would win nothing at its target", said["reason"])
        # Without fees its stop of 0.9 % still is 60 times its target.
        bot.worker.stop()
        bot.start_worker(SIMULATION_COMMISSION=0)
        said = self.rule(bot, "risk_reward", made["id"], "BTCUSDC")
        self.assertIn("MIN_RISK_REWARD_RATIO", said["reason"])
        bot.worker.stop()
        bot.start_worker(SIMULATION_COMMISSION=0, MIN_RISK_REWARD_RATIO=0)
        self.wait(lambda: bot.value("SELECT count(*) FROM trading_orders WHERE symbol = 'BTCUSDC'"),
                  "it trades", 90)
        order = bot.rows("SELECT * FROM trading_orders WHERE symbol = 'BTCUSDC'")[0]
        self.assertEqual(as_float(order["confidence"]),
                         as_float(lightgbm_text.probability(self.names, trees, [0] * 53)))
        signal = bot.rows("SELECT * FROM signals WHERE symbol = 'BTCUSDC' AND rule = 'entry'")[0]
        self.assertEqual((signal["model_id"], signal["taken"]), (made["id"], 1))

    def rule(self, bot, name, model, symbol="BTCUSDT"):
        """The signal that this rule refused."""
        sql = "SELECT * FROM signals WHERE rule = ? AND symbol = ? AND model_id = ? AND taken = 0"
        self.wait(lambda: bot.rows(sql, name, symbol, model), "the rule " + name, 90)
        return bot.rows(sql, name, symbol, model)[0]

    def test_predictions(self):
        """Through the API, on both sides of each threshold and with missing values."""
        bot = self.started()
        trees = [(self.names[i % 53], i / 7 - 3, (i % 5 - 2) / 10, (i % 3 - 1) / 10) for i in range(60)]
        made = self.upload(bot, lightgbm_text.model(self.names, trees))
        self.assertEqual(made.status, 201, made)
        self.assertEqual(made.json["format"], "lightgbm-text")
        rows = [[float((i * 7 + k * 3) % 13 - 6) for i in range(53)] for k in range(30)]
        answer = bot.post("%s/%d/predict" % (MODELS, made.json["id"]), {"rows": rows + [[None] * 53]})
        self.assertEqual(answer.status, 200, answer)
        rows.append([0.0] * 53)	# missing counts as 0 where training saw nothing missing
        for row, p in zip(rows, answer.json["predictions"]):
            self.assertEqual(as_float(p), as_float(lightgbm_text.probability(self.names, trees, row)))

    def test_what_a_bot_can_not_use_is_refused_by_name(self):
        bot = self.started()
        good = lightgbm_text.model(self.names, [("close", 1.0, 0.1, 0.2)])
        refused = [
            (lightgbm_text.model(self.names, [("close", 1.0, 0.1, 0.2)], "regression"),
             "objective is regression, which gives no probability"),
            (lightgbm_text.model(self.names[:52], [("close", 1.0, 0.1, 0.2)]),
             "trained on 52 features, and the list features-1 has 53"),
            (lightgbm_text.model(self.names[:51] + self.names[:50:-1], [("close", 1.0, 0.1, 0.2)]),
             "its column 52 is"),
            (good[:len(good) // 2], "damaged"), (good[:-60], "ends in its parameters"),
            (good.replace(b"v4", b"v9"), "version v9"),
            (good.replace(b"leaf_value=0.1 ", b"leaf_value=nan "), "can't stand there"),
            (good.replace(b"categorical:null", b"categorical:[[1]]"), "categories of pandas"),
        ]
        for name, word in (("linear", "linear leaves"), ("multiclass", "multiclass num_class:3"),
                           ("ova", "multiclassova"), ("poisson", "poisson"), ("lambda", "cross_entropy_lambda")):
            with open(os.path.join(OWN, "refused_%s.txt" % name), "rb") as f:
                refused.append((f.read(), word))
        for content, word in refused:
            answer = self.upload(bot, content)
            self.assertEqual(answer.status, 422, answer)
            self.assertEqual(answer.json["error"]["code"], "model_refused")
            self.assertIn(word, answer.json["error"]["message"])
        numbered = lightgbm_text.model(["Column_%d" % i for i in range(53)], [("Column_0", 1.0, 0.1, 0.2)])
        self.assertEqual(self.upload(bot, numbered).status, 201)
        self.assertEqual(self.upload(bot, good.replace(b"\n", b"\r\n")).status, 201)
        self.assertEqual(bot.value("SELECT count(*) FROM models"), 3)


if __name__ == "__main__":
    harness.main()
