"""Which market is it: spot and futures of one symbol in one worker, rules from recordings."""
import gzip
import json
import os

import books
import harness

EAGER = {"confidence_threshold": 0, "holding_time": 2, "maker_order_timeout": 2, "max_positions": 1,
         "decision_interval_ms": 500, "ignore_risk_reward": True, "ignore_risk_per_trade": True,
         "profit_target_pct": 0.01, "stop_loss_pct": 0.005}
START_NS = 1_723_161_600_000_000_000


def recording(path, symbol, futures, price, step, seconds=600):
    """One bookTicker and one trade every 250 ms; price in ticks of `step` quote."""
    decimals = max(0, len(("%.10f" % step).rstrip("0").partition(".")[2]))
    with gzip.open(path, "wt", compresslevel=1) as f:
        for i in range(seconds * 4):
            ns = START_NS + i * 250_000_000
            ms = ns // 1_000_000
            bid = (price + (i * 7) % 101) * step
            texts = ["%.*f" % (decimals, p) for p in (bid, bid + step)]
            qty = "%d.%03d" % (1 + i % 37, i % 89)
            top = {"u": i + 1, "s": symbol, "b": texts[0], "B": qty, "a": texts[1], "A": qty}
            trade = {"e": "trade", "E": ms, "s": symbol, "t": i + 1, "p": texts[i % 2], "q": qty,
                     "T": ms, "m": i % 2 == 0}
            if futures:
                top = {"e": "bookTicker", **top, "T": ms, "E": ms}
                trade["X"] = "MARKET"
            else:
                trade["M"] = True
            for frame in (top, trade):
                f.write("%d %s\n" % (ns + 40_000_000, json.dumps(frame, separators=(",", ":"))))


class Markets(harness.TestCase):

    def state(self, bot, bot_id):
        rows = bot.rows("SELECT * FROM bot_state WHERE bot_id = ?", bot_id)
        return rows[0] if rows else None

    def made(self, bot, name, **config):
        answer = bot.post("/api/v1/bots", {"name": name, "config": config})
        self.assertEqual(answer.status, 201, answer)
        return answer.json["id"]

    def in_force(self, bot, bot_id, **config):
        answer = bot.put("/api/v1/trading/bots/%d/config" % bot_id, config)
        self.assertEqual(answer.status, 200, answer)
        version = answer.json["version"]
        self.wait(lambda: self.state(bot, bot_id)["applied_config_version"] == version,
                  "version %d of bot %d" % (version, bot_id), 30)

    def test_spot_and_futures_side_by_side(self):
        """Bot 1 trades BTCUSDT spot, bot 2 the perpetual; each leaves and comes back at will."""
        bot = self.bot(MARKET_DATA="synthetic")
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.in_force(bot, 1, exchange="binance", **EAGER)
        two = self.made(bot, "Perpetual", symbol="BTCUSDT", exchange="binance_futures",
                        strategy="ema_cross", interval="1s", **EAGER)
        self.wait(lambda: self.state(bot, two), "bot 2 is there")
        self.assertEqual(self.state(bot, two)["error"], "")
        kinds = {r["bot_id"]: r["kind"] for r in bot.rows("SELECT bot_id, kind FROM sim_accounts")}
        self.assertEqual(kinds, {1: "spot", two: "futures"})
        self.in_force(bot, two, exchange="binance")
        self.in_force(bot, 1, exchange="binance_futures")
        self.in_force(bot, two, exchange="binance_futures")
        for bot_id in (1, two):
            self.assertEqual(self.state(bot, bot_id)["error"], "")
            self.assertEqual(self.state(bot, bot_id)["config_error"], "")
        bot.worker.kill9()
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is back", 60)
        self.wait(lambda: self.state(bot, two)["status"] != "ERROR", "bot 2 comes up")
        self.assertEqual(books.breaches(bot), [])

    def test_two_recordings_of_one_symbol(self):
        """Spot at 60,000 and the perpetual at 70,000: each bot sees its own price."""
        bot = self.bot()
        spot, perp = (os.path.join(bot.folder, n) for n in ("spot.gz", "perp.gz"))
        recording(spot, "BTCUSDT", False, 6_000_000, 0.01)
        recording(perp, "BTCUSDT", True, 700_000, 0.1)
        bot.env.update(MARKET_DATA="replay", RECORDING="%s %s" % (spot, perp))
        bot.start()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        two = self.made(bot, "Perpetual", symbol="BTCUSDT", exchange="binance_futures",
                        strategy="ema_cross", interval="1s")
        for bot_id, low, high in ((1, 60_000, 60_002), (two, 70_000, 70_012)):
            self.wait(lambda: self.state(bot, bot_id) and
                      low <= (self.state(bot, bot_id)["last_price"] or 0) < high,
                      "bot %d sees its market's price" % bot_id, 30)

    def test_a_recording_that_comes_back(self):
        """One of two recordings is away: the feed has failed, says which, and nothing plays on;
        put back, the feed is live again and says nothing of it."""
        bot = self.bot()
        files = [os.path.join(bot.folder, n) for n in ("btc.gz", "pepe.gz")]
        recording(files[0], "BTCUSDT", False, 6_000_000, 0.01, 20)
        recording(files[1], "PEPEUSDT", False, 800, 0.00000001, 20)
        bot.env.update(MARKET_DATA="replay", RECORDING=" ".join(files), REPLAY_LOOP="1",
                       REPLAY_SPEED="max")
        bot.start()

        def feed():
            return bot.get("/api/v1/status/health/detailed").json["feed"]

        def events():
            return bot.value("SELECT events FROM worker_heartbeat")

        self.wait(lambda: feed()["state"] == "live", "the feed is live", 60)
        said = feed()["message"]
        for away in files:
            os.rename(away, away + ".away")
            self.wait(lambda: feed()["state"] == "failed", "the feed has failed", 60)
            self.assertIn(away, feed()["message"])
            stood, beat = events(), bot.value("SELECT beat_us FROM worker_heartbeat")
            self.wait(lambda: bot.value("SELECT beat_us FROM worker_heartbeat") > beat + 2_500_000,
                      "it beats on", 60)
            self.assertEqual(events(), stood)
            self.assertEqual(feed()["state"], "failed")
            os.rename(away + ".away", away)
            self.wait(lambda: feed()["state"] == "live", "the feed is live again", 60)
            self.assertEqual(feed()["message"], said)
            self.wait(lambda: events() > stood, "the market goes on", 60)
        told = [r for r in bot.worker.log() if r["message"] == "market data is back"]
        self.assertEqual(len(told), len(files))
        self.assertEqual(bot.worker.stop(), 0)

    def test_an_error_goes_with_its_cause(self):
        """A bot whose market is not there is in ERROR and says so; with a market that is there
        nothing of it stays, whether the worker saw the change or was away."""
        bot = self.bot()
        file = os.path.join(bot.folder, "pepe.gz")
        recording(file, "PEPEUSDT", False, 800, 0.00000001)
        bot.env.update(MARKET_DATA="replay", RECORDING=file)
        bot.start()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        ids = [self.made(bot, name, symbol="BTCUSDT", exchange="binance", strategy="ema_cross")
               for name in ("seen", "away", "kept")]
        for bot_id in ids:
            self.wait(lambda: self.state(bot, bot_id), "bot %d has a row" % bot_id)
            row = self.state(bot, bot_id)
            self.assertEqual(row["status"], "ERROR")
            self.assertIn("the recording has no BTCUSDT", row["error"])
            status = bot.get("/api/v1/bots/%d/status" % bot_id).json
            self.assertIn("the recording has no BTCUSDT", status["config_version"]["error"])
        seen, away, kept = ids

        def well(bot_id, status):
            state = self.state(bot, bot_id)
            return (state["status"], state["error"], state["config_error"]) == (status, "", "")

        self.in_force(bot, seen, symbol="PEPEUSDT")
        self.wait(lambda: well(seen, "STOPPED"), "nothing of the error is left", 30)
        answer = bot.put("/api/v1/trading/bots/%d/config" % seen, {"symbol": "ETHUSDT"})
        self.assertEqual(answer.status, 200, answer)
        self.wait(lambda: "no ETHUSDT" in self.state(bot, seen)["config_error"], "it says so", 30)
        self.in_force(bot, seen, symbol="PEPEUSDT")
        self.wait(lambda: well(seen, "STOPPED"), "nothing of it is left", 30)
        self.assertEqual(bot.worker.stop(), 0)
        answer = bot.put("/api/v1/trading/bots/%d/config" % away, {"symbol": "PEPEUSDT"})
        self.assertEqual(answer.status, 200, answer)
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is back", 60)
        self.wait(lambda: well(away, "STOPPED"), "nothing of the error is left", 30)
        self.assertEqual(self.state(bot, kept)["status"], "ERROR")
        self.assertIn("no BTCUSDT", self.state(bot, kept)["error"])
        for bot_id in (seen, away):
            answer = bot.post("/api/v1/bots/%d/start" % bot_id)
            self.assertEqual(answer.status, 200, answer)
            self.wait(lambda: well(bot_id, "RUNNING"), "bot %d runs" % bot_id, 30)
        self.assertEqual(bot.post("/api/v1/bots/%d/start" % kept).status, 409)

    def test_the_rules_are_shown_with_their_origin(self):
        """API, status and doctor show the worker's own rows; a start with another market
        leaves none of before."""
        bot = self.bot()
        spot, perp = (os.path.join(bot.folder, n) for n in ("pepe.gz", "perp.gz"))
        recording(spot, "PEPEUSDT", False, 800, 0.00000001)
        recording(perp, "BTCUSDT", True, 700_000, 0.1)
        told = {"symbol": "BTCUSDT", "contractType": "PERPETUAL", "baseAsset": "BTC",
                "quoteAsset": "USDT", "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.1"},
            {"filterType": "LOT_SIZE", "minQty": "0.002", "maxQty": "900", "stepSize": "0.001"},
            {"filterType": "MIN_NOTIONAL", "notional": "110"}]}
        with gzip.open(perp, "rt") as f:
            frames = f.read()
        with gzip.open(perp, "wt", compresslevel=1) as f:
            f.write("%d %s\n%s" % (START_NS, json.dumps(told), frames))
        bot.env.update(MARKET_DATA="replay", RECORDING="%s %s" % (spot, perp),
                       SIMULATION_COMMISSION="0.0007")
        bot.start()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        answer = bot.get("/api/v1/markets")
        self.assertEqual(answer.status, 200)
        rules = {(m["symbol"], m["exchange"]): m for m in answer.json["markets"]}
        self.assertEqual(len(rules), 2)
        pepe = rules["PEPEUSDT", "binance"]
        self.assertEqual({k: pepe[k] for k in ("tick", "step", "min_notional", "origin", "source",
                                               "max_quantity", "fee_maker", "base", "quote")},
                         {"tick": 1e-8, "step": 0.001, "min_notional": 5, "origin": "derived",
                          "source": "replay", "max_quantity": None, "fee_maker": 0.0007,
                          "base": "PEPE", "quote": "USDT"})
        self.assertIn("derived from", pepe["note"])
        btc = rules["BTCUSDT", "binance_futures"]
        self.assertEqual({k: btc[k] for k in ("tick", "step", "min_quantity", "max_quantity",
                                              "min_notional", "origin", "fee_taker")},
                         {"tick": 0.1, "step": 0.001, "min_quantity": 0.002, "max_quantity": 900,
                          "min_notional": 110, "origin": "exchange", "fee_taker": 0.0007})
        for command in ("status", "doctor"):
            shown = bot.cli(command).stdout
            self.assertIn("market (replay) PEPEUSDT spot: tick 0.00000001, step 0.001,", shown)
            self.assertIn("market (replay_futures) BTCUSDT USD-M futures: tick 0.1, step 0.001, an order "
                          "is at least 0.002 BTC and worth 110 USDT", shown)
        self.assertEqual(bot.request("GET", "/api/v1/markets", token="wrong").status, 401)
        for symbol, told in (("BTCUSDT", "least is 110 (of the worker's market)"),
                             ("ETHUSDT", "least is 20 (by our table of 2024-08)"),
                             ("ADAUSDT", "least is 5 (usual for futures)")):
            answer = bot.post("/api/v1/trading/bots/1/config/validate", {
                "symbol": symbol, "exchange": "binance_futures", "leverage": 1,
                "capital_per_trade": 4.5})
            self.assertEqual(answer.status, 200, answer)
            warned = [w["message"] for w in answer.json["warnings"] if w["field"] == "capital_per_trade"]
            self.assertTrue([m for m in warned if told in m], (told, warned))
        bot.put("/api/v1/trading/bots/1/config", {"profit_target_pct": 0.021, "stop_loss_pct": 0.009,
                                                  "capital_per_trade": 200})
        meaning = {"profit_target_pct": "2.1 % = 4.20 USDT", "stop_loss_pct": "0.9 % = 1.80 USDT"}
        history = bot.get("/api/v1/trading/bots/1/config/history").json["history"]
        self.assertEqual({k: history[0]["meaning"][k] for k in meaning}, meaning)
        self.assertTrue(all(row["meaning"] for row in history))
        self.assertNotEqual(history[-1]["meaning"], history[0]["meaning"])
        self.assertEqual(bot.get("/api/v1/bots").json["bots"][0]["meaning"], meaning)
        self.assertEqual(bot.worker.stop(), 0)
        bot.start_worker(MARKET_DATA="synthetic")
        self.wait(lambda: bot.rows("SELECT DISTINCT source FROM markets") == [{"source": "synthetic"}],
                  "only the built-in market's are left", 60)
        self.wait(lambda: bot.rows("SELECT 1 FROM markets JOIN trading_configs USING (symbol, exchange)"),
                  "and bot 1's is among them", 60)

    def test_a_coin_that_is_not_in_the_table_trades(self):
        """The rules of an unknown coin come from what was recorded of it: orders are taken."""
        bot = self.bot()
        file = os.path.join(bot.folder, "pepe.gz")
        recording(file, "PEPEUSDT", False, 800, 0.00000001)
        run = bot.cli("replay", file)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("PEPEUSDT spot: tick 0.00000001, step 0.001,", run.stdout)
        self.assertIn("derived from", run.stdout)


if __name__ == "__main__":
    harness.main()
