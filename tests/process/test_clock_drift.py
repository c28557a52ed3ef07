"""MAX_CLOCK_DRIFT_MS: no entries while our clock is off the exchange's; a recording tells neither."""
import os

import harness
import recording

CONFIG = "/api/v1/trading/bots/1/config"
EAGER = {"confidence_threshold": 0, "holding_time": 5, "ignore_risk_reward": True,
         "ignore_risk_per_trade": True, "max_positions": 50}
BUILT_IN_MS = 5			# the built-in market's events are so old when they come
RECORDER_MS = 3000
ENTRIES = "SELECT coalesce(max(id), 0) FROM trading_orders"


class ClockDrift(harness.TestCase):

    def started(self, bot):
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.assertEqual(bot.put(CONFIG, EAGER).status, 200)

    def refused(self, bot):
        return bot.value("SELECT coalesce(sum(repeats), 0) FROM signals WHERE rule = 'clock_drift'")

    def test_entries_are_refused_beyond_it(self):
        bot = self.bot(MAX_CLOCK_DRIFT_MS=BUILT_IN_MS - 1)
        self.started(bot)
        self.wait(lambda: self.refused(bot), "an entry is refused", 60)
        self.assertIn("MAX_CLOCK_DRIFT_MS is %d" % (BUILT_IN_MS - 1), bot.value(
            "SELECT reason FROM signals WHERE rule = 'clock_drift'"))
        self.assertEqual(bot.value("SELECT clock_drift_ms FROM worker_heartbeat"), BUILT_IN_MS)
        entries, before = bot.value(ENTRIES), self.refused(bot)
        self.wait(lambda: self.refused(bot) > before + 3, "more are refused", 60)
        self.assertEqual(bot.value(ENTRIES), entries)
        bot.worker.stop()
        before = self.refused(bot)
        bot.start_worker(MAX_CLOCK_DRIFT_MS=BUILT_IN_MS)	# exactly as much is allowed
        self.wait(lambda: bot.value(ENTRIES) > entries, "entries are made", 60)
        self.assertEqual(self.refused(bot), before)

    def test_a_recorders_clock_refuses_nothing(self):
        bot = self.bot(MARKET_DATA="replay", REPLAY_SPEED="2", REPLAY_LOOP="true")

        def late(text):
            return ["%d %s" % (int(line.split(" ", 1)[0]) + RECORDER_MS * 1_000_000,
                               line.split(" ", 1)[1]) for line in text]
        bot.env["RECORDING"] = recording.write(os.path.join(bot.folder, "late.gz"), 150, seed=3,
                                               edit=late)
        self.started(bot)
        self.wait(lambda: bot.value("SELECT clock_drift_ms FROM worker_heartbeat") >= RECORDER_MS,
                  "the recorder's clock is shown", 60)
        entries = bot.value(ENTRIES)
        self.wait(lambda: bot.value(ENTRIES) > entries, "entries are made", 60)
        self.assertEqual(self.refused(bot), 0)


if __name__ == "__main__":
    harness.main()
