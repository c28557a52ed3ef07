"""The model that a newcomer's bot trades with: the same each time, and honest about itself."""
import json
import os
import subprocess

import harness

NODE = os.path.join(harness.ROOT, "tests/node")


class SampleModel(harness.TestCase):

    def started(self, **env):
        bot = self.bot(**env)
        bot.start_worker()
        self.wait(lambda: bot.value("SELECT count(*) FROM models") == 1, "the sample model is there", 60)
        return bot

    def sample(self, bot):
        row = bot.rows("SELECT * FROM models")[0]
        self.assertEqual(os.listdir(os.path.join(bot.data_dir, "models")), [row["sha256"]],
                         "those that were not chosen are gone")
        return row

    def test_two_first_starts_give_one_model(self):
        first = self.started()
        one = self.sample(first)
        self.assertEqual(first.worker.stop(), 0)
        two = self.sample(self.started())
        for column in ("sha256", "metrics", "trial", "warning", "trees"):
            self.assertEqual(one[column], two[column], column)
        self.assertNotEqual(self.sample(self.started(SYNTHETIC_SEED=8))["sha256"], one["sha256"])

    def test_no_better_than_chance_is_retried_or_said(self):
        """Of six markets some have no sample that is good for anything."""
        tried, warned, bot = [], [], None
        for seed in range(1, 7):
            last = self.started(SYNTHETIC_SEED=seed)
            row = self.sample(last)
            metrics = json.loads(row["metrics"])
            tried.append(metrics["horizons_tried"])
            warned.append(row["warning"])
            self.assertEqual(metrics["auc"] < 0.55, row["warning"] != "", row)
            self.assertTrue(metrics["auc"] >= 0.55 or metrics["horizons_tried"] == 5, row)
            if row["warning"]:
                self.assertIn("AUC %.2f" % metrics["auc"], row["warning"])
                self.assertIn("no better than chance", row["warning"])
            self.assertEqual(last.worker.stop(), 0)
            bot = bot or last
        print("horizons tried:", tried, "warnings:", warned)
        self.assertGreater(max(tried), 1)		# else this test shows nothing

    def test_it_is_said_on_status_and_page(self):
        bot = self.started()
        bot.start_api()
        self.assertIsNone(bot.status()["model"]["warning"])
        bot.write("UPDATE models SET warning = 'sample, no better than chance: AUC 0.42'")
        said = "sample, no better than chance: AUC 0.42"
        self.wait(lambda: bot.status()["model"]["warning"] == said, "the status says so")
        self.assertEqual(bot.get("/api/v1/models/1").json["warning"], said)
        self.assertEqual(bot.get("/api/v1/bots/1").json["model_warning"], said)
        self.assertEqual(self.page(bot)["warnings"], ["Model: " + said])

    def test_the_first_page_shows_no_trade_of_nothing(self):
        """An entry that its time limit ended before anybody filled it is no trade."""
        bot = self.bot()
        bot.quick_trades()
        bot.start()
        self.wait(lambda: bot.value("SELECT count(*) FROM trading_orders WHERE status = 'closed'"
                                    " AND filled = 0") > 0, "an entry that was not filled", 180)
        self.wait(lambda: bot.value("SELECT count(*) FROM trading_orders WHERE status = 'closed'"
                                    " AND filled > 0") > 0, "a trade", 180)
        trades = self.page(bot)["trades"]
        self.assertTrue(trades)
        for row in trades:
            self.assertGreater(float(row[2]), 0, trades)
        self.assertEqual(bot.value("SELECT count(*) FROM fills WHERE quantity <= 0"), 0)
        self.assertEqual(bot.value("SELECT count(*) FROM exchange_orders WHERE quantity <= 0"), 0)
        self.assertEqual(bot.value("SELECT count(*) FROM trading_orders WHERE quantity <= 0"), 0)

    def page(self, bot):
        done = subprocess.run(["node", "page.mjs", "http://127.0.0.1:%d" % bot.port, harness.TOKEN], cwd=NODE,
                              check=False, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)


if __name__ == "__main__":
    harness.main()
