"""The machine's clock jumps, the machine sleeps: nothing is lost, invented or decided by it."""
import gzip
import os
import signal
import subprocess
import time
import unittest

import harness

S = 1_000_000
DAY = 86400 * S
BOTS = 200
SHIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock_shift.c")

# (table, column of its time, a row of another time)
HISTORY = (
    ("commands", "created_us",
     "INSERT INTO commands(kind, bot_id, status, created_us) VALUES ('pause', 1, 'done', ?)"),
    ("audit_log", "at_us", "INSERT INTO audit_log(at_us, actor, action) VALUES (?, 'old', 'POST')"),
    ("bot_events", "at_us", "INSERT INTO bot_events(at_us, bot_id, from_status, to_status, event)"
                            " VALUES (?, 1, 'RUNNING', 'PAUSED', 'old')"),
    ("jobs", "created_us", "INSERT INTO jobs(ended_us, kind, state, created_us)"
                           " VALUES (?1, 'check', 'done', ?1)"),
    ("trading_orders", "created_us",
     "INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase, limit_price,"
     " quantity, strategy, mode, config_version, created_us, closed_us, holding_us,"
     " maker_timeout_us, updated_us) VALUES ((SELECT coalesce(max(id), 0) + 1 FROM trading_orders),"
     " 1, (SELECT 'old' || coalesce(max(id), 0) FROM trading_orders), 'B', 'BUY', 'closed', 'done',"
     " 1, 1, 'model', 'simulation', 1, ?1, ?1, 1, 1, ?1)"),
    ("notifications", "done_us", "INSERT INTO notifications(channel, kind, text, state, done_us,"
                                 " created_us) VALUES ('webhook', 'old', 'x', 'failed', ?1, ?1)"),
    ("candles", "open_us", "INSERT INTO candles(open_us, source, symbol, interval, open, high, low,"
                           " close, volume, buy_volume, trades) VALUES (? / 1000000 * 1000000,"
                           " 'synthetic', 'BTCUSDT', '1s', 1, 1, 1, 1, 1, 1, 1)"),
)


class Clock:
    """The wall clock of the programs that get its environment."""

    def __init__(self, folder):
        self.file = os.path.join(folder, "clock-shift")
        library = os.path.join(folder, "clock_shift.so")
        subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", library, SHIM],
                       check=True)
        self.set(0)
        self.env = {"LD_PRELOAD": library, "CLOCK_SHIFT_FILE": self.file}

    def set(self, seconds):
        with open(self.file + ".new", "w", encoding="ascii") as f:
            f.write("%d\n" % seconds)
        os.rename(self.file + ".new", self.file)


@unittest.skipIf("san" in harness.BUILD, "a sanitizer wants to be loaded first")
class Time(harness.TestCase):
    def clock(self):
        return Clock(self.folder())

    def started(self, clock, **env):
        bot = self.bot(**env)
        bot.start(**clock.env)
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def said(self, bot, text):
        return [r for r in bot.worker.log() if text in r.get("message", "")]

    def test_ten_seconds_of_a_clock_in_the_future(self):
        clock = self.clock()
        bot = self.started(clock, KEEP_DETAILS_DAYS="30", KEEP_ORDERS_DAYS="30", KEEP_AUDIT_DAYS="30")
        now = int(time.time() * S)
        times = [now - 20 * DAY, now - 10 * DAY, now - DAY]
        for table, column, sql in HISTORY:
            for at in times if table != "candles" else (now - DAY // 2, now - DAY // 4):
                bot.write(sql, at)
        samples = [now - 3 * 3600 * S + i * 60 * S for i in range(60)]
        for at in samples:
            bot.write("INSERT INTO equity(bot_id, at_us, equity, balance, unrealized) VALUES (1, ?, 1, 1, 0)", at)

        def history():
            rows = {t: bot.value("SELECT count(*) FROM %s WHERE %s <= ?" % (t, c), now - DAY // 4)
                    for t, c, _ in HISTORY}
            rows["equity"] = bot.value("SELECT count(*) FROM equity WHERE at_us BETWEEN ? AND ?",
                                       samples[0], samples[-1])
            return rows

        before = history()
        self.assertEqual(before["equity"], 60)
        for days in (400, 2, 12 * 365):
            turns = bot.value("SELECT turns FROM worker_heartbeat")
            clock.set(days * 86400)
            self.wait(lambda n=days: any(self.said(bot, "clock went ahead by %d s" % s) for s in
                                         range(n * 86400 - 2, n * 86400 + 3)),
                      "the jump of %d days is told" % days)
            doctor = bot.cli("doctor", **clock.env)
            self.assertEqual(doctor.returncode, 1)
            self.assertIn("clock is in doubt", doctor.stdout)
            self.assertIn("in doubt since", bot.cli("clock", **clock.env).stdout)
            health = bot.get("/api/v1/status/health/detailed").json
            self.assertEqual(health["clock"]["state"], "in_doubt")
            self.assertIn("tradingbot_clock_in_doubt 1", bot.get("/metrics").body)
            # every table has had its turn, several times
            self.wait(lambda n=turns: bot.value("SELECT turns FROM worker_heartbeat") > n + 200,
                      "the worker goes on")
            clock.set(0)
            self.wait(lambda: bot.value("SELECT settles_us FROM clock_watch") == 0, "it is settled")
        self.wait(lambda: self.said(bot, "clock is settled"), "that is told")
        self.assertEqual(history(), before)
        self.assertEqual(bot.get("/api/v1/status/health/detailed").json["clock"]["state"], "settled")
        # the worker's own time never moved: its samples are of now
        self.assertEqual(bot.value("SELECT count(*) FROM equity WHERE at_us > ?",
                                   int(time.time() * S) + 60 * S), 0)
        self.assertEqual(bot.stop(), [0, 0])

    def test_rows_of_the_future_are_seen(self):
        clock = self.clock()
        bot = self.started(clock)
        self.assertIn("no rows of a time to come", bot.cli("doctor").stdout)
        bot.write("INSERT INTO audit_log(at_us, actor, action) VALUES (?, 'x', 'POST')",
                  int(time.time() * S) + 400 * DAY)
        doctor = bot.cli("doctor")
        self.assertEqual(doctor.returncode, 1)
        self.assertIn("1 rows are of a time to come, the newest, in audit_log", doctor.stdout)

    def test_the_operator_accepts_the_clock(self):
        clock = self.clock()
        bot = self.started(clock, KEEP_AUDIT_DAYS="30")
        bot.write("INSERT INTO audit_log(at_us, actor, action) VALUES (?, 'old', 'POST')",
                  int(time.time() * S) - DAY)
        old = bot.value("SELECT max(id) FROM audit_log")
        clock.set(60 * 86400)
        self.wait(lambda: bot.value("SELECT settles_us FROM clock_watch") > 0, "it is in doubt")
        self.assertEqual(bot.cli("clock", "accept", **clock.env).returncode, 0)
        self.wait(lambda: not bot.value("SELECT 1 FROM audit_log WHERE id = ?", old),
                  "it was right, old rows go")
        self.assertEqual(bot.value("SELECT count(*) FROM audit_log WHERE action = 'clock accept'"), 1)

    def test_three_days_with_many_bots(self):
        clock = self.clock()
        bot = self.started(clock)
        self.assertEqual(bot.api.stop(), 0)
        connection = [("INSERT INTO bots(id, name, created_us, updated_us) WITH RECURSIVE t(n) AS"
                       " (SELECT 2 UNION ALL SELECT n + 1 FROM t WHERE n < %d)"
                       " SELECT n, 'b' || n, 1, 1 FROM t" % BOTS)]
        columns = [r["name"] for r in bot.rows("SELECT name FROM pragma_table_info('trading_configs')")]
        rest = [c for c in columns if c not in ("id", "bot_id")]
        connection.append("INSERT INTO trading_configs(bot_id, %s) SELECT b.id, %s FROM bots b,"
                          " trading_configs c WHERE c.bot_id = 1 AND b.id > 1"
                          % (", ".join(rest), ", ".join("c." + c for c in rest)))
        for sql in connection:
            bot.write(sql)
        self.wait(lambda: bot.value("SELECT count(DISTINCT bot_id) FROM equity") == BOTS,
                  "every bot has a sample", 120)
        jump = 3 * 86400
        before = int(time.time() * S)
        begin = bot.value("SELECT count(*) FROM equity")
        clock.set(jump)
        self.wait(lambda: bot.value("SELECT count(DISTINCT bot_id) FROM equity WHERE at_us > ?",
                                    before + jump * S) == BOTS, "every bot has one after it", 120)
        passed = time.time() - before / S
        rows = bot.value("SELECT count(*) FROM equity") - begin
        # one each five seconds, and one for the gap
        self.assertLessEqual(rows, BOTS * (passed / 5 + 3))
        self.assertEqual(bot.value("SELECT count(*) FROM equity WHERE at_us BETWEEN ? AND ?",
                                   before + 600 * S, before + (jump - 600) * S), 0)
        longest = [int(r["message"].split()[2]) for r in self.said(bot, "turn took")]
        self.assertLess(max(longest, default=0), 1000 * harness.SLOW)
        clock.set(jump - 86400)		# and a day back: nothing waits for it to come again
        turns = bot.value("SELECT turns FROM worker_heartbeat")
        self.wait(lambda: bot.value("SELECT turns FROM worker_heartbeat") > turns + 50, "it goes on")
        samples = bot.value("SELECT count(*) FROM equity")
        self.wait(lambda: bot.value("SELECT count(*) FROM equity") > samples + BOTS, "samples go on")
        self.assertEqual(bot.worker.stop(), 0)

    def test_uptime_is_real_in_a_recording_that_makes_its_own_time(self):
        path = os.path.join(self.folder(), "old.gz")
        with gzip.open(path, "wt", encoding="ascii") as f:
            for i in range(2000):
                at = 1723104000000 + i * 250
                f.write('%d000000 {"e":"trade","E":%d,"s":"BTCUSDT","t":%d,"p":"60000.00","q":"0.1",'
                        '"T":%d,"m":false,"M":true}\n' % (at, at, i + 1, at))
        bot = self.bot(MARKET_DATA="replay", RECORDING=path, REPLAY_SPEED="max", REPLAY_LOOP="false")
        begin = time.time()
        bot.start()
        self.wait(lambda: bot.value("SELECT running_us FROM bot_state"), "bot 1 has begun", 60)
        status = bot.status()
        self.assertLess(status["uptime_seconds"], time.time() - begin + 2)
        self.assertLess(bot.value("SELECT start_us FROM bot_state"), 1724000000 * S)	# the recording's

    def test_no_entry_on_what_a_suspend_made_old(self):
        bot = self.bot(STALE_FEED_MS="1500")
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        # it enters at each decision that it is allowed to
        answer = bot.put("/api/v1/trading/bots/1/config", {
            "confidence_threshold": 0.01, "max_positions": 50, "capital_per_trade": 20,
            "decision_interval_ms": 1, "ignore_risk_reward": True})
        self.assertEqual(answer.status, 200, answer)
        self.wait(lambda: bot.value("SELECT count(*) FROM signals WHERE taken = 1") > 1, "it enters")
        self.wait(bot.hold_worker, "the worker stands")
        begin = int(time.time() * S)
        self.wait(lambda: time.time() * S > begin + 8 * S, "eight seconds pass")
        bot.worker.signal(signal.SIGCONT)
        end = int(time.time() * S)
        refused = self.wait(lambda: bot.value(
            "SELECT sum(repeats) FROM signals WHERE rule = 'stale_feed' AND last_us BETWEEN ? AND ?",
            begin, end), "what came late is too old")
        self.assertGreaterEqual(refused, 3)
        self.assertEqual(bot.rows("SELECT id, created_us FROM trading_orders WHERE created_us"
                                  " BETWEEN ? AND ?", begin + S, end - 2 * S), [])
        taken = bot.value("SELECT max(at_us) FROM signals WHERE taken = 1")
        self.wait(lambda: bot.value("SELECT max(at_us) FROM signals WHERE taken = 1") > max(taken, end),
                  "it enters again")
        self.assertEqual(bot.worker.stop(), 0)


if __name__ == "__main__":
    harness.main()
