"""What a failed test saw, short enough for a record that keeps some thousand characters: the
rows that tell what the programs were at, their warnings, and the last lines of their logs."""
import json
import os
import re
import sqlite3

LINES = 12		# of each log, and as many warnings
WIDTH = 300
REPORT = re.compile(r"Sanitizer|runtime error:|^Assertion|ASSERT")

# What is empty or 0 is left out.
ROWS = {
    "worker_heartbeat": "SELECT pid, feed_state, feed_message, turns, events, loop_p99_us, beat_us,"
                        " stopped_us FROM worker_heartbeat",
    "bot_state": "SELECT bot_id, status, emergency, error, applied_config_version, config_error,"
                 " applied_model_id, model_error, pending_orders, open_positions, equity, last_price"
                 " FROM bot_state LIMIT 6",
    "commands": "SELECT id, kind, bot_id, status, message FROM commands ORDER BY id DESC LIMIT 5",
    "trading_orders": "SELECT id, bot_id, side, status, phase, limit_price, filled, close_reason"
                      " FROM trading_orders ORDER BY id DESC LIMIT 5",
    "signals": "SELECT id, bot_id, taken, rule, reason, repeats FROM signals ORDER BY id DESC LIMIT 3",
    "jobs": "SELECT id, kind, state, message, error FROM jobs ORDER BY id DESC LIMIT 3",
    "notifications": "SELECT state, count(*) AS n, max(attempts) AS attempts, max(error) AS error"
                     " FROM notifications GROUP BY 1",
}


STATE = ("worker_heartbeat", "bot_state", "commands")


def rows(path, tables=tuple(ROWS)):
    """A line for each row; what can't be read is left out: such a file may be the test."""
    if not os.path.isfile(path):
        return
    connection = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=5)
    connection.row_factory = sqlite3.Row
    try:
        for table in tables:
            try:
                for row in connection.execute(ROWS[table]):
                    values = {k: row[k] for k in row.keys() if row[k] not in (None, "", 0)}
                    yield "%s: %s" % (table, " ".join("%s=%s" % pair for pair in values.items()))
            except sqlite3.Error:
                continue
    finally:
        connection.close()


def brief(line):
    """A log line without what all of them have in common; whether it is a warning or worse."""
    try:
        record = json.loads(line)
        text = "%s %s %s: %s" % (record["timestamp"][11:23], record["level"], record["logger"],
                                 record["message"])
        return text[:WIDTH], record["level"] in ("WARNING", "ERROR", "CRITICAL")
    except (ValueError, KeyError, TypeError):
        return line[:WIDTH], False


def log(path, lines):
    """What comes before the last lines (a sanitizer's report, or warnings), and these."""
    with open(path, "rb") as f:
        text = f.read().decode("utf-8", "replace").splitlines()
    told = [brief(line) for line in text]
    before = [line for line, bad in told[:-lines] if bad][-lines:]
    for i, line in enumerate(text):
        if REPORT.search(line):
            before = [line for line, _ in told[i:i + 2 * LINES]]
            break
    return before, [line for line, _ in told[-lines:]]


def show(bot, lines=LINES):
    """Prints what there is to know of a bot whose test failed."""
    for text in rows(bot.db_path):
        print(text[:2 * WIDTH])
    for name in sorted({p.name for p in bot.processes}):
        codes = [p.popen.poll() for p in bot.processes if p.name == name]
        before, last = log(os.path.join(bot.folder, name + ".log"), lines)
        print("---- %s, exit codes %s" % (name, codes))
        if before:
            print("\n".join(before) + "\n[...]")
        print("\n".join(last), flush=True)
