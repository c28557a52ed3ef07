#!/usr/bin/env python3
"""Figures of the containers: image sizes, cold start, memory, a simulated day.

    tests/bench/docker_bench.py [start] [day]          (default: start)

day replays 24 hours of the built-in market through both containers as fast as they go
(about ten minutes) and prints their memory after every two of these hours. Needs root or
a running engine; says so and ends well where there is none.
"""
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/docker"))
import engine		# pylint: disable=wrong-import-position
from deployment import API, WORKER, Deployment, docker, inspect, request, run, sql, token, trades	# pylint: disable=wrong-import-position

ORIGINAL_MB = 1200
DAY_S = 86400
SETTINGS = "MARKET_DATA=synthetic\nSYNTHETIC_SEED=7\nAPI_RATE_LIMIT=0\n"
REPLAY = ("MARKET_DATA=replay\nRECORDING=/data/day.gz\nREPLAY_SPEED=max\nREPLAY_LOOP=false\n"
          "API_RATE_LIMIT=0\n")


def show(what, figure, target=""):
    print("%-58s %18s   %s" % (what, figure, target), flush=True)


def wait(condition, what, limit=180):
    until = time.monotonic() + limit
    while True:
        try:
            if condition():
                return
        except (OSError, AssertionError, ValueError, TypeError, KeyError):
            pass
        if time.monotonic() > until:
            raise AssertionError("not within %d s: %s" % (limit, what))
        time.sleep(0.1)


def deploy(bot, *args):
    code, text = bot.run(*args)
    if code:
        raise AssertionError(text)


def resident(container):
    """MB of the program itself; the container's init is not it."""
    text = docker("exec", container, "sh", "-c", "cat /proc/$(pidof %s)/status" % container)
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) / 1024


def charged(container):
    """MB that the engine counts: program, init, and the file cache that can't be given back."""
    text = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container).split()[0]
    for unit, factor in (("KiB", 1 / 1024), ("MiB", 1), ("GiB", 1024)):
        if text.endswith(unit):
            return float(text[:-len(unit)]) * factor
    return 0.0


def both_well():
    return all(run("docker", "exec", *command)[0] == 0 for command in (
        (API, API, "--healthcheck"), (WORKER, "trading-bot", "healthcheck")))


def bench_start(bot):
    begin = time.monotonic()
    deploy(bot, "build")
    show("images built, base image at hand", "%.0f s" % (time.monotonic() - begin))
    for name, target in ((API, 150), (WORKER, 350)):
        size = inspect(name + ":latest", ".Size") / 1e6
        show("image " + name, "%.0f MB" % size,
             "target < %d MB; the original's: %d MB" % (target, ORIGINAL_MB))
    begin = time.monotonic()
    deploy(bot, "start")
    show("cold start to healthy (new volume, deploy.sh start)", "%.1f s" % (time.monotonic() - begin))
    wait(lambda: trades() > 0, "the first paper trade")
    show("cold start to first paper trade", "%.1f s" % (time.monotonic() - begin))
    begin = time.monotonic()
    deploy(bot, "stop")
    show("stop, state stored", "%.1f s" % (time.monotonic() - begin))
    deploy(bot, "start")
    time.sleep(10)
    for name in (WORKER, API):
        show("resident memory of " + name, "%.1f MB" % resident(name),
             "counted by the engine: %.1f MB" % charged(name))
    deploy(bot, "stop")


def bench_day(bot):
    """The worker replays; the API is asked all the time; both are measured."""
    deploy(bot, "build")
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        subprocess.run([os.path.join(ROOT, "build/bench/make_recording"), str(DAY_S)], stdout=file, check=True)
        show("24 hours recorded from the built-in market", "%.0f MB" % (os.path.getsize(file.name) / 1e6))
        docker("volume", "create", "trading-bot-data")
        with open(file.name, "rb") as data:
            subprocess.run(["docker", "run", "--rm", "-i", "--entrypoint", "sh", "-v",
                            "trading-bot-data:/data", WORKER + ":latest", "-c", "cat >/data/day.gz"],
                           stdin=data, check=True)
    begin = time.monotonic()
    deploy(bot, "start")
    bearer, seen = token(), []
    first = next_us = None
    while True:
        for _ in range(20):
            request("GET", "/api/v1/bots/1/orders?limit=50", bearer)
            request("GET", "/api/v1/status", bearer)
        row = sql(WORKER, "SELECT now_us FROM feed_positions LIMIT 1")
        state = sql(WORKER, "SELECT feed_state FROM worker_heartbeat")
        at = int(row) if row else 0
        first = first or at
        if at and (next_us is None or at >= next_us or state == "ended"):
            seen.append((resident(WORKER), resident(API)))
            show("memory after %4.1f simulated hours: worker + API" % ((at - first) / 3.6e9),
                 "%.1f + %.1f MB" % seen[-1])
            next_us = at + 2 * 3600 * 10**6
        if state == "ended":
            break
        time.sleep(0.5)
    took = time.monotonic() - begin
    show("24 simulated hours took", "%.0f s" % took, "%.0f times as fast as the market" % (DAY_S / took))
    show("paper trades", "%d" % trades())
    show("database", "%.1f MB" % (int(docker("exec", WORKER, "stat", "-c", "%s", "/data/app.db")) / 1e6))
    half = len(seen) // 2
    growth = [max(s[i] for s in seen[half:]) - max(s[i] for s in seen[1:half + 1]) for i in (0, 1)]
    show("second half's peak above the first half's", "%.1f + %.1f MB" % tuple(growth), "target: flat")
    deploy(bot, "stop")


def main():
    benches = {"start": (bench_start, SETTINGS), "day": (bench_day, REPLAY)}
    for name in sys.argv[1:] or ["start"]:
        bench, settings = benches[name]
        try:
            bot = Deployment(settings)
        except engine.Unavailable as why:
            show("containers", "not measured", str(why))
            continue
        try:
            bench(bot)
        except AssertionError as error:
            show(name, "failed", str(error))
        finally:
            bot.close()


if __name__ == "__main__":
    main()
