-- The house made ready for a real exchange, years of history, and a user's strategies.

-- ---- a bot's settings ----

-- Of trading_configs, written by: api. What is new in a bot's settings; the defaults change nothing
-- for the bots that are there. Objects and lists are JSON in a fixed form, {} and [] none.
ALTER TABLE trading_configs ADD COLUMN strategy_params TEXT NOT NULL DEFAULT '{}';	-- JSON, all parameters of the strategy
ALTER TABLE trading_configs ADD COLUMN stake_mode TEXT NOT NULL DEFAULT 'fixed';	-- fixed, equity_share, risk
ALTER TABLE trading_configs ADD COLUMN stake_share REAL NOT NULL DEFAULT 0.1;	-- fraction of the equity of one entry
ALTER TABLE trading_configs ADD COLUMN stake_risk REAL NOT NULL DEFAULT 0.01;	-- fraction of the equity that an entry loses at its stop
ALTER TABLE trading_configs ADD COLUMN minimal_roi TEXT NOT NULL DEFAULT '{}';	-- JSON, minutes to a fraction of the entry price
ALTER TABLE trading_configs ADD COLUMN trailing_stop INTEGER NOT NULL DEFAULT 0;	-- 0 or 1
ALTER TABLE trading_configs ADD COLUMN trailing_stop_positive REAL NOT NULL DEFAULT 0;	-- fraction below the best price, 0 stop_loss_pct
ALTER TABLE trading_configs ADD COLUMN trailing_stop_positive_offset REAL NOT NULL DEFAULT 0;	-- fraction of the entry price
ALTER TABLE trading_configs ADD COLUMN trailing_only_offset_is_reached INTEGER NOT NULL DEFAULT 0;	-- 0 or 1
ALTER TABLE trading_configs ADD COLUMN position_adjustment TEXT NOT NULL DEFAULT '{}';	-- JSON, further entries
ALTER TABLE trading_configs ADD COLUMN partial_targets TEXT NOT NULL DEFAULT '[]';	-- JSON, parts that leave before the target
ALTER TABLE trading_configs ADD COLUMN order_type TEXT NOT NULL DEFAULT 'limit';	-- limit, market
ALTER TABLE trading_configs ADD COLUMN time_in_force TEXT NOT NULL DEFAULT 'post_only';	-- GTC, IOC, FOK, post_only
ALTER TABLE trading_configs ADD COLUMN trading_hours TEXT NOT NULL DEFAULT '{}';	-- JSON, days and hours of entries
