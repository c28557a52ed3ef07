"""Another program holds the database: reads are answered, writes wait their turn."""
import contextlib
import json
import select
import sqlite3
import time

import attacker
import harness

HOLD_S = 1
WAIT_S = 2		# as long as the API lets a write wait (APP_BUSY_MS)
READS = ("/api/v1/status", "/api/v1/bots", "/api/v1/positions",
         "/api/v1/trading/bots/1/orders/history", "/api/v1/health")


class Locked(harness.TestCase):

    @contextlib.contextmanager
    def lock(self, bot):
        holder = sqlite3.connect(bot.db_path, isolation_level=None, timeout=harness.LOCK_S)
        holder.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")
            holder.close()

    def send(self, bot, method, path, body=None):
        """The request alone; its answer is read later."""
        text = json.dumps(body).encode() if body is not None else b""
        s = attacker.connect(bot)
        self.addCleanup(s.close)
        s.sendall(attacker.head(bot, method, path, "Connection: close", "Content-Type: application/json",
                                "Content-Length: %d" % len(text)) + text)
        return s

    def running(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def test_reads_are_answered_while_writes_wait(self):
        # on a machine so busy that the writes were given up before we let go: once more
        self.wait(self.held_for_a_moment, "all happens within %d s" % WAIT_S, 240)

    def held_for_a_moment(self):
        """False: it took too long to tell."""
        bot = self.running()
        with self.lock(bot):
            begin = time.monotonic()
            writes = [self.send(bot, "POST", "/api/v1/bots", {"name": "waits"}),
                      self.send(bot, "POST", "/api/v1/bot/pause"),
                      self.send(bot, "PUT", "/api/v1/trading/bots/1/config", {"holding_time": 77}),
                      self.send(bot, "POST", "/api/v1/tokens", {"name": "waits", "role": "viewer"})]
            reads = 0
            while time.monotonic() - begin < HOLD_S:
                for path in READS:
                    self.assertEqual(bot.get(path).status, 200, path)
                    reads += 1
                # had one of them kept the loop waiting, its answer would be there before the read's
                answered = select.select(writes, [], [], 0)[0]
                if time.monotonic() - begin >= WAIT_S:
                    return False
                self.assertEqual(answered, [])
        if time.monotonic() - begin >= WAIT_S:
            return False
        self.assertGreaterEqual(reads, len(READS))
        answers = [attacker.Answer(attacker.read_all(s)) for s in writes]
        self.assertEqual([a.status for a in answers], [201, 200, 200, 201], answers)
        self.assertEqual(bot.value("SELECT count(*) FROM bots WHERE name = 'waits'"), 1)
        self.assertEqual(bot.value("SELECT count(*) FROM commands WHERE kind = 'pause'"), 1)
        self.assertEqual(bot.value("SELECT count(*) FROM api_tokens WHERE name = 'waits'"), 1)
        self.assertEqual(bot.bot_status(), "PAUSED")
        self.wait(lambda: bot.value("SELECT count(*) FROM audit_log") == len(writes),
                  "each write has its audit row")
        return True

    def test_who_waits_too_long_is_told(self):
        bot = self.running()
        before = bot.value("SELECT count(*) FROM commands")
        with self.lock(bot):
            answers = [self.send(bot, "POST", "/api/v1/bot/pause") for _ in range(3)]
            answers = [attacker.Answer(attacker.read_all(s)) for s in answers]
        for answer in answers:
            self.assertEqual(answer.status, 503, answer)
            self.assertIn(b"database_unavailable", answer.data)
            self.assertIsNotNone(answer.header("Retry-After"))
        self.assertEqual(bot.value("SELECT count(*) FROM commands"), before)
        self.assertEqual(bot.post("/api/v1/bot/pause").status, 200)

    def test_the_api_ends_while_writes_wait(self):
        bot = self.running()
        with self.lock(bot):
            waiting = self.send(bot, "POST", "/api/v1/bots", {"name": "never"})
            self.assertEqual(bot.get("/api/v1/status").status, 200)
            bot.api.signal(harness.signal.SIGTERM)
            self.assertEqual(attacker.Answer(attacker.read_all(waiting)).status, 503)
        self.assertEqual(bot.api.wait(), 0)
        self.assertEqual(bot.value("SELECT count(*) FROM bots WHERE name = 'never'"), 0)


if __name__ == "__main__":
    harness.main()
