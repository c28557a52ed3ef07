"""What becomes of the database's file while nobody looks: flipped bits, a -wal that is held."""
import sqlite3

import harness

PAGE = 4096


class FileWatch(harness.TestCase):
    def started(self, **env):
        bot = self.bot(**env)
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def health(self, bot):
        return bot.get("/api/v1/status/health/detailed").json

    def test_flipped_bits_are_seen_without_a_restart(self):
        bot = self.started(SCRUB_INTERVAL="1", BACKUP_INTERVAL="0")
        self.wait(lambda: bot.value("SELECT scrubbed_us FROM file_watch"), "it was looked at once")
        self.assertIsNotNone(self.health(bot)["database"]["scrubbed"])
        bot.write("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5000)"
                  " INSERT INTO audit_log(at_us, actor, action, detail)"
                  " SELECT 1900000000000000, 'x', 'POST', hex(randomblob(40)) FROM t")
        page = bot.value("SELECT pageno FROM dbstat WHERE name = 'audit_log' AND pagetype = 'leaf'"
                         " ORDER BY path LIMIT 1 OFFSET 50")
        self.assertTrue(page)
        # all pages are in the file, and nobody's rows lie on this one any more
        self.wait(lambda: bot.rows("PRAGMA wal_checkpoint(PASSIVE)") and self.in_file(bot, page),
                  "the page is in the file")
        with open(bot.db_path, "r+b") as f:
            f.seek((page - 1) * PAGE)
            head = f.read(16)
            f.seek((page - 1) * PAGE)
            f.write(bytes(b ^ 0x40 for b in head))
        self.wait(lambda: bot.value("SELECT damaged_us FROM file_watch"), "the damage is seen")
        health = self.health(bot)
        self.assertEqual((health["status"], health["database"]["status"]), ("unhealthy", "unhealthy"))
        self.assertIn("damaged", health["database"]["message"])
        self.assertIn("tradingbot_database_damaged 1", bot.get("/metrics").body)
        doctor = bot.cli("doctor")
        self.assertEqual(doctor.returncode, 1)
        self.assertIn("the worker found damage", doctor.stdout)
        self.assertTrue([r for r in bot.worker.log() if r["level"] == "ERROR"
                         and "damaged" in r["message"]])
        self.assertTrue(bot.worker.alive())
        # mended, that is seen as well
        with open(bot.db_path, "r+b") as f:
            f.seek((page - 1) * PAGE)
            f.write(head)
        self.wait(lambda: not bot.value("SELECT damaged_us FROM file_watch"), "it is sound again")
        self.assertEqual(self.health(bot)["database"]["status"], "healthy")

    def in_file(self, bot, page):
        with open(bot.db_path, "rb") as f:
            f.seek((page - 1) * PAGE)
            return f.read(1) == b"\x0d"		# a table's leaf

    def test_who_holds_the_log_is_told(self):
        bot = self.started(BACKUP_INTERVAL="0", SCRUB_INTERVAL="0")
        reader = sqlite3.connect(bot.db_path, isolation_level=None, timeout=harness.LOCK_S)
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM bots").fetchone()
        for _ in range(12):
            bot.write("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 800)"
                      " INSERT INTO audit_log(at_us, actor, action, detail)"
                      " SELECT 1900000000000000, 'x', 'POST', hex(zeroblob(1900)) FROM t")
        told = self.wait(lambda: bot.value("SELECT failing FROM file_watch"), "it is told")
        self.assertIn("pages of the -wal file can't be moved while process", told)
        self.assertIn("python", told)
        health = self.health(bot)
        self.assertEqual(health["status"], "degraded")
        self.assertEqual(health["database"]["message"], told)
        self.assertIsNotNone(health["database"]["checkpoints_fail_since"])
        self.assertIn("tradingbot_database_checkpoints_failing 1", bot.get("/metrics").body)
        self.assertIn("can't be moved", bot.cli("doctor").stdout)
        reader.execute("COMMIT")
        self.wait(lambda: not bot.value("SELECT failing_us FROM file_watch"), "pages are moved again", 60)
        self.assertEqual(bot.stop(), [0, 0])


if __name__ == "__main__":
    harness.main()
