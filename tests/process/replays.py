"""Replays of a recording at full speed, and the rows that they must leave."""
import books

# Columns that tell the wall clock of the machine, not of the market. Nothing else
# may differ between two replays of one recording.
WALL_CLOCK = {}

# Not signals: equal refusals share a row, and a restart begins a new one.
TABLES = {
    "trading_orders": "id",
    "exchange_orders": "id",
    "fills": "id",
    "sim_ledger": "id",
    "sim_balances": "bot_id, epoch, account, asset",
    "trading_stats": "bot_id, day",
}


def environment(*files):
    return {"MARKET_DATA": "replay", "RECORDING": " ".join(files), "REPLAY_SPEED": "max",
            "REPLAY_LOOP": "0"}


def ended(bot):
    return bot.value("SELECT feed_state FROM worker_heartbeat WHERE pid = ? AND feed_state = 'ended'",
                     bot.worker.pid)


def frame(bot):
    """Frames that are committed so far."""
    return bot.value("SELECT max(frame) FROM feed_positions") or 0


def run_to_end(test, bot, limit=120, **env):
    bot.start_worker(**env)
    test.wait(lambda: ended(bot) or not bot.worker.alive(), "the replay ends", limit)
    test.assertTrue(bot.worker.alive(), "the worker ended by itself")
    test.assertEqual(bot.worker.stop(), 0)
    test.assertEqual(books.breaches(bot), [])


def outcome(bot):
    """table -> rows, without what may differ."""
    tables = {}
    for table, order in TABLES.items():
        rows = bot.rows("SELECT * FROM %s ORDER BY %s" % (table, order))
        skip = WALL_CLOCK.get(table, ())
        tables[table] = [{k: v for k, v in row.items() if k not in skip} for row in rows]
    return tables


def assert_same(test, one, two, what):
    for table, rows in one.items():
        test.assertEqual(len(two[table]), len(rows), "%s: rows of %s" % (what, table))
        for a, b in zip(rows, two[table]):
            differing = {k: (a[k], b[k]) for k in a if a[k] != b[k]}
            test.assertEqual(differing, {}, "%s: %s" % (what, table))
