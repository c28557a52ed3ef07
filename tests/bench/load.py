#!/usr/bin/env python3
"""Minutes of load at half of the peak rate, with bots trading and live readers.

    tests/bench/load.py [MINUTES]		(default: 10)

Ten bots trade, 100,000 closed orders are there. Two minutes without load give the
worker's loop times to compare with. bench_load first finds the peak of its mix (85 % GET status,
8 % positions, 5 % lists of 50 orders, 2 % POST pause or resume of one bot), then sends half
of that at fixed times, whatever the answers do; latency counts from when a request was due.
Ten WebSockets and ten event streams read along. Exit code 1: an error, or memory that grew.
"""
import json
import os
import subprocess
import sys
import time

import figures
import rates
from figures import harness, resident, show
from subscribers import Subscribers

BOTS = 10
QUIET_S = 120		# what the worker's loop times go back
PEAK_S = 10
CONNECTIONS = 32
READERS = 10		# of each kind
GROWTH_MB = 4		# from the second minute on


def ten_bots(bot):
    figures.started(bot)
    for i in range(BOTS - 1):
        made = bot.post("/api/v1/bots", {"name": "load %d" % i}).json["id"]
        bot.put("/api/v1/models/assign/%d" % made, {"model_id": 1})
        harness.wait(lambda made=made: bot.post("/api/v1/bots/%d/start" % made).status == 200,
                     "bot %d starts" % made, 30)
    rates.fill_orders(bot)
    return made


def loop_times(bot):
    """Of the last minute or two."""
    row = bot.rows("SELECT loop_p50_us, loop_p99_us FROM worker_heartbeat")[0]
    return tuple(row.values())


def client(bot, seconds, rate, victim):
    return subprocess.Popen([os.path.join(figures.ROOT, harness.BUILD, "bench/bench_load"), str(bot.port),
                             str(seconds), "%.1f" % rate, str(CONNECTIONS), str(victim)],
                            env={"LOAD_TOKEN": harness.TOKEN}, stdout=subprocess.PIPE, text=True)


def figures_of(process):
    text = process.communicate()[0]
    if process.returncode:
        raise RuntimeError("bench_load ended with %d" % process.returncode)
    return json.loads(text)


def sizes(bot):
    return resident(bot.api.pid), resident(bot.worker.pid)


def watch(bot, process, minutes):
    """Sizes and loop times at the start, after each minute and at the end."""
    seen = []
    begin = time.monotonic()
    for minute in range(minutes + 1):
        while time.monotonic() < begin + 60 * minute and process.poll() is None:
            time.sleep(0.2)
        seen.append((sizes(bot), loop_times(bot)))
        show("after %d min: resident memory of API, worker" % minute, "%.1f, %.1f MB" % seen[-1][0],
             "worker's loop turn p50 / p99 %d / %d us" % seen[-1][1])
    return seen


def show_latency(load):
    for name in ("status", "positions", "orders", "pause", "resume", "all"):
        f = load[name]
        show("%s: %d answers, %d errors" % (name, f["n"], f["errors"]),
             "%.2f / %.2f ms" % (f["p50_us"] / 1000, f["p99_us"] / 1000),
             "p50 / p99; 99.9 %%: %.1f, longest %.1f ms" % (f["p999_us"] / 1000, f["max_us"] / 1000))


def run(bot, minutes):
    """Returns what went wrong."""
    victim = ten_bots(bot)
    time.sleep(QUIET_S)
    quiet = loop_times(bot)
    show("worker's loop turn without load, p50 / p99", "%d / %d us" % quiet)
    peak = figures_of(client(bot, PEAK_S, 0, victim))
    show("peak of the mix, %d connections" % CONNECTIONS, "%.0f /s" % peak["per_s"])
    bot.post("/api/v1/bots/%d/resume" % victim)
    readers = Subscribers(bot.port, harness.TOKEN, READERS)
    try:
        process = client(bot, 60 * minutes, peak["per_s"] / 2, victim)
        seen = watch(bot, process, minutes)
        load = figures_of(process)
    finally:
        messages, fewest, cut = readers.end()
    show("load for %d min" % minutes, "%.0f /s" % load["per_s"],
         "longest queue at the client %d, answers 202: %d" % (load["backlog_most"], load["accepted"]))
    show_latency(load)
    show("live readers: messages, fewest of one, cut off", "%d, %d, %d" % (messages, fewest, cut))
    show("worker's loop turn under load, p50 / p99", "%d / %d us" % seen[-1][1],
         "without %d / %d" % quiet)
    return judge(load, cut, [pair for pair, _ in seen])


def judge(load, cut, seen):
    wrong = []
    errors = load["all"]["errors"] + load["unanswered"] + load["lost"] + cut
    show("errors", "%d" % errors, "target 0 " + load["first_error"])
    if errors:
        wrong.append("%d errors" % errors)
    settled = seen[min(2, len(seen) - 1)]
    for name, first, last in zip(("API", "worker"), settled, seen[-1]):
        if last - first > GROWTH_MB:
            wrong.append("%s grew from %.1f to %.1f MB" % (name, first, last))
    return wrong


def main():
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    wrong = ["it did not get to its end"]
    with figures.new_bot() as bot:
        try:
            wrong = run(bot, minutes)
        finally:
            if wrong:
                bot.show_logs(8)
    print("load: " + (", ".join(wrong) or "fine"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
