"""No statement of the programs reads a large table from end to end, or sorts one.

The statements are taken out of the programs themselves: each is one constant text in
them, so none can be forgotten. They are explained against the real schema, once as it
is installed (nobody runs ANALYZE) and once with the statistics of filled tables.
"""
import os
import re
import sqlite3
import subprocess

import harness
import many_rows

PROGRAMS = ("trading-bot-api", "trading-bot-worker", "trading-bot")
STATEMENT = re.compile(rb"(?<![ -~\t\n])(?:SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE)\b[\t\n -~]{8,}\x00")

# Tables that grow with time or trading. The others have some rows per bot at most, logs
# has some thousand, jobs get some more each day.
LARGE = {"audit_log", "bot_events", "candles", "commands", "equity", "exchange_orders", "fills",
         "notifications", "reported_orders", "reported_stats", "signals", "sim_ledger",
         "trading_config_history", "trading_orders", "trading_stats"}
# Indexes of a large table's few open rows: reading all of one is no matter.
FEW = re.compile(r"USING (COVERING )?INDEX \w+_(open|open_bot|queued|taken)\b")

# All rows of a bot, where no LIMIT ends it. (A row per day or per change are not many.)
ALL_OF_A_BOT = re.compile(r"SEARCH (\w+) USING (COVERING )?INDEX \w+ \(bot_id=\?\)")
BY_DAY = {"reported_stats", "trading_config_history", "trading_stats"}
LIMITED = re.compile(r"ORDER BY [^()]+ LIMIT (1|\?\d)$")

# A pattern of "statement => line of its plan" -> why it may.
ALLOWED = {
    r"^UPDATE trading_config_history SET config = json_set\(config, '\$.model_id', \?2\)":
        "the sample model is given to the bot's versions so far, once at the first start",
    r"^(INSERT INTO|UPDATE) trading_configs.*updated_us => incomplete":
        "the beginning of a text that is put together from the table of settings",
    r"^SELECT \* FROM \(SELECT closed_us AS place.* LIMIT \?4 => USE TEMP B-TREE FOR ORDER BY$":
        "one page of each of two tables, both read in their order, is merged",
    r"^SELECT \* FROM \(SELECT created_us AS place.*!= 'closed'.* LIMIT \?4 => USE TEMP B-TREE FOR ORDER BY$":
        "sorts open orders of one bot: few",
    r"^SELECT [^()]+ FROM \(SELECT [^()]+ ORDER BY id DESC LIMIT \?1\) ORDER BY (1|id) =>":
        "the newest some by row number, turned round",
    r"^SELECT id \* 2 AS place.*id > \?1 UNION.*id > \?2 ORDER BY 1 => USE TEMP":
        "sorts open orders and those made since the last look",
    r"^SELECT id FROM commands WHERE status = 'queued' .*ORDER BY kind != 'emergency-stop', id":
        "sorts what waits for the worker",
    r"source, count\(\*\), sum\(pnl > 0\).* AS source.*closed_us >= \?2.* GROUP BY 1, 2":
        "sums over a time span, in the API's thread for heavy reads",
    r"^SELECT count\(\*\), sum\(pnl > 0\).* FROM reported_orders WHERE":
        "statistics, in the API's thread for heavy reads",
    r"^SELECT symbol, count\(\*\).*ORDER BY closed_us DESC LIMIT \?2\) GROUP BY symbol":
        "the newest some trades of a bot",
    r"FROM trading_stats WHERE bot_id = \?1 AND account_id = .* AND day >= \?2 GROUP BY 1 ORDER BY 1 DESC":
        "a row per day of one bot",
    r"sum\(net\) AS net, sum\(fees\) AS fees FROM trading_stats GROUP BY bot_id, account_id":
        "metrics: a row per bot and day, in the API's thread for heavy reads",
    r"^SELECT b.id, b.id, 0, t.updated_us, r.updated_us FROM bots b .* ORDER BY b.id => USE TEMP":
        "a row per bot",
    r"^SELECT source, symbol, interval, open_us.* FROM trading_configs\) c\).* => USE TEMP B-TREE FOR ":
        "sorts the markets and intervals that bots are set to",
    r"^SELECT source, symbol, interval, count\(\*\).* FROM candles GROUP BY source, symbol, interval":
        "counts them, in the API's thread for heavy reads",
    r"^SELECT count\(\*\) FROM trading_orders o WHERE abs":
        "a check of everything, on the command line and in a job",
    r"^SELECT count\(\*\), coalesce\(max\(.+\), 0\) FROM \w+ WHERE \S.* > \?1 => SCAN":
        "rows of a time to come in any place of a table: trading-bot doctor alone asks",
    r"^SELECT sum\(\w+ > \?1\), count\(\*\), min\(\w+\) FROM \w+ WHERE (1|interval != '1s') => SCAN":
        "how a table grew, which needs dbstat's read of all pages as well: trading-bot doctor alone asks",
    r"^SELECT x.requested_us FROM .* ORDER BY id DESC LIMIT \?2\) o .* ORDER BY x.id DESC LIMIT \?2 => USE TEMP":
        "sorts the orders of a bot's newest some trades, once when the bot is loaded",
    r"^SELECT 'bots', count\(\*\) FROM bots UNION ALL":
        "a check of a backup, on the command line and in a job",
}


def statements():
    """{SQL: names of the programs that hold it}"""
    found = {}
    for program in PROGRAMS:
        with open(harness.program(program), "rb") as f:
            for match in STATEMENT.finditer(f.read()):
                found.setdefault(match.group(0)[:-1].decode("ascii"), set()).add(program)
    return found


def row_statements():
    """Those that common/db/row.c makes of a table's columns."""
    tool = os.path.join(os.path.dirname(harness.program("trading-bot")), "tests", "test_row_sql")
    return subprocess.run([tool, "--print"], stdout=subprocess.PIPE, check=True,
                          universal_newlines=True).stdout.splitlines()


def large_tables(sql):
    """{name in the plan: table} of the large tables that a statement reads."""
    names = {}
    for table, alias in re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?", sql):
        if table in LARGE:
            names[table] = table
            names[alias] = table
    return names


def troubles(connection, sql):
    parameters = max([int(n) for n in re.findall(r"\?(\d+)", sql)] or [0])
    names = large_tables(sql)
    found = []
    try:
        rows = connection.execute("EXPLAIN QUERY PLAN " + sql, [None] * parameters).fetchall()
    except sqlite3.OperationalError as error:
        return ["%s" % error]
    for row in rows:
        plan = row[3]
        scan = re.match(r"SCAN (?:TABLE )?(\w+)", plan)
        if scan and scan.group(1) in names and not FEW.search(plan):
            found.append(plan)
        if "TEMP B-TREE" in plan and names:
            found.append(plan)
        whole = ALL_OF_A_BOT.match(plan)
        if whole and names.get(whole.group(1), "reported_stats") not in BY_DAY and \
                not FEW.search(plan) and not LIMITED.search(sql):
            found.append(plan)
    return found


class Queries(harness.TestCase):
    """What SQLite says about how it would run each statement."""

    @classmethod
    def setUpClass(cls):
        cls.statements = statements()
        cls.of_rows = row_statements()

    def database(self):
        bot = self.bot()
        bot.start_api()
        bot.api.stop()
        return bot.db_path

    def check(self, connection):
        used, found = set(), []
        for sql in sorted(self.statements) + self.of_rows:
            if "sqlite_master" in sql or "%s" in sql:	# the beginning of one of those of rows
                continue
            bad = troubles(connection, sql)
            for plan in bad:
                reasons = [key for key in ALLOWED if re.search(key, "%s => %s" % (sql, plan))]
                used.update(reasons)
                if not reasons:
                    found.append("%s => %s" % (sql, plan))
        self.assertFalse(found, "%d statements read or sort too much:\n%s" % (len(found), "\n".join(found)))
        return used

    def test_statements_are_found(self):
        """... or the test below would say yes to nothing."""
        sources = of_rows = 0
        for folder in ("api", "common", "worker"):
            for path, _, names in os.walk(os.path.join(harness.ROOT, folder)):
                for name in names:
                    if name.endswith(".c"):
                        with open(os.path.join(path, name), encoding="utf-8") as f:
                            text = f.read()
                        sources += len(re.findall(r"^static const char SQL_\w+\[\] =", text, re.M))
                        of_rows += len(re.findall(r"^ROW_SQL\(", text, re.M))
        self.assertGreater(sources, 150)
        self.assertGreater(of_rows, 10)
        self.assertEqual(len(self.of_rows), of_rows)
        self.assertGreater(len(self.statements), 0.8 * sources)
        self.assertTrue(any(sql.startswith("SELECT closed_us") for sql in self.statements))

    def test_plans(self):
        path = self.database()
        with sqlite3.connect(path) as connection:
            used = self.check(connection)
        many_rows.fill(path, 20000)
        with sqlite3.connect(path) as connection:
            connection.execute("ANALYZE")
            used |= self.check(connection)
        self.assertEqual(used, set(ALLOWED), "these need no exception any more")


if __name__ == "__main__":
    harness.main()
