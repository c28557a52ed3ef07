"""Jobs: run in a child process, told about, cancelled, limited, and found again after a restart.

The children are real ones ("check" of trading-bot), held back by a script in the program's
place until the test says go; or that script alone, where a child must do something wrong.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

import attacker
import books
import harness

INSERT = "INSERT INTO jobs(kind, args, created_us, state, attempts, cancel_requested) VALUES (?, ?, 1, ?, ?, ?)"
JOBS = "/api/v1/jobs"

# A job's process: says what it does, waits for the go, and becomes the real one. The lock
# stays with it to its end, and with no sleep of its shell: who comes meanwhile leaves a mark.
HOLD = """
[ "$1" = job-run ] || exec %(real)s "$@"
exec 9>%(folder)s/lock
flock -n 9 || echo "$2" >>%(folder)s/twice
echo "P 0.25 waits for the go" >&3
while [ ! -e %(folder)s/go ]; do sleep 0.02 9>&-; done
exec %(real)s "$@"
"""

LARGE_RESULT = "printf 'R {\"a\":\"%%03000d\"}\\n' 7 >&3\n"


def alive(pid):
    """Its process is there, and not just waiting to be buried."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Jobs(harness.TestCase):
    seed = None		# a data directory after its first start, which trains the sample model

    @classmethod
    def tearDownClass(cls):
        if cls.seed:
            shutil.rmtree(cls.seed, ignore_errors=True)

    def seeded(self, bot):
        """Gives the bot a copy of that directory; the first one makes it."""
        if not Jobs.seed:
            first = self.bot("build" if os.path.exists(harness.program("trading-bot-worker", "build"))
                             else None)
            first.start_worker()
            self.wait(lambda: first.bot_status() == "RUNNING", "bot 1 runs", 60)
            self.assertEqual(first.worker.stop(), 0)
            Jobs.seed = tempfile.mkdtemp(prefix="tb-test-")
            shutil.copytree(first.data_dir, Jobs.seed, dirs_exist_ok=True)
        shutil.copytree(Jobs.seed, bot.data_dir, dirs_exist_ok=True)
        os.chmod(bot.data_dir, 0o700)

    def put_program(self, build, script):
        for name in ("trading-bot-worker", "trading-bot-api"):
            shutil.copy(harness.program(name), build)
        with open(os.path.join(build, "trading-bot"), "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n" + script % {"real": harness.program("trading-bot"), "folder": build})
        os.chmod(f.name, 0o700)

    def started(self, script=None):
        """A bot that trades; script: what stands in trading-bot's place."""
        build = self.folder() if script else None
        if script:
            self.put_program(build, script)
        bot = self.bot(build)
        self.seeded(bot)
        bot.start()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        return bot

    def go(self, bot):
        with open(os.path.join(bot.build, "go"), "w", encoding="ascii"):
            pass

    def row(self, bot, job):
        return bot.rows("SELECT * FROM jobs WHERE id = ?", job)[0]

    def queued(self, bot, args="{}", kind="check", state="queued", attempts=0, cancel=0):
        return bot.write(INSERT, kind, args, state, attempts, cancel)

    def running(self, bot, job):
        """Until its process has said something; that process."""
        def pid():
            row = self.row(bot, job)
            return row["pid"] if row["state"] == "running" and row["message"] else None
        return self.wait(pid, "job %d runs" % job, 60)

    def ended(self, bot, job, state, words=""):
        self.wait(lambda: self.row(bot, job)["state"] in ("done", "failed", "cancelled"),
                  "job %d ends" % job, 60)
        row = self.row(bot, job)
        self.assertEqual(row["state"], state, row)
        self.assertIn(words, row["error"], row)
        self.assertIsNone(row["pid"])
        return row

    def trades_on(self, bot):
        """The worker that was started first is well, and its books balance."""
        turns = bot.value("SELECT turns FROM worker_heartbeat")
        self.wait(lambda: bot.value("SELECT turns FROM worker_heartbeat") > turns, "the loop turns")
        self.assertTrue(bot.worker.alive())
        self.assertEqual(bot.bot_status(), "RUNNING")
        self.assertEqual(books.breaches(bot), [])

    def never_twice(self, bot):
        self.assertFalse(os.path.exists(os.path.join(bot.build, "twice")), "a job ran twice at once")

    def test_check_runs_beside_trading(self):
        bot = self.started()
        done = bot.cli("job", "check")
        self.assertEqual(done.returncode, 0, done.stderr)
        job = self.ended(bot, bot.value("SELECT max(id) FROM jobs"), "done")
        self.assertEqual((job["progress"], job["error"]), (1.0, ""), job)
        self.assertTrue(json.loads(job["result"])["ok"], job)
        answer = bot.get("%s/%d" % (JOBS, job["id"]))
        self.assertEqual((answer.status, answer.json["state"]), (200, "done"), answer)
        self.trades_on(bot)

    def test_unknown_kind_and_early_cancel(self):
        bot = self.started()
        self.ended(bot, self.queued(bot, kind="no such"), "failed", "no such job")
        early = self.ended(bot, self.queued(bot, cancel=1), "cancelled")
        self.assertEqual(early["attempts"], 0, early)

    def test_args_that_are_wrong(self):
        bot = self.started()
        for args, words in (("x" * 5000, "5000 bytes"), ('{"a":"%s"}' % ("x" * 100_000), "bytes"),
                            ("{", "can't be read"), ("", "can't be read"), ("[1]", "JSON object"),
                            ('{"a":1,"a":2}', "can't be read"), ("[" * 4000, "can't be read")):
            self.ended(bot, self.queued(bot, args), "failed", words)
            done = bot.cli("job", "check", args)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("ARGS-JSON", done.stderr)
        self.ended(bot, self.queued(bot, kind="k" * 10_000), "failed", "no such job")
        self.assertEqual(bot.cli("job", "nonsense").returncode, 2)
        # rows that somebody wrote by hand are shown, and the answer stays JSON
        shown = bot.get(JOBS).json["jobs"]
        self.assertEqual(len(shown), 8)
        self.assertIn({"text": "{"}, [j["args"] for j in shown])
        self.assertEqual(bot.get(JOBS + "/3").json["args"], {"text": "{"})
        self.trades_on(bot)

    def test_cancelled_while_it_runs(self):
        bot = self.started(HOLD)
        # through the API
        job = self.queued(bot)
        pid = self.running(bot, job)
        path = "%s/%d" % (JOBS, job)
        answer = bot.request("DELETE", path)
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual((answer.headers["Location"], answer.json["link"]), (path, path))
        self.assertTrue(answer.json["cancel_requested"])
        self.ended(bot, job, "cancelled", "cancelled")
        self.wait(lambda: not alive(pid), "its process is gone")
        self.assertEqual(bot.request("DELETE", path).status, 409)
        self.assertEqual(bot.request("DELETE", JOBS + "/99").status, 404)
        # through the database
        job = self.queued(bot)
        pid = self.running(bot, job)
        bot.write("UPDATE jobs SET cancel_requested = 1 WHERE id = ?", job)
        self.ended(bot, job, "cancelled")
        self.wait(lambda: not alive(pid), "its process is gone")
        # one that waits behind another
        first, second = self.queued(bot), self.queued(bot)
        self.running(bot, first)
        self.assertEqual(bot.request("DELETE", "%s/%d" % (JOBS, second)).status, 202)
        self.go(bot)
        self.ended(bot, first, "done")
        self.assertEqual(self.ended(bot, second, "cancelled")["attempts"], 0)
        self.never_twice(bot)
        self.trades_on(bot)

    def test_progress_is_seen(self):
        bot = self.started(HOLD)
        with attacker.connect(bot) as stream:
            stream.sendall(attacker.head(bot, "GET", "/api/v1/events?topics=job"))
            heard = stream.recv(65536)
            job = self.queued(bot)
            self.running(bot, job)
            shown = bot.get("%s/%d" % (JOBS, job)).json
            self.assertEqual((shown["state"], shown["progress"], shown["message"]),
                             ("running", 0.25, "waits for the go"))
            self.assertEqual([j["id"] for j in bot.get(JOBS + "?state=running").json["jobs"]], [job])
            for word in (b'"waits for the go"', b'"state":"done"'):
                while word not in heard or not heard.endswith(b"\n\n"):
                    more = stream.recv(65536)
                    self.assertTrue(more, heard)
                    heard += more
                self.go(bot)
        said = [json.loads(m)["data"] for m in re.findall(r"(?m)^data: (.*\"change\".*)$", heard.decode())]
        self.assertIn((job, "running", 0.25, "waits for the go"),
                      [(d["id"], d["state"], d["progress"], d["message"]) for d in said])
        self.assertEqual((said[-1]["state"], said[-1]["progress"], said[-1]["result"]["ok"]),
                         ("done", 1, True))

    def test_limits_that_are_hit(self):
        if "san" not in harness.BUILD:	# which take terabytes of addresses
            memory = self.started("exec python3 -c '\nimport os\ntry:\n bytearray(2 << 30)\n"
                                  "except MemoryError:\n os.abort()'")
            self.ended(memory, self.queued(memory), "failed", "signal 6 (ABRT): it may have 1024 MB of memory")
            self.trades_on(memory)
        cpu = self.started("[ $(ulimit -t) = 600 ] || exit 9\nulimit -t 1\nwhile :; do :; done")
        row = self.ended(cpu, self.queued(cpu), "failed", "signal 9 (KILL)")
        self.assertIn("600 s of processor time", row["error"])
        self.trades_on(cpu)

    def test_killed_job(self):
        bot = self.started(HOLD)
        job = self.queued(bot)
        os.kill(self.running(bot, job), signal.SIGKILL)
        self.ended(bot, job, "failed", "signal 9 (KILL)")
        self.go(bot)
        self.ended(bot, self.queued(bot), "done")
        self.trades_on(bot)

    def test_what_a_killed_worker_left(self):
        bot = self.started()
        bot.worker.kill9()
        again = self.queued(bot, state="running", attempts=1)
        often = self.queued(bot, state="running", attempts=3)
        ended = self.queued(bot, state="running", attempts=1, cancel=1)
        bot.start_worker()
        self.assertEqual(self.ended(bot, again, "done")["attempts"], 2)
        self.ended(bot, often, "failed", "not tried again")
        self.ended(bot, ended, "cancelled")

    def test_worker_killed_while_a_job_runs(self):
        bot = self.started(HOLD)
        job = self.queued(bot)
        for attempt in (1, 2):
            pid = self.running(bot, job)
            self.assertEqual(self.row(bot, job)["attempts"], attempt)
            bot.worker.kill9()
            bot.start_worker()
            self.wait(lambda pid=pid: not alive(pid), "its process is gone with the worker")
            self.wait(lambda pid=pid: self.row(bot, job)["pid"] not in (pid, None), "it runs again", 60)
        self.go(bot)
        self.assertEqual(self.ended(bot, job, "done")["attempts"], 3)
        self.never_twice(bot)
        # and a job whose worker never survives it is given up, in words
        os.unlink(os.path.join(bot.build, "go"))
        job = self.queued(bot)
        for _ in range(3):
            pid = self.running(bot, job)
            bot.worker.kill9()
            self.wait(lambda pid=pid: not alive(pid), "its process is gone with the worker")
            bot.write("UPDATE jobs SET message = '' WHERE id = ?", job)
            bot.start_worker()
        row = self.ended(bot, job, "failed", "not tried again")
        self.assertEqual(row["attempts"], 3)
        self.never_twice(bot)
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        self.trades_on(bot)

    def test_worker_stopped_while_a_job_runs(self):
        bot = self.started(HOLD)
        job = self.queued(bot)
        pid = self.running(bot, job)
        self.assertEqual(bot.worker.stop(), 0)
        self.assertFalse(alive(pid))
        row = self.row(bot, job)
        self.assertEqual((row["state"], row["pid"], row["attempts"]), ("queued", None, 0), row)
        self.assertIn("the worker was stopped", row["message"])
        self.go(bot)
        bot.start_worker()
        self.assertEqual(self.ended(bot, job, "done")["attempts"], 1)
        self.never_twice(bot)

    def test_disk_full_while_the_result_is_written(self):
        bot = self.bot()
        os.makedirs(bot.data_dir)
        mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", bot.data_dir]
        if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            self.skipTest("no small file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", bot.data_dir], check=False)
        bot.build = self.folder()
        self.put_program(bot.build, HOLD.rsplit("exec", 1)[0] + LARGE_RESULT)
        self.seeded(bot)
        bot.start()
        self.wait(bot.worker_is_up, "the worker is up", 60)
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        job = self.queued(bot)
        pid = self.running(bot, job)
        filler = os.path.join(bot.data_dir, "filler")

        def full(words):
            """To the last byte, again and again: the worker's reserve is used up as well."""
            with open(filler, "ab", buffering=0) as f:
                try:
                    while f.write(b"\0" * 4096):
                        pass
                except OSError:
                    pass
            return any(words in r["message"] for r in bot.worker.log())
        self.wait(lambda: full("takes no writes"), "nothing can be stored any more", 120)
        self.assertTrue(full("the reserve of 4 MiB was given up"))
        self.go(bot)
        self.wait(lambda: not alive(pid) and full("takes no writes"), "its process has ended", 60)
        self.assertEqual(self.row(bot, job)["state"], "running")
        os.unlink(filler)
        row = self.ended(bot, job, "done")
        self.assertEqual(len(json.loads(row["result"])["a"]), 3000)
        self.trades_on(bot)


if __name__ == "__main__":
    harness.main()
