-- What the faults of the first version taught.

-- ---- the clock ----

-- Written by: worker; accepted_us by the command line (trading-bot clock accept). One row
-- (id 1): the machine's clock, watched. Nothing is deleted by age while it is in doubt.
CREATE TABLE clock_watch (
	id INTEGER PRIMARY KEY CHECK (id = 1),	-- always 1
	seen_us INTEGER NOT NULL,		-- us UTC, the clock at the worker's newest look
	jump_us INTEGER NOT NULL DEFAULT 0,	-- us that it stepped, against the time passed; 0 settled
	jumped_us INTEGER NOT NULL DEFAULT 0,	-- us UTC, by the clock, of the newest step; 0 never
	settles_us INTEGER NOT NULL DEFAULT 0,	-- us UTC, by the clock, when it will be settled; 0 it is
	jumps INTEGER NOT NULL DEFAULT 0,	-- steps noticed so far
	accepted_us INTEGER NOT NULL DEFAULT 0	-- us UTC, by the clock, when the operator said it is right; 0 after a later jump
) STRICT;
INSERT INTO clock_watch(id, seen_us) SELECT 1, beat_us FROM worker_heartbeat WHERE id = 1;

-- ---- the file ----

-- Written by: worker. One row (id 1): how the database file itself is.
CREATE TABLE file_watch (
	id INTEGER PRIMARY KEY CHECK (id = 1),	-- always 1
	updated_us INTEGER NOT NULL,		-- us UTC
	checkpoints INTEGER NOT NULL DEFAULT 0,	-- moves of pages from -wal into the file, since the worker's start
	checkpoint_failures INTEGER NOT NULL DEFAULT 0,	-- of these, those that failed
	failing_us INTEGER NOT NULL DEFAULT 0,	-- us UTC since when every one failed or was held up; 0 the newest went through
	failing TEXT NOT NULL DEFAULT '',	-- why
	wal_bytes INTEGER NOT NULL DEFAULT 0,	-- bytes of the -wal file
	scrubbed_us INTEGER NOT NULL DEFAULT 0,	-- us UTC when the newest look at every page ended; 0 never
	damaged_us INTEGER NOT NULL DEFAULT 0,	-- us UTC when damage was found; 0 none
	damage TEXT NOT NULL DEFAULT ''		-- what
) STRICT;

-- ---- the paper exchange ----

-- The paper exchange (written by: worker). A stop that a trade has set off waits for a fresh
-- book; due_us of a resting order is when it arrived (0: of an older version).
ALTER TABLE sim_orders ADD COLUMN trigger_price REAL NOT NULL DEFAULT 0;	-- quote per base, of the trade that set off its stop; 0 not yet

-- Trades (written by: worker). What a bankrupt account could not pay, and time without a stop.
ALTER TABLE trading_orders ADD COLUMN bad_debt REAL NOT NULL DEFAULT 0;	-- quote asset, loss beyond the account that the market bore; part of gross
ALTER TABLE trading_orders ADD COLUMN uncovered_us INTEGER NOT NULL DEFAULT 0;	-- us that it held something without a stop at the venue, the worker watching
ALTER TABLE trading_orders ADD COLUMN uncovered_from_us INTEGER NOT NULL DEFAULT 0;	-- us UTC since when it does, 0 all is covered

-- Coins that are too few to be sold by themselves keep what they cost. Until now they counted
-- at the entry price of the trade that took them over, and what waits had no cost: its worth.
ALTER TABLE trading_orders ADD COLUMN dust_taken_cost REAL NOT NULL DEFAULT 0;	-- quote asset, what dust_taken had cost
ALTER TABLE trading_orders ADD COLUMN dust_cost REAL NOT NULL DEFAULT 0;	-- quote asset, what dust had cost
ALTER TABLE bot_state ADD COLUMN dust_cost REAL NOT NULL DEFAULT 0;	-- quote asset, what dust had cost
UPDATE trading_orders SET dust_taken_cost = round(dust_taken * coalesce(entry_price, limit_price), 8),
	dust_cost = round(dust * coalesce(entry_price, limit_price), 8)
	WHERE dust_taken != 0 OR dust != 0;
UPDATE bot_state SET dust_cost = round(dust * last_price, 8) WHERE dust != 0;

-- ---- uptime ----

-- Of bot_state, written by: worker. start_us is the engine's time, a recording's own at REPLAY_SPEED=max.
ALTER TABLE bot_state ADD COLUMN running_us INTEGER NOT NULL DEFAULT 0;	-- us UTC of the last start by the machine's clock; 0 not known

-- ---- entries ----

-- Of bot_state, written by: worker. Entries that the venue refused: the next try waits, longer each time.
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

-- ---- markets ----

-- Of sim_accounts, written by: worker. Base and quote do not tell BTCUSDT from BTCUSDT_240927.
ALTER TABLE sim_accounts ADD COLUMN symbol TEXT NOT NULL DEFAULT '';	-- the account's market; '' of an older version: base and quote

-- Written by: worker, at its start and when a market is added; what it has no more goes. The
-- rules that orders on a market must keep, and where they come from.
CREATE TABLE markets (
	source TEXT NOT NULL,			-- of its prices, as in candles
	symbol TEXT NOT NULL,
	exchange TEXT NOT NULL,			-- as in a bot's settings: binance, binance_futures
	base TEXT NOT NULL,			-- asset that is traded
	quote TEXT NOT NULL,			-- asset that it is priced in, unknown
	tick REAL NOT NULL,			-- quote per base, between two prices
	step REAL NOT NULL,			-- base asset, between two quantities
	min_quantity REAL NOT NULL,		-- base asset, of an order
	max_quantity REAL,			-- base asset, of an order; NULL no limit is known
	min_notional REAL NOT NULL,		-- quote asset, that an order is worth; 0 not known
	fee_maker REAL NOT NULL,		-- fraction of what is traded: 0.001 is 0.1 %
	fee_taker REAL NOT NULL,		-- the same
	origin TEXT NOT NULL,			-- exchange, known, derived, made_up
	note TEXT NOT NULL,			-- the origin in a sentence, with what is not known
	updated_us INTEGER NOT NULL,		-- us UTC
	PRIMARY KEY (source, symbol)
) STRICT, WITHOUT ROWID;

-- ---- market data ----

-- Of worker_heartbeat, written by: worker. Counts are of all markets since its start.
ALTER TABLE worker_heartbeat ADD COLUMN trades_late INTEGER NOT NULL DEFAULT 0;	-- trades that came after their candle was closed: merged into another or dropped
ALTER TABLE worker_heartbeat ADD COLUMN trades_repeated INTEGER NOT NULL DEFAULT 0;	-- trades that had come before, counted once
ALTER TABLE worker_heartbeat ADD COLUMN trades_refused INTEGER NOT NULL DEFAULT 0;	-- trades stamped after they came; part of decode_errors
ALTER TABLE worker_heartbeat ADD COLUMN feed_gaps INTEGER NOT NULL DEFAULT 0;	-- times that trades or frames were missing: windows start anew
ALTER TABLE worker_heartbeat ADD COLUMN feed_problem TEXT NOT NULL DEFAULT '';	-- newest refused frame or gap: what and where
ALTER TABLE worker_heartbeat ADD COLUMN book_breaks INTEGER NOT NULL DEFAULT 0;	-- times that depth frames were missing or prices crossed: the book starts anew
-- A recording's market has a time of its own unless it is played at REPLAY_SPEED=1.
ALTER TABLE worker_heartbeat ADD COLUMN market_us INTEGER NOT NULL DEFAULT 0;	-- us UTC of the market at the beat; 0 it is the machine's clock
ALTER TABLE worker_heartbeat ADD COLUMN market_at_us INTEGER NOT NULL DEFAULT 0;	-- us UTC, the machine's clock when market_us was last seen to move

-- ---- candles ----

-- Candles of older versions had no source (spot and futures of one symbol, recordings and
-- made-up prices overwrote each other) and ended at other times than the exchange's: they can
-- warm no window, and beside the new ones a chart of them would mislead. They are dropped.
DROP TABLE candles;

-- Written by: worker. Closed candles, for charts and to warm windows after a restart; the
-- oldest of each series go first.
CREATE TABLE candles (
	source TEXT NOT NULL,			-- binance, synthetic, replay, of futures with _futures behind it
	symbol TEXT NOT NULL,
	interval TEXT NOT NULL,
	open_us INTEGER NOT NULL,		-- us UTC
	open REAL NOT NULL,			-- quote per base
	high REAL NOT NULL,			-- quote per base
	low REAL NOT NULL,			-- quote per base
	close REAL NOT NULL,			-- quote per base
	volume REAL NOT NULL,			-- base asset
	buy_volume REAL NOT NULL,		-- base asset, taker bought
	trades INTEGER NOT NULL,		-- count
	PRIMARY KEY (source, symbol, interval, open_us)
) STRICT, WITHOUT ROWID;

-- Written by: worker. Of each series of candles the newest stretch in which none is missing:
-- only that may warm a window.
CREATE TABLE candle_runs (
	source TEXT NOT NULL,			-- as in candles
	symbol TEXT NOT NULL,
	interval TEXT NOT NULL,
	made_by TEXT NOT NULL,			-- seed of the made-up market, names of the recordings
	since_us INTEGER NOT NULL,		-- us UTC, begin of its first candle
	until_us INTEGER NOT NULL,		-- us UTC, end of its newest
	PRIMARY KEY (source, symbol, interval)
) STRICT, WITHOUT ROWID;

-- Of bot_state, written by: worker.
ALTER TABLE bot_state ADD COLUMN candles INTEGER NOT NULL DEFAULT 0;	-- count, closed candles in the bot's window, decisions need 60
