"""Fills a database with many rows by plain SQL: the same ones each time.

Not a test: for test_queries.py and tests/bench/million_orders.py. All closed orders
are of bot 1; other tables get their share of the number (SHARE, else a tenth).
"""
import sqlite3

MINUTE_US = 60_000_000
BEGIN_US = 1_700_000_000_000_000	# 2023-11-14

NUMBERS = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :n),
x AS (SELECT i, i * 2654435761 % 1000003 AS h FROM n) """
REASON = """CASE WHEN h = 77 THEN 'manual' WHEN h % 10 < 4 THEN 'take_profit'
	WHEN h % 10 < 7 THEN 'stop_loss' WHEN h % 10 < 8 THEN 'holding_time' ELSE 'maker_timeout' END"""
SYMBOL = "CASE WHEN h % 1000 = 5 THEN 'ETHUSDT' ELSE 'BTCUSDT' END"
MADE = {
    "trading_orders": NUMBERS + """INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status,
	phase, limit_price, entry_price, take_profit, stop_loss, exit_price, quantity, filled, exited,
	entry_notional, exit_notional, fees, gross, pnl, confidence, close_reason, strategy, mode,
	config_version, created_us, opened_us, closed_us, holding_us, maker_timeout_us, updated_us)
	SELECT i, 1, 'tb1-1-' || i, %s, 'BUY', 'closed', 'done', 60000, 60000, 60180, 59940, 60030, 0.001,
	iif(h %% 10 < 8, 0.001, 0), iif(h %% 10 < 8, 0.001, 0), 60, 60.03, 0.12,
	(h %% 401 - 200) / 1000.0, (h %% 401 - 320) / 1000.0, 0.5, %s, 'model', 'simulation', 1,
	:begin + i * :every, :begin + i * :every + 1000000, :begin + i * :every + 30000000, 60000000,
	5000000, :begin + i * :every + 30000000 FROM x""" % (SYMBOL, REASON),
    "reported_orders": NUMBERS + """INSERT INTO reported_orders(id, bot_id, order_id, symbol, side, status,
	entry_price, exit_price, quantity, pnl, fees, close_reason, created_us, closed_us, updated_us)
	SELECT i, 1, 'r' || i, %s, 'BUY', 'closed', 60000, 60030, 0.001, (h %% 401 - 200) / 1000.0, 0.1,
	%s, :begin + i * :every, :begin + i * :every, :begin + i * :every FROM x""" % (SYMBOL, REASON),
    "trading_stats": """INSERT INTO trading_stats(bot_id, day, trades, wins, losses, gross, fees, net, volume,
	updated_us) SELECT 1, date(closed_us / 1000000, 'unixepoch'), count(*), sum(pnl > 0), sum(pnl < 0),
	round(sum(gross), 8), round(sum(fees), 8), round(sum(pnl), 8), round(sum(entry_notional +
	exit_notional), 8), 0 FROM trading_orders WHERE filled > 0 AND :n + :begin + :every GROUP BY 2""",
    "stats of other bots": NUMBERS + """INSERT INTO trading_stats(bot_id, day, updated_us)
	SELECT 2 + i % 50, date('2010-01-01', (i / 50) || ' days'), 0 FROM x""",
    "signals": NUMBERS + """INSERT INTO signals(id, bot_id, symbol, strategy, side, confidence, price, taken,
	rule, reason, config_version, at_us, last_us)
	SELECT i, 1 + h % 10, 'BTCUSDT', 'model', 'NONE', 0.2, 60000, h % 20 = 0, iif(h % 20 = 0, 'entry',
	iif(h = 77, 'max_positions', 'threshold')), 'p 0.2000 < 0.4000', 1, :begin + i, :begin + i FROM x""",
    "logs": NUMBERS + """INSERT INTO logs(at_us, level, service, logger, correlation_id, message)
	SELECT :begin + i, 1 + (h % 500 = 1) + (h = 77), iif(h % 50, 'trading-bot-worker', 'trading-bot-api'),
	'order', iif(h = 78, 'needle', 'bot1-' || i), 'bot 1 order ' || i || ': pending -> closed' FROM x""",
    "equity": NUMBERS + """INSERT INTO equity(bot_id, at_us, equity, balance, unrealized) SELECT 1, :begin + i * 5000000, 10000 + h / 1e6, 10000, 0 FROM x""",
    "audit_log": NUMBERS + """INSERT INTO audit_log(at_us, actor, action, status)
	SELECT :begin + i, iif(h = 77, 'rare', 'admin'), 'POST /api/v1/bot/pause', 200 FROM x""",
    "sim_ledger": NUMBERS + """INSERT INTO sim_ledger(entry_id, bot_id, epoch, account, asset, amount, kind,
	at_us) SELECT i / 2, 1, 1, iif(i % 2, 'free', 'reserved'), 'USDT', iif(i % 2, 1, -1), 'reserve',
	:begin + i FROM x""",
    "candles": NUMBERS + """INSERT OR IGNORE INTO candles SELECT 'synthetic', 'BTCUSDT', '1s',
	:begin + i * 1000000, 1, 1, 1, 1, 1, 1, 1 FROM x""",
    "commands": NUMBERS + """INSERT INTO commands(kind, bot_id, status, created_us)
	SELECT 'pause', 1, 'done', :begin + i FROM x""",
    "bot_events": NUMBERS + """INSERT INTO bot_events(bot_id, from_status, to_status, event, at_us)
	SELECT 1 + h % 10, 'RUNNING', 'PAUSED', 'pause', :begin + i FROM x""",
    "jobs": NUMBERS + """INSERT INTO jobs(kind, state, created_us)
	SELECT iif(h % 2, 'training', 'backup'), iif(h = 77, 'failed', 'done'), :begin + i FROM x""",
}
SHARE = {"trading_orders": 1, "equity": 1, "sim_ledger": 1, "logs": 0.005,
         "signals": 0.02, "jobs": 0.05}


def fill(path, orders, **shares):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    with connection:
        for table, sql in MADE.items():
            n = int(orders * shares.get(table, SHARE.get(table, 0.1)))
            connection.execute(sql, {"n": n, "begin": BEGIN_US, "every": MINUTE_US})
    connection.close()
