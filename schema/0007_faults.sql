-- Entries that the venue refused: the next try waits, longer each time (worker).
ALTER TABLE bot_state ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;	-- entries that the venue refused in a row
ALTER TABLE bot_state ADD COLUMN refused_until_us INTEGER NOT NULL DEFAULT 0;	-- us UTC, no entry before, 0 none

-- The sample bot's settings while nobody has changed them: after the fees of a regular user
-- (0.1 % each way) 2.1 % / 0.4 % is a reward of 1.9 to a risk of 0.6, over MIN_RISK_REWARD_RATIO
-- 3.0, and a quarter of an hour gives the price room; 0.3 % / 0.1 % in a minute mostly paid fees.
UPDATE trading_configs SET holding_time = 900, profit_target_pct = 0.021, stop_loss_pct = 0.004,
	version = version + EXISTS (SELECT 1 FROM bot_state WHERE bot_id = 1)
	WHERE bot_id = 1 AND updated_by = 'first start' AND holding_time = 60
	AND profit_target_pct = 0.003 AND stop_loss_pct = 0.001;
INSERT OR REPLACE INTO trading_config_history(id, bot_id, version, config, changed_us, changed_by)
	SELECT (SELECT id FROM trading_config_history WHERE bot_id = 1 AND version = c.version),
	1, c.version, json_set(h.config, '$.holding_time', 900, '$.profit_target_pct', 0.021,
	'$.stop_loss_pct', 0.004), c.updated_us, c.updated_by
	FROM trading_configs c JOIN trading_config_history h ON h.bot_id = 1 AND h.version =
	(SELECT max(version) FROM trading_config_history WHERE bot_id = 1)
	WHERE c.bot_id = 1 AND c.updated_by = 'first start' AND c.profit_target_pct = 0.021;
