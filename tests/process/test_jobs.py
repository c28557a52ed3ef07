"""Jobs: run in a child process, told about, cancelled, and found again after a restart."""
import json

import harness

INSERT = "INSERT INTO jobs(kind, args, created_us, state, attempts, cancel_requested) VALUES (?, '{}', 1, ?, ?, ?)"


class Jobs(harness.TestCase):

    def started(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def ended(self, bot, job):
        row = lambda: bot.rows("SELECT * FROM jobs WHERE id = ?", job)[0]
        self.wait(lambda: row()["state"] in ("done", "failed", "cancelled"), "job %d ends" % job, 60)
        return row()

    def test_check_runs_beside_trading(self):
        bot = self.started()
        done = bot.cli("job", "check")
        self.assertEqual(done.returncode, 0, done.stderr)
        job = self.ended(bot, bot.value("SELECT max(id) FROM jobs"))
        self.assertEqual((job["state"], job["progress"], job["error"]), ("done", 1.0, ""), job)
        self.assertTrue(json.loads(job["result"])["ok"], job)
        self.assertIsNone(job["pid"])
        answer = bot.get("/api/v1/jobs/%d" % job["id"])
        self.assertEqual((answer.status, answer.json["state"]), (200, "done"), answer)
        self.assertEqual(bot.bot_status(), "RUNNING")

    def test_unknown_kind_and_early_cancel(self):
        bot = self.started()
        odd = self.ended(bot, bot.write(INSERT, "no such", "queued", 0, 0))
        self.assertEqual(odd["state"], "failed")
        self.assertIn("no such job", odd["error"])
        early = self.ended(bot, bot.write(INSERT, "check", "queued", 0, 1))
        self.assertEqual((early["state"], early["attempts"]), ("cancelled", 0), early)

    def test_what_a_killed_worker_left(self):
        bot = self.started()
        bot.worker.kill9()
        again = bot.write(INSERT, "check", "running", 1, 0)
        often = bot.write(INSERT, "check", "running", 3, 0)
        bot.start_worker()
        row = self.ended(bot, again)
        self.assertEqual((row["state"], row["attempts"]), ("done", 2), row)
        row = self.ended(bot, often)
        self.assertEqual(row["state"], "failed")
        self.assertIn("not tried again", row["error"])


if __name__ == "__main__":
    harness.main()
