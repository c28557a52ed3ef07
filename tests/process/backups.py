"""What the tests of backups have in common: a data directory with trades in it, made once."""
import glob
import os
import shutil
import signal
import sqlite3
import tempfile

import harness
import recording
import replays

SAN = "build/san"		# only this build can kill itself at a step


def sql(path, text):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(text).fetchall()
    finally:
        connection.close()


class BackupCase(harness.TestCase):

    @classmethod
    def setUpClass(cls):
        """Some minutes of a replay: orders, fills, a model."""
        folder = tempfile.mkdtemp(prefix="tb-test-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        file = recording.write(os.path.join(folder, "made.gz"), 240, seed=3)
        bot = harness.Bot(folder, **replays.environment(file))
        try:
            bot.start_worker(*replays.first(bot))
            harness.wait(lambda: replays.ended(bot), "the replay ends", 120)
        finally:
            bot.worker.signal(signal.SIGTERM)
            bot.worker.wait()
        assert bot.value("SELECT count(*) FROM fills")
        cls.template = bot.data_dir

    def traded(self, build=None, **env):
        """Trades of before, nothing runs."""
        bot = self.bot(build, **env)
        shutil.copytree(self.template, bot.data_dir)
        return bot

    def trading(self, build=None, **env):
        """The same with a worker on the built-in market."""
        bot = self.traded(build, **env)
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        return bot

    def mark(self, bot):
        """Something that only the newer of two databases has."""
        bot.write("UPDATE bots SET description = 'after the backup' WHERE id = 1")

    def marked(self, bot):
        return sql(bot.db_path, "SELECT description FROM bots WHERE id = 1")[0][0] == \
            "after the backup"

    def ok(self, bot, *args, **kw):
        done = bot.cli(*args, **kw)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def refused(self, bot, *args, **kw):
        done = bot.cli(*args, **kw)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertNotIn("Assertion", done.stderr)
        return done.stderr

    def backups(self, bot):
        return sorted(glob.glob(os.path.join(bot.data_dir, "backups", "*.tar.gz")))

    def left_over(self, bot):
        """Files that a backup or restore should have taken away."""
        found = []
        for folder, _, files in os.walk(bot.data_dir):
            found += [os.path.join(folder, f) for f in files
                      if ".part" in f or ".verify" in f or ".restoring" in f]
        return found

    def contents(self, path):
        """Every row of every table."""
        connection = sqlite3.connect(path)
        try:
            tables = [r[0] for r in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
                " AND name NOT LIKE 'sqlite_%' ORDER BY name")]
            return {t: connection.execute('SELECT * FROM "%s"' % t).fetchall() for t in tables}
        finally:
            connection.close()
