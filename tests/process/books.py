"""Does a database add up? Used after every crash, cut and restart."""

OPEN_STATES = "('planned', 'new', 'partially_filled', 'unknown')"

# Each query lists breaches: what, and the rows that breach it.
QUERIES = {
    "a ledger entry does not sum to zero": "SELECT * FROM v_ledger_errors",
    "a balance is not the sum of its ledger rows": """
        SELECT * FROM (SELECT bot_id, epoch, account, asset,
                sum(CAST(round(amount * 1e8) AS INTEGER)) AS booked
            FROM sim_ledger GROUP BY 1, 2, 3, 4) l
        FULL JOIN (SELECT bot_id, epoch, account, asset,
                CAST(round(amount * 1e8) AS INTEGER) AS kept FROM sim_balances) b
            USING (bot_id, epoch, account, asset)
        WHERE ifnull(booked, 0) != ifnull(kept, 0)""",
    "an account that holds our money is negative": """
        SELECT * FROM sim_balances WHERE account IN ('free', 'reserved', 'margin') AND amount < 0""",
    "a trade's filled or exited amount is not the sum of its fills": """
        SELECT o.id, o.status, o.filled, o.exited, f.entry, f.exit FROM trading_orders o LEFT JOIN (
            SELECT f.order_id, sum(iif(x.leg = 'e', f.quantity, 0)) AS entry,
                sum(iif(x.leg != 'e', f.quantity, 0)) AS exit
            FROM fills f JOIN exchange_orders x USING (client_order_id) GROUP BY 1) f
            ON f.order_id = o.id
        WHERE abs(o.filled - ifnull(f.entry, 0)) > 1e-9 OR abs(o.exited - ifnull(f.exit, 0)) > 1e-9""",
    "an exchange order's filled amount is not the sum of its fills": """
        SELECT x.client_order_id, x.filled, f.q FROM exchange_orders x LEFT JOIN (
            SELECT client_order_id, sum(quantity) AS q FROM fills GROUP BY 1) f USING (client_order_id)
        WHERE abs(x.filled - ifnull(f.q, 0)) > 1e-9""",
    "a fill is counted twice": """
        SELECT venue, symbol, trade_id, count(*) AS times FROM fills GROUP BY 1, 2, 3 HAVING times > 1""",
    "a client order id was given out twice": """
        SELECT client_order_id, count(*) AS times FROM exchange_orders GROUP BY 1 HAVING times > 1""",
    "an exchange order is filled beyond its quantity": """
        SELECT * FROM exchange_orders WHERE filled > quantity + 1e-9""",
    "the venue holds an order that we think is over": """
        SELECT s.client_order_id, x.state FROM sim_orders s
        LEFT JOIN exchange_orders x USING (client_order_id)
        WHERE s.stage != 'cancelling' AND (x.state IS NULL
            OR x.state NOT IN """ + OPEN_STATES + ")",
    "we think an order is open that the venue does not hold": """
        SELECT x.client_order_id, x.state FROM exchange_orders x
        LEFT JOIN sim_orders s USING (client_order_id)
        WHERE x.venue = 'sim' AND s.client_order_id IS NULL AND x.state IN """ + OPEN_STATES,
    "the venue's filled amount differs from ours": """
        SELECT s.client_order_id, s.filled, x.filled FROM sim_orders s
        JOIN exchange_orders x USING (client_order_id) WHERE abs(s.filled - x.filled) > 1e-9""",
    "a closed trade has an open exchange order": """
        SELECT o.id, x.client_order_id, x.state FROM trading_orders o
        JOIN exchange_orders x ON x.order_id = o.id
        WHERE o.status = 'closed' AND x.state IN """ + OPEN_STATES,
    "a trade is active without a fill, or pending with one": """
        SELECT id, status, filled FROM trading_orders
        WHERE (status = 'active' AND filled = 0) OR (status = 'pending' AND filled != 0)""",
    "a spot account's base asset is not what its fills left": """
        SELECT a.bot_id, b.held, f.bought FROM sim_accounts a
        LEFT JOIN (SELECT bot_id, epoch, asset, sum(amount) AS held FROM sim_balances
            WHERE account IN ('free', 'reserved') GROUP BY 1, 2, 3) b
            ON b.bot_id = a.bot_id AND b.epoch = a.epoch AND b.asset = a.base_asset
        LEFT JOIN (SELECT f.bot_id, sum(iif(side = 'BUY', quantity, -quantity)
                - iif(fee_asset = base_asset, fee, 0)) AS bought
            FROM fills f JOIN sim_accounts USING (bot_id) GROUP BY 1) f ON f.bot_id = a.bot_id
        WHERE a.kind = 'spot' AND a.epoch = 1
            AND abs(ifnull(b.held, 0) - ifnull(f.bought, 0)) > 1e-7""",
    "a spot account's quote asset is not what its fills left": """
        SELECT a.bot_id, b.held, a.initial_capital + f.earned AS expected FROM sim_accounts a
        LEFT JOIN (SELECT bot_id, epoch, asset, sum(amount) AS held FROM sim_balances
            WHERE account IN ('free', 'reserved') GROUP BY 1, 2, 3) b
            ON b.bot_id = a.bot_id AND b.epoch = a.epoch AND b.asset = a.quote_asset
        LEFT JOIN (SELECT f.bot_id, sum(iif(side = 'SELL', 1, -1) * price * quantity
                - iif(fee_asset = quote_asset, fee, 0)) AS earned
            FROM fills f JOIN sim_accounts USING (bot_id) GROUP BY 1) f ON f.bot_id = a.bot_id
        WHERE a.kind = 'spot' AND a.epoch = 1
            AND abs(ifnull(b.held, 0) - a.initial_capital - ifnull(f.earned, 0)) > 1e-4""",
    "a spot account's base asset is not what its trades hold and left": """
        SELECT a.bot_id, b.held, o.held AS expected, s.dust, o.dust AS expected_dust
        FROM sim_accounts a JOIN bot_state s USING (bot_id)
        LEFT JOIN (SELECT bot_id, epoch, asset, sum(amount) AS held FROM sim_balances
            WHERE account IN ('free', 'reserved') GROUP BY 1, 2, 3) b
            ON b.bot_id = a.bot_id AND b.epoch = a.epoch AND b.asset = a.base_asset
        LEFT JOIN (SELECT bot_id, sum(position + dust - dust_taken) AS held,
                sum(dust - dust_taken) AS dust FROM trading_orders GROUP BY 1) o ON o.bot_id = a.bot_id
        WHERE a.kind = 'spot' AND a.epoch = 1 AND (abs(ifnull(b.held, 0) - ifnull(o.held, 0)) > 1e-7
            OR abs(s.dust - ifnull(o.dust, 0)) > 1e-7)""",
    "a spot account's money is not what its trades won, dust at its cost": """
        SELECT a.bot_id, b.held, a.initial_capital + o.won AS expected FROM sim_accounts a
        LEFT JOIN (SELECT bot_id, epoch, asset, sum(amount) AS held FROM sim_balances
            WHERE account IN ('free', 'reserved') GROUP BY 1, 2, 3) b
            ON b.bot_id = a.bot_id AND b.epoch = a.epoch AND b.asset = a.quote_asset
        LEFT JOIN (SELECT bot_id, sum(pnl - dust_cost + dust_taken_cost) AS won FROM trading_orders
            GROUP BY 1) o ON o.bot_id = a.bot_id
        WHERE a.kind = 'spot' AND a.epoch = 1 AND NOT EXISTS (SELECT 1 FROM trading_orders x
                WHERE x.bot_id = a.bot_id AND x.status != 'closed')
            AND abs(ifnull(b.held, 0) - a.initial_capital - ifnull(o.won, 0)) > 1e-4""",
    "a futures position is not what its fills left": """
        SELECT a.bot_id, a.position, f.held FROM sim_accounts a
        LEFT JOIN (SELECT bot_id, sum(iif(side = 'BUY', quantity, -quantity)) AS held
            FROM fills GROUP BY 1) f USING (bot_id)
        WHERE a.kind = 'futures' AND a.epoch = 1 AND abs(a.position - ifnull(f.held, 0)) > 1e-9""",
    "a closed trade's day is not in trading_stats": """
        SELECT bot_id, n, trades FROM (SELECT bot_id, count(*) AS n FROM trading_orders
            WHERE status = 'closed' AND filled > 0 GROUP BY 1)
        LEFT JOIN (SELECT bot_id, sum(trades) AS trades FROM trading_stats GROUP BY 1) USING (bot_id)
        WHERE n != ifnull(trades, 0)""",
}


def breaches(bot):
    """What does not add up, as text; [] when all is well."""
    found = []
    for what, sql in QUERIES.items():
        rows = bot.rows(sql)
        if rows:
            found.append("%s: %s" % (what, rows[:3]))
    problems = bot.rows("PRAGMA quick_check")
    if problems and problems[0] != {"quick_check": "ok"}:
        found.append("quick_check: %s" % problems[:3])
    return found
