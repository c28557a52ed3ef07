#!/usr/bin/env python3
"""Instructions (callgrind) of the hot paths: they don't depend on the machine's mood.

    tests/bench/instructions.py [engine] [status] [list] [command]       (default: all)

BUILD=/elsewhere/build measures another version's programs, to compare with. Prints one
line per figure: name, instructions.
"""
import contextlib
import glob
import os
import re
import subprocess
import sys
import time

import figures
from figures import harness
import rates
import recording
import replays

BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(figures.ROOT, "build")))
TRADES = 4.75e6			# bench_engine's, for each million that it is told
STATUS_REQUESTS = 4000
LISTED = 5000
LIST_REQUESTS = 500
COMMANDS = 200


def show(what, instructions):
    print("%-52s %12.0f instructions" % (what, instructions), flush=True)


def totals(folder, prefix):
    """Instructions in all dumps of this name."""
    n = 0
    for path in glob.glob(os.path.join(folder, prefix + "*")):
        with open(path, encoding="utf-8", errors="replace") as f:
            n += sum(int(x) for x in re.findall(r"(?m)^totals: (\d+)", f.read()))
    return n


def bench_engine():
    """The difference of one and two million: start and set-up drop out."""
    counts = []
    with figures.new_bot() as bot:
        for millions in (1, 2):
            name = os.path.join(bot.folder, "engine.%d" % millions)
            subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + name,
                            os.path.join(BUILD, "bench/bench_engine"), str(millions)], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            counts.append(totals(bot.folder, "engine.%d" % millions))
    show("engine, per trade, mean of bench_engine's cases", (counts[1] - counts[0]) / TRADES)


class Counted:
    """A program of the bot's under callgrind."""

    def __init__(self, bot, name):
        self.folder, self.name = bot.folder, name
        with open(os.path.join(bot.folder, name + ".log"), "ab") as log:
            self.popen = subprocess.Popen(
                ["valgrind", "--tool=callgrind", "--callgrind-out-file=%s/%s.counts" % (
                    bot.folder, name), os.path.join(BUILD, name)],
                cwd=bot.folder, env=bot.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def control(self, option):
        subprocess.run(["callgrind_control", option, str(self.popen.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def counts(self, work):
        """Instructions while work() runs, and seconds."""
        self.control("--dump")		# what was before; counting begins anew
        before = totals(self.folder, self.name + ".counts")
        begun = time.monotonic()
        work()
        took = time.monotonic() - begun
        self.control("--dump")
        return totals(self.folder, self.name + ".counts") - before, took


@contextlib.contextmanager
def running(counted):
    """A bot that has been stopped, API and worker up; the named program is counted."""
    with figures.new_bot(COMMAND_WAIT_MS=60000, LOG_LEVEL="WARN",
                         **replays.environment("second.gz")) as bot:
        recording.write(os.path.join(bot.folder, "second.gz"), 1)	# then the market stands still
        bot.build = BUILD
        bot.start_worker()
        harness.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        bot.write("INSERT INTO commands(kind, bot_id) VALUES ('stop', 1)")
        harness.wait(lambda: bot.bot_status() == "STOPPED", "bot 1 is stopped", 60)
        bot.worker.stop()
        programs = []
        try:
            for name in ("trading-bot-worker", "trading-bot-api"):
                if name == counted:
                    program = Counted(bot, name)
                    programs.append(program.popen)
                else:
                    bot.launch(name)
            harness.wait(bot.answers, "the API answers", 120)
            harness.wait(lambda: bot.value("SELECT 1 FROM worker_heartbeat WHERE stopped_us IS NULL"),
                         "the worker is up", 120)
            yield bot, program
        finally:
            for popen in programs:
                popen.kill()
                popen.wait()


def ask(bot, method, paths):
    connection = bot.connection(60)
    for path in paths:
        connection.request(method, path, headers={"Authorization": "Bearer " + harness.TOKEN})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
    connection.close()


def per_request(program, method, paths, bot):
    """What it does anyway in that time is taken off."""
    ask(bot, method, paths[:20])
    time.sleep(2)		# what follows of those
    idle, took = program.counts(lambda: time.sleep(5))
    count, seconds = program.counts(lambda: ask(bot, method, paths))
    return (count - idle / took * seconds) / len(paths)


def bench_status():
    with running("trading-bot-api") as (bot, api):
        show("API, per GET /api/v1/status",
             per_request(api, "GET", ["/api/v1/status"] * STATUS_REQUESTS, bot))


def bench_list():
    with running("trading-bot-api") as (bot, api):
        rates.fill_orders(bot, LISTED)
        show("API, per GET of 50 closed orders",
             per_request(api, "GET", [rates.ORDERS] * LIST_REQUESTS, bot))


def bench_command():
    paths = ["/api/v1/bot/" + ("start", "stop")[i % 2] for i in range(COMMANDS)]
    for name in ("trading-bot-api", "trading-bot-worker"):
        with running(name) as (bot, program):
            show(name.rsplit("-", 1)[1] + ", per command to its effect (start, stop)",
                 per_request(program, "POST", paths, bot))


if __name__ == "__main__":
    for what in sys.argv[1:] or ("engine", "status", "list", "command"):
        {"engine": bench_engine, "status": bench_status, "list": bench_list, "command": bench_command}[what]()
