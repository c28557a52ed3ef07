"""Requests/s beside others that do the same: the part "http" of system.py.

One client (wrk, one thread, 32 connections), one server process each, in turn: ROUNDS
times each, the median counts. What is compared:

    GET status, GET orders (50 of 100,000 closed ones)
        nginx      the same bytes from a file, no token checked: what is possible
        evhttp     libevent's server, a fixed answer of that size
        FastAPI    the same queries and fields by fastapi_app.py, on a copy of the database
    POST pause/resume
        FastAPI    one commit with fsync that changes the status itself; ours commits the
                   command, and the worker, another process, commits the change
"""
import os
import shutil
import sqlite3

import figures
from figures import harness, show

ROUNDS = 3
STATUS = "/api/v1/status"
ORDERS = "/api/v1/trading/bots/1/orders/history?limit=50"
CLOSED = 100_000
FIRST_ID = 1_000_000_000

FILL = """
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
    INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase, limit_price,
        entry_price, take_profit, stop_loss, exit_price, quantity, filled, exited, fees, gross, pnl,
        confidence, close_reason, strategy, mode, model_id, config_version, correlation_id,
        created_us, opened_us, closed_us, holding_us, maker_timeout_us, updated_us)
    SELECT ?2 + i, 1, 'tb1-1-' || (?2 + i), 'BTCUSDT', 'BUY', 'closed', 'done',
        65000.0 + i % 1000, 65000.0 + i % 1000, 65650.5, 64350.25, 65100.0 + i % 1000, 0.00153, 0.00153,
        0.00153, 0.0597465, 0.153, 0.0932535, 0.71, 'take_profit', 'model', 'simulation', 1, 2, '',
        at - 90000000, at - 80000000, at, 300000000, 60000000, at
    FROM (SELECT i, ?3 - (?1 - i) * 1000000 AS at FROM n)"""


def fill_orders(bot, closed=CLOSED):
    """Closed trades of the past, one a second, in steps that the worker can wait for."""
    until = bot.value("SELECT min(created_us) FROM bots")
    for start in range(0, closed, 5000):
        bot.write(FILL, 5000, FIRST_ID + start, until - (closed - start) * 1_000_000)


def copy_database(bot, folder):
    os.mkdir(folder)
    source = sqlite3.connect(bot.db_path)
    target = sqlite3.connect(os.path.join(folder, "app.db"))
    source.backup(target)
    target.execute("PRAGMA journal_mode = WAL")
    source.close()
    target.close()


def measure(servers, path_of, script=None):
    """{name: Rate}, the servers asked in turn."""
    rates = {name: figures.Rate() for name in servers}
    for _ in range(ROUNDS):
        for name, server in servers.items():
            if server:
                figures.wrk(server.base + path_of(name), server.pid, rates[name], harness.TOKEN, script)
    return {name: rate for name, rate in rates.items() if rate.per_s}


def report(what, rates, targets):
    ours = rates["ours"]
    show(what, "%.0f /s" % ours.median(), "%.1f us of CPU each" % ours.cpu_us())
    for name, rate in rates.items():
        if name == "ours":
            continue
        times = ours.median() / rate.median()
        ratio = "%.1f x" % times if times > 3 else "%.0f %%" % (100 * times)
        cpu = rate.cpu_us() / ours.cpu_us()
        by_cpu = "%.1f x" % cpu if cpu > 3 else "%.0f %%" % (100 * cpu)
        show("    " + name, "%.0f /s" % rate.median(),
             "%.1f us of CPU; ours is %s, by CPU %s%s" %
             (rate.cpu_us(), ratio, by_cpu, targets.get(name, "")))


class Ours:
    def __init__(self, bot):
        self.base = "http://127.0.0.1:%d" % bot.port
        self.pid = bot.api.pid


def python_servers(bot):
    """FastAPI with what Debian's uvicorn brings, and with the faster parts when there."""
    folder = os.path.join(bot.folder, "fastapi")
    copy_database(bot, folder)
    servers = {"FastAPI, uvicorn (h11, asyncio)": figures.fastapi(folder, "--http", "h11", "--loop",
                                                                   "asyncio")}
    if figures.has_modules("uvloop", "httptools"):
        servers["FastAPI, uvicorn (httptools, uvloop)"] = \
            figures.fastapi(folder, "--http", "httptools", "--loop", "uvloop")
    return servers


def bench_http(bot):
    if not shutil.which("wrk"):
        show("HTTP", "no wrk installed")
        return
    figures.started(bot)
    fill_orders(bot)
    bodies = {"status.json": bot.get(STATUS).body, "orders.json": bot.get(ORDERS).body}
    python = python_servers(bot)
    nginx = figures.nginx(bot.folder, bodies)
    bare = []
    target = {name: ", target > 10 x" for name in python}
    target["nginx, same bytes"] = ", target > 50 %"
    try:
        for path, name in ((STATUS, "status.json"), (ORDERS, "orders.json")):
            bare.append(figures.evhttp(len(bodies[name])))
            rates = measure({"ours": Ours(bot), "nginx, same bytes": nginx,
                             "bare evhttp, same size": bare[-1], **python},
                            lambda server, path=path, name=name:
                            "/" + name if server.startswith("nginx") else path)
            report("GET %s, %d bytes" % (path, len(bodies[name])), rates,
                   target if path == STATUS else {})
        rates = measure({"ours": Ours(bot), **python}, lambda server: "/", "toggle.lua")
        report("POST /api/v1/bot/pause and resume, fsync", rates, {})
    finally:
        for server in [nginx, *bare, *python.values()]:
            if server:
                server.end()
