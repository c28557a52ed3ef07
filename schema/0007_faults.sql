-- What version 0.2.0 adds. Each section says whose table it changes.

-- The paper exchange (written by: worker). A stop that a trade has set off waits for a fresh
-- book; due_us of a resting order is when it arrived (0: of an older version).
ALTER TABLE sim_orders ADD COLUMN trigger_price REAL NOT NULL DEFAULT 0;	-- quote per base, of the trade that set off its stop; 0 not yet

-- Trades (written by: worker). What a bankrupt account could not pay, and time without a stop.
ALTER TABLE trading_orders ADD COLUMN bad_debt REAL NOT NULL DEFAULT 0;	-- quote asset, loss beyond the account that the market bore; part of gross
ALTER TABLE trading_orders ADD COLUMN uncovered_us INTEGER NOT NULL DEFAULT 0;	-- us that it held something without a stop at the venue, the worker watching
ALTER TABLE trading_orders ADD COLUMN uncovered_from_us INTEGER NOT NULL DEFAULT 0;	-- us UTC since when it does, 0 all is covered
