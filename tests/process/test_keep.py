"""Old rows go while the worker runs, each table's after its own setting."""
import harness

DAY_US = 86400 * 1000000
OLD = {
    "commands": "INSERT INTO commands(kind, bot_id, status, created_us) VALUES ('pause', 1, 'done', ?)",
    "audit_log": "INSERT INTO audit_log(at_us, actor, action) VALUES (?, 'old', 'POST')",
    "bot_events": "INSERT INTO bot_events(at_us, bot_id, from_status, to_status, event)"
                  " VALUES (?, 1, 'RUNNING', 'PAUSED', 'old')",
    "jobs": "INSERT INTO jobs(ended_us, kind, state, created_us) VALUES (?1, 'check', 'done', ?1)",
}


class Keep(harness.TestCase):
    def made(self, days, **env):
        """A worker over a database with two rows of each table, so many days older than a third."""
        bot = self.bot()
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.assertEqual(bot.worker.stop(), 0)
        now = bot.value("SELECT max(at_us) FROM bot_events") + DAY_US
        for table, sql in OLD.items():
            bot.write("DELETE FROM %s" % table)
            for at in (now - days * DAY_US, now - days * DAY_US + 1, now):
                bot.write(sql, at)
        self.newest = {t: bot.value("SELECT max(id) FROM %s" % t) for t in OLD}
        bot.start_worker(**env)
        return bot

    def left(self, bot, table):
        """Of the three; the worker's own rows come behind them."""
        return bot.value("SELECT count(*) FROM %s WHERE id BETWEEN ? AND ?" % table,
                         self.newest[table] - 2, self.newest[table])

    def test_details_go_and_the_audit_log_stays(self):
        bot = self.made(40, KEEP_DETAILS_DAYS="30", KEEP_AUDIT_DAYS="50")
        for table in ("commands", "bot_events", "jobs"):
            self.wait(lambda: self.left(bot, table) == 1, "old rows of %s go" % table)
        self.assertEqual(self.left(bot, "audit_log"), 3)
        self.assertEqual(bot.worker.stop(), 0)

    def test_the_audit_log_goes_and_details_stay(self):
        bot = self.made(40, KEEP_DETAILS_DAYS="50", KEEP_AUDIT_DAYS="30")
        self.wait(lambda: self.left(bot, "audit_log") == 1, "old rows of the audit log go")
        self.assertEqual([self.left(bot, t) for t in ("commands", "bot_events", "jobs")], [3, 3, 3])
        self.assertEqual(bot.worker.stop(), 0)


if __name__ == "__main__":
    harness.main()
