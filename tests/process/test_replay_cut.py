"""A replay that is cut and goes on ends as one that was never cut, row by row."""
import os
import signal

import books
import harness
import recording
import replays

SHARED = [os.path.join(harness.SHARED_DATA, "recordings/spot/btcusdt_2024080%d.gz" % day)
          for day in (8, 9)]


class ReplayCut(harness.TestCase):

    settings = replays.QUICK

    def whole(self, *files):
        bot = self.bot(**replays.environment(*files))
        bot.settings = self.settings
        replays.run_to_end(self, bot)
        return bot, replays.outcome(bot)

    def cut(self, points, number, *files):
        """Ends the worker near each of these shares of all frames, and starts it again."""
        bot = self.bot(**replays.environment(*files))
        bot.settings = self.settings
        cuts = 0
        for point in points:
            bot.start_worker(*replays.first(bot))
            self.wait(lambda p=point: (replays.frame(bot) >= p and
                                       (number == signal.SIGKILL or bot.worker_is_up()))
                      or replays.ended(bot) or not bot.worker.alive(),
                      "%d frames are done" % point, 120)
            self.assertTrue(bot.worker.alive(), "the worker ended by itself")
            cuts += not replays.ended(bot)
            bot.worker.signal(number)
            code = bot.worker.wait()
            self.assertEqual(code, 0 if number == signal.SIGTERM else -number)
            self.assertEqual(books.breaches(bot), [])
        replays.run_to_end(self, bot)
        return cuts, replays.outcome(bot)

    def compare(self, shares, *files):
        bot, expected = self.whole(*files)
        frames = replays.frame(bot)
        trades = len(expected["trading_orders"])
        self.assertGreater(trades, 0)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(signal=number.name):
                for _ in range(5):		# we may look too late each time, when it has ended
                    cuts, found = self.cut([int(frames * s) for s in shares], number, *files)
                    if cuts:
                        break
                print("%d frames, %d trades, %d cuts by %s" % (frames, trades, cuts, number.name))
                self.assertGreater(cuts, 0)
                replays.assert_same(self, expected, found, "cut by " + number.name)

    def test_generated_recording(self):
        file = recording.write(os.path.join(self.folder(), "made.gz"), 900)
        self.compare([0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95], file)

    def test_exits_as_rules(self):
        """Stops that trail, parts, further entries: a cut loses nothing of what moved."""
        self.settings = replays.EXITS
        file = recording.write(os.path.join(self.folder(), "made.gz"), 900)
        self.compare([0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95], file)
        bot = self.bots[0]
        for what, sql in {
                "a stop trailed": "SELECT 1 FROM trading_orders WHERE stop_by = 'trailing'",
                "it was added to a position": "SELECT 1 FROM trading_orders WHERE entries > 1",
                "a part left": "SELECT 1 FROM exchange_orders a JOIN exchange_orders b USING (order_id)"
                " WHERE a.leg = 't' AND b.leg = 't' AND a.filled > 0 AND a.price != b.price"}.items():
            self.assertTrue(bot.value(sql), what)

    def test_two_runs_are_the_same(self):
        file = recording.write(os.path.join(self.folder(), "made.gz"), 300, seed=2)
        replays.assert_same(self, self.whole(file)[1], self.whole(file)[1], "second run")

    def test_a_day_that_is_played_again(self):
        """A day's statistics are those of all its trades, as run_to_end checks."""
        before_midnight = recording.START_MS - 150_000
        first, again = (recording.write(os.path.join(self.folder(), name), 300, seed=seed,
                                        start_ms=before_midnight)
                        for name, seed in (("first.gz", 2), ("again.gz", 4)))
        bot = self.bot()
        for file in (first, again):
            replays.run_to_end(self, bot, **replays.environment(file))
        days = bot.rows("SELECT trades FROM trading_stats")
        self.assertEqual(len(days), 2, "both runs traded on the same two days")
        self.assertGreater(min(d["trades"] for d in days), 1)

    def test_shared_recording(self):
        if not all(os.path.exists(f) for f in SHARED):
            self.skipTest("no shared recordings")
        self.compare([0.1, 0.3, 0.55, 0.8], *SHARED)

    def test_shared_futures_recording(self):
        file = os.path.join(harness.SHARED_DATA, "recordings/usdm/btcusdt_20240808.gz")
        if not os.path.exists(file):
            self.skipTest("no shared recordings")
        self.compare([0.35, 0.7], file)
        for bot in self.bots:		# bot 1 was put on the market at hand
            self.assertEqual(bot.value("SELECT exchange FROM trading_configs"), "binance_futures")
            self.assertEqual(bot.value("SELECT kind FROM sim_accounts"), "futures")


if __name__ == "__main__":
    harness.main()
