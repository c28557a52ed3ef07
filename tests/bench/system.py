#!/usr/bin/env python3
"""Figures of the running programs: start, command to effect, HTTP, memory.

    tests/bench/system.py [start] [command] [http] [memory] [readers]       (default: all)
"""
import shutil
import statistics
import sys
import time
from concurrent import futures

import figures
from figures import harness, percentile, resident, show, started
from quiet_readers import bench_readers
from rates import bench_http

FIRST_TRADE = "SELECT 1 FROM trading_orders WHERE filled > 0"
STARTS = 20
PARALLEL_STARTS = 3


def first_trade(seed):
    """Seconds until bot 1 runs, and until its first trade, on a market of its own."""
    with figures.new_bot(SYNTHETIC_SEED=seed) as bot:
        begin = time.monotonic()
        bot.start()
        harness.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        running = time.monotonic() - begin
        harness.wait(lambda: bot.rows(FIRST_TRADE), "the first trade", 300)
        return running, time.monotonic() - begin


def bench_start(_):
    """An entry rests at the best bid: a market that rises without a pause fills it late."""
    with futures.ThreadPoolExecutor(PARALLEL_STARTS) as pool:
        times = list(pool.map(first_trade, range(1, STARTS + 1)))
    running, trades = zip(*times)
    show("start to bot 1 running (sample model trained), median", "%.1f s" % statistics.median(running))
    show("start to first paper trade, %d markets: median" % STARTS, "%.1f s" % statistics.median(trades),
         "< 20 s")
    show("the same: 90th percentile / longest", "%.1f / %.1f s" % (percentile(trades, 0.9), max(trades)))


def bench_command(bot):
    """POST until its answer, which comes after the new status is committed."""
    started(bot)
    connection = harness.http.client.HTTPConnection("127.0.0.1", bot.port)
    headers = {"Authorization": "Bearer " + harness.TOKEN}
    times = []
    for i in range(2000):
        begin = time.perf_counter()
        connection.request("POST", "/api/v1/bot/" + ("pause", "resume")[i % 2], headers=headers)
        answer = connection.getresponse()
        answer.read()
        times.append((time.perf_counter() - begin) * 1000)
        assert answer.status == 200, answer.status
    show("command to effect, POST to answer, p50", "%.2f ms" % statistics.median(times))
    show("command to effect, POST to answer, p99", "%.2f ms" % percentile(times, 0.99), "< 5 ms")


def bench_memory(bot):
    started(bot)
    for i in range(9):
        made = bot.post("/api/v1/bots", {"name": "bench %d" % i}).json
        bot.put("/api/v1/models/assign/%d" % made["id"], {"model_id": 1})
        harness.wait(lambda i=made["id"]: bot.post("/api/v1/bots/%d/start" % i).status == 200,
                     "bot %d starts" % made["id"], 30)
    harness.wait(lambda: bot.value("SELECT count(*) FROM bot_state WHERE status = 'RUNNING'") == 10,
                 "ten bots run", 60)
    if shutil.which("wrk"):
        figures.wrk("http://127.0.0.1:%d/api/v1/status" % bot.port, bot.api.pid, figures.Rate(),
                    harness.TOKEN)
    worker, api = resident(bot.worker.pid), resident(bot.api.pid)
    show("resident memory, 10 bots: worker + API", "%.1f + %.1f MB" % (worker, api), "< 40 MB + models")
    row = bot.rows("SELECT loop_p50_us, loop_p99_us FROM worker_heartbeat")[0]
    show("worker's loop turn, 10 bots, p50 / p99", "%d / %d us" % tuple(row.values()))


def main():
    benches = {"start": bench_start, "command": bench_command, "http": bench_http,
               "memory": bench_memory, "readers": bench_readers}
    for name in sys.argv[1:] or benches:
        with figures.new_bot() as bot, figures.failures_shown(name, bot):
            benches[name](bot)
    return figures.first_failure()


if __name__ == "__main__":
    sys.exit(main())
