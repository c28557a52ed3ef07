"""Restoring: safe to go on from, refused while in use, killed within, on a full disk."""
import glob
import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import time

import backups
import books
import harness


class Restore(backups.BackupCase):

    def test_back_to_a_backup(self):
        bot = self.trading()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs")
        lost, kept_token = (re.search(r"tb_\S+", self.ok(bot, "token", "create", n, "trader")).group()
                            for n in ("lost", "kept"))
        self.ok(bot, "backup")
        path = self.backups(bot)[0]
        with tarfile.open(path) as tar:
            tar.extract("app.db", bot.folder)
        saved = self.contents(os.path.join(bot.folder, "app.db"))
        self.mark(bot)
        self.ok(bot, "token", "revoke", "lost")
        bot.write("INSERT INTO commands(kind, bot_id) VALUES ('pause', 1)")
        self.assertIn("in use", self.refused(bot, "restore", path, "--yes"))
        self.wait(lambda: bot.bot_status() == "PAUSED", "it was told since")
        bot.worker.stop()
        late = self.contents(bot.db_path)
        highest = bot.value("SELECT max(id) FROM trading_orders")
        self.assertIn("--yes", self.refused(bot, "restore", path))
        self.assertEqual(self.contents(bot.db_path), late)
        shutil.rmtree(os.path.join(bot.data_dir, "models"))
        out = self.ok(bot, "restore", path, "--yes")
        self.assertIn("1 model files written", out)
        self.assertIn("1 bots that ran are PAUSED", out)
        self.assertIn("1 API tokens that were revoked since stay revoked", out)
        # all as it was, but for what makes it safe to go on from
        now = self.contents(bot.db_path)
        for table in saved:
            if table not in ("bot_state", "bot_events", "counters", "commands", "jobs",
                             "api_tokens", "audit_log", "installations"):
                self.assertEqual(now[table], saved[table], table)
        self.assertEqual(now["bot_events"][:-1], saved["bot_events"])
        self.assertEqual(now["audit_log"][:-1], saved["audit_log"])
        # orders of before stay ours, new ones can't have an id that the exchange knows
        self.assertEqual(now["installations"][:-1], saved["installations"])
        self.assertEqual(len(now["installations"]), 2)
        self.assertIn(path, str(now["audit_log"][-1]))
        self.assertGreater(bot.value("SELECT value FROM counters WHERE name = 'order'"),
                           highest + 100_000)
        kept = glob.glob(bot.db_path + ".before-restore-*")
        self.assertEqual(len(kept), 1)
        self.assertEqual(self.contents(kept[0]), late)
        self.assertEqual(self.left_over(bot), [])
        # and it trades again, with numbers that were never used
        bot.start()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.assertEqual(bot.bot_status(), "PAUSED")
        self.assertEqual([bot.get("/api/v1/bots", token=t).status for t in (lost, kept_token)],
                         [401, 200])
        self.assertEqual(books.breaches(bot), [])
        self.assertEqual(bot.put("/api/v1/trading/bots/1/config",
                                 {"confidence_threshold": 0.01}).status, 200)
        self.assertEqual(bot.post("/api/v1/bot/start").status, 200)
        self.wait(lambda: bot.value("SELECT max(id) FROM trading_orders") > highest + 100_000,
                  "a new trade", 90)
        self.assertTrue(bot.value("SELECT client_order_id FROM exchange_orders ORDER BY id DESC LIMIT 1")
                        .startswith("tb%s-" % now["installations"][-1][1]))
        self.assertEqual(bot.stop(), [0, 0])
        self.assertEqual(books.breaches(bot), [])
        # back to where it was before the restore
        self.ok(bot, "restore", kept[0], "--yes")
        self.assertEqual(self.contents(bot.db_path)["fills"], late["fills"])

    def test_what_an_earlier_restore_kept_stays(self):
        """Two in one second: the second takes another name, and no file of the first."""
        bot = self.traded()
        self.ok(bot, "backup")
        path = self.backups(bot)[0]
        late = self.contents(bot.db_path)
        taken = [bot.db_path + ".before-restore-" + time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
                 for at in range(int(time.time()), int(time.time()) + 600)]
        for name in taken:
            with open(name, "wb") as f:
                f.write(b"the only copy")
        self.ok(bot, "restore", path, "--yes")
        for name in taken:
            with open(name, "rb") as f:
                self.assertEqual(f.read(), b"the only copy", name)
        fresh = set(glob.glob(bot.db_path + ".before-restore-*")) - set(taken)
        self.assertEqual(len(fresh), 1)
        self.assertEqual(self.contents(fresh.pop()), late)

    def test_refused_while_anybody_has_it(self):
        bot = self.traded()
        self.ok(bot, "backup")
        path = self.backups(bot)[0]
        before = self.contents(bot.db_path)
        bot.start_api()
        self.assertIn("stop trading-bot-worker and trading-bot-api",
                      self.refused(bot, "restore", path, "--yes"))
        bot.api.stop()
        shell = sqlite3.connect(bot.db_path, isolation_level=None)
        shell.execute("SELECT count(*) FROM bots").fetchall()
        text = self.refused(bot, "restore", path, "--yes")
        self.assertIn("process %d" % os.getpid(), text)
        shell.close()
        self.assertEqual({k: v for k, v in self.contents(bot.db_path).items()
                          if k not in ("logs", "api_tokens")},
                         {k: v for k, v in before.items() if k not in ("logs", "api_tokens")})
        self.ok(bot, "restore", path, "--yes")

    def test_programs_wait_for_its_end(self):
        """Who starts while a restore is under way says so and ends."""
        bot = self.traded()
        with open(bot.db_path + ".lock", "w", encoding="ascii") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            for name in ("trading-bot-worker", "trading-bot-api"):
                process = bot.launch(name)
                self.assertEqual(process.wait(), 1)
                self.assertIn("being restored", process.output())
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up", 60)

    def test_to_an_empty_folder_and_over_ruins(self):
        bot = self.trading()
        self.ok(bot, "backup")
        path = self.backups(bot)[0]
        bot.worker.kill9()
        with tarfile.open(path) as tar:
            fills = json.load(tar.extractfile("manifest.json"))["rows"]["fills"]
        # another machine, without the master key
        other = self.bot()
        out = self.ok(other, "restore", path, "--yes")
        self.assertIn("another master key", out)
        self.assertEqual(other.value("SELECT count(*) FROM fills"), fills)
        self.assertEqual(books.breaches(other), [])
        self.assertTrue(os.path.exists(os.path.join(other.data_dir,
                                                    other.value("SELECT path FROM models"))))
        other.start()
        self.wait(other.worker_is_up, "the worker is up", 60)
        # a damaged database with the log of its last hour beside it
        with open(bot.db_path, "r+b") as f:
            f.write(b"\0" * 8192)
        with open(bot.db_path + "-wal", "wb") as f:
            f.write(b"x" * 100_000)
        self.ok(bot, "restore", path, "--yes")
        self.assertEqual(bot.value("SELECT count(*) FROM fills"), fills)
        self.assertEqual(books.breaches(bot), [])
        self.assertEqual(len(glob.glob(bot.db_path + ".before-restore-*Z")), 1)
        self.assertIn("itself", self.refused(bot, "restore", bot.db_path, "--yes"))

    def test_emergency_stop_outlives_it(self):
        """What was stopped since must not trade again because an old state is back."""
        bot = self.trading()
        bot.start_api()
        self.ok(bot, "backup")
        self.assertEqual(bot.post("/api/v1/bot/emergency-stop").status, 200)
        bot.stop()
        self.ok(bot, "restore", self.backups(bot)[0], "--yes")
        orders = bot.value("SELECT count(*) FROM trading_orders")
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        turns = bot.value("SELECT turns FROM worker_heartbeat")
        self.wait(lambda: bot.value("SELECT turns FROM worker_heartbeat") > turns + 60, "it goes on",
                  60)
        self.assertEqual(bot.value("SELECT count(*) FROM trading_orders"), orders)


class KilledWithin(backups.BackupCase):

    def setUp(self):
        super().setUp()
        if not os.access(harness.program("trading-bot", backups.SAN), os.X_OK):
            self.skipTest("no sanitizer build: make FLAVOR=san programs")

    def test_kill_at_every_step(self):
        bot = self.traded(backups.SAN)
        self.ok(bot, "backup", limit=120)
        path = self.backups(bot)[0]
        self.mark(bot)
        # a backup: what was there stays, nothing half made has a backup's name
        killed = 0
        for n in range(1, 100):
            done = bot.cli("backup", FAULT_STEP=n, limit=120)
            for made in self.backups(bot):
                self.ok(bot, "backup", "verify", made, limit=120)
            if done.returncode != -signal.SIGKILL:
                break
            killed += 1
            self.assertEqual(self.backups(bot), [path])
        self.assertGreater(killed, 4)
        self.assertEqual(self.left_over(bot), [])	# the last one has cleaned up
        # a restore: the old one or the new one
        template = os.path.join(bot.folder, "template")
        shutil.copytree(bot.data_dir, template)
        seen = {"old": 0, "new": 0}
        for kind in [{"FAULT_STEP": n} for n in range(1, 16)] + \
                    [{"FAULT_COMMIT": "1:before"}, {"FAULT_COMMIT": "1:after"}]:
            shutil.rmtree(bot.data_dir)
            shutil.copytree(template, bot.data_dir)
            done = bot.cli("restore", path, "--yes", limit=120, **kind)
            if done.returncode == 0:
                if "FAULT_COMMIT" in kind:
                    self.fail("no commit was reached")
                continue
            self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
            self.assertTrue(os.path.exists(bot.db_path), kind)
            seen["old" if self.marked(bot) else "new"] += 1
            self.assertEqual(backups.sql(bot.db_path, "PRAGMA integrity_check"), [("ok",)], kind)
            self.assertEqual(books.breaches(bot), [], kind)
            # and the next one goes through
            self.ok(bot, "restore", path, "--yes", limit=120)
            self.assertFalse(self.marked(bot))
        print("killed %d times in a backup, %d times before and %d times after the exchange" %
              (killed, seen["old"], seen["new"]))
        self.assertGreater(seen["old"], 4)
        self.assertGreater(seen["new"], 0)


class FullDisk(backups.BackupCase):

    def small(self, megabytes):
        """A folder on a file system of its own."""
        folder = self.folder()
        mount = ["mount", "-t", "tmpfs", "-o", "size=%dk" % int(megabytes * 1024), "tmpfs", folder]
        if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            self.skipTest("no small file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        return folder

    def fill(self, folder, leave):
        """All but about so many bytes."""
        filler = os.path.join(folder, "filler")
        room = os.statvfs(folder)
        with open(filler, "wb", buffering=0) as f:
            try:
                for _ in range(max(0, (room.f_bavail * room.f_frsize - leave) // 4096)):
                    f.write(b"\0" * 4096)
            except OSError:
                pass
        return filler

    def test_backup(self):
        small = self.small(40)
        bot = self.trading(BACKUP_DIR=os.path.join(small, "backups"))
        self.ok(bot, "backup")
        first = glob.glob(small + "/backups/*.tar.gz")
        # told before, by the free space; and found out while it writes
        for leave in (5 << 20, 200 << 10, 0):
            filler = self.fill(small, leave)
            text = self.refused(bot, "backup")
            self.assertIn("free", text)
            self.assertEqual(glob.glob(small + "/backups/*"), first)
            os.unlink(filler)
        outside = os.path.join(small, "mine.tar.gz")
        for leave in (900 << 10, 300 << 10, 20 << 10):
            filler = self.fill(small, leave)
            text = self.refused(bot, "backup", outside)
            self.assertRegex(text, "space|MB")
            self.assertEqual(sorted(os.listdir(small)), ["backups", "filler"])
            os.unlink(filler)
        rows = bot.rows("SELECT state, error FROM jobs WHERE kind = 'backup' ORDER BY id")
        self.assertEqual([r["state"] for r in rows], ["done"] + ["failed"] * 6)
        self.assertIn("free", rows[1]["error"])
        self.ok(bot, "backup", "verify", first[0])
        self.ok(bot, "backup")
        self.assertTrue(bot.worker.alive())

    def test_restore(self):
        small = self.small(24)
        bot = self.bot()
        bot.data_dir = bot.env["DATA_DIR"] = os.path.join(small, "data")
        shutil.copytree(self.template, bot.data_dir)
        path = os.path.join(bot.folder, "b.tar.gz")
        self.ok(bot, "backup", path)
        self.mark(bot)
        before = self.contents(bot.db_path)
        size = os.path.getsize(bot.db_path)
        for leave in (0, 8192, size // 2, size - 8192):
            filler = self.fill(small, leave)
            text = self.refused(bot, "restore", path, "--yes")
            self.assertIn("space", text)
            os.unlink(filler)
            self.assertEqual(self.contents(bot.db_path), before, leave)
            self.assertEqual(self.left_over(bot), [])
        self.ok(bot, "restore", path, "--yes")
        self.assertEqual(books.breaches(bot), [])

    def test_migration(self):
        """No room for the copy, or for the change: the old database stays as it is."""
        steps = sorted(glob.glob(os.path.join(harness.ROOT, "schema", "[0-9]*.sql")))
        if len(steps) < 2:
            self.skipTest("the schema has one step only")
        small = self.small(24)
        bot = self.bot()
        bot.data_dir = bot.env["DATA_DIR"] = os.path.join(small, "data")
        os.makedirs(bot.data_dir)
        with open(steps[0], encoding="utf-8") as f:
            script = f.read()
        connection = sqlite3.connect(bot.db_path)
        connection.executescript(script + ";PRAGMA user_version = 1;"
                                 "PRAGMA application_id = 0x74626f74; PRAGMA journal_mode = WAL")
        connection.executescript(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
            "INSERT INTO logs(at_us, level, service, logger, message)"
            " SELECT i, 1, 's', 'l', hex(randomblob(40)) FROM n")
        connection.close()
        before = self.contents(bot.db_path)
        size = os.path.getsize(bot.db_path)
        for leave in (128 << 10, size // 2):
            filler = self.fill(small, leave)
            process = bot.launch("trading-bot-worker")
            self.assertEqual(process.wait(), 1)
            self.assertIn("no schema change without a copy of the file", process.output())
            self.assertIn("space", process.output())
            os.unlink(filler)
            self.assertEqual(backups.sql(bot.db_path, "PRAGMA user_version"), [(1,)])
            self.assertEqual(self.contents(bot.db_path), before)
            self.assertFalse(glob.glob(bot.db_path + ".v1.bak*"))
        bot.start_worker()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.assertEqual(bot.value("PRAGMA user_version"), len(steps))
        bot.worker.stop()
        # the copy that was made is a way back for the version before
        kept = bot.db_path + ".v1.bak"
        self.assertEqual(self.contents(kept)["bots"], before["bots"])
        self.ok(bot, "restore", kept, "--yes")
        self.assertEqual(backups.sql(bot.db_path, "PRAGMA user_version"), [(1,)])


if __name__ == "__main__":
    harness.main()
