#!/usr/bin/env python3
"""Every build takes over the data directories of older versions, killed at each step, and trades on."""
import os
import signal
import sqlite3
import unittest

import books
import harness
import replays
import upgrades

SAN = "build/san"		# only this build can kill itself
FOLLOWED = 8			# every so many kills the rest of the recording is traded as well
OPEN_ORDERS = "SELECT * FROM exchange_orders WHERE state IN " + books.OPEN_STATES
OLD_ROWS = {			# rows that no upgrade changes, in the columns that were there; new ones come last
    "fills": "SELECT * FROM fills ORDER BY id",
    "orders": "SELECT id, bot_id, order_id, symbol, side, quantity, created_us FROM trading_orders ORDER BY id",
    "ledger": "SELECT * FROM sim_ledger ORDER BY id",
    "models": "SELECT id, name, sha256 FROM models ORDER BY id",
    # a model_id of 0 beside an assignment meant the assigned one, and says so since 0.2.0
    "configs": "SELECT h.bot_id, h.version, json_set(h.config, '$.model_id', coalesce(nullif("
               "json_extract(h.config, '$.model_id'), 0), (SELECT a.model_id FROM model_assignments a"
               " WHERE a.bot_id = h.bot_id), 0)) AS config FROM trading_config_history h ORDER BY h.id",
    "events": "SELECT * FROM bot_events ORDER BY id",
}


def version(bot):
    return bot.value("PRAGMA user_version")


def newest():
    """The schema of this build: of the files in schema/."""
    return max(int(n[:4]) for n in os.listdir(os.path.join(harness.ROOT, "schema")) if n[:4].isdigit())


def history(bot):
    return {what: bot.rows(sql) for what, sql in OLD_ROWS.items()}


class Upgrade(harness.TestCase):
    def old(self, archive, build=None):
        folder = self.folder()
        bot = harness.Bot(folder, build, **upgrades.environment(folder))
        self.bots.append(bot)
        upgrades.unpack(archive, bot.data_dir)
        return bot

    def assert_history(self, before, after, what):
        """Columns may come, rows that were there stay as they were."""
        for table, rows in before.items():
            self.assertTrue(rows, table)
            kept = [{k: row[k] for k in old} for old, row in zip(rows, after[table])]
            self.assertEqual(kept, rows, "%s: %s" % (what, table))

    def assert_traded_on(self, bot, before, open_before, what):
        self.assertEqual(version(bot), newest(), what)
        self.assertEqual(books.breaches(bot), [], what)
        self.assert_history(before, history(bot), what)
        self.assertGreater(len(bot.rows("SELECT * FROM fills")), len(before["fills"]), what)
        # what was open is settled, or the venue still holds it (books looks at that)
        for row in open_before:
            now = bot.rows("SELECT * FROM exchange_orders WHERE client_order_id = ?",
                           row["client_order_id"])
            self.assertEqual(len(now), 1, what)
            self.assertNotIn(now[0]["state"], ("planned", "unknown"), what)
            if row["type"] == "OCO":	# taken back by the upgrade, placed anew by the first start
                self.assertEqual((now[0]["state"], now[0]["reject_reason"][:8]), ("cancelled", "upgrade:"), what)
                self.assertTrue(bot.rows("SELECT 1 FROM exchange_orders t JOIN exchange_orders s USING (list_id)"
                                         " WHERE t.order_id = ? AND t.leg = 't' AND s.leg = 's'"
                                         " AND t.acked_us > 0 AND s.acked_us > 0", row["order_id"]), what)
        self.assertTrue([r for r in open_before if bot.value(
            "SELECT status FROM trading_orders WHERE id = ?", r["order_id"]) == "closed"], what)

    def archives(self):
        self.assertTrue(upgrades.OLD)
        return upgrades.OLD

    def test_what_an_old_version_left(self):
        """The archives hold what they are there for."""
        for archive in self.archives():
            bot = self.old(archive)
            self.assertLess(os.path.getsize(archive), 200 * 1024)
            self.assertLess(version(bot), newest())
            open_now = bot.rows(OPEN_ORDERS)
            self.assertTrue([r for r in open_now if r["leg"] == "e" and r["filled"] == 0])
            self.assertTrue([r for r in open_now if r["type"] == "OCO"])
            self.assertTrue(bot.value("SELECT count(*) FROM trading_configs WHERE model_id > 0"))

    def test_killed_at_each_step(self):
        if not os.access(harness.program("trading-bot-worker", SAN), os.X_OK):
            raise unittest.SkipTest("no sanitizer build: make FLAVOR=san programs")
        for archive in self.archives():
            whole = self.old(archive)
            before, open_before = history(whole), whole.rows(OPEN_ORDERS)
            upgrades.run_to_end(self, whole)
            self.assert_traded_on(whole, before, open_before, "undisturbed")
            expected = replays.outcome(whole)
            n, left, at_old = 0, 3, 0
            while left:		# and three statements beyond it
                n += 1
                bot = self.old(archive, SAN)
                old = version(bot)
                worker = bot.start_worker(FAULT_SQL=n)
                self.assertEqual(worker.wait(60), -signal.SIGKILL, worker.output()[-2000:])
                what = "killed before statement %d" % n
                left -= version(bot) == newest()
                at_old += version(bot) == old
                self.assertEqual(bot.rows("PRAGMA integrity_check"), [{"integrity_check": "ok"}], what)
                self.assert_history(before, history(bot), what)
                if n % FOLLOWED == 1 or left < 3:
                    bot.build = None
                    upgrades.run_to_end(self, bot)
                    self.assert_traded_on(bot, before, open_before, what)
                    replays.assert_same(self, expected, replays.outcome(bot), what)
                else:
                    self.drop(bot)
            print("%s: killed at %d steps, %d of them before the new schema" % (
                os.path.basename(archive), n, at_old))
            self.assertGreater(at_old, 10)

    def drop(self, bot):
        """What is not followed need not be shown when another one fails."""
        self.bots.remove(bot)

    def test_killed_again_and_again_on_one_directory(self):
        if not os.access(harness.program("trading-bot-worker", SAN), os.X_OK):
            raise unittest.SkipTest("no sanitizer build: make FLAVOR=san programs")
        for archive in self.archives():
            bot = self.old(archive, SAN)
            before, open_before = history(bot), bot.rows(OPEN_ORDERS)
            for n in range(3, 300, 4):
                worker = bot.start_worker(FAULT_SQL=n)
                self.assertEqual(worker.wait(60), -signal.SIGKILL, worker.output()[-2000:])
                if version(bot) == newest():
                    break
            bot.build = None
            upgrades.run_to_end(self, bot)
            self.assert_traded_on(bot, before, open_before, "killed again and again")

    def test_the_copy_made_before_is_the_old_database(self):
        for archive in self.archives():
            bot = self.old(archive)
            before, old = history(bot), version(bot)
            upgrades.run_to_end(self, bot)
            copy = "%s.v%d.bak" % (bot.db_path, old)
            connection = sqlite3.connect(copy)
            connection.row_factory = sqlite3.Row
            try:
                self.assertEqual(connection.execute("PRAGMA user_version").fetchone()[0], old)
                kept = {what: [dict(r) for r in connection.execute(sql)]
                        for what, sql in OLD_ROWS.items()}
                self.assertEqual(kept, before)
            finally:
                connection.close()


if __name__ == "__main__":
    harness.main()
