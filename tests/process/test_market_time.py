"""Candles are the exchange's: the real worker against a recomputation from the trades' own times.

recordings/ holds small recordings that were once read wrongly.
"""
import collections
import datetime
import gzip
import json
import os
import re
import time
import unittest

import exposition
import harness
import replays

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings")
SHARED = os.path.join(harness.SHARED_DATA, "recordings")
SECOND = 1_000_000
CROSS = {"strategy": "ema_cross", "interval": "1s", "decision_interval_ms": 1}

PLAIN = os.path.join(HERE, "plain-btcusdt.gz")


def lines(path):
    with gzip.open(path, "rt") as f:
        return f.read().splitlines()


def write(path, text):
    with gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as f:
        f.write(("\n".join(text) + "\n").encode())
    return path


def frames(path):
    """(receive time us, the frame's data)"""
    for line in lines(path):
        received, _, text = line.partition(" ")
        data = json.loads(text)
        yield int(received) // 1000, data.get("data", data)


def own_candles(path, length=SECOND):
    """open time -> (open, high, low, close, volume, bought, trades), of seconds with trades, by
    each trade's own time and nothing else; and where the first and last trade are."""
    trades = {}
    for _, d in frames(path):
        if d.get("e") == "trade" and d.get("X", "MARKET") == "MARKET":
            trades[d["t"]] = d
    slots = collections.defaultdict(list)
    for d in sorted(trades.values(), key=lambda d: d["t"]):
        slots[d["T"] * 1000 // length * length].append(d)
    candles = {}
    for at, rows in slots.items():
        prices = [float(d["p"]) for d in rows]
        candles[at] = (prices[0], max(prices), min(prices), prices[-1],
                       round(sum(float(d["q"]) for d in rows), 8),
                       round(sum(float(d["q"]) for d in rows if not d["m"]), 8), len(rows))
    return candles


def stored(bot, interval="1s"):
    return {r["open_us"]: (r["open"], r["high"], r["low"], r["close"], r["volume"],
                           r["buy_volume"], r["trades"])
            for r in bot.rows("SELECT * FROM candles WHERE interval = ? ORDER BY open_us", interval)}


def decisions(bot):
    return {r["rule"]: r["n"] for r in bot.rows(
        "SELECT rule, sum(repeats) AS n FROM signals GROUP BY rule")}


class MarketTime(harness.TestCase):

    def played(self, *files, config=None, symbol=None, **env):
        """A worker that read these to the end; bot 1 traded their first symbol from the start."""
        bot = self.bot(**replays.environment(*files), SIMULATION_STRATEGY_INTERVAL=3600, **env)
        args = ["--bot-id", "1", "--config-json", json.dumps(config or CROSS)]
        bot.start_worker(*args, *(["--symbol", symbol] if symbol else []))
        self.wait(lambda: replays.ended(bot) or not bot.worker.alive(), "the replay ends", 120)
        self.assertTrue(bot.worker.alive(), "the worker ended by itself")
        self.assertEqual(bot.worker.stop(), 0)
        return bot

    def assert_own_candles(self, bot, path, seconds):
        want, got = own_candles(path), stored(bot)
        opens = sorted(got)
        self.assertGreaterEqual(len(opens), seconds)
        self.assertEqual(opens, list(range(opens[0], opens[-1] + SECOND, SECOND)), "no holes")
        last, different = None, []
        for at in opens:
            candle = want.get(at) or (last, last, last, last, 0, 0, 0)
            if got[at] != candle:
                different.append((at, got[at], candle))
            last = got[at][3]
        self.assertEqual(different, [])
        # All but a first one that may have begun before, and the last, which is not over.
        self.assertEqual(set(sorted(want)[1:-1]) - set(opens), set())

    def test_shared_recordings_second_by_second(self):
        """Trades and depth of a real exchange, in fast moves: no candle differs."""
        if not os.path.isdir(SHARED):
            self.skipTest("no shared recordings")
        for name, seconds in (("spot/btcusdt_20240808", 344), ("spot/btcusdt_20240809", 302),
                              ("spot/ethusdt_20240808", 344), ("spot/ethusdt_20240809", 302),
                              ("usdm/btcusdt_20240808", 342), ("usdm/ethusdt_20240808", 342)):
            with self.subTest(name):
                path = os.path.join(SHARED, name + ".gz")
                bot = self.played(path, config={**CROSS, "exchange": "binance_futures"}
                                  if name.startswith("usdm") else CROSS,
                                  symbol=name[5:12].upper())
                self.assert_own_candles(bot, path, seconds)

    def test_depth_that_overtakes_a_trade(self):
        bot = self.played(os.path.join(HERE, "depth-overtakes-trade.gz"), symbol="ETHUSDT")
        candles = stored(bot)
        first = 1723161255 * SECOND
        self.assertEqual(candles[first], (100, 100, 90, 90, 7, 0, 3))
        self.assertEqual(candles[first + SECOND], (100, 100, 100, 100, 1, 0, 1))

    def plain(self):
        return self.played(PLAIN)

    def test_every_closed_candle_is_decided_on(self):
        bot = self.plain()
        self.assert_own_candles(bot, PLAIN, 599)
        rules = decisions(bot)
        self.assertEqual(rules["warm_up"], 59)
        self.assertEqual(sum(rules.values()), 599, rules)
        self.assertGreaterEqual(rules["entry"], 8, rules)

    def test_spacing_is_of_entries_only(self):
        """Two seconds apart, as the default says: no cross is lost, they are not that near."""
        rules = decisions(self.played(PLAIN, config={**CROSS, "decision_interval_ms": 2000}))
        self.assertEqual(rules, decisions(self.plain()))

    def test_a_recording_that_plays_slowly(self):
        """Two trades a second, whatever the pace: no candle closes before its second trade is here."""
        text, begin = [], 1723161600
        for i in range(2 * (75 + 12)):		# the first 75 s only warm up
            ms = begin * 1000 + 500 * i
            text.append('%d {"stream":"btcusdt@trade","data":{"e":"trade","E":%d,"s":"BTCUSDT","t":%d,'
                        '"p":"61800.01","q":"0.05","T":%d,"m":false,"M":true}}'
                        % (ms * 1000000 + 5000000, ms, i + 1, ms))
        path = write(os.path.join(self.folder(), "slow.gz"), text)
        bot = self.bot(**{**replays.environment(path), "REPLAY_SPEED": "0.2"})
        bot.start_worker("--bot-id", "1", "--config-json", json.dumps(CROSS))
        self.wait(lambda: replays.ended(bot) or not bot.worker.alive(), "the replay ends", 240)
        self.assertTrue(bot.worker.alive(), "the worker ended by itself")
        self.assertEqual(bot.worker.stop(), 0)
        trades = [c[-1] for _, c in sorted(stored(bot).items())]
        self.assertGreaterEqual(len(trades), 8, trades)
        self.assertEqual(set(trades[1:-1]), {2}, trades)

    def test_a_trade_stamped_59_minutes_ahead(self):
        text = lines(PLAIN)
        odd = ('1723161725040000000 {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT",'
               '"t":99999,"p":"61800.00","q":"0.001","T":1723165265000,"m":false,"M":true}}')
        path = write(os.path.join(self.folder(), "ahead.gz"), text[:1000] + [odd] + text[1000:])
        bot = self.played(path)
        self.assertEqual(decisions(bot), decisions(self.plain()))
        self.assertEqual(bot.value("SELECT decode_errors FROM worker_heartbeat"), 1)
        self.assertTrue([r for r in bot.worker.log() if "trade 99999 is stamped 3540.0 s after" in
                         r.get("message", "")], "the log names it")

    def test_a_pause_of_more_than_a_day(self):
        text = lines(PLAIN)
        later = [str(int(line.split(" ", 1)[0]) + 86_401 * 10**9) + " " + line.split(" ", 1)[1]
                 for line in text[1000:]]
        path = write(os.path.join(self.folder(), "pause.gz"), text[:1000] + later)
        bot = self.played(path)
        rules = decisions(bot)
        self.assertEqual(rules["warm_up"], 2 * 59, rules)
        self.assertEqual(sum(rules.values()), 598, rules)	# the one of the pause is none
        self.assertEqual(bot.value("SELECT decode_errors FROM worker_heartbeat"), 0)

    def test_one_wrong_receive_time(self):
        """... in the middle, costs its line and nothing behind it, and is named."""
        text = lines(PLAIN)
        for hours in (-5, 10, 5000):
            with self.subTest(hours=hours):
                received, _, rest = text[2000].partition(" ")
                odd = "%d %s" % (int(received) + hours * 3600 * 10**9, rest)
                path = write(os.path.join(self.folder(), "wrong.gz"), text[:2000] + [odd] + text[2001:])
                bot = self.played(path)
                self.assertEqual(sum(decisions(bot).values()), 599)
                self.assertEqual(bot.value("SELECT decode_errors FROM worker_heartbeat"), 1)
                self.assertTrue([r for r in bot.worker.log() if "line 2001" in r.get("message", "")])

    def test_every_trade_three_times(self):
        text = [line for line in lines(PLAIN) for _ in range(3 if "@trade" in line else 1)]
        path = write(os.path.join(self.folder(), "thrice.gz"), text)
        bot, plain = self.played(path), self.plain()
        self.assert_own_candles(bot, path, 599)
        self.assertEqual(stored(bot), stored(plain))
        replays.assert_same(self, replays.outcome(plain), replays.outcome(bot), "three times")

    def test_one_sale_three_times(self):
        """1.0 is ahead of our bid: a sale of 0.4 that comes three times does not reach it."""
        bot = self.played(os.path.join(HERE, "one-sale-three-times.gz"))
        self.assertEqual(stored(bot)[1723161663 * SECOND][4:], (0.402, 0.002, 3))
        self.assertEqual(bot.rows("SELECT status, filled FROM trading_orders"),
                         [{"status": "pending", "filled": 0.0}])

    def test_what_was_not_taken_is_shown(self):
        """Trades that came late, twice, or stamped ahead, and a gap: in every place that shows
        the feed, with the same figures as replay prints."""
        text = lines(PLAIN)
        odd = ('1723161725040000000 {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT",'
               '"t":99999,"p":"61800.00","q":"0.001","T":1723165265000,"m":false,"M":true}}')
        trades = [i for i, line in enumerate(text) if "@trade" in line]
        late, again, lost = trades[300], trades[400:403], trades[700]
        out = []
        for i, line in enumerate(text):
            if i == late:
                line = re.sub(r'"T":(\d+)', lambda m: '"T":%d' % (int(m[1]) - 1500), line)
            out += [line] * (0 if i == lost else 2 if i in again else 1)
            out += [odd] if i == trades[500] else []
        path = write(os.path.join(self.folder(), "odd.gz"), out)
        bot = self.bot(**replays.environment(path))
        bot.start()
        self.wait(lambda: replays.ended(bot), "the replay ends", 120)
        want = {"decode_errors": 1, "trades_refused": 1, "trades_late": 1, "trades_repeated": 3,
                "gaps": 1}
        feed = bot.get("/api/v1/status/health/detailed").json["feed"]
        self.assertEqual({k: feed[k] for k in want}, want, feed)
        self.assertRegex(feed["problem"], "stamped|missing")
        metrics = exposition.read(bot.request("GET", "/metrics").body)
        for name, n in (("trades_late", 1), ("trades_repeated", 3), ("trades_refused", 1),
                        ("gaps", 1), ("book_breaks", feed["book_breaks"])):
            family = metrics["tradingbot_feed_%s_total" % name]
            self.assertEqual(family.type, "counter")
            self.assertEqual(family.value(), n, name)
        told = "1 trades came late, 3 twice, 1 were refused (of 1 frames); 1 gaps"
        self.assertIn(told, bot.cli("doctor").stdout)
        self.assertIn("1 trades late, 3 twice, 1 refused; 1 frames refused, 1 gaps",
                      bot.cli("status").stdout)
        printed = bot.cli("replay", "--quiet", path, DATA_DIR=self.folder()).stdout
        self.assertIn("1 late, 3 repeated; 1 gaps", printed)

    def test_ages_of_a_recording_are_of_its_own_time(self):
        """Recorded years ago, played at full speed: nothing that is shown is years old."""
        bot = self.bot(**replays.environment(PLAIN))
        bot.start()
        self.wait(lambda: replays.ended(bot), "the replay ends", 120)
        begun = bot.value("SELECT started_us FROM worker_heartbeat") / SECOND

        def recent(text):
            at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
            return begun - 60 < at < time.time() + 60

        status = bot.get("/api/v1/status").json
        self.assertTrue(recent(status["last_execution"]), status["last_execution"])
        self.assertTrue(status["market_time"].startswith("2024-08-09"), status["market_time"])
        self.assertLess(status["uptime_seconds"], time.time() - begun + 60)
        self.assertTrue(recent(bot.get("/api/v1/bots").json["bots"][0]["last_execution"]))
        feed = bot.get("/api/v1/status/health/detailed").json["feed"]
        for symbol in feed["symbols"]:
            self.assertLess(symbol["age_ms"], 600_000, symbol)
            self.assertGreaterEqual(symbol["age_ms"], 0, symbol)
        self.assertLess(feed["age_ms"], 600_000)
        metrics = exposition.read(bot.request("GET", "/metrics").body)
        last = metrics["tradingbot_bot_last_execution_timestamp_seconds"].value(bot="1")
        self.assertTrue(begun - 60 < last < time.time() + 60, last)
        positions = bot.get("/api/v1/positions").json["positions"]
        self.assertTrue(positions)
        for p in positions:
            self.assertLess(p["age_seconds"], 600, p)
            self.assertLess(p["uncovered_ms"], 600_000, p)
        day = bot.value("SELECT max(day) FROM bot_state")
        self.assertEqual(day, "2024-08-09")

    def test_ages_of_a_market_in_the_machines_time(self):
        """At recorded speed the market's time is the machine's, and nothing is said of it."""
        bot = self.bot(MARKET_DATA="replay", RECORDING=PLAIN, REPLAY_SPEED="1")
        bot.start()
        self.wait(lambda: bot.get("/api/v1/status").json["last_execution"], "it was stepped", 60)
        self.assertIsNone(bot.get("/api/v1/status").json["market_time"])
        self.assertEqual(bot.value("SELECT market_us FROM worker_heartbeat"), 0)

    def test_ages_of_a_fast_recording(self):
        """At 20 times its speed the market's time runs ahead of the machine's: no age is negative,
        nothing is of the future, and a slow one is not stale."""
        for speed, feed_state in (("20", "live"), ("0.2", "live")):
            with self.subTest(speed=speed):
                bot = self.bot(MARKET_DATA="replay", RECORDING=PLAIN, REPLAY_SPEED=speed,
                               STALE_FEED_MS="3000")
                bot.start()
                self.wait(lambda: (bot.value("SELECT events FROM worker_heartbeat") or 0) > 610,
                          "the market runs", 60)
                begun = bot.value("SELECT started_us FROM worker_heartbeat")
                self.wait(lambda: bot.value("SELECT beat_us FROM worker_heartbeat") >
                          begun + 8 * SECOND, "some seconds pass", 60)
                status = bot.get("/api/v1/status").json
                self.assertIsNotNone(status["market_time"])
                self.assertLessEqual(status["last_execution"], status["timestamp"])
                self.assertEqual(status["worker"]["feed_state"], feed_state)
                feed = bot.get("/api/v1/status/health/detailed").json["feed"]
                self.assertLess(feed["age_ms"], 3000 + 60_000)
                for symbol in feed["symbols"]:
                    self.assertGreaterEqual(symbol["age_ms"] or 0, -30_000, symbol)

    def test_nothing_of_a_recording_is_lost(self):
        """Its first trade counts, also where a name has blanks in it."""
        text = [line for line in lines(PLAIN) if "@trade" in line][:41]
        path = write(os.path.join(self.folder(), "my own tape.gz"), text)
        self.assertEqual(stored(self.played(path))[1723161600 * SECOND][6], 4)
        bot = self.played('"%s" %s' % (path, os.path.join(HERE, "depth-overtakes-trade.gz")),
                          symbol="BTCUSDT")
        self.assertEqual(len(stored(bot)), 10)
        cli = bot.cli("replay", "--quiet", path, DATA_DIR=self.folder())
        self.assertIn("41 trades of the market", cli.stdout, cli.stderr)


if __name__ == "__main__":
    unittest.main()
