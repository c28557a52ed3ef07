"""The database file replaced, moved or removed under running programs; two workers on one file."""
import os
import shutil
import sqlite3
import time

import books
import harness

ENDS = 3	# s until a program has noticed, on a machine that has nothing else to do


class Case(harness.TestCase):

    def trading(self, api=False):
        bot = self.bot()
        bot.quick_trades()
        bot.start_worker()
        self.wait(lambda: bot.value("SELECT count(*) FROM fills"), "there are fills", 90)
        if api:
            bot.start_api()
        return bot

    def ended(self, process, *words):
        """It ends by itself, soon, and says why."""
        began = time.monotonic()
        self.assertEqual(process.wait(ENDS), 1, process.output()[-2000:])
        print("%s ended after %.2f s" % (process.name, time.monotonic() - began))
        for word in words:
            self.assertIn(word, process.output())

    def copy(self, bot, to):
        source, target = sqlite3.connect(bot.db_path), sqlite3.connect(to)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()


class Lost(Case):

    def test_replaced(self):
        """The restore by hand that everybody tries: the emergency stop in the new file is heard."""
        bot = self.trading()
        copy = os.path.join(bot.folder, "copy.db")
        self.copy(bot, copy)
        os.rename(copy, bot.db_path)
        for ending in ("-wal", "-shm"):
            os.unlink(bot.db_path + ending)
        done = bot.cli("emergency-stop", "--all")
        self.ended(bot.worker, "replaced, moved or deleted", "trading ends at once")
        orders = bot.value("SELECT max(id) FROM trading_orders")
        bot.start_worker()
        self.wait(lambda: bot.value("SELECT emergency FROM bot_state WHERE bot_id = 1") == 2,
                  "the emergency stop is done: %s" % done.stdout)
        self.assertEqual(bot.value("SELECT max(id) FROM trading_orders"), orders)
        self.assertEqual(books.breaches(bot), [])

    def test_deleted_and_moved(self):
        for how in ("deleted", "moved", "folder"):
            bot = self.trading(api=True)
            aside = os.path.join(bot.folder, "aside")
            if how == "deleted":
                os.unlink(bot.db_path)
            elif how == "moved":
                os.rename(bot.db_path, aside)
            else:
                os.rename(bot.data_dir, aside)
            self.ended(bot.worker, "replaced, moved or deleted")
            # the API serves nothing from it either, and makes none
            self.wait(lambda: bot.get("/api/v1/status").status == 503, "the API says so")
            self.assertEqual(bot.post("/api/v1/bot/emergency-stop").status, 503)
            self.assertFalse(os.path.exists(bot.db_path))
            again = bot.start_worker()
            if how != "folder":		# that is an empty place: its first start
                self.assertEqual(again.wait(), 1)
                self.assertIn("app.db is missing here", again.output())
            bot.stop()

    def test_the_log_is_removed(self):
        """rm app.db-wal: what was committed is not lost, and both programs end."""
        for endings in (("-wal",), ("-shm",), ("-wal", "-shm")):
            bot = self.trading(api=True)
            for ending in endings:
                os.unlink(bot.db_path + ending)
            done = bot.cli("status")	# waits for their end, or comes after it
            self.assertEqual(done.returncode, 0, done.stderr)
            self.ended(bot.worker, "was removed or replaced while it was in use", "-wal" if
                       "-wal" in endings else "-shm")
            self.ended(bot.api, "was removed or replaced while it was in use")
            self.assertEqual(bot.value("PRAGMA integrity_check"), "ok")
            said = [r["message"] for r in bot.worker.log() if r.get("logger") == "fill"]
            self.assertEqual(bot.value("SELECT count(*) FROM fills"), len(said))
            self.assertEqual(books.breaches(bot), [])
            bot.start()
            self.wait(bot.worker_is_up, "the worker is up", 60)
            bot.stop()

    def test_a_symbolic_link_that_leads_elsewhere(self):
        bot = self.trading()
        bot.worker.stop()
        link = os.path.join(bot.folder, "link.db")
        os.symlink(os.path.join("data", "app.db"), link)
        bot.start_worker(DB_PATH=link)
        self.wait(bot.worker_is_up, "the worker is up", 60)
        other = os.path.join(bot.folder, "other.db")
        self.copy(bot, other)
        os.unlink(link)
        os.symlink("other.db", link)
        self.ended(bot.worker, link)


class OneWorker(Case):

    def second(self, bot, *words, **env):
        other = bot.launch("trading-bot-worker", **env)
        self.assertEqual(other.wait(60), 1, other.output()[-2000:])
        for word in words:
            self.assertIn(word, other.output())
        self.assertTrue(bot.worker.alive())

    def test_by_whatever_name(self):
        bot = self.trading()
        pid = "pid %d" % bot.worker.pid
        other = os.path.join(bot.folder, "elsewhere")
        os.makedirs(other)
        # through a symbolic link to the file, with a folder of its own
        link = os.path.join(other, "app.db")
        os.symlink(bot.db_path, link)
        self.second(bot, pid, DB_PATH=link)
        self.second(bot, pid, DB_PATH=link, DATA_DIR=other)
        # to the folder
        folder = os.path.join(bot.folder, "folder")
        os.symlink(bot.data_dir, folder)
        self.second(bot, pid, DATA_DIR=folder)
        # without the lock's files
        for ending in (".worker", ".lock"):
            os.unlink(bot.db_path + ending)
        self.second(bot, pid)
        self.assertIn("in use", bot.cli("restore", bot.db_path + "-none", "--yes").stderr +
                      self.restore(bot))
        # a second name
        hard = os.path.join(other, "hard.db")
        os.link(bot.db_path, hard)
        self.second(bot, DB_PATH=hard)
        done = bot.cli("emergency-stop", "1", DB_PATH=hard)
        self.assertEqual(done.returncode, 1)
        self.assertIn("hard links", done.stderr)
        self.assertIn("no bot was told", done.stderr)
        self.assertEqual(bot.rows("SELECT * FROM commands WHERE kind = 'emergency-stop'"), [])
        # by the name that is in use it is heard all the same
        self.assertEqual(bot.cli("emergency-stop", "--all").returncode, 0)
        self.stopped(bot, "the emergency stop is done")
        self.assertEqual([n for n in os.listdir(other) if n.endswith((".stop", "-wal", "-shm"))], [])

    def stopped(self, bot, what):
        self.wait(lambda: bot.value("SELECT emergency FROM bot_state WHERE bot_id = 1") == 2,
                  what)
        self.assertEqual(books.breaches(bot), [])

    def test_all_bots_are_stopped_by_a_second_name(self):
        """It goes by signal, and leaves nothing that a start under this name would find."""
        bot = self.trading()
        other = os.path.join(bot.folder, "elsewhere")
        os.makedirs(other)
        hard = os.path.join(other, "hard.db")
        os.link(bot.db_path, hard)
        done = bot.cli("emergency-stop", DB_PATH=hard)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("hard links", done.stderr)
        self.assertIn("the signal was sent to the worker (pid %d)" % bot.worker.pid, done.stdout)
        self.stopped(bot, "the signal was heard")
        self.assertEqual(os.listdir(other), ["hard.db"])
        self.assertEqual(bot.rows("SELECT requested_by FROM commands WHERE kind = 'emergency-stop'"),
                         [{"requested_by": "signal"}])

    def restore(self, bot):
        """Refused also where the lock's file was removed."""
        copy = os.path.join(bot.folder, "copy.db")
        self.copy(bot, copy)
        done = bot.cli("restore", copy, "--yes")
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stderr

    def test_a_renamed_folder(self):
        bot = self.trading()
        other = os.path.join(bot.folder, "renamed")
        bot.worker.signal(19)		# SIGSTOP: it can't notice yet
        self.wait(lambda: bot.worker.state() == "T", "the worker stands")
        os.rename(bot.data_dir, other)
        self.second(bot, "pid %d" % bot.worker.pid, DATA_DIR=other)
        bot.worker.signal(18)
        self.ended(bot.worker, "replaced, moved or deleted")

    def test_fence(self):
        """Whoever claims the database ends the one before, also without any lock."""
        bot = self.trading()
        taken = "UPDATE worker_heartbeat SET boot_id = 'another', beat_us = beat_us + 1"
        connection = sqlite3.connect(bot.db_path, timeout=harness.LOCK_S)
        with connection:
            connection.execute(taken)
            counts = {t: connection.execute("SELECT count(*) FROM %s" % t).fetchone()
                      for t in ("fills", "trading_orders", "signals", "logs", "bot_events")}
        connection.close()
        self.ended(bot.worker, "another worker has taken over")
        for table, n in counts.items():
            self.assertEqual(bot.value("SELECT count(*) FROM %s" % table), n[0], table)
        self.assertEqual(bot.value("SELECT boot_id FROM worker_heartbeat"), "another")
        self.assertIsNone(bot.value("SELECT stopped_us FROM worker_heartbeat"))

    def test_the_fence_holds_from_the_start(self):
        """The copied folder of a running bot is another bot's; the row of a dead one is taken."""
        bot = self.trading()
        bot.worker.kill9()
        shutil.copytree(bot.data_dir, os.path.join(bot.folder, "copied"))
        before = bot.value("SELECT boot_id FROM worker_heartbeat")
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.assertNotEqual(bot.value("SELECT boot_id FROM worker_heartbeat"), before)


if __name__ == "__main__":
    harness.main()
