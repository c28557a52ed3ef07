"""Backups while trading, on a schedule, on a full disk; what is wrong with a file."""
import fcntl
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import tarfile

import backups
import books
import harness


class Backup(backups.BackupCase):

    def test_while_it_trades(self):
        bot = self.trading()
        beat = bot.value("SELECT turns FROM worker_heartbeat")
        for _ in range(5):
            out = self.ok(bot, "backup")
            self.assertIn("Not in it: the master key", out)
        files = self.backups(bot)
        self.assertEqual(len(files), 5)
        self.assertEqual(self.left_over(bot), [])
        self.wait(lambda: bot.value("SELECT turns FROM worker_heartbeat") > beat, "it trades on")
        with tarfile.open(files[-1]) as tar:
            names = tar.getnames()
            manifest = json.load(tar.extractfile("manifest.json"))
        self.assertEqual(names, ["manifest.json"] + [f["name"] for f in manifest["files"]])
        model = bot.rows("SELECT path FROM models")[0]["path"]
        self.assertEqual(names[1:], ["app.db", model])
        self.assertIn("master.key", manifest["not_included"])
        for name in names:
            self.assertNotIn("key", name)
        self.assertIn("whole and sound", self.ok(bot, "backup", "verify", files[-1]))
        self.assertIn("5 backups", self.ok(bot, "backup", "list"))
        rows = bot.rows("SELECT * FROM jobs WHERE kind = 'backup'")
        self.assertEqual([(r["state"], r["requested_by"]) for r in rows],
                         [("done", "command line")] * 5)
        self.assertEqual(sorted(json.loads(r["result"])["file"] for r in rows), files)
        for path in files:
            self.assertEqual(os.stat(path).st_mode & 0o077, 0)

    def test_into_a_file(self):
        bot = self.trading()
        archive = os.path.join(bot.folder, "mine.tar.gz")
        plain = os.path.join(bot.folder, "mine.db")
        self.ok(bot, "backup", archive)
        self.ok(bot, "backup", plain)
        self.assertIn("--force", self.refused(bot, "backup", plain))
        self.ok(bot, "backup", "--force", plain)
        self.assertEqual(sorted(f for f in os.listdir(bot.folder) if f.startswith("mine")),
                         ["mine.db", "mine.tar.gz"])
        for path in (archive, plain):
            self.assertIn("whole and sound", self.ok(bot, "backup", "verify", path))
        self.assertNotIn("as far as", self.ok(bot, "backup", "verify", archive))
        for unknown in ("as far as a file without checksums can tell", "when it was made",
                        "whether a value or whole", "Models are not in it"):
            self.assertIn(unknown, self.ok(bot, "backup", "verify", plain))
        copy = self.bot()
        os.makedirs(copy.data_dir)
        shutil.copy(plain, copy.db_path)
        self.assertEqual(books.breaches(copy), [])
        self.assertIn("no such file or folder", self.refused(bot, "backup", "/no/such/x.tar.gz"))

    def test_verify_that_is_interrupted(self):
        """A second copy of the database is not left on the disk."""
        bot = self.traded()
        bot.write("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
                  " INSERT INTO audit_log(at_us, actor, action, detail)"
                  " SELECT i, 'a', 'b', hex(randomblob(100)) FROM n")
        path = os.path.join(bot.folder, "large.tar.gz")
        self.ok(bot, "backup", path)
        scratch = lambda: [f for f in os.listdir(bot.data_dir) if f.startswith(".verify")]
        for number in (signal.SIGINT, signal.SIGTERM):
            process = bot.launch("trading-bot", "backup", "verify", path)
            self.wait(lambda p=process: scratch() or not p.alive(), "it has begun")
            process.signal(number)
            self.assertEqual(process.wait(), 128 + number, process.output())
            self.assertEqual(scratch(), [])

    def test_by_the_clock_with_rotation(self):
        bot = self.trading(BACKUP_INTERVAL="0.5", BACKUP_KEEP="3", BACKUP_KEEP_DAILY="0",
                           BACKUP_KEEP_WEEKLY="0")
        done = lambda: bot.value("SELECT count(*) FROM jobs WHERE kind = 'backup'"
                                 " AND state = 'done' AND requested_by = 'schedule'")
        self.wait(lambda: done() >= 5, "five backups are made", 120)
        bot.worker.stop()
        self.assertEqual(bot.value("SELECT count(*) FROM jobs WHERE kind = 'backup'"
                                   " AND state = 'failed'"), 0)
        self.assertLessEqual(len(self.backups(bot)), 4)	# one may have been under way
        for path in self.backups(bot):
            self.ok(bot, "backup", "verify", path)
        slow = [r["message"] for r in bot.worker.log() if "turn took" in r["message"]]
        print("%d backups by the clock, %d slow turns" % (done(), len(slow)))

    def test_one_that_fails_is_told(self):
        bot = self.traded(BACKUP_INTERVAL="0.5")
        bot.env["BACKUP_DIR"] = os.path.join(bot.folder, "no-folder")
        with open(bot.env["BACKUP_DIR"], "w", encoding="ascii"):
            pass
        bot.start()
        self.wait(lambda: any("the backup failed: " in r["message"] and r["level"] == "WARNING"
                              for r in bot.worker.log()), "it is told", 60)
        self.wait(lambda: float(re.search(r"(?m)^tradingbot_backup_failures_total (\S+)$",
                                          bot.get("/metrics").body).group(1)) > 1, "it is counted", 60)
        os.unlink(bot.env["BACKUP_DIR"])
        self.wait(lambda: bot.value("SELECT count(*) FROM jobs WHERE kind = 'backup'"
                                    " AND state = 'done'"), "the next one is good", 60)

    def test_beside_a_long_job(self):
        """A backup is made while another job runs."""
        bot = self.trading()
        bot.write("INSERT INTO jobs(kind, created_us, state) VALUES ('check', 1, 'queued')")
        self.ok(bot, "job", "backup")
        self.wait(lambda: bot.value("SELECT count(*) FROM jobs WHERE state = 'done'") == 2,
                  "both are done", 60)

    def test_two_at_once(self):
        bot = self.trading()
        os.makedirs(os.path.join(bot.data_dir, "backups"), exist_ok=True)
        others = [os.path.join(bot.folder, name) for name in (".part", ".db.part")]
        for path in others:
            with open(path, "w", encoding="ascii"):
                pass
        with open(os.path.join(bot.data_dir, "backups", ".lock"), "w", encoding="ascii") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            self.assertIn("another backup", self.refused(bot, "backup"))
        self.assertEqual([p for p in others if not os.path.exists(p)], [])
        self.ok(bot, "backup")

    def test_model_file_that_is_gone(self):
        bot = self.trading()
        path = os.path.join(bot.data_dir, bot.value("SELECT path FROM models"))
        os.rename(path, path + ".away")
        self.assertIn("1 registered models have no file", self.ok(bot, "backup"))
        self.assertIn("1 missing", self.ok(bot, "backup", "verify", self.backups(bot)[0]))
        # rows that nobody of ours has written
        os.rename(path + ".away", path)
        bot.worker.stop()
        os.mkdir(os.path.join(bot.data_dir, "models", "folder"))
        for i, odd in enumerate(("models/folder", "models/a b", "models/../app.db", "/etc/passwd", "",
                                 "models/" + "x" * 200, "models/none")):
            bot.write("INSERT INTO models(name, symbol, format, sha256, size_bytes, path, features,"
                      " origin, created_us, updated_us) VALUES ('m', 'BTCUSDT', 'xgboost-json', ?, 1,"
                      " ?, 'features-1', 'upload', 1, 1)", "%d" % i, odd)
        self.assertIn("7 registered models have no file", self.ok(bot, "backup"))

    def test_nothing_to_back_up(self):
        bot = self.bot()
        os.makedirs(bot.data_dir)
        self.assertIn("app.db", self.refused(bot, "backup"))
        self.assertEqual(os.listdir(bot.data_dir), [])


class Verify(backups.BackupCase):

    def made(self):
        bot = self.traded()
        self.ok(bot, "backup")
        return bot, self.backups(bot)[0]

    def rewritten(self, path, change):
        """The archive with what change(name, bytes) makes of each file; None leaves it out."""
        out = os.path.join(os.path.dirname(path), "changed.tar.gz")
        with tarfile.open(path) as old, tarfile.open(out, "w:gz", format=tarfile.USTAR_FORMAT) as new:
            for member in old.getmembers():
                data = change(member.name, old.extractfile(member).read())
                if data is None:
                    continue
                info = tarfile.TarInfo(member.name)
                info.size = len(data)
                new.addfile(info, io.BytesIO(data))
        return out

    def test_what_is_wrong_is_said(self):
        bot, path = self.made()
        before = self.contents(bot.db_path)
        same = self.rewritten(path, lambda name, data: data)
        self.ok(bot, "backup", "verify", same)

        def manifest(edit):
            def change(name, data):
                if name != "manifest.json":
                    return data
                value = json.loads(data)
                edit(value)
                return json.dumps(value).encode()
            return change

        def flip(which):
            return lambda name, data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:] \
                if name.startswith(which) else data
        cases = [
            (flip("app.db"), "damaged"), (flip("models/"), "damaged"),
            (lambda n, d: None if n == "app.db" else d, "not those"),
            (lambda n, d: None if n.startswith("models") else d, "lacks"),
            (lambda n, d: None if n == "manifest.json" else d, "no backup of trading-bot"),
            (manifest(lambda m: m.update(format=2)), "newer version"),
            (manifest(lambda m: m.update(schema_version=1)), "schema version"),
            (manifest(lambda m: m["rows"].update(fills=m["rows"]["fills"] + 1)), "fills"),
            (manifest(lambda m: m["files"].reverse()), "manifest.json"),
            (manifest(lambda m: m.pop("made")), "manifest.json"),
            (manifest(lambda m: m["files"][0].update(name="../app.db")), "manifest.json"),
            (lambda n, d: b"{" if n == "manifest.json" else d, "no JSON"),
        ]
        for change, words in cases:
            bad = self.rewritten(path, change)
            for command in (("backup", "verify", bad), ("restore", bad, "--yes")):
                with self.subTest(words=words, command=command[0]):
                    self.assertIn(words, self.refused(bot, *command))
        with open(path, "rb") as f:
            whole = f.read()
        for n in (0, 1, 10, len(whole) // 2, len(whole) - 1):
            bad = os.path.join(bot.folder, "cut.tar.gz")
            with open(bad, "wb") as f:
                f.write(whole[:n])
            self.refused(bot, "backup", "verify", bad)
            self.refused(bot, "restore", bad, "--yes")
        self.refused(bot, "restore", "/no/such/file", "--yes")
        self.assertEqual(self.left_over(bot), [])
        self.assertEqual(self.contents(bot.db_path), before)

    def test_databases_that_are_unsound(self):
        bot, _ = self.made()
        plain = os.path.join(bot.folder, "x.db")

        def broken(*statements):
            shutil.copy(bot.db_path, plain)
            connection = sqlite3.connect(plain)
            for statement in statements:
                connection.execute(statement)
            connection.commit()
            connection.close()
            return self.refused(bot, "restore", plain, "--yes")
        self.assertIn("missing row of bots", broken("DELETE FROM bots"))
        self.assertIn("ledger", broken("UPDATE sim_ledger SET amount = amount + 1 WHERE id = 1"))
        self.assertIn("newer", broken("PRAGMA user_version = 9999"))
        self.assertIn("another program", broken("PRAGMA application_id = 1"))
        shutil.copy(bot.db_path, plain)
        with open(plain, "r+b") as f:
            f.seek(4096 * 3 + 100)
            f.write(b"\xff" * 4096)
        self.refused(bot, "restore", plain, "--yes")
        empty = os.path.join(bot.folder, "empty.db")
        sqlite3.connect(empty).close()
        self.refused(bot, "restore", empty, "--yes")
        with open(empty, "wb"):
            pass
        self.refused(bot, "restore", empty, "--yes")


class Log(backups.BackupCase):

    def test_the_log_beside_the_database_stays_small(self):
        """A reader that stands still lets it grow; when it is gone, it is folded in again."""
        bot = self.trading()
        wal = bot.db_path + "-wal"
        reader = sqlite3.connect(bot.db_path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM bots").fetchall()
        writer = sqlite3.connect(bot.db_path, isolation_level=None, timeout=harness.LOCK_S)
        for _ in range(40):
            writer.execute("UPDATE bots SET description = hex(randomblob(100000)) WHERE id = 1")
        grown = os.path.getsize(wal)
        self.assertGreater(grown, 6 << 20)
        reader.execute("COMMIT")
        reader.close()
        writer.execute("UPDATE bots SET description = '' WHERE id = 1")
        writer.close()

        def same_again():
            """Used again from its beginning: two beats are written, and it is as large as before."""
            size = os.path.getsize(wal)
            return self.beats(bot) and self.beats(bot) and os.path.getsize(wal) == size

        self.wait(same_again, "the log is folded in")
        size = os.path.getsize(wal)
        self.assertLessEqual(size, 64 << 20)
        print("log: grown to %.1f MB under a reader, then stays" % (size / 1e6))

    def beats(self, bot):
        beat = bot.value("SELECT beat_us FROM worker_heartbeat")
        self.wait(lambda: bot.value("SELECT beat_us FROM worker_heartbeat") > beat, "a beat")
        return True


if __name__ == "__main__":
    harness.main()
