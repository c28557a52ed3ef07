"""The database file: who may make it, change its schema, and write over it."""
import fcntl
import glob
import os
import re
import shutil
import sqlite3
import subprocess

import harness
import recording

SCHEMA = os.path.join(harness.ROOT, "schema")


def newest_schema():
    return len(glob.glob(os.path.join(SCHEMA, "[0-9]*.sql")))


def make_schema(path, version):
    """The database that a program of an earlier version made."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        for name in sorted(glob.glob(os.path.join(SCHEMA, "[0-9]*.sql")))[:version]:
            with open(name, encoding="utf-8") as f:
                connection.executescript(f.read())
        connection.execute("PRAGMA user_version = %d" % version)
        connection.execute("PRAGMA application_id = 0x74626f74")
    finally:
        connection.close()


def user_version(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA user_version").fetchone()[0]
    finally:
        connection.close()


def tree(folder):
    return sorted(os.path.relpath(os.path.join(path, name), folder)
                  for path, folders, files in os.walk(folder) for name in folders + files)


class Case(harness.TestCase):

    def run_cli(self, bot, *args, code=0, **kw):
        done = bot.cli(*args, **kw)
        self.assertEqual(done.returncode, code, (args, done.stdout, done.stderr))
        return done.stdout + done.stderr

    def refused(self, bot, name, *words, args=()):
        """This start ends by itself and says why."""
        process = bot.launch(name, *args)
        self.assertNotEqual(process.wait(60), 0, process.output())
        for word in words:
            self.assertIn(word, process.output())


class NothingIsMade(Case):
    """Only a folder's very first start of a program makes a database."""

    def test_all_commands_in_an_empty_folder(self):
        bot = self.bot()
        inputs = self.folder()
        record = recording.write(os.path.join(inputs, "made.gz"), 60, seed=3)
        garbage = os.path.join(inputs, "garbage")
        with open(garbage, "wb") as f:
            f.write(b"neither a backup nor a model\n" * 50)
        arguments = {
            "status": [()], "doctor": [()], "healthcheck": [()], "rotate-key": [()],
            "start": [(), ("1",), ("--all",)], "stop": [(), ("1", "--close")], "pause": [()],
            "resume": [()], "emergency-stop": [(), ("1", "2"), ("--all",)],
            "token": [(), ("list",), ("create", "me", "admin"), ("revoke", "me")],
            "replay": [(record,), ("--strategy", "ema_cross", record), (garbage,), ("none",)],
            "backup": [(), (os.path.join(inputs, "copy.db"),), (os.path.join(inputs, "copy"),),
                       ("list",), ("verify", garbage), ("verify", "none")],
            "restore": [("none", "--yes"), (garbage, "--yes"), (garbage,)],
            "job": [("check",), ("backup", "{}")], "job-run": [("1",)],
            "clock": [(), ("accept",)],
            "model-check": [("none",), (garbage,)], "model-predict": [("none",), (garbage,)],
        }
        known = re.findall(r"(?m)^  ([a-z-]+) ", self.run_cli(bot, "help"))
        before = tree(inputs)
        for command in known:
            self.assertIn(command, arguments, "a command that this test does not know yet")
            for args in arguments[command]:
                bot.cli(command, *args)
                self.assertEqual(tree(bot.folder), [], (command, args))
                self.assertEqual(tree(inputs), before, (command, args))
        for line in (("trading-bot-worker", "--check-config"), ("trading-bot-api", "--check-config"),
                     ("trading-bot-api", "--healthcheck")):
            subprocess.run([harness.program(line[0])] + list(line[1:]), cwd=bot.folder, check=False,
                           env=bot.environment(), stdin=subprocess.DEVNULL, capture_output=True)
            self.assertEqual(tree(bot.folder), [], line)

    def test_a_lost_database_is_not_made_anew(self):
        """A stopped folder without app.db: both programs say so, whatever trace is left."""
        bot = self.bot()
        os.makedirs(bot.data_dir)
        traces = {"app.db-wal": "-wal", "app.db.lock": "lock", "master.key": "master.key",
                  "models/": "models", "app.db": "empty"}
        for name, word in traces.items():
            path = os.path.join(bot.data_dir, name)
            if name.endswith("/"):
                os.makedirs(path)
            else:
                with open(path, "w", encoding="ascii"):
                    pass
            before = tree(bot.data_dir)
            for program in ("trading-bot-worker", "trading-bot-api"):
                self.refused(bot, program, "is missing here", word, "--new-database",
                             "trading-bot restore")
                self.assertEqual(tree(bot.data_dir), before, (name, program))
            shutil.rmtree(bot.data_dir)
            os.makedirs(bot.data_dir)

    def test_a_killed_first_start_is_none(self):
        """Its lock's file says that it was not done; the next start is the first."""
        bot = self.bot()
        os.makedirs(bot.data_dir)
        with open(bot.db_path + ".lock", "w", encoding="ascii") as f:
            f.write("make new")
        with open(bot.db_path + ".new", "wb") as f:
            f.write(b"half of a database")
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.assertFalse(os.path.exists(bot.db_path + ".new"))

    def test_it_comes_back(self):
        """app.db went away and comes back: nothing was made meanwhile, nothing is lost."""
        bot = self.bot()
        bot.quick_trades()
        bot.start()
        self.wait(lambda: bot.value("SELECT count(*) FROM fills"), "there are fills", 90)
        bot.stop()
        fills = bot.value("SELECT count(*) FROM fills")
        aside = os.path.join(bot.folder, "aside.db")
        os.rename(bot.db_path, aside)
        for name in ("trading-bot-worker", "trading-bot-api"):
            self.refused(bot, name, "app.db is missing here")
        for args in (("healthcheck",), ("token", "create", "x", "admin"), ("rotate-key",),
                     ("emergency-stop", "--all"), ("job-run", "1"), ("backup",)):
            self.run_cli(bot, *args, code=1)
            self.assertFalse(os.path.exists(bot.db_path), args)
        os.rename(aside, bot.db_path)
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.assertGreaterEqual(bot.value("SELECT count(*) FROM fills"), fills)

    def test_new_database(self):
        """--new-database begins anew, and keeps what stood beside the lost file."""
        bot = self.bot()
        os.makedirs(bot.data_dir)
        with open(bot.db_path + "-wal", "wb") as f:
            f.write(b"the newest commits of the lost one")
        with open(os.path.join(bot.data_dir, "master.key"), "w", encoding="ascii") as f:
            f.write("0" * 64 + "\n")
        os.chmod(os.path.join(bot.data_dir, "master.key"), 0o600)
        bot.start_worker("--new-database")
        self.wait(bot.worker_is_up, "the worker is up", 60)
        kept = glob.glob(bot.db_path + ".before-new-*-wal")
        self.assertEqual(len(kept), 1)
        with open(kept[0], "rb") as f:
            self.assertEqual(f.read(), b"the newest commits of the lost one")
        self.assertEqual(bot.worker.stop(), 0)
        commands = bot.value("SELECT count(*) FROM commands")
        bot.start_worker("--new-database")	# a supervisor repeats it: nothing is made again
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.assertEqual(bot.value("SELECT count(*) FROM commands"), commands)

    def test_restore_makes_it(self):
        """Beside a foreign -wal, too: that is put aside, not taken for the restored one's."""
        bot = self.bot()
        bot.quick_trades()
        bot.start_worker()
        self.wait(lambda: bot.value("SELECT count(*) FROM fills"), "there are fills", 90)
        copy = os.path.join(bot.folder, "copy.tar.gz")
        self.run_cli(bot, "backup", copy)
        bot.write("INSERT INTO counters(name, value) VALUES ('later', 1)")
        bot.worker.kill9()
        self.assertGreater(os.path.getsize(bot.db_path + "-wal"), 0)
        os.unlink(bot.db_path)
        self.run_cli(bot, "restore", copy, "--yes")
        self.assertEqual(bot.rows("SELECT * FROM counters WHERE name = 'later'"), [])
        self.assertEqual(bot.value("PRAGMA quick_check"), "ok")
        self.assertEqual(len(glob.glob(bot.db_path + ".before-restore-*-wal")), 1)

    def test_restore_through_a_symbolic_link(self):
        """What the link leads to is replaced, and the link stays."""
        bot = self.bot()
        bot.quick_trades()
        bot.start_worker()
        self.wait(lambda: bot.value("SELECT count(*) FROM fills"), "there are fills", 90)
        copy, link = (os.path.join(bot.folder, n) for n in ("copy.tar.gz", "link.db"))
        self.run_cli(bot, "backup", copy)
        bot.write("INSERT INTO counters(name, value) VALUES ('later', 1)")
        bot.worker.kill9()
        os.symlink(os.path.join("data", "app.db"), link)
        self.run_cli(bot, "restore", copy, "--yes", DB_PATH=link)
        self.assertTrue(os.path.islink(link))
        self.assertEqual(bot.rows("SELECT * FROM counters WHERE name = 'later'"), [])
        self.assertEqual(bot.value("PRAGMA quick_check"), "ok")
        self.assertEqual(len(glob.glob(bot.db_path + ".before-restore-*")), 1)

    def test_job_run_by_hand(self):
        """What the worker starts tells it on descriptor 3: started by hand that is a file."""
        bot = self.bot()
        bot.start_worker()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.assertEqual(bot.worker.stop(), 0)
        number = self.run_cli(bot, "job", "check").split()[1]
        self.assertIn("worker", self.run_cli(bot, "job-run", number, code=1))
        self.assertEqual(bot.value("PRAGMA integrity_check"), "ok")


class Schema(Case):
    """Reading never changes the schema; what must, waits until older programs have ended."""

    OLD = newest_schema() - 1

    def old_bot(self):
        bot = self.bot()
        os.makedirs(bot.data_dir)
        make_schema(bot.db_path, self.OLD)
        return bot

    def test_reading_never_migrates(self):
        bot = self.old_bot()
        self.run_cli(bot, "doctor", code=1)	# its worker never ran
        for args in (("status",), ("healthcheck",), ("token", "list"), ("backup", "list"),
                     ("backup", os.path.join(bot.folder, "copy.db")), ("emergency-stop",)):
            done = bot.cli(*args)
            self.assertNotIn("SQL failed", done.stdout + done.stderr, args)
            self.assertEqual(user_version(bot.db_path), self.OLD, args)
        self.assertEqual(glob.glob(bot.db_path + ".v*"), [])

    def test_writing_waits_for_older_programs(self):
        bot = self.old_bot()
        # a program of version 0.1.0 has this lock, and no other
        with open(bot.db_path + ".lock", "w", encoding="ascii") as f:
            fcntl.flock(f, fcntl.LOCK_SH)
            for args in (("token", "create", "me", "admin"), ("job", "check"), ("rotate-key",)):
                text = self.run_cli(bot, *args, code=1)
                self.assertIn("older version still run on it", text)
                self.assertIn("Nothing was changed", text)
            for name in ("trading-bot-worker", "trading-bot-api"):
                self.refused(bot, name, "older version still run on it")
            self.assertEqual(user_version(bot.db_path), self.OLD)
            self.assertEqual(bot.rows("SELECT * FROM api_tokens"), [])
            # an emergency stop is possible all the same
            self.assertIn("queued", self.run_cli(bot, "emergency-stop"))
            self.assertEqual(bot.value("SELECT kind FROM commands ORDER BY id DESC"),
                             "emergency-stop")
        self.run_cli(bot, "token", "create", "me", "admin")
        self.assertEqual(user_version(bot.db_path), newest_schema())

    def test_a_start_waits_for_their_end_and_says_what_it_did(self):
        bot = self.old_bot()
        with open(bot.db_path + ".lock", "w", encoding="ascii") as f:
            fcntl.flock(f, fcntl.LOCK_SH)
            worker = bot.start_worker()
            self.wait(lambda: os.path.exists(bot.db_path + ".worker"), "it is at the database")
        self.wait(bot.worker_is_up, "the worker is up", 60)
        told = [r["message"] for r in worker.log() if r.get("logger") == "schema"]
        self.assertEqual(len(told), 1, worker.output())
        for word in ("schema version %d to %d" % (self.OLD, newest_schema()), "MB",
                     "app.db.v%d.bak" % self.OLD):
            self.assertIn(word, told[0])
        self.assertEqual(user_version("%s.v%d.bak" % (bot.db_path, self.OLD)), self.OLD)

    def test_both_start_at_once(self):
        bot = self.old_bot()
        bot.start()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.assertTrue(bot.api.alive())
        self.assertEqual(bot.value("SELECT count(*) FROM bots"), 1)
        self.assertEqual(user_version(bot.db_path), newest_schema())

    def test_a_newer_schema_takes_an_emergency_stop(self):
        """The documented columns of commands stay; this is the one exception."""
        bot = self.bot()
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.assertEqual(bot.worker.stop(), 0)
        for sql in ("ALTER TABLE commands ADD COLUMN later TEXT NOT NULL DEFAULT 'x'",
                    "ALTER TABLE bots RENAME TO machines", "PRAGMA user_version = 9999"):
            bot.write(sql)
        for args in (("emergency-stop", "--all"), ("emergency-stop", "1")):
            self.assertIn("queued", self.run_cli(bot, *args))
        rows = bot.rows("SELECT bot_id, status, requested_by FROM commands WHERE kind = "
                        "'emergency-stop' ORDER BY id")
        self.assertEqual([(r["bot_id"], r["status"]) for r in rows],
                         [(None, "queued"), (1, "queued")])
        for args in (("status",), ("token", "create", "x", "admin"), ("rotate-key",)):
            self.assertIn("newer version", self.run_cli(bot, *args, code=1))
        self.assertEqual(user_version(bot.db_path), 9999)


if __name__ == "__main__":
    harness.main()
