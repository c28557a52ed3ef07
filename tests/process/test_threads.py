"""Threads, driven hard under ThreadSanitizer (make FLAVOR=tsan programs): the worker's, which
loads models beside the loop, and the API's, which reads what takes long.

A report of the sanitizer fails the test that it comes from (harness.TestCase.end).
"""
import os
import random
import socket
import sqlite3
import struct
import threading
import unittest

import attacker
import harness
from forms import TYPE, form, retrained

BUILD = "build/tsan"
ASSIGN = "/api/v1/models/assign/"
STATS = "/api/v1/trading/bots/1/stats"
READS = (STATS, STATS + "/pnl", STATS + "/pnl?by=reason", "/metrics", "/api/v1/status/metrics",
         "/api/v1/simulation/performance", "/api/v1/trading/bots/1/orders/history?limit=500")
TRADES = 8_000
MANY_ORDERS = """
INSERT INTO reported_orders(bot_id, order_id, symbol, side, status, quantity, pnl, fees, close_reason,
    created_us, closed_us, updated_us)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
SELECT 1, 'r' || i, 'BTCUSDT', 'BUY', 'closed', 1.0, i % 7 - 3.0, 0.1, 'r' || (i % 9),
    i * 60000000, i * 60000000, i FROM n"""


@unittest.skipUnless(os.path.exists(harness.program("trading-bot-worker", BUILD)),
                     "make FLAVOR=tsan programs")
class Threads(harness.TestCase):

    def started(self):
        """The first start trains the sample model, which is nothing for a sanitizer."""
        bot = self.bot()
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 120)
        self.assertEqual(bot.worker.stop(), 0)
        bot.build = BUILD
        bot.start()
        return bot

    def uploaded(self, bot, n):
        """The sample model and n others; their numbers."""
        path = bot.value("SELECT path FROM models")
        with open(os.path.join(bot.data_dir, path), "rb") as f:
            model = f.read()
        numbers = [1]
        for i in range(n):
            model = retrained(model)
            answer = bot.request("POST", "/api/v1/models/upload",
                                 form(model, name="m%d" % i, symbol="BTCUSDT"), {"Content-Type": TYPE},
                                 limit=120)
            self.assertEqual(answer.status, 201, answer)
            numbers.append(answer.json["id"])
        return numbers

    def applied(self, bot, number):
        return bot.value("SELECT applied_model_id FROM bot_state WHERE bot_id = ?", number)

    def test_models_are_switched_while_trading(self):
        bot = self.started()
        models = self.uploaded(bot, 4)
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 120)
        bots = [1] + [bot.post("/api/v1/bots", {"name": "bot %d" % i}).json["id"] for i in (2, 3)]
        for number in bots[1:]:
            answer = bot.put(ASSIGN + str(number), {"model_id": 1})
            self.assertEqual(answer.status, 200, answer)
            self.assertIn(bot.post("/api/v1/bots/%d/start" % number).status, (200, 202))
        # one of them is not what was registered
        broken = models[-1]
        with open(os.path.join(bot.data_dir, bot.value("SELECT path FROM models WHERE id = ?", broken)),
                  "ab") as f:
            f.write(b" ")
        chance = random.Random(3)
        for i in range(120):		# most before the one before is loaded
            number, model = chance.choice(bots), chance.choice(models)
            self.assertEqual(bot.put(ASSIGN + str(number), {"model_id": model}).status, 200)
            if i % 10 == 9 and model != broken:
                self.wait(lambda n=number, m=model: self.applied(bot, n) == m, "it is applied", 60)
        for number in bots:
            bot.put(ASSIGN + str(number), {"model_id": 2})
            self.wait(lambda n=number: self.applied(bot, n) == 2, "the last one is applied", 60)
        turns = bot.value("SELECT turns FROM worker_heartbeat")
        self.wait(lambda: bot.value("SELECT turns FROM worker_heartbeat") > turns, "the loop turns", 60)
        # the end comes while one is loaded
        for model in models[:-1]:
            bot.put(ASSIGN + "1", {"model_id": model})
        self.assertEqual(bot.worker.stop(60), 0)
        self.assertEqual(bot.api.stop(60), 0)

    def readers(self, bot, answers, n=6, each=20):
        """Threads that read; every second request is left alone, its connection cut."""
        def read(seed):
            chance = random.Random(seed)
            for i in range(each):
                try:
                    with attacker.connect(bot, limit=120) as s:
                        s.sendall(attacker.head(bot, "GET", chance.choice(READS), "Connection: close"))
                        if i % 2:
                            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                            continue
                        answers.append(attacker.Answer(attacker.read_all(s)).status)
                except OSError:
                    answers.append(0)

        threads = [threading.Thread(target=read, args=(i,)) for i in range(n)]
        for thread in threads:
            thread.start()
        return threads

    def test_slow_reads_and_clients_that_go_away(self):
        bot = self.bot(BUILD)
        bot.start_api()
        self.assertEqual(bot.get("/api/v1/status").status, 200)
        connection = sqlite3.connect(bot.db_path)
        with connection:
            connection.execute(MANY_ORDERS, (TRADES,))
        connection.close()
        answers = []
        threads = self.readers(bot, answers)
        # the file goes and comes back meanwhile: both connections are made anew
        os.rename(bot.db_path, bot.db_path + ".away")
        self.wait(lambda: bot.get("/api/v1/health", token=None).status == 503, "it is missed")
        os.rename(bot.db_path + ".away", bot.db_path)
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(answers), {200, 503}, answers)
        self.assertIn(200, answers)
        self.wait(lambda: bot.get(STATS).status == 200, "it is found again")
        # the end comes while some wait, and they are told
        answers = []
        threads = self.readers(bot, answers, each=1000)
        self.wait(lambda: len(answers) > 10, "they read", 60)
        self.assertEqual(bot.api.stop(60), 0)
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(answers), {0, 200, 503}, set(answers))


if __name__ == "__main__":
    harness.main()
