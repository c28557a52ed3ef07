"""A recording that is away for a while: the state says failed, and live when it is back."""
import os

import harness
import recording


class FeedBack(harness.TestCase):

    def beat(self, bot, column):
        return bot.value("SELECT %s FROM worker_heartbeat" % column)

    def test_a_file_goes_and_comes_back(self):
        bot = self.bot(MARKET_DATA="replay", REPLAY_SPEED="20", REPLAY_LOOP="true")
        files = [recording.write(os.path.join(bot.folder, symbol + ".gz"), 12, seed=5, symbol=symbol)
                 for symbol in ("BTCUSDT", "ETHUSDT")]
        bot.env["RECORDING"] = " ".join(files)
        bot.start_worker()
        self.wait(lambda: self.beat(bot, "feed_state") == "live", "it plays", 60)
        markets = self.beat(bot, "feed_message")
        self.assertIn("ETHUSDT", markets)
        os.rename(files[1], files[1] + ".away")
        self.wait(lambda: self.beat(bot, "feed_state") == "failed", "that is seen", 60)
        self.assertIn(files[1], self.beat(bot, "feed_message"))
        # the other one does not go round alone
        events, turns = self.beat(bot, "events"), self.beat(bot, "turns")
        self.wait(lambda: self.beat(bot, "turns") > turns + 60, "turns")
        self.assertEqual(self.beat(bot, "events"), events)
        self.assertEqual(self.beat(bot, "feed_state"), "failed")
        os.rename(files[1] + ".away", files[1])
        self.wait(lambda: self.beat(bot, "feed_state") == "live", "it is live again", 60)
        self.assertEqual(self.beat(bot, "feed_message"), markets)
        self.wait(lambda: self.beat(bot, "events") > events, "it plays on")
        self.assertTrue([r for r in bot.worker.log() if r["message"] == "market data is back"])
        self.assertEqual(bot.worker.stop(), 0)


if __name__ == "__main__":
    harness.main()
