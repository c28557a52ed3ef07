"""A stranger's first minute: start, first paper trade, the commands of the README."""
import subprocess
import time

import books
import harness

FIRST_TRADE = "SELECT * FROM trading_orders WHERE status IN ('active', 'closed') AND filled > 0"


class FirstStart(harness.TestCase):

    def test_first_paper_trade(self):
        bot = self.bot(SYNTHETIC_SEED="", API_TOKEN="")		# as a user starts it
        started = time.monotonic()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        running = time.monotonic() - started
        self.wait(lambda: bot.rows(FIRST_TRADE), "the first paper trade", 180)
        print("running after %.1f s, first paper trade after %.1f s" %
              (running, time.monotonic() - started))

        def shell(command):
            text = command.replace("localhost:1337", "127.0.0.1:%d" % bot.port)
            done = subprocess.run(["bash", "-c", 'TOKEN=$(cat data/api_token); ' + text],
                                  cwd=bot.folder, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        status = shell('curl -s -H "Authorization: Bearer $TOKEN" localhost:1337/api/v1/status')
        self.assertIn('"RUNNING"', status)
        paused = shell('curl -s -X POST -H "Authorization: Bearer $TOKEN" '
                       'localhost:1337/api/v1/bot/pause')
        self.assertIn('"paused"', paused)
        self.assertEqual(bot.bot_status(), "PAUSED")
        orders = shell("sqlite3 data/app.db 'select * from trading_orders order by id desc limit 5'")
        self.assertIn("tb1-1-", orders)
        self.assertEqual(books.breaches(bot), [])

    def test_stop_and_start_go_on(self):
        bot = self.bot()
        bot.quick_trades()	# else two open positions hold the next entry back for a quarter of an hour
        bot.start()
        self.wait(lambda: bot.rows(FIRST_TRADE), "the first paper trade", 180)
        self.assertEqual(bot.stop(), [0, 0])
        self.assertIsNotNone(bot.value("SELECT stopped_us FROM worker_heartbeat"))
        before = bot.rows("SELECT * FROM trading_orders")
        self.assertEqual(books.breaches(bot), [])

        bot.start()
        self.wait(lambda: bot.worker_is_up(), "the worker is back")
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs as before")
        self.wait(lambda: bot.value("SELECT max(id) FROM trading_orders") > before[-1]["id"],
                  "it trades on", 90)
        self.assertEqual(bot.value("SELECT count(*) FROM models"), 1)	# not trained again
        ids = [r["id"] for r in bot.rows("SELECT id FROM trading_orders ORDER BY id")]
        self.assertEqual(ids, list(range(ids[0], ids[0] + len(ids))))
        self.assertEqual(bot.stop(), [0, 0])
        self.assertEqual(books.breaches(bot), [])

    def test_sigint_is_a_clean_end_too(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.worker_is_up(), "the worker is up", 60)
        for process in (bot.api, bot.worker):
            process.signal(2)
            self.assertEqual(process.wait(), 0)

    def test_either_starts_first_and_either_can_be_away(self):
        bot = self.bot()
        bot.start_api()
        health = bot.get("/api/v1/health", token=None)
        self.assertEqual(health.json["database"]["status"], "healthy", health)
        self.assertEqual(health.json["worker"]["status"], "never", health)
        self.assertEqual(health.json["status"], "degraded", health)
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.assertEqual(bot.api.stop(), 0)
        beat = bot.value("SELECT beat_us FROM worker_heartbeat")
        self.wait(lambda: bot.value("SELECT beat_us FROM worker_heartbeat") > beat,
                  "the worker goes on without the API")

    def test_two_workers_on_one_directory(self):
        bot = self.bot()
        first = bot.start_worker()
        self.wait(lambda: bot.worker_is_up(), "the worker is up", 60)
        second = bot.launch("trading-bot-worker")
        self.assertNotEqual(second.wait(), 0)
        self.assertIn(str(first.pid), second.output())
        self.assertTrue(first.alive())

    def test_worker_for_one_bot(self):
        """--bot-id makes the bot, starts it, and leaves the others to another worker."""
        bot = self.bot()
        bot.start_worker("--bot-id", "3", "--symbol", "BTCUSDC", "--config-json",
                         '{"strategy": "ema_cross", "max_positions": 3, "api_key": "MARKER"}')
        self.wait(lambda: bot.bot_status(3) == "RUNNING", "bot 3 runs", 60)
        row = bot.rows("SELECT symbol, max_positions, api_key FROM trading_configs WHERE bot_id = 3")[0]
        self.assertEqual((row["symbol"], row["max_positions"]), ("BTCUSDC", 3))
        self.assertTrue(row["api_key"].startswith("v1:"), "a secret is sealed")
        self.assertIsNone(bot.bot_status(1))
        self.assertEqual(bot.value("SELECT status FROM commands WHERE bot_id = 1"), "queued")
        self.assertNotIn("MARKER", bot.worker.output())
        self.assertEqual(bot.worker.stop(), 0)
        bot.start_worker()
        self.wait(lambda: bot.bot_status(1) == "RUNNING", "a worker for all runs bot 1 too", 60)
        refused = bot.launch("trading-bot-worker", "--bot-id", "3", "--config-json", '{"bogus": 1}')
        self.assertEqual(refused.wait(), 1)

    def test_logs_are_json_lines_with_the_documented_keys(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        bot.get("/api/v1/status")
        bot.stop()
        for process in (bot.api, bot.worker):
            lines = [line for line in process.output().splitlines() if line.startswith("{")]
            self.assertTrue(lines)
            for record in process.log():
                if "level" not in record:
                    continue
                for key in ("timestamp", "level", "logger", "message", "correlation_id",
                            "service", "version"):
                    self.assertIn(key, record)
                self.assertEqual(record["service"], process.name)
                self.assertRegex(record["timestamp"], r"^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$")


if __name__ == "__main__":
    harness.main()
