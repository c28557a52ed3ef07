"""A restart does not lose a window of candles: stored ones fill it, where nothing is missing."""
import gzip
import json
import os
import time
import unittest

import harness
import replays
from test_time import Clock

S = 1_000_000
MINUTE = 60 * S
LENGTHS = {"1m": MINUTE, "5m": 5 * MINUTE, "1h": 60 * MINUTE}
CROSS = {"strategy": "ema_cross", "interval": "1m", "confidence_threshold": 0.01}
RULES = "SELECT DISTINCT rule FROM signals WHERE at_us > ?"


def now_us(ahead_s=0):
    return int((time.time() + ahead_s) * S)


def run_of(bot, interval="1m", source="synthetic", symbol="BTCUSDT"):
    rows = bot.rows("SELECT since_us, until_us FROM candle_runs WHERE source = ? AND symbol = ? AND interval = ?",
                    source, symbol, interval)
    return (rows[0]["since_us"], rows[0]["until_us"]) if rows else (0, 0)


def stored(bot, interval="1m", source="synthetic"):
    return {r["open_us"]: tuple(r.values()) for r in
            bot.rows("SELECT * FROM candles WHERE source = ? AND interval = ? ORDER BY open_us", source, interval)}


class WarmUp(harness.TestCase):

    def cross(self, interval="1m", **env):
        """A bot that decides by candles of an interval; its worker is not up."""
        bot = self.bot(**env)
        bot.start_worker("--bot-id", "1", "--config-json", json.dumps({**CROSS, "interval": interval}))
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.assertEqual(bot.worker.stop(), 0)
        return bot

    def fill(self, bot, n, until_us, interval="1m", source="synthetic", made_by="seed 7"):
        """n candles as a run before would have left them."""
        length = LENGTHS[interval]
        until_us -= until_us % length
        bot.write("DELETE FROM candles WHERE interval = ?", interval)
        bot.write("WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < ?1)"
                  " INSERT INTO candles SELECT ?2, 'BTCUSDT', ?3, ?4 - i * ?5, 60000 + i, 60001 + i,"
                  " 59999 + i, 60000 + i, 2, 1, 3 FROM t", n, source, interval, until_us, length)
        bot.write("INSERT OR REPLACE INTO candle_runs VALUES (?, 'BTCUSDT', ?, ?, ?, ?)", source, interval,
                  made_by, until_us - n * length, until_us)
        return until_us

    def says(self, bot, text):
        self.wait(lambda: not bot.worker.alive() or
                  [r for r in bot.worker.log() if text in r.get("message", "")], "the log says: " + text, 60)
        self.assertTrue(bot.worker.alive())

    def candles(self, bot):
        return bot.value("SELECT candles FROM bot_state WHERE bot_id = 1")

    def ends_with(self, bot, n):
        self.wait(lambda: self.candles(bot) == n, "%d candles are in the window" % n, 60)
        self.assertEqual(bot.worker.stop(), 0)

    @unittest.skipIf("san" in harness.BUILD, "a sanitizer wants to be loaded first")
    def test_goes_on_after_a_restart(self):
        """Two hours of a market, then it ends in each way; it decides on the next candle."""
        clock = Clock(self.folder())
        bot = self.cross()
        bot.start(**clock.env)
        self.wait(bot.worker_is_up, "the worker is up")
        begun = now_us()
        ahead = 2 * 3600
        clock.set(ahead)
        self.wait(lambda: self.candles(bot) == 60 and run_of(bot)[1] > now_us(ahead) - MINUTE,
                  "two hours of candles are closed", 120)
        self.assertEqual(bot.status()["warm_up"], {"candles": 60, "needed": 60, "ready_in_seconds": 0})
        self.assertIn("no_cross", {r["rule"] for r in bot.rows(RULES, begun)})
        since, _ = run_of(bot)
        for end, down in ((bot.worker.stop, 30), (bot.worker.kill9, 25 * 60), (bot.worker.kill9, 23 * 3600)):
            end = getattr(bot.worker, end.__name__)
            end()
            before = stored(bot)
            ahead += down
            clock.set(ahead)
            up = now_us(ahead)
            bot.start_worker(**clock.env)
            self.says(bot, "BTCUSDT 1m (synthetic): goes on with 60 stored candles")
            self.wait(lambda u=up: run_of(bot)[1] > u - MINUTE, "the time between is made", 120)
            ahead += 60
            clock.set(ahead)
            self.wait(lambda u=up: bot.rows(RULES, u), "it decides on the next candle", 60)
            self.assertNotIn("warm_up", {r["rule"] for r in bot.rows(RULES, up)})
            self.assertEqual(self.candles(bot), 60)
            after = stored(bot)
            self.assertEqual({at: after[at] for at in before}, before, "what was stored stays")
            opens = sorted(after)
            self.assertEqual(opens, list(range(since, opens[-1] + 1, MINUTE)), "no holes")
            self.assertEqual(run_of(bot)[0], since)
        # More than a day: it begins anew and says so.
        bot.worker.kill9()
        ahead += 25 * 3600
        clock.set(ahead)
        bot.start_worker(**clock.env)
        self.says(bot, "BTCUSDT 1m (synthetic): the window starts anew: ")
        self.says(bot, "they ended 26 hours ago, and the built-in market is made through a day at most; the first"
                       " decision comes in 60 minutes")
        self.wait(lambda: self.candles(bot) < 5, "the window is new")
        warm_up = bot.status()["warm_up"]
        self.assertGreater(warm_up["ready_in_seconds"], 50 * 60)
        self.assertEqual(bot.stop(), [0, 0])

    @unittest.skipIf("san" in harness.BUILD, "a sanitizer wants to be loaded first")
    def test_a_clock_that_is_corrected(self):
        """... by some seconds, to just before the end of the newest candle, is no other time."""
        clock = Clock(self.folder())
        bot = self.cross()
        for back, says in ((5, "goes on with 60 stored candles"), (30, "the clock was set back")):
            until = self.fill(bot, 90, now_us())
            clock.set(until // S - back - int(time.time()))
            bot.start_worker(**clock.env)
            self.says(bot, says)
            self.wait(lambda b=back: self.candles(bot) in ((60,) if b == 5 else (0, 1)), "the window is so")
            if back == 5:
                clock.set(until // S + 61 - int(time.time()))
                self.wait(lambda u=until: run_of(bot)[1] == u + MINUTE, "the next candle closes", 60)
                self.assertEqual(self.candles(bot), 60)
                self.assertEqual(run_of(bot)[0], until - 90 * MINUTE)
            self.assertEqual(bot.worker.stop(), 0)

    def test_what_may_not_warm(self):
        bot = self.cross()
        minutes = 60 * MINUTE

        def case(says, candles=None, **env):
            bot.start_worker(**env)
            self.says(bot, says)
            if candles is None:
                self.wait(lambda: self.candles(bot) < 3, "the window is new")
                self.assertEqual(bot.worker.stop(), 0)
            else:
                self.ends_with(bot, candles)

        self.fill(bot, 90, now_us() - 2 * MINUTE)
        case("goes on with 60 stored candles", 60)
        self.fill(bot, 20, now_us() - 2 * MINUTE)
        bot.start_worker()
        self.says(bot, "goes on with 20 stored candles")
        self.wait(lambda: self.candles(bot) in (22, 23), "with those made since")
        self.assertEqual(bot.worker.stop(), 0)
        # of a time to come: the clock was set back
        self.fill(bot, 90, now_us() + minutes)
        case("after now: the clock was set back; the first decision comes in 60 minutes")
        # another seed: its candles are gone
        self.fill(bot, 90, now_us() - 2 * MINUTE)
        case("BTCUSDT 1m (synthetic): no candles are stored", SYNTHETIC_SEED="8")
        self.assertEqual(bot.value("SELECT count(*) FROM candles WHERE close BETWEEN 60000 AND 60100"
                                   " AND volume = 2 AND trades = 3"), 0)
        # another market of the same symbol
        self.fill(bot, 90, now_us() - 2 * MINUTE, source="synthetic_futures")
        bot.write("DELETE FROM candle_runs WHERE source = 'synthetic'")
        case("BTCUSDT 1m (synthetic): no candles are stored")
        # edited by hand
        until = self.fill(bot, 90, now_us() - 2 * MINUTE)
        for edit in ("close = 1e300", "low = -5", "open_us = open_us + 7", "volume = 9e999"):
            until = self.fill(bot, 90, now_us() - 2 * MINUTE)
            bot.write("UPDATE candles SET %s WHERE source = 'synthetic' AND interval = '1m' AND open_us = ?"
                      % edit, until - 30 * MINUTE)
            case("90 candles in a row are stored, but the stored candle of BTCUSDT 1m at ")
        bot.write("UPDATE candle_runs SET since_us = -7, until_us = until_us / 7 * 7 + 1")
        case("the row of BTCUSDT 1m in candle_runs is impossible")
        for edit in ("until_us = 9223372036854775807", "since_us = -9223372036854775807, until_us = -5",
                     "since_us = since_us + 1"):
            self.fill(bot, 90, now_us() - 2 * MINUTE)
            bot.write("UPDATE candle_runs SET " + edit)
            case("the window starts anew")
        # another symbol
        self.fill(bot, 90, now_us() - 2 * MINUTE)
        bot.write("UPDATE trading_configs SET symbol = 'ETHUSDT', version = version + 1")
        case("ETHUSDT 1m (synthetic): no candles are stored")

    def test_two_bots_on_two_intervals(self):
        bot = self.cross()
        columns = [r["name"] for r in bot.rows("SELECT name FROM pragma_table_info('trading_configs')")
                   if r["name"] not in ("id", "bot_id", "interval")]
        bot.write("INSERT INTO bots(id, name, created_us, updated_us) VALUES (2, 'hours', 1, 1)")
        bot.write("INSERT INTO trading_configs(bot_id, interval, %s) SELECT 2, '1h', %s FROM trading_configs"
                  " WHERE bot_id = 1" % (", ".join(columns), ", ".join(columns)))
        self.fill(bot, 90, now_us() - 2 * MINUTE)
        hour = self.fill(bot, 45, now_us() - 100 * MINUTE, "1h")
        bot.start()
        self.says(bot, "BTCUSDT 1m (synthetic): goes on with 60 stored candles")
        self.says(bot, "BTCUSDT 1h (synthetic): goes on with 45 stored candles")
        self.wait(lambda: self.candles(bot) == 60, "bot 1 has its window")
        want = 45 + (now_us() - hour) // LENGTHS["1h"]
        self.wait(lambda: bot.value("SELECT candles FROM bot_state WHERE bot_id = 2") >= want, "bot 2 has its")
        warm_up = bot.status(2)["warm_up"]
        self.assertEqual(warm_up["ready_in_seconds"], (60 - warm_up["candles"]) * 3600)
        answer = bot.post("/api/v1/trading/bots/2/config/validate", {})
        self.assertIn("of 1h decides on 60 closed candles, %d are stored: the first decision comes %d hours later"
                      % (warm_up["candles"], 60 - warm_up["candles"]), answer.body)
        self.assertNotIn("decides on 60", bot.post("/api/v1/trading/bots/1/config/validate", {}).body)
        answer = bot.post("/api/v1/trading/bots/1/config/validate", {"interval": "4h"})
        self.assertIn("none are stored that reach up to now: the first decision comes 10 days later", answer.body)
        self.assertEqual(bot.put("/api/v1/trading/bots/1/config", {"interval": "5m"}).status, 200)
        self.says(bot, "0 of 60 candles of 5m are there, the first decision comes in 5 hours")
        self.assertEqual(bot.stop(), [0, 0])

    def test_an_emergency_stop_does_not_wait_for_the_warm_up(self):
        """Hours of many markets are made; a command that was given before the start comes first."""
        bot = self.cross()
        bot.write("WITH RECURSIVE t(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM t WHERE i < 8)"
                  " INSERT INTO bots(id, name, created_us, updated_us) SELECT i, 'b' || i, 1, 1 FROM t")
        columns = [r["name"] for r in bot.rows("SELECT name FROM pragma_table_info('trading_configs')")
                   if r["name"] not in ("id", "bot_id", "symbol")]
        bot.write("INSERT INTO trading_configs(bot_id, symbol, %s) SELECT b.id, 'COIN' || b.id || 'USDT', %s FROM bots b,"
                  " trading_configs c WHERE c.bot_id = 1 AND b.id > 1"
                  % (", ".join(columns), ", ".join("c." + c for c in columns)))
        self.fill(bot, 90, now_us() - 8 * 60 * MINUTE)
        for i in range(2, 9):
            bot.write("INSERT INTO candles SELECT source, ?, interval, open_us, open, high, low, close, volume,"
                      " buy_volume, trades FROM candles WHERE symbol = 'BTCUSDT' AND interval = '1m'", "COIN%dUSDT" % i)
            bot.write("INSERT INTO candle_runs SELECT source, ?, interval, made_by, since_us, until_us FROM"
                      " candle_runs WHERE symbol = 'BTCUSDT' AND interval = '1m'", "COIN%dUSDT" % i)
        bot.write("INSERT INTO commands(kind, bot_id) VALUES ('emergency-stop', 1)")
        bot.start_worker()
        self.wait(lambda: bot.value("SELECT status FROM commands ORDER BY id DESC") == "done", "it is done", 20)
        self.assertEqual(bot.bot_status(), "STOPPED")
        self.assertLess(run_of(bot)[1], now_us() - 5 * MINUTE, "the warm-up goes on")
        self.wait(lambda: run_of(bot)[1] > now_us() - 2 * MINUTE, "the warm-up ends", 200)
        self.assertEqual(bot.worker.stop(), 0)

    def test_a_recording_at_1m(self):
        """A replay goes on with its windows as if it had never been cut, and takes no candle of its future."""
        path = os.path.join(self.folder(), "hours.gz")
        with gzip.open(path, "wt", encoding="ascii") as f:
            for i in range(20000):
                at = 1723104000000 + i * 1500
                f.write('%d000000 {"e":"trade","E":%d,"s":"BTCUSDT","t":%d,"p":"%.2f","q":"0.1","T":%d,"m":%s,"M":true}\n'
                        % (at, at, i + 1, 60000 + (i * i // 600) % 700, at, ("false", "true")[i % 2]))
        args = ("--bot-id", "1", "--config-json", json.dumps(CROSS))
        env = {**replays.environment(path), "SIMULATION_STRATEGY_INTERVAL": "3600"}

        def outcome(bot):
            return (stored(bot, "1m", "replay"), run_of(bot, "1m", "replay"),
                    bot.rows("SELECT symbol, side, rule, price, at_us FROM signals WHERE rule NOT IN ('warm_up',"
                             " 'no_cross') ORDER BY at_us, id"))

        whole = self.bot(**env)
        whole.start_worker(*args)
        self.wait(lambda: replays.ended(whole), "the replay ends", 120)
        self.assertEqual(whole.worker.stop(), 0)
        self.assertEqual(len(stored(whole, "1m", "replay")), 499)
        cut = self.bot(**env)
        frames = replays.frame(whole)
        for share in (0.1, 0.3, 0.6, 0.9):
            cut.start_worker(*(args if share == 0.1 else ()))
            self.wait(lambda s=share: replays.frame(cut) >= frames * s, "a part is done", 60)
            cut.worker.kill9()
        cut.start_worker()
        self.wait(lambda: replays.ended(cut), "the replay ends", 120)
        self.assertEqual(cut.worker.stop(), 0)
        self.assertEqual(outcome(cut), outcome(whole))
        warm_up = cut.value("SELECT sum(repeats) FROM signals WHERE rule = 'warm_up'")
        self.assertLessEqual(warm_up, 59)
        # from its start again: nothing of its end may be known
        cut.write("DELETE FROM feed_positions")
        cut.write("DELETE FROM signals")
        cut.start_worker()
        self.wait(lambda: replays.ended(cut), "it was played again", 120)
        self.assertEqual(cut.worker.stop(), 0)
        self.assertEqual(cut.value("SELECT sum(repeats) FROM signals WHERE rule = 'warm_up'"), 59)
        self.assertEqual(outcome(cut)[:2], outcome(whole)[:2])


if __name__ == "__main__":
    unittest.main()
