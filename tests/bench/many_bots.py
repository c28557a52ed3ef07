#!/usr/bin/env python3
"""1,000 bots on 20 symbols in one worker: half ask a model, half cross averages.

    tests/bench/many_bots.py [BOTS] [SYMBOLS] [SECONDS]       (default: 1000 20 30)

The market is the built-in one. The bots are written into the database before the
worker that is measured starts, and trade as much as the risk rules let them; they
differ in threshold and timeouts. An API runs beside it, with a client that listens to
every topic. The disk's own time for an fsync is printed too: the worker waits for one
about once a second.
"""
import os
import socket
import sys
import threading
import time

import figures
from figures import cpu_us, harness, resident, show

KNOWN = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "DOGEUSDT"]

BOTS = """
WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO bots(id, name, created_us, updated_us)
SELECT i, 'Bench ' || i, created_us, updated_us FROM n JOIN bots ON bots.id = 1"""
CONFIG = """
INSERT INTO trading_configs(bot_id, version, symbol, strategy, interval, exchange, side_mode,
	confidence_threshold, capital_per_trade, holding_time, profit_target_pct, stop_loss_pct,
	maker_order_timeout, max_positions, decision_interval_ms, leverage, ignore_risk_reward,
	ignore_risk_per_trade, socket_type, testnet, updated_us, updated_by)
SELECT b.id, 1, ?2, CASE b.id % 2 WHEN 1 THEN 'model' ELSE 'ema_cross' END, '1s', exchange, 'long',
	confidence_threshold + b.id % 20 * 0.01, capital_per_trade, 30 + b.id % 59,
	profit_target_pct, stop_loss_pct, 3 + b.id % 7, max_positions, 1000, leverage, 0, 0, socket_type, testnet,
	c.updated_us, 'bench'
FROM bots b JOIN trading_configs c ON c.bot_id = 1 WHERE b.id > 1 AND b.id / 2 % ?3 = ?1"""
MODELS = """
INSERT INTO model_assignments(bot_id, model_id, assigned_us, assigned_by)
SELECT bot_id, 1, updated_us, 'bench' FROM trading_configs WHERE bot_id > 1 AND strategy = 'model'"""
STARTS = "INSERT INTO commands(kind, requested_by) VALUES ('start', 'bench')"


def symbols(n):
    return (KNOWN + ["BENCH%dUSDT" % i for i in range(n)])[:n]


def populate(bot, bots, names):
    """The first start's bot 1 and its sample model are the pattern of the others."""
    bot.start_worker()
    harness.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
    bot.worker.stop()
    bot.write(BOTS, bots)
    for i, name in enumerate(names):
        bot.write(CONFIG, i, name, len(names))
    bot.write(MODELS)
    bot.write(STARTS)


def listen(port, stop, counts):
    """Reads the event stream and counts bytes."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                   "Authorization: Bearer %s\r\n\r\n" % harness.TOKEN).encode())
        s.settimeout(0.5)
        while not stop.is_set():
            try:
                data = s.recv(1 << 16)
            except socket.timeout:
                continue
            if not data:
                return
            counts.append(len(data))


def fsync_ms(folder):
    """What this disk needs for 4 KB, taken while the programs run."""
    times = []
    with open(os.path.join(folder, "fsync"), "wb", buffering=0) as f:
        for _ in range(100):
            f.write(b"x" * 4096)
            begin = time.perf_counter()
            os.fsync(f.fileno())
            times.append((time.perf_counter() - begin) * 1000)
            time.sleep(0.01)
    times.sort()
    return times[50], times[98]


def beat(bot):
    return bot.rows("SELECT * FROM worker_heartbeat")[0]


def measure(bot, seconds):
    stop, counts = threading.Event(), []
    listener = threading.Thread(target=listen, args=(bot.port, stop, counts))
    listener.start()
    before, cpu, api = beat(bot), cpu_us(bot.worker.pid), cpu_us(bot.api.pid)
    orders = bot.value("SELECT count(*) FROM trading_orders")
    time.sleep(seconds)
    after = beat(bot)
    took = (after["beat_us"] - before["beat_us"]) / 1e6
    show("loop turn, p50 / p99", "%.2f / %.2f ms" % (after["loop_p50_us"] / 1000,
                                                     after["loop_p99_us"] / 1000), "p99 < 10 ms")
    show("an fsync of 4 KB on this disk, p50 / p99", "%.2f / %.2f ms" % fsync_ms(bot.folder))
    show("turns and market events a second", "%.0f, %.0f" % (
        (after["turns"] - before["turns"]) / took, (after["events"] - before["events"]) / took))
    show("orders a second, open now", "%.0f, %d" % (
        (bot.value("SELECT count(*) FROM trading_orders") - orders) / took,
        bot.value("SELECT count(*) FROM trading_orders WHERE status != 'closed'")))
    show("CPU of worker and API", "%.0f + %.0f %%" % (
        (cpu_us(bot.worker.pid) - cpu) / took / 1e4, (cpu_us(bot.api.pid) - api) / took / 1e4))
    show("resident memory of worker and API", "%.0f + %.0f MB" % (
        resident(bot.worker.pid), resident(bot.api.pid)))
    stop.set()
    listener.join()
    show("push to one client that hears everything", "%.0f KB/s" % (sum(counts) / took / 1024))


def main():
    bots, n, seconds = (int(v) for v in (sys.argv[1:] + ["1000", "20", "30"][len(sys.argv) - 1:]))
    with (figures.new_bot(MAX_OPEN_POSITIONS=10000, LOG_LEVEL="WARNING") as bot,
          figures.failures_shown("many bots", bot)):
        populate(bot, bots, symbols(n))
        begin = time.monotonic()
        bot.start()
        running = "SELECT count(*) FROM bot_state WHERE status = 'RUNNING'"
        harness.wait(lambda: bot.value(running) == bots, "%d bots run" % bots, 120)
        print("%d bots on %d symbols, %d s" % (bots, n, seconds))
        show("start until all run", "%.1f s" % (time.monotonic() - begin))
        harness.wait(lambda: bot.value("SELECT count(*) FROM trading_orders") > 0, "orders", 60)
        measure(bot, seconds)


if __name__ == "__main__":
    main()
