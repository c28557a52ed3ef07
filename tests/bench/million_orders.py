#!/usr/bin/env python3
"""Lists and statistics of a database with a million orders.

    tests/bench/million_orders.py [ORDERS]            (default: 1000000)

All orders are of bot 1, with reported ones, signals, log lines, bookings and samples
of equity beside them: plain SQL, the same rows each time. Each line is one
request to the API: the time until its last byte, at the median and at most (the first
request for statistics reads all trades). The last line says what that did to another
client.
"""
import os
import sqlite3
import sys
import threading
import time

import figures
from figures import harness, show
import many_rows	# of tests/process, which figures has put in reach

REPEATS = 11


def cursors(path):
    """Places of the first, middle and last page: /orders/history, and lists by id."""
    connection = sqlite3.connect(path)
    n = connection.execute("SELECT max(id) FROM trading_orders").fetchone()[0]
    pairs = connection.execute("SELECT closed_us, id * 2 FROM trading_orders WHERE id IN (?, 60)"
                               " ORDER BY id DESC", (n // 2,)).fetchall()
    connection.close()
    return ["%d.%d" % tuple(p) for p in pairs]


def paths(path, orders):
    bot = "/api/v1/trading/bots/1"
    middle, last = cursors(path)
    tenth = orders // 10
    day = "from=2024-02-01T00:00:00Z&to=2024-02-02T00:00:00Z"
    lists = [
        ("orders/history, first page", bot + "/orders/history"),
        ("orders/history, middle", bot + "/orders/history?cursor=" + middle),
        ("orders/history, last", bot + "/orders/history?cursor=" + last),
        ("orders/history, 200 rows", bot + "/orders/history?limit=200"),
        ("orders/history, one symbol in 1,000", bot + "/orders/history?symbol=ETHUSDT"),
        ("orders/history, a symbol there is not", bot + "/orders/history?symbol=SOLUSDT"),
        ("orders/history, a reason that is rare", bot + "/orders/history?reason=manual"),
        ("orders/history, rare symbol and reason", bot + "/orders/history?symbol=ETHUSDT&reason=manual"),
        ("orders/history, one day", bot + "/orders/history?" + day),
        ("orders, open ones", bot + "/orders"),
        ("positions", "/api/v1/positions"),
        ("signals, first page", bot + "/signals"),
        ("signals, last", bot + "/signals?cursor=600"),
        ("signals, a rule that is rare", bot + "/signals?rule=max_positions"),
        ("signals, taken ones of a rule there is not", bot + "/signals?taken=true&rule=none"),
        ("stats", bot + "/stats"),
        ("simulation/performance", "/api/v1/simulation/performance"),
    ]
    lists += [("stats/pnl by %s" % by, bot + "/stats/pnl?by=" + by)
              for by in ("day", "week", "month", "symbol", "reason")]
    lists += [
        ("stats/pnl of one day by reason", bot + "/stats/pnl?by=reason&" + day),
        ("logs, first page", "/api/v1/logs"),
        ("logs, last", "/api/v1/logs?cursor=60"),
        ("logs, errors only", "/api/v1/logs?level=error"),
        ("logs, of one request", "/api/v1/logs?correlation_id=needle"),
        ("logs, of the API, in the middle", "/api/v1/logs?service=trading-bot-api&cursor=%d" % (tenth // 2)),
        ("equity, newest", "/api/v1/equity?bot_id=1"),
        ("equity, one day", "/api/v1/equity?bot_id=1&limit=500&" + day),
        ("equity, last", "/api/v1/equity?bot_id=1&cursor=%d" % (many_rows.BEGIN_US + 60 * 5_000_000)),
        ("bots/1/events", "/api/v1/bots/1/events"),
        ("simulation/ledger", "/api/v1/simulation/ledger?bot_id=1"),
        ("data: which candles there are", "/api/v1/data"),
        ("data/candles", "/api/v1/data/candles?symbol=BTCUSDT"),
        ("jobs, failed ones", "/api/v1/jobs?state=failed"),
        ("audit, of a rare actor", "/api/v1/audit?actor=rare"),
        ("status", "/api/v1/status"),
        ("metrics", "/metrics"),
    ]
    return lists


class Probe(threading.Thread):
    """Asks for something small all the time: how long it waits is what the loop is held up."""

    def __init__(self, bot):
        super().__init__(daemon=True)
        self.bot = bot
        self.times = []
        self.end = False

    def run(self):
        connection = self.bot.connection()
        headers = {"Authorization": "Bearer " + harness.TOKEN}
        while not self.end:
            begin = time.perf_counter()
            connection.request("GET", "/api/v1/status", headers=headers)
            connection.getresponse().read()
            self.times.append((time.perf_counter() - begin) * 1000)
            time.sleep(0.002)

    def show(self):
        self.end = True
        self.join()
        self.times.sort()
        n = len(self.times)
        show("status, asked by another client meanwhile, p50 / p99",
             "%.1f / %.1f ms" % (self.times[n // 2], self.times[n * 99 // 100]), "loop free: < 5 ms")


def ask(bot, path):
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        answer = bot.get(path, limit=120)
        times.append((time.perf_counter() - begin) * 1000)
        assert answer.status == 200, (path, answer)
        if sum(times) > 5000:
            break
    times.sort()
    return times[len(times) // 2], times[-1]


def main():
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with (figures.new_bot(LOG_LEVEL="WARNING") as bot,
          figures.failures_shown("a million orders", bot)):
        bot.start_api()
        bot.api.stop()
        begin = time.monotonic()
        many_rows.fill(bot.db_path, orders, reported_orders=0.02)
        show("%d orders made" % orders, "%.1f s" % (time.monotonic() - begin))
        show("size of the database", "%.0f MB" % (os.path.getsize(bot.db_path) / 1e6))
        bot.start_api()
        print("%-58s %18s" % ("GET", "p50 / most"))
        probe = Probe(bot)
        probe.start()
        for what, path in paths(bot.db_path, orders):
            p50, most = ask(bot, path)
            show(what, "%.1f / %.1f ms" % (p50, most))
        probe.show()


if __name__ == "__main__":
    main()
