"""LOG_DIR: each program's lines in a file of its own, and nothing about it stops a program."""
import json
import os
import subprocess

import harness


class LogFiles(harness.TestCase):

    def lines(self, bot, name, folder=None):
        path = os.path.join(folder or os.path.join(bot.data_dir, "logs"), name + ".log")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def test_each_program_has_its_file(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        bot.stop()
        for process in (bot.api, bot.worker):
            said = [r for r in process.log() if "level" in r]
            self.assertGreater(len(said), 2)
            self.assertEqual(self.lines(bot, process.name), said)
        folder = os.path.join(bot.data_dir, "logs")
        self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
        self.assertEqual(sorted(os.listdir(folder)), ["trading-bot-api.log", "trading-bot-worker.log"])
        for name in os.listdir(folder):
            self.assertEqual(os.stat(os.path.join(folder, name)).st_mode & 0o777, 0o600)
        # the next start goes on in it, and a start that fails leaves its reason there
        bot.start_api()
        again = bot.launch("trading-bot-api")
        self.assertEqual(again.wait(), 1)
        self.assertIn("another program uses the port", again.output())
        last = [r for r in self.lines(bot, "trading-bot-api") if r["level"] == "ERROR"]
        self.assertIn("another program uses the port", last[-1]["message"])

    def test_elsewhere_and_off(self):
        bot = self.bot(LOG_DIR="off")
        bot.start_api()
        bot.api.stop()
        self.assertFalse(os.path.exists(os.path.join(bot.data_dir, "logs")))
        self.assertFalse(os.path.exists(os.path.join(bot.folder, "off")))
        other = os.path.join(bot.folder, "my/logs")
        bot.start_api(LOG_DIR=other)
        self.assertTrue(self.lines(bot, "trading-bot-api", other))
        # what is deleted is made again
        os.unlink(os.path.join(other, "trading-bot-api.log"))
        self.wait(lambda: (bot.api.signal(1), self.lines(bot, "trading-bot-api", other))[1],
                  "there is a file again")

    def test_a_wrong_place_gets_no_folder(self):
        bot = self.bot()
        bot.start_api()
        bot.api.stop()
        for name in ("app.db", "app.db-wal", "app.db-shm"):
            path = os.path.join(bot.data_dir, name)
            if os.path.exists(path):
                os.unlink(path)
        os.rename(os.path.join(bot.data_dir, "logs"), os.path.join(bot.folder, "away"))
        for program in ("trading-bot-api", "trading-bot-worker"):
            self.assertEqual(bot.launch(program).wait(), 1)
        self.assertFalse(os.path.exists(os.path.join(bot.data_dir, "logs")))

    def test_what_can_not_be_written_stops_nobody(self):
        bot = self.bot()
        os.makedirs(bot.data_dir)
        with open(os.path.join(bot.data_dir, "logs"), "w", encoding="ascii"):
            pass
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        for process in (bot.api, bot.worker):
            said = [r["message"] for r in process.log() if "no log files" in r.get("message", "")]
            self.assertEqual(len(said), 1)
            self.assertIn("lines go to stderr only", said[0])

    def test_a_full_disk(self):
        if os.geteuid() != 0:
            self.skipTest("mounting a small disk needs root")
        bot = self.bot()
        folder = os.path.join(bot.folder, "small")
        os.makedirs(folder)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", folder], check=False,
                                 stderr=subprocess.PIPE, text=True)
        if mounted.returncode:
            self.skipTest("no small disk: %s" % mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        bot.start(LOG_DIR=folder)
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        filler = os.path.join(folder, "filler")
        with open(filler, "wb", 0) as f:
            try:
                while f.write(b"x" * 65536):
                    pass
            except OSError:
                pass
        self.wait(lambda: (bot.post("/api/v1/bot/pause"), bot.post("/api/v1/bot/resume"))
                  and bot.worker.output().count("PAUSED -> RUNNING") > 8, "it says things", 60)
        self.assertLess(len([r for r in self.lines(bot, "trading-bot-worker", folder)
                             if "PAUSED -> RUNNING" in r["message"]]), 8)
        os.unlink(filler)
        self.wait(lambda: (bot.post("/api/v1/bot/pause"), bot.post("/api/v1/bot/resume"))
                  and any("lines are missing here: the disk was full" in r["message"]
                          for r in self.lines(bot, "trading-bot-worker", folder)), "it says so", 60)
        self.assertEqual(bot.bot_status(), "RUNNING")


if __name__ == "__main__":
    harness.main()
