"""Replays of a recording at full speed, and the rows that they must leave."""
import json

import books

# Trades of a minute: the sample bot's own are too long for recordings of minutes. For a
# directory's first start.
QUICK = ("--bot-id", "1", "--config-json", json.dumps({
    "profit_target_pct": 0.003, "stop_loss_pct": 0.001, "holding_time": 60,
    "ignore_risk_reward": True}))

# The same with every rule of docs/EXITS.md.
EXITS = ("--bot-id", "1", "--config-json", json.dumps({
    "profit_target_pct": 0.004, "stop_loss_pct": 0.002, "holding_time": 120, "order_type": "market",
    "ignore_risk_reward": True, "trailing_stop": True, "trailing_stop_positive": 0.0008,
    "trailing_stop_positive_offset": 0.001, "minimal_roi": {"0": 0.004, "1": 0.0025},
    "partial_targets": [{"at": 0.001, "share": 0.4}], "stop_move_s": 3,
    "position_adjustment": {"max_entries": 3, "at": 0.0006}}))

# All columns are compared: in a replay at full speed the recording makes the time.
TABLES = {
    "trading_orders": "id",
    "exchange_orders": "id",
    "fills": "id",
    "sim_ledger": "id",
    "sim_balances": "bot_id, epoch, account, asset",
    "trading_stats": "bot_id, day",
}

# Refusals are counted in memory between flushes: only the entries are exact.
SIGNALS = """SELECT bot_id, symbol, side, confidence, price, rule, reason, order_id, model_id, at_us
    FROM signals WHERE taken = 1 ORDER BY order_id"""


def environment(*files):
    return {"MARKET_DATA": "replay", "RECORDING": " ".join(files), "REPLAY_SPEED": "max",
            "REPLAY_LOOP": "0"}


def ended(bot):
    return bot.value("SELECT feed_state FROM worker_heartbeat WHERE pid = ? AND feed_state = 'ended'",
                     bot.worker.pid)


def frame(bot):
    """Frames that are committed so far."""
    return bot.value("SELECT max(frame) FROM feed_positions") or 0


def first(bot):
    """Arguments of the worker's start: the settings, unless the directory was traded on before."""
    return () if bot.value("SELECT 1 FROM trading_configs WHERE updated_by = 'command line'") else \
        getattr(bot, "settings", QUICK)


def run_to_end(test, bot, limit=120, **env):
    bot.start_worker(*first(bot), **env)
    test.wait(lambda: ended(bot) or not bot.worker.alive(), "the replay ends", limit)
    test.assertTrue(bot.worker.alive(), "the worker ended by itself")
    test.assertEqual(bot.worker.stop(), 0)
    test.assertEqual(books.breaches(bot), [])


def outcome(bot):
    """table -> rows"""
    tables = {table: bot.rows("SELECT * FROM %s ORDER BY %s" % (table, order))
              for table, order in TABLES.items()}
    tables["signals"] = bot.rows(SIGNALS)
    return tables


def assert_same(test, one, two, what):
    for table, rows in one.items():
        test.assertEqual(len(two[table]), len(rows), "%s: rows of %s" % (what, table))
        for a, b in zip(rows, two[table]):
            differing = {k: (a[k], b[k]) for k in a if a[k] != b[k]}
            test.assertEqual(differing, {}, "%s: %s" % (what, table))
