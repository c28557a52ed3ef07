"""Where a database can't live, and what a command may write over."""
import os
import shutil
import subprocess
import unittest

import harness

SHIM = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
static int answer(const char *path, struct statfs *out)
{
	int rc = (int)syscall(SYS_statfs, path, out);
	if (rc == 0 && getenv("SHIM_TYPE"))
		out->f_type = (long)strtoul(getenv("SHIM_TYPE"), NULL, 16);
	return rc;
}
int statfs(const char *path, struct statfs *out) { return answer(path, out); }
int statfs64(const char *path, struct statfs64 *out) { return answer(path, (struct statfs *)out); }
"""
KINDS = {"1021997": "9p", "65735546": "virtiofs", "ff534d42": "CIFS", "6969": "NFS"}


@unittest.skipIf("san" in harness.BUILD, "sanitizers want to be loaded first")
@unittest.skipUnless(shutil.which("cc"), "no compiler")
class FileSystems(harness.TestCase):
    """statfs answers what the test says, in place of a Docker Desktop's shared folder."""

    def test_refused_by_name(self):
        bot = self.bot()
        source, shim = (os.path.join(self.folder(), n) for n in ("shim.c", "shim.so"))
        with open(source, "w", encoding="ascii") as f:
            f.write(SHIM)
        subprocess.run(["cc", "-shared", "-fPIC", "-w", "-o", shim, source], check=True)
        for kind, name in KINDS.items():
            env = {"LD_PRELOAD": shim, "SHIM_TYPE": kind}
            for program in ("trading-bot-worker", "trading-bot-api"):
                process = bot.launch(program, **env)
                self.assertEqual(process.wait(), 1, process.output())
                for word in (name, "named volume", "DEPLOYMENT"):
                    self.assertIn(word, process.output())
                self.assertFalse(os.path.exists(bot.data_dir), "nothing is made there")
            done = bot.cli("doctor", **env)
            self.assertRegex(done.stdout, r"FAIL  .*%s" % name)
        bot.start_worker(LD_PRELOAD=shim)		# the shim alone changes nothing
        self.wait(bot.worker_is_up, "the worker is up", 60)
        bot.worker.stop()
        again = bot.launch("trading-bot-worker", LD_PRELOAD=shim, SHIM_TYPE="6969")
        self.assertEqual(again.wait(), 1)	# also where a database is
        self.assertIn("NFS", again.output())


class Outputs(harness.TestCase):
    """backup FILE never takes away what is there."""

    def contents(self, path):
        with open(path, "rb") as f:
            return f.read()

    def refused(self, bot, word, *args):
        done = bot.cli("backup", *args)
        self.assertEqual(done.returncode, 1, (args, done.stdout, done.stderr))
        self.assertIn(word, done.stderr, args)

    def test_never_over_what_the_bot_lives_by(self):
        bot = self.bot()
        bot.quick_trades()
        bot.start()
        self.wait(lambda: bot.value("SELECT count(*) FROM fills"), "there are fills", 90)
        model = os.path.join(bot.data_dir, bot.value("SELECT path FROM models"))
        key = os.path.join(bot.data_dir, "master.key")
        environment = os.path.join(bot.folder, ".env")
        with open(environment, "w", encoding="ascii") as f:
            f.write("MAX_OPEN_POSITIONS=5\n")
        link, hard = (os.path.join(bot.folder, n) for n in ("link", "hard"))
        os.symlink(bot.db_path, link)
        names = [bot.db_path, "data/app.db", "./data/../data/app.db", link]
        names += [bot.db_path + e for e in ("-wal", "-shm", "-journal", ".lock", ".worker", ".new")]
        names += [key, key + ".new", model, os.path.join(bot.data_dir, "models/fresh"), ".env",
                  os.path.join(bot.data_dir, "api_token")]
        kept = {p: self.contents(p) for p in (key, model, environment)}
        inode = os.stat(bot.db_path).st_ino
        for name in names:
            for force in ((), ("--force",)):
                self.refused(bot, "ever written there", *force, name)
        os.link(key, hard)
        self.refused(bot, "master key", "--force", hard)
        self.assertEqual({p: self.contents(p) for p in kept}, kept)
        self.assertEqual(os.stat(bot.db_path).st_ino, inode)
        self.assertFalse(os.path.exists(bot.db_path + "-journal"))
        self.assertTrue(bot.worker.alive() and bot.api.alive())
        self.assertEqual([n for n in os.listdir(bot.data_dir) if n.endswith(".part")], [])

    def test_over_a_file_only_by_force(self):
        bot = self.bot()
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        for name in ("copy.tar.gz", "copy.db"):
            path = os.path.join(bot.folder, name)
            with open(path, "wb") as f:
                f.write(b"somebody's only copy")
            self.refused(bot, "exists already", path)
            self.assertEqual(self.contents(path), b"somebody's only copy")
            with open(path, "rb"):
                self.refused(bot, "open in a running program", "--force", path)
            self.assertEqual(self.contents(path), b"somebody's only copy")
            done = bot.cli("backup", "--force", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(bot.cli("backup", "verify", path).returncode, 0)
            # what only looks like our temporary file stays
            with open(path + ".part", "wb") as f:
                f.write(b"mine")
            done = bot.cli("backup", "--force", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.contents(path + ".part"), b"mine")
        self.refused(bot, "no plain file", "--force", "/dev/null")
        self.refused(bot, "no plain file", bot.folder)
        with open(os.path.join(bot.folder, "new.db-wal"), "wb") as f:
            f.write(b"x")
        self.refused(bot, "log of a database", os.path.join(bot.folder, "new.db"))


if __name__ == "__main__":
    harness.main()
