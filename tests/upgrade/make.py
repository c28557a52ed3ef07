#!/usr/bin/env python3
"""Makes the data directory of an old version that every later build must take over.

    tests/upgrade/make.py BUILD OUT.tar.gz

BUILD is the folder of that version's programs (a clone of its commit, `make build`):
version 0.1.0 is commit 6e7c30a. Its programs make bots and a model, then trade a made
recording under a clock that stands in 2025, until one bot waits with an entry while
another holds a position behind an OCO, target and stop. There the worker is ended, as for an upgrade.
"""
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/process"))
import harness		# pylint: disable=wrong-import-position
import recording	# pylint: disable=wrong-import-position
import replays		# pylint: disable=wrong-import-position
import upgrades		# pylint: disable=wrong-import-position

YEAR_2025_S = 1_748_779_200	# 2025-06-01T12:00:00Z
TARGETS = {"profit_target_pct": 0.004, "stop_loss_pct": 0.002, "ignore_risk_reward": True,
           "decision_interval_ms": 1000, "capital_per_trade": 100, "holding_time": 30}
BOTS = (
    dict(TARGETS, strategy="ema_cross"),
    dict(TARGETS, confidence_threshold=0.05),
    dict(TARGETS, confidence_threshold=0.2, maker_order_timeout=5),
)

MOMENT = """SELECT
    (SELECT count(*) FROM exchange_orders x JOIN trading_orders o ON o.id = x.order_id
        WHERE x.leg = 'e' AND x.state = 'new' AND o.filled = 0) > 0
    AND (SELECT count(*) FROM exchange_orders x JOIN trading_orders o ON o.id = x.order_id
        WHERE x.leg = 't' AND x.state = 'new' AND o.status = 'active') > 0
    AND (SELECT count(DISTINCT bot_id) FROM fills) >= 2
    AND (SELECT max(frame) FROM feed_positions) > 1500"""


def clock(folder):
    """The old programs live in 2025: no row is ever of the future."""
    library, shift = os.path.join(folder, "clock.so"), os.path.join(folder, "shift")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                    os.path.join(ROOT, "tests/process/clock_shift.c")], check=True)
    with open(shift, "w", encoding="ascii") as f:
        f.write("%d\n" % (YEAR_2025_S - time.time()))
    return {"LD_PRELOAD": library, "CLOCK_SHIFT_FILE": shift}


def prepare(bot):
    """Bots and a model, before the market moves."""
    bot.start(RECORDING="first.gz")
    harness.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 120)
    sample = bot.value("SELECT min(id) FROM models")
    for i, config in enumerate(BOTS, 2):
        answers = [bot.post("/api/v1/bots", {"name": "old %d" % i, "config": config})]
        if "strategy" not in config:
            answers.append(bot.put("/api/v1/models/assign/%d" % i, {"model_id": sample}))
        answers.append(bot.post("/api/v1/bots/%d/start" % i))
        for answer in answers:
            assert answer.status in (200, 201), answer
    assert bot.stop() == [0, 0]


def trade(bot):
    """The moment may be over before the worker has ended: then it goes on to the next one."""
    while True:
        bot.start_worker()
        harness.wait(lambda: bot.value(MOMENT) or replays.ended(bot), "an entry and an OCO", 120)
        assert not replays.ended(bot), "the recording holds no such moment"
        assert bot.worker.stop() == 0
        if bot.value(MOMENT):
            return


def checkpoint(bot):
    for sql in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM"):
        bot.rows(sql)


def pack(bot, out):
    shutil.rmtree(os.path.join(bot.data_dir, "backups"), ignore_errors=True)
    with tarfile.open(out, "w:gz", compresslevel=9) as tar:
        for name in sorted(os.listdir(bot.data_dir)):
            tar.add(os.path.join(bot.data_dir, name), arcname=name)
    print(out, os.path.getsize(out), "bytes:", sorted(os.listdir(bot.data_dir)))


def main(build, out):
    folder = tempfile.mkdtemp(prefix="tb-old-")
    bot = harness.Bot(folder, os.path.abspath(build),
                      **dict(upgrades.environment(folder), **clock(folder)))
    recording.write(os.path.join(folder, "first.gz"), 1, seed=3)
    try:
        prepare(bot)
        trade(bot)
        checkpoint(bot)
        print(json.dumps(bot.rows("SELECT id, bot_id, status, filled FROM trading_orders"
                                  " WHERE status != 'closed'")))
        print(json.dumps(bot.rows("SELECT bot_id, client_order_id, type, state FROM exchange_orders"
                                  " WHERE done_us IS NULL")))
        print(bot.rows("SELECT frame FROM feed_positions"), bot.rows("PRAGMA user_version"))
        pack(bot, out)
    finally:
        for process in bot.processes:
            process.popen.kill()
            process.popen.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*sys.argv[1:3])
