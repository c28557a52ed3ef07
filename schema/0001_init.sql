-- The shared database of trading-bot-api and trading-bot-worker.
--
-- Times are INTEGER microseconds UTC since 1970 ("_us"); prices, quantities and
-- amounts are REAL and exact to 8 decimals. The views at the end show the same
-- rows with readable times: select * from v_orders limit 5;

-- Written by: api. A default bot (id 1) always exists.
CREATE TABLE bots (
	id INTEGER PRIMARY KEY,			-- number used in every route
	name TEXT NOT NULL UNIQUE,
	bot_type TEXT NOT NULL DEFAULT 'trading',	-- 'trading': run by our worker; 'external': reports from outside
	description TEXT NOT NULL DEFAULT '',
	created_us INTEGER NOT NULL,		-- us UTC
	updated_us INTEGER NOT NULL		-- us UTC
) STRICT;

-- Written by: api (and by the worker's --config-json). One row per bot; version grows by one per change.
CREATE TABLE trading_configs (
	id INTEGER PRIMARY KEY,			-- row number
	bot_id INTEGER NOT NULL UNIQUE REFERENCES bots(id) ON DELETE CASCADE,	-- bots.id
	version INTEGER NOT NULL,		-- count of changes, from 1
	symbol TEXT NOT NULL,
	strategy TEXT NOT NULL,
	interval TEXT NOT NULL,			-- candle length: 1s 1m 5m 15m 1h 4h 1d
	exchange TEXT NOT NULL,			-- binance (spot), binance_futures (USD-M)
	side_mode TEXT NOT NULL,		-- long, short, both
	confidence_threshold REAL NOT NULL,	-- probability 0..1
	capital_per_trade REAL NOT NULL,	-- quote asset
	holding_time INTEGER NOT NULL,		-- s
	profit_target_pct REAL NOT NULL,	-- fraction of the entry price
	stop_loss_pct REAL NOT NULL,		-- fraction of the entry price
	maker_order_timeout INTEGER NOT NULL,	-- s
	max_positions INTEGER NOT NULL,		-- open at once
	decision_interval_ms INTEGER NOT NULL,	-- ms
	leverage REAL NOT NULL,			-- times equity, futures only
	ignore_risk_reward INTEGER NOT NULL,	-- 0 or 1
	ignore_risk_per_trade INTEGER NOT NULL,	-- 0 or 1
	model_id INTEGER NOT NULL DEFAULT 0,	-- models.id, 0 none
	socket_type TEXT NOT NULL,		-- live or demo stream host
	testnet INTEGER NOT NULL,		-- 0 or 1
	api_key TEXT NOT NULL DEFAULT '',	-- sealed (AES-256-GCM), '' none
	secret_key TEXT NOT NULL DEFAULT '',	-- sealed
	telegram_token TEXT NOT NULL DEFAULT '',	-- sealed
	telegram_chat_id TEXT NOT NULL DEFAULT '',
	updated_us INTEGER NOT NULL,		-- us UTC
	updated_by TEXT NOT NULL
) STRICT;

-- Written by: api. Every version that ever was, secrets left out.
CREATE TABLE trading_config_history (
	id INTEGER PRIMARY KEY,			-- row number
	bot_id INTEGER NOT NULL REFERENCES bots(id) ON DELETE CASCADE,	-- bots.id
	version INTEGER NOT NULL,		-- as in trading_configs
	config TEXT NOT NULL,			-- JSON of all keys, secrets masked
	changed_us INTEGER NOT NULL,		-- us UTC
	changed_by TEXT NOT NULL,
	UNIQUE (bot_id, version)
) STRICT;

-- Inserted by: api, command line, a person in the sqlite3 shell. Answered by: worker.
-- By hand: insert into commands(kind, bot_id) values ('pause', 1);
CREATE TABLE commands (
	id INTEGER PRIMARY KEY AUTOINCREMENT,	-- order of arrival
	kind TEXT NOT NULL CHECK (kind IN ('start', 'stop', 'pause', 'resume', 'emergency-stop',
		'close-position', 'close-all', 'simulation-reset')),
	bot_id INTEGER,				-- bots.id; NULL: every bot
	args TEXT NOT NULL DEFAULT '{}' CHECK (args LIKE '{%}'),	-- JSON object; the worker reads it strictly
	requested_by TEXT NOT NULL DEFAULT 'shell',
	correlation_id TEXT NOT NULL DEFAULT '',
	idempotency_key TEXT UNIQUE,		-- same key twice is one command
	created_us INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)),	-- us UTC
	expires_us INTEGER,			-- us UTC; NULL: never
	status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'done', 'failed', 'expired')),
	code TEXT NOT NULL DEFAULT '',		-- error code when failed: conflict, not_found, invalid
	message TEXT NOT NULL DEFAULT '',	-- what happened, for a person
	result TEXT NOT NULL DEFAULT '{}',	-- JSON object: status, positions left, ...
	answered_us INTEGER			-- us UTC
) STRICT;
CREATE INDEX commands_queued ON commands(id) WHERE status = 'queued';

-- Written by: worker. What each bot is doing now, and what it needs after a restart.
CREATE TABLE bot_state (
	bot_id INTEGER PRIMARY KEY REFERENCES bots(id) ON DELETE CASCADE,	-- bots.id
	status TEXT NOT NULL CHECK (status IN ('STOPPED', 'RUNNING', 'PAUSED', 'ERROR')),
	emergency INTEGER NOT NULL DEFAULT 0,	-- 0 none, 1 flattening, 2 flat and latched until a start
	error TEXT NOT NULL DEFAULT '',		-- message while ERROR
	mode TEXT NOT NULL,			-- simulation or live
	start_us INTEGER,			-- us UTC of the last start
	last_execution_us INTEGER,		-- us UTC of the last iteration
	applied_config_version INTEGER NOT NULL DEFAULT 0,	-- trading_configs.version in use
	config_error TEXT NOT NULL DEFAULT '',	-- why the newest version is not in use
	applied_model_id INTEGER NOT NULL DEFAULT 0,	-- models.id in use
	model_error TEXT NOT NULL DEFAULT '',	-- why the assigned model is not in use
	pending_orders INTEGER NOT NULL DEFAULT 0,	-- count
	open_positions INTEGER NOT NULL DEFAULT 0,	-- count
	equity REAL NOT NULL DEFAULT 0,		-- quote asset, open positions at the last price
	peak_equity REAL NOT NULL DEFAULT 0,	-- quote asset
	last_price REAL NOT NULL DEFAULT 0,	-- quote per base
	last_decision_us INTEGER NOT NULL DEFAULT 0,	-- us UTC
	loss_streak INTEGER NOT NULL DEFAULT 0,	-- losing trades in a row
	cooldown_until_us INTEGER NOT NULL DEFAULT 0,	-- us UTC
	day TEXT NOT NULL DEFAULT '',		-- UTC day of day_equity
	day_equity REAL NOT NULL DEFAULT 0,	-- quote asset at the day's first look
	updated_us INTEGER NOT NULL		-- us UTC
) STRICT;

-- Written by: worker. Every status change.
CREATE TABLE bot_events (
	id INTEGER PRIMARY KEY,			-- order of events
	bot_id INTEGER NOT NULL,		-- bots.id (kept after the bot is gone)
	from_status TEXT NOT NULL,
	to_status TEXT NOT NULL,
	event TEXT NOT NULL,			-- start, stop, pause, resume, emergency-stop, failure, ...
	reason TEXT NOT NULL DEFAULT '',
	requested_by TEXT NOT NULL DEFAULT '',
	correlation_id TEXT NOT NULL DEFAULT '',
	at_us INTEGER NOT NULL			-- us UTC
) STRICT;
CREATE INDEX bot_events_bot ON bot_events(bot_id, id);

-- Written by: worker. One row (id 1).
CREATE TABLE worker_heartbeat (
	id INTEGER PRIMARY KEY CHECK (id = 1),	-- always 1
	pid INTEGER NOT NULL,			-- process id
	boot_id TEXT NOT NULL,			-- random, new at each start
	version TEXT NOT NULL,
	started_us INTEGER NOT NULL,		-- us UTC
	beat_us INTEGER NOT NULL,		-- us UTC
	stopped_us INTEGER,			-- us UTC of a clean end, else NULL
	loop_p50_us INTEGER NOT NULL DEFAULT 0,	-- us a loop turn takes, median
	loop_p99_us INTEGER NOT NULL DEFAULT 0,	-- us
	turns INTEGER NOT NULL DEFAULT 0,	-- loop turns since start
	events INTEGER NOT NULL DEFAULT 0,	-- market events since start
	trading_mode TEXT NOT NULL,
	market_data TEXT NOT NULL,		-- feed in use: synthetic, replay, binance
	feed_state TEXT NOT NULL,		-- connecting, live, stale, ended, failed
	feed_message TEXT NOT NULL DEFAULT '',
	feed_age_ms INTEGER NOT NULL DEFAULT 0,	-- ms since the last market event
	clock_drift_ms INTEGER NOT NULL DEFAULT 0,	-- ms, our clock minus the exchange's
	decode_errors INTEGER NOT NULL DEFAULT 0,	-- frames refused since start
	rss_bytes INTEGER NOT NULL DEFAULT 0	-- bytes of resident memory
) STRICT;

-- Written by: worker. Where a replay stands, so that a restart goes on and loses nothing.
CREATE TABLE feed_positions (
	source TEXT PRIMARY KEY,		-- what is replayed
	loop INTEGER NOT NULL,			-- rounds through it so far
	frame INTEGER NOT NULL,			-- frames of this round that are committed
	offset_us INTEGER NOT NULL,		-- us added to recorded times
	now_us INTEGER NOT NULL,		-- us UTC, engine time of the newest event
	updated_us INTEGER NOT NULL		-- us UTC
) STRICT;

-- Written by: api (uploads), worker (training).
CREATE TABLE models (
	id INTEGER PRIMARY KEY,			-- number used in routes
	name TEXT NOT NULL,
	symbol TEXT NOT NULL,
	format TEXT NOT NULL,			-- xgboost-json, xgboost-ubj, xgboost-binary, lightgbm-text
	sha256 TEXT NOT NULL UNIQUE,
	size_bytes INTEGER NOT NULL,		-- bytes
	path TEXT NOT NULL,			-- relative to DATA_DIR
	features TEXT NOT NULL,			-- name of the feature list: features-1
	feature_names TEXT NOT NULL DEFAULT '[]',	-- JSON array
	metrics TEXT NOT NULL DEFAULT '{}',	-- JSON object
	origin TEXT NOT NULL,			-- sample, upload, training
	description TEXT NOT NULL DEFAULT '',
	status TEXT NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'refused', 'retired')),
	version INTEGER NOT NULL DEFAULT 1,	-- count of metadata changes, for ETag
	created_us INTEGER NOT NULL,		-- us UTC
	updated_us INTEGER NOT NULL		-- us UTC
) STRICT;
CREATE INDEX models_symbol ON models(symbol);

-- Written by: api, worker (sample model). Which model a bot should use.
CREATE TABLE model_assignments (
	bot_id INTEGER PRIMARY KEY REFERENCES bots(id) ON DELETE CASCADE,	-- bots.id
	model_id INTEGER NOT NULL REFERENCES models(id),	-- models.id
	assigned_us INTEGER NOT NULL,		-- us UTC
	assigned_by TEXT NOT NULL
) STRICT;
CREATE INDEX model_assignments_model ON model_assignments(model_id);

-- Written by: worker. One row is one trade from decision to close.
CREATE TABLE trading_orders (
	id INTEGER PRIMARY KEY,			-- number of the trade over all bots
	bot_id INTEGER NOT NULL,		-- bots.id
	order_id TEXT NOT NULL UNIQUE,		-- tb1-<bot>-<id>
	symbol TEXT NOT NULL,
	side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),	-- of the entry: BUY long, SELL short
	status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'closed')),
	phase TEXT NOT NULL,			-- inside the status: entering, holding, closing, done
	limit_price REAL NOT NULL,		-- entry limit, quote per base
	entry_price REAL,			-- average fill, quote per base; NULL before the first
	take_profit REAL,			-- quote per base
	stop_loss REAL,				-- quote per base
	exit_price REAL,			-- average fill, quote per base
	quantity REAL NOT NULL,			-- base asset asked for
	filled REAL NOT NULL DEFAULT 0,		-- base asset of entry fills
	exited REAL NOT NULL DEFAULT 0,		-- base asset of exit fills
	position REAL NOT NULL DEFAULT 0,	-- base asset held now (after base fees)
	dust REAL NOT NULL DEFAULT 0,		-- base asset left under the venue's step when closed
	entry_notional REAL NOT NULL DEFAULT 0,	-- quote asset
	exit_notional REAL NOT NULL DEFAULT 0,	-- quote asset
	fees REAL NOT NULL DEFAULT 0,		-- quote asset, base fees at their fill price
	base_fees REAL NOT NULL DEFAULT 0,	-- base asset, the part of fees paid in base
	quote_fees REAL NOT NULL DEFAULT 0,	-- quote asset, the part of fees paid in quote
	gross REAL NOT NULL DEFAULT 0,		-- quote asset before fees
	pnl REAL NOT NULL DEFAULT 0,		-- quote asset after fees
	confidence REAL,			-- 0..1 at the decision
	close_reason TEXT NOT NULL DEFAULT '',	-- take_profit, stop_loss, holding_time, maker_timeout, manual, emergency, ...
	strategy TEXT NOT NULL,
	mode TEXT NOT NULL,			-- simulation or live
	model_id INTEGER NOT NULL DEFAULT 0,	-- models.id of the decision
	config_version INTEGER NOT NULL,	-- trading_configs.version of the decision
	correlation_id TEXT NOT NULL DEFAULT '',
	created_us INTEGER NOT NULL,		-- us UTC
	opened_us INTEGER,			-- us UTC of the first fill
	closed_us INTEGER,			-- us UTC
	holding_us INTEGER NOT NULL,		-- us it may stay open, from the decision's config
	maker_timeout_us INTEGER NOT NULL,	-- us its entry may wait
	close_correlation_id TEXT NOT NULL DEFAULT '',	-- of the command that closed it
	stop_crossed_us INTEGER NOT NULL DEFAULT 0,	-- us UTC when the market passed the stop, 0 not
	retry_us INTEGER NOT NULL DEFAULT 0,	-- us UTC of the next try to close or protect, 0 none
	retries INTEGER NOT NULL DEFAULT 0,	-- count of closes that failed
	expires_us INTEGER NOT NULL DEFAULT 0,	-- us UTC of its timeout (maker or holding), 0 none
	updated_us INTEGER NOT NULL		-- us UTC
) STRICT;
CREATE INDEX trading_orders_bot ON trading_orders(bot_id, status, id);
CREATE INDEX trading_orders_closed ON trading_orders(bot_id, closed_us) WHERE status = 'closed';
CREATE INDEX trading_orders_open ON trading_orders(id) WHERE status != 'closed';

-- Written by: worker. Every order sent to a venue; planned before a byte is sent.
CREATE TABLE exchange_orders (
	id INTEGER PRIMARY KEY,			-- order of planning
	client_order_id TEXT NOT NULL UNIQUE,	-- tb1-<bot>-<order>-<leg>-<n>
	order_id INTEGER NOT NULL REFERENCES trading_orders(id),	-- trading_orders.id
	bot_id INTEGER NOT NULL,		-- bots.id
	venue TEXT NOT NULL,			-- sim, binance, binance_futures
	exchange_id TEXT NOT NULL DEFAULT '',	-- the venue's own number
	leg TEXT NOT NULL,			-- e entry, t take profit, s stop, c close
	n INTEGER NOT NULL,			-- count of this leg, from 1
	symbol TEXT NOT NULL,
	side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
	type TEXT NOT NULL,			-- LIMIT_MAKER, LIMIT, MARKET, STOP_MARKET, OCO
	reduce_only INTEGER NOT NULL,		-- 0 or 1
	price REAL,				-- quote per base, NULL at market
	stop_price REAL,			-- quote per base, STOP_MARKET and OCO
	quantity REAL NOT NULL,			-- base asset
	filled REAL NOT NULL DEFAULT 0,		-- base asset
	state TEXT NOT NULL CHECK (state IN ('planned', 'new', 'partially_filled', 'filled',
		'cancelled', 'rejected', 'expired', 'unknown')),
	cancel_requested INTEGER NOT NULL DEFAULT 0,	-- 0 or 1
	reject_reason TEXT NOT NULL DEFAULT '',
	correlation_id TEXT NOT NULL DEFAULT '',
	requested_us INTEGER NOT NULL,		-- us UTC
	acked_us INTEGER,			-- us UTC
	done_us INTEGER				-- us UTC
) STRICT;
CREATE INDEX exchange_orders_order ON exchange_orders(order_id);
CREATE INDEX exchange_orders_open ON exchange_orders(id)
	WHERE state IN ('planned', 'new', 'partially_filled', 'unknown');

-- Written by: worker. Every execution, booked once.
CREATE TABLE fills (
	id INTEGER PRIMARY KEY,			-- order of booking
	client_order_id TEXT NOT NULL REFERENCES exchange_orders(client_order_id),
	order_id INTEGER NOT NULL,		-- trading_orders.id
	bot_id INTEGER NOT NULL,		-- bots.id
	venue TEXT NOT NULL,
	symbol TEXT NOT NULL,
	trade_id INTEGER NOT NULL,		-- the venue's trade number
	side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
	price REAL NOT NULL,			-- quote per base
	quantity REAL NOT NULL,			-- base asset
	fee REAL NOT NULL,			-- in fee_asset
	fee_asset TEXT NOT NULL,
	maker INTEGER NOT NULL,			-- 0 or 1
	at_us INTEGER NOT NULL,			-- us UTC
	UNIQUE (venue, symbol, trade_id, client_order_id)
) STRICT;
CREATE INDEX fills_order ON fills(order_id);

-- Written by: worker. Each decision with its reason.
CREATE TABLE signals (
	id INTEGER PRIMARY KEY,			-- order of decisions
	bot_id INTEGER NOT NULL,		-- bots.id
	symbol TEXT NOT NULL,
	strategy TEXT NOT NULL,
	side TEXT NOT NULL,			-- BUY, SELL, or NONE below the threshold
	confidence REAL NOT NULL,		-- 0..1
	price REAL NOT NULL,			-- last price, quote per base
	taken INTEGER NOT NULL,			-- 1 entry sent, 0 refused
	rule TEXT NOT NULL,			-- entry, threshold, max_positions, risk_reward, stale_feed, ...
	reason TEXT NOT NULL,			-- for a person, with the numbers
	order_id INTEGER,			-- trading_orders.id when taken
	repeats INTEGER NOT NULL DEFAULT 1,	-- equal decisions this row stands for
	model_id INTEGER NOT NULL DEFAULT 0,	-- models.id
	config_version INTEGER NOT NULL DEFAULT 0,	-- trading_configs.version
	correlation_id TEXT NOT NULL DEFAULT '',
	at_us INTEGER NOT NULL,			-- us UTC of the first
	last_us INTEGER NOT NULL		-- us UTC of the newest it stands for
) STRICT;
CREATE INDEX signals_bot ON signals(bot_id, id);

-- Written by: worker. Closed trades per bot and UTC day.
CREATE TABLE trading_stats (
	bot_id INTEGER NOT NULL,		-- bots.id
	day TEXT NOT NULL,			-- YYYY-MM-DD, UTC
	trades INTEGER NOT NULL DEFAULT 0,	-- count of closed trades that had a fill
	wins INTEGER NOT NULL DEFAULT 0,	-- pnl > 0
	losses INTEGER NOT NULL DEFAULT 0,	-- pnl < 0
	gross REAL NOT NULL DEFAULT 0,		-- quote asset
	fees REAL NOT NULL DEFAULT 0,		-- quote asset
	net REAL NOT NULL DEFAULT 0,		-- quote asset
	volume REAL NOT NULL DEFAULT 0,		-- quote asset, entries and exits
	max_drawdown REAL NOT NULL DEFAULT 0,	-- quote asset, of the day's running net
	peak_net REAL NOT NULL DEFAULT 0,	-- quote asset, highest running net of the day
	updated_us INTEGER NOT NULL,		-- us UTC
	PRIMARY KEY (bot_id, day)
) STRICT;

-- Written by: worker. Sampled equity for plots.
CREATE TABLE equity (
	bot_id INTEGER NOT NULL,		-- bots.id
	at_us INTEGER NOT NULL,			-- us UTC
	equity REAL NOT NULL,			-- quote asset
	balance REAL NOT NULL,			-- quote asset, without open positions
	unrealized REAL NOT NULL,		-- quote asset
	PRIMARY KEY (bot_id, at_us)
) STRICT;

-- Written by: worker. Closed candles kept for charts; the oldest go first.
CREATE TABLE candles (
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
	PRIMARY KEY (symbol, interval, open_us)
) STRICT, WITHOUT ROWID;

-- Written by: worker. One paper account per bot.
CREATE TABLE sim_accounts (
	bot_id INTEGER PRIMARY KEY,		-- bots.id
	kind TEXT NOT NULL CHECK (kind IN ('spot', 'futures')),
	base_asset TEXT NOT NULL,
	quote_asset TEXT NOT NULL,
	initial_capital REAL NOT NULL,		-- quote asset
	leverage REAL NOT NULL DEFAULT 1,	-- times, futures
	epoch INTEGER NOT NULL DEFAULT 1,	-- grows with each reset
	position REAL NOT NULL DEFAULT 0,	-- futures: signed base amount
	entry_price REAL NOT NULL DEFAULT 0,	-- futures: average, quote per base
	next_funding_us INTEGER NOT NULL DEFAULT 0,	-- us UTC
	created_us INTEGER NOT NULL,		-- us UTC
	updated_us INTEGER NOT NULL		-- us UTC
) STRICT;

-- Written by: worker. Double entry: the rows of one entry sum to zero per asset.
CREATE TABLE sim_ledger (
	id INTEGER PRIMARY KEY,			-- order of booking
	entry_id INTEGER NOT NULL,		-- one booking, two or more rows
	bot_id INTEGER NOT NULL,		-- sim_accounts.bot_id
	epoch INTEGER NOT NULL,			-- sim_accounts.epoch
	account TEXT NOT NULL,			-- capital, free, reserved, margin, fees, market, funding, pnl
	asset TEXT NOT NULL,
	amount REAL NOT NULL,			-- in asset, signed
	kind TEXT NOT NULL,			-- deposit, reserve, release, fill, fee, funding, liquidation, reset
	client_order_id TEXT NOT NULL DEFAULT '',
	at_us INTEGER NOT NULL			-- us UTC
) STRICT;
CREATE INDEX sim_ledger_account ON sim_ledger(bot_id, epoch, account, asset);

-- Written by: worker. Running balance of each ledger account, kept with the ledger.
CREATE TABLE sim_balances (
	bot_id INTEGER NOT NULL,		-- sim_accounts.bot_id
	epoch INTEGER NOT NULL,			-- sim_accounts.epoch
	account TEXT NOT NULL,
	asset TEXT NOT NULL,
	amount REAL NOT NULL,			-- in asset, signed
	PRIMARY KEY (bot_id, epoch, account, asset)
) STRICT, WITHOUT ROWID;

-- Written by: worker. What rests or travels inside the simulation venue.
CREATE TABLE sim_orders (
	client_order_id TEXT PRIMARY KEY,
	seq INTEGER NOT NULL,			-- arrival order
	bot_id INTEGER NOT NULL,		-- sim_accounts.bot_id
	symbol TEXT NOT NULL,
	side TEXT NOT NULL,
	type TEXT NOT NULL,
	reduce_only INTEGER NOT NULL,		-- 0 or 1
	price REAL,				-- quote per base
	stop_price REAL,			-- quote per base
	quantity REAL NOT NULL,			-- base asset
	filled REAL NOT NULL,			-- base asset
	queue_ahead REAL NOT NULL,		-- base asset that trades first at our price
	reserved REAL NOT NULL,			-- amount set aside, in reserved_asset
	reserved_asset TEXT NOT NULL,
	stage TEXT NOT NULL CHECK (stage IN ('travelling', 'resting', 'cancelling')),
	due_us INTEGER NOT NULL,		-- us UTC when it arrives (travelling, cancelling)
	exchange_id INTEGER NOT NULL		-- number given on arrival, 0 before
) STRICT;

-- Written by: worker. Counters that must not go back: name -> next number.
CREATE TABLE counters (
	name TEXT PRIMARY KEY,			-- order, leg, trade, entry, sim_order
	value INTEGER NOT NULL			-- next number to give out
) STRICT;

-- Written by: api. What outside bots report.
CREATE TABLE reported_orders (
	id INTEGER PRIMARY KEY,			-- row number
	bot_id INTEGER NOT NULL REFERENCES bots(id) ON DELETE CASCADE,	-- bots.id
	order_id TEXT NOT NULL,			-- the reporter's own number
	symbol TEXT NOT NULL,
	side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
	status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'closed')),
	entry_price REAL,			-- quote per base
	exit_price REAL,			-- quote per base
	take_profit REAL,			-- quote per base
	stop_loss REAL,				-- quote per base
	quantity REAL NOT NULL,			-- base asset
	pnl REAL NOT NULL DEFAULT 0,		-- quote asset
	fees REAL NOT NULL DEFAULT 0,		-- quote asset
	confidence REAL,			-- 0..1
	close_reason TEXT NOT NULL DEFAULT '',
	created_us INTEGER NOT NULL,		-- us UTC
	closed_us INTEGER,			-- us UTC
	updated_us INTEGER NOT NULL,		-- us UTC
	UNIQUE (bot_id, order_id)
) STRICT;
CREATE INDEX reported_orders_open ON reported_orders(id) WHERE status != 'closed';

-- Written by: api. Daily totals that outside bots report.
CREATE TABLE reported_stats (
	bot_id INTEGER NOT NULL REFERENCES bots(id) ON DELETE CASCADE,	-- bots.id
	day TEXT NOT NULL,			-- YYYY-MM-DD, UTC
	trades INTEGER NOT NULL DEFAULT 0,	-- count
	wins INTEGER NOT NULL DEFAULT 0,	-- count
	losses INTEGER NOT NULL DEFAULT 0,	-- count
	gross REAL NOT NULL DEFAULT 0,		-- quote asset
	fees REAL NOT NULL DEFAULT 0,		-- quote asset
	net REAL NOT NULL DEFAULT 0,		-- quote asset
	volume REAL NOT NULL DEFAULT 0,		-- quote asset
	updated_us INTEGER NOT NULL,		-- us UTC
	PRIMARY KEY (bot_id, day)
) STRICT;

-- Queued by: api. Run by: worker, in child processes.
CREATE TABLE jobs (
	id INTEGER PRIMARY KEY AUTOINCREMENT,	-- number used in routes
	kind TEXT NOT NULL,			-- backtest, training, download, import, report
	args TEXT NOT NULL DEFAULT '{}',	-- JSON object
	state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
	progress REAL NOT NULL DEFAULT 0,	-- 0..1
	message TEXT NOT NULL DEFAULT '',
	result TEXT NOT NULL DEFAULT '{}',	-- JSON object
	error TEXT NOT NULL DEFAULT '',
	cancel_requested INTEGER NOT NULL DEFAULT 0,	-- 0 or 1
	pid INTEGER,				-- process id while running
	attempts INTEGER NOT NULL DEFAULT 0,	-- times it was started; a worker restart starts it again
	requested_by TEXT NOT NULL DEFAULT '',
	correlation_id TEXT NOT NULL DEFAULT '',
	created_us INTEGER NOT NULL,		-- us UTC
	started_us INTEGER,			-- us UTC
	ended_us INTEGER			-- us UTC
) STRICT;
CREATE INDEX jobs_queued ON jobs(id) WHERE state IN ('queued', 'running');

-- Written by: worker. Results of backtest jobs.
CREATE TABLE backtests (
	id INTEGER PRIMARY KEY REFERENCES jobs(id),	-- jobs.id
	symbol TEXT NOT NULL,
	strategy TEXT NOT NULL,
	interval TEXT NOT NULL,
	from_us INTEGER NOT NULL,		-- us UTC
	to_us INTEGER NOT NULL,			-- us UTC
	report TEXT NOT NULL DEFAULT '{}',	-- JSON object of all figures
	path TEXT NOT NULL DEFAULT '',		-- file relative to DATA_DIR
	created_us INTEGER NOT NULL		-- us UTC
) STRICT;

-- Written by: worker. Results of training jobs.
CREATE TABLE trainings (
	id INTEGER PRIMARY KEY REFERENCES jobs(id),	-- jobs.id
	symbol TEXT NOT NULL,
	model_id INTEGER REFERENCES models(id),	-- models.id once registered
	metrics TEXT NOT NULL DEFAULT '{}',	-- JSON object
	data_sha256 TEXT NOT NULL DEFAULT '',
	path TEXT NOT NULL DEFAULT '',		-- artefacts relative to DATA_DIR
	created_us INTEGER NOT NULL		-- us UTC
) STRICT;

-- Written by: api.
CREATE TABLE training_schedules (
	bot_id INTEGER PRIMARY KEY REFERENCES bots(id) ON DELETE CASCADE,	-- bots.id
	enabled INTEGER NOT NULL DEFAULT 0,	-- 0 or 1
	every_s INTEGER NOT NULL,		-- s between runs
	args TEXT NOT NULL DEFAULT '{}',	-- JSON object for the job
	next_us INTEGER,			-- us UTC of the next run
	updated_us INTEGER NOT NULL		-- us UTC
) STRICT;

-- Asked by: worker. Answered by: api (columns answer, answered_by, answered_us).
CREATE TABLE confirmations (
	order_id INTEGER PRIMARY KEY,		-- trading_orders.id
	bot_id INTEGER NOT NULL,		-- bots.id
	question TEXT NOT NULL,
	asked_us INTEGER NOT NULL,		-- us UTC
	expires_us INTEGER NOT NULL,		-- us UTC
	answer TEXT NOT NULL DEFAULT '' CHECK (answer IN ('', 'confirm', 'reject')),
	answered_by TEXT NOT NULL DEFAULT '',
	answered_us INTEGER			-- us UTC
) STRICT;

-- Written by: worker. Outbox: kept until delivered.
CREATE TABLE notifications (
	id INTEGER PRIMARY KEY,			-- order of events
	bot_id INTEGER,				-- bots.id
	kind TEXT NOT NULL,			-- order, status, error, stats
	text TEXT NOT NULL,
	channel TEXT NOT NULL DEFAULT 'telegram',
	created_us INTEGER NOT NULL,		-- us UTC
	delivered_us INTEGER,			-- us UTC
	attempts INTEGER NOT NULL DEFAULT 0	-- count
) STRICT;
CREATE INDEX notifications_open ON notifications(id) WHERE delivered_us IS NULL;

-- Written by: api and the command line.
CREATE TABLE api_tokens (
	id INTEGER PRIMARY KEY,			-- row number
	name TEXT NOT NULL UNIQUE,
	role TEXT NOT NULL CHECK (role IN ('viewer', 'trader', 'admin')),
	hash TEXT NOT NULL UNIQUE,		-- SHA-256 of the token, hex
	created_us INTEGER NOT NULL,		-- us UTC
	expires_us INTEGER,			-- us UTC, NULL never
	revoked_us INTEGER,			-- us UTC
	last_used_us INTEGER			-- us UTC
) STRICT;

-- Written by: api and the command line. Who did what.
CREATE TABLE audit_log (
	id INTEGER PRIMARY KEY,			-- order of events
	at_us INTEGER NOT NULL,			-- us UTC
	actor TEXT NOT NULL,			-- token name
	action TEXT NOT NULL,			-- POST /api/v1/bot/pause
	target TEXT NOT NULL DEFAULT '',
	detail TEXT NOT NULL DEFAULT '',	-- secrets masked
	status INTEGER NOT NULL DEFAULT 0,	-- HTTP status answered
	address TEXT NOT NULL DEFAULT '',
	correlation_id TEXT NOT NULL DEFAULT ''
) STRICT;

-- Written by: both. Newest lines only.
CREATE TABLE logs (
	id INTEGER PRIMARY KEY AUTOINCREMENT,	-- order of arrival
	at_us INTEGER NOT NULL,			-- us UTC
	level INTEGER NOT NULL,			-- 0 debug, 1 info, 2 warning, 3 error
	service TEXT NOT NULL,
	logger TEXT NOT NULL,
	correlation_id TEXT NOT NULL DEFAULT '',
	message TEXT NOT NULL
) STRICT;

-- Readable times for the sqlite3 shell.
CREATE VIEW v_orders AS
	SELECT id, bot_id, symbol, side, status, entry_price, exit_price, take_profit, stop_loss,
	       quantity, filled, pnl, fees, round(confidence, 4) AS confidence, close_reason,
	       strftime('%Y-%m-%d %H:%M:%f', created_us / 1e6, 'unixepoch') AS created,
	       strftime('%Y-%m-%d %H:%M:%f', opened_us / 1e6, 'unixepoch') AS opened,
	       strftime('%Y-%m-%d %H:%M:%f', closed_us / 1e6, 'unixepoch') AS closed
	FROM trading_orders;
CREATE VIEW v_signals AS
	SELECT id, bot_id, symbol, side, round(confidence, 4) AS confidence, taken, rule, reason, repeats,
	       strftime('%Y-%m-%d %H:%M:%f', last_us / 1e6, 'unixepoch') AS last
	FROM signals;
CREATE VIEW v_events AS
	SELECT id, bot_id, from_status || ' -> ' || to_status AS change, event, reason, requested_by,
	       strftime('%Y-%m-%d %H:%M:%f', at_us / 1e6, 'unixepoch') AS at
	FROM bot_events;
CREATE VIEW v_bots AS
	SELECT b.id, b.name, s.status, s.error, c.symbol, c.strategy, s.pending_orders, s.open_positions,
	       s.equity, s.last_price, c.version AS config_wanted, s.applied_config_version AS config_applied,
	       strftime('%Y-%m-%d %H:%M:%f', s.last_execution_us / 1e6, 'unixepoch') AS last_execution
	FROM bots b LEFT JOIN bot_state s ON s.bot_id = b.id LEFT JOIN trading_configs c ON c.bot_id = b.id;
-- Empty when every booking balances.
CREATE VIEW v_ledger_errors AS
	SELECT entry_id, asset, sum(CAST(round(amount * 1e8) AS INTEGER)) AS off_by_e8
	FROM sim_ledger GROUP BY entry_id, asset HAVING off_by_e8 != 0;

INSERT INTO bots(id, name, description, created_us, updated_us) VALUES
	(1, 'Bot 1', 'Sample bot: paper money, sample model',
	 CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER),
	 CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER));

-- Bot 1 trades out of the box: reward / risk = 0.003 / 0.001 passes MIN_RISK_REWARD_RATIO 3.0,
-- which the documented defaults of a new bot (0.00015 / 0.009) never do.
INSERT INTO trading_configs(bot_id, version, symbol, strategy, interval, exchange, side_mode,
	confidence_threshold, capital_per_trade, holding_time, profit_target_pct, stop_loss_pct,
	maker_order_timeout, max_positions, decision_interval_ms, leverage, ignore_risk_reward,
	ignore_risk_per_trade, socket_type, testnet, updated_us, updated_by)
	VALUES (1, 1, 'BTCUSDT', 'model', '1s', 'binance', 'long',
	0.40, 200, 60, 0.003, 0.001, 3, 2, 1000, 1, 0, 0, 'live', 0,
	CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 'first start');
INSERT INTO commands(kind, bot_id, requested_by) VALUES ('start', 1, 'first start');
INSERT INTO trading_config_history(bot_id, version, config, changed_us, changed_by)
	SELECT bot_id, version, json_object('symbol', symbol, 'strategy', strategy, 'interval', interval,
	'exchange', exchange, 'side_mode', side_mode, 'confidence_threshold', confidence_threshold,
	'capital_per_trade', capital_per_trade, 'holding_time', holding_time,
	'profit_target_pct', profit_target_pct, 'stop_loss_pct', stop_loss_pct,
	'maker_order_timeout', maker_order_timeout, 'max_positions', max_positions,
	'decision_interval_ms', decision_interval_ms, 'leverage', leverage,
	'ignore_risk_reward', json('false'), 'ignore_risk_per_trade', json('false'),
	'model_id', model_id, 'socket_type', socket_type, 'testnet', json('false'),
	'api_key', api_key, 'secret_key', secret_key, 'telegram_token', telegram_token,
	'telegram_chat_id', telegram_chat_id), updated_us, updated_by FROM trading_configs;
