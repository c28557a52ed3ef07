-- What makes room for a real exchange.

-- ---- orders and legs as state machines ----

-- Of exchange_orders, written by: worker. state is the order's status in an exchange's words,
-- leg_state what the worker does with it: planned, sent, unknown, live, cancelling, firing, ended.
ALTER TABLE exchange_orders ADD COLUMN leg_state TEXT NOT NULL DEFAULT '';	-- '' of an older version: see state and cancel_requested

-- Written by: worker. Each move of a trade and of its orders at the venue, with what moved it.
CREATE TABLE order_events (
	id INTEGER PRIMARY KEY,			-- in the order of the moves
	order_id INTEGER NOT NULL,		-- trading_orders.id
	bot_id INTEGER NOT NULL,		-- bots.id
	client_order_id TEXT NOT NULL,		-- exchange_orders.client_order_id; '' the trade itself
	from_state TEXT NOT NULL,		-- phase or leg_state before; '' it is new
	to_state TEXT NOT NULL,			-- phase or leg_state after; of an ended leg its state
	event TEXT NOT NULL,			-- what moved it: decided, sent, acknowledged, filled, ...
	why TEXT NOT NULL DEFAULT '',		-- reason, in the words of the venue or of the worker
	venue_us INTEGER NOT NULL DEFAULT 0,	-- us UTC by the venue's clock; 0 it was the worker's move
	at_us INTEGER NOT NULL,			-- us UTC by the worker's clock
	correlation_id TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX order_events_order ON order_events(order_id, id);

-- ---- one truth for a bot's model ----

-- trading_configs.model_id says which model a bot asks; model_assignments follows it (and says
-- since when, by whom). Who writes a row of model_assignments by hand changes model_id with it.
-- Until now model_assignments decided where it had a row; a model_id of 0 beside it meant that one.
UPDATE trading_config_history SET config = json_set(config, '$.model_id',
	(SELECT a.model_id FROM model_assignments a WHERE a.bot_id = trading_config_history.bot_id))
	WHERE json_valid(config) AND coalesce(json_extract(config, '$.model_id'), 0) = 0
	AND bot_id IN (SELECT a.bot_id FROM model_assignments a JOIN trading_configs c
		ON c.bot_id = a.bot_id WHERE c.model_id = 0);
UPDATE trading_configs SET model_id =
	(SELECT a.model_id FROM model_assignments a WHERE a.bot_id = trading_configs.bot_id)
	WHERE bot_id IN (SELECT bot_id FROM model_assignments);
INSERT INTO model_assignments(bot_id, model_id, assigned_us, assigned_by)
	SELECT bot_id, model_id, updated_us, updated_by FROM trading_configs
	WHERE model_id IN (SELECT id FROM models)
	AND bot_id NOT IN (SELECT bot_id FROM model_assignments);

CREATE INDEX trading_configs_model ON trading_configs(model_id);
CREATE TRIGGER trading_configs_model_set AFTER UPDATE OF model_id ON trading_configs
WHEN new.model_id IS NOT old.model_id
BEGIN
	DELETE FROM model_assignments WHERE bot_id = new.bot_id AND model_id != new.model_id;
	INSERT INTO model_assignments(bot_id, model_id, assigned_us, assigned_by)
		SELECT new.bot_id, id, new.updated_us, new.updated_by FROM models
		WHERE id = new.model_id
		AND NOT EXISTS (SELECT 1 FROM model_assignments WHERE bot_id = new.bot_id);
END;
CREATE TRIGGER trading_configs_model_new AFTER INSERT ON trading_configs
WHEN new.model_id != 0
BEGIN
	INSERT INTO model_assignments(bot_id, model_id, assigned_us, assigned_by)
		SELECT new.bot_id, id, new.updated_us, new.updated_by FROM models
		WHERE id = new.model_id
		AND NOT EXISTS (SELECT 1 FROM model_assignments WHERE bot_id = new.bot_id);
END;
CREATE TRIGGER model_assignments_new AFTER INSERT ON model_assignments
BEGIN
	UPDATE trading_configs SET model_id = new.model_id
		WHERE bot_id = new.bot_id AND model_id != new.model_id;
END;
CREATE TRIGGER model_assignments_set AFTER UPDATE OF model_id ON model_assignments
BEGIN
	UPDATE trading_configs SET model_id = new.model_id
		WHERE bot_id = new.bot_id AND model_id != new.model_id;
END;
CREATE TRIGGER model_assignments_gone AFTER DELETE ON model_assignments
BEGIN
	UPDATE trading_configs SET model_id = 0
		WHERE bot_id = old.bot_id AND model_id = old.model_id;
END;

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
ALTER TABLE trading_configs ADD COLUMN stop_move_s INTEGER NOT NULL DEFAULT 10;	-- least seconds between two moves of a resting stop
ALTER TABLE trading_configs ADD COLUMN position_adjustment TEXT NOT NULL DEFAULT '{}';	-- JSON, further entries
ALTER TABLE trading_configs ADD COLUMN partial_targets TEXT NOT NULL DEFAULT '[]';	-- JSON, parts that leave before the target
ALTER TABLE trading_configs ADD COLUMN order_type TEXT NOT NULL DEFAULT 'limit';	-- limit, market
ALTER TABLE trading_configs ADD COLUMN time_in_force TEXT NOT NULL DEFAULT 'post_only';	-- GTC, IOC, FOK, post_only
ALTER TABLE trading_configs ADD COLUMN trading_hours TEXT NOT NULL DEFAULT '{}';	-- JSON, days and hours of entries

-- ---- strategies ----

-- Of trading_orders, written by: worker.
ALTER TABLE trading_orders ADD COLUMN tag TEXT NOT NULL DEFAULT '';	-- of the strategy, by which it knows its position

-- ---- exits as rules ----

-- Of trading_orders, written by: worker. take_profit and stop_loss are where they are now; what they
-- were made from stands here. Rows of before have none of it and keep their one target and stop.
ALTER TABLE trading_orders ADD COLUMN exit_rules TEXT NOT NULL DEFAULT '{}';	-- JSON, from the bot's settings at the decision
ALTER TABLE trading_orders ADD COLUMN entry_base REAL NOT NULL DEFAULT 0;	-- price that the rules count from: limit, then average entry
ALTER TABLE trading_orders ADD COLUMN profit_target REAL NOT NULL DEFAULT 0;	-- price of profit_target_pct or the strategy, 0 none
ALTER TABLE trading_orders ADD COLUMN initial_stop REAL NOT NULL DEFAULT 0;	-- price, 0 of before
ALTER TABLE trading_orders ADD COLUMN best_price REAL NOT NULL DEFAULT 0;	-- since the entry, when the stop trailed last; 0 it does not
ALTER TABLE trading_orders ADD COLUMN stop_wanted REAL NOT NULL DEFAULT 0;	-- price that stop_loss will be moved to, 0 none
ALTER TABLE trading_orders ADD COLUMN stop_by TEXT NOT NULL DEFAULT 'initial';	-- who moved the stop last: initial, trailing, strategy
ALTER TABLE trading_orders ADD COLUMN stop_moved_us INTEGER NOT NULL DEFAULT 0;	-- us UTC, 0 never
ALTER TABLE trading_orders ADD COLUMN stop_move_us INTEGER NOT NULL DEFAULT 10000000;	-- least us between two moves
ALTER TABLE trading_orders ADD COLUMN first_quantity REAL NOT NULL DEFAULT 0;	-- base asked for by the first entry
ALTER TABLE trading_orders ADD COLUMN entries INTEGER NOT NULL DEFAULT 1;	-- made, with the first
ALTER TABLE trading_orders ADD COLUMN added_us INTEGER NOT NULL DEFAULT 0;	-- us UTC of the newest further entry, 0 none
ALTER TABLE trading_orders ADD COLUMN leaving REAL NOT NULL DEFAULT 0;	-- base that is being sold while the rest stays

-- ---- time in force ----

-- Of exchange_orders and sim_orders, written by: worker. How long a LIMIT stays; all others are GTC.
ALTER TABLE exchange_orders ADD COLUMN time_in_force TEXT NOT NULL DEFAULT 'GTC';	-- GTC, IOC, FOK
ALTER TABLE sim_orders ADD COLUMN time_in_force TEXT NOT NULL DEFAULT 'GTC';	-- GTC, IOC, FOK

-- ---- accounts ----

-- Written by: api, cli. Accounts at an exchange that live bots may trade; 0 in a row is paper money.
CREATE TABLE exchange_accounts (
	id INTEGER PRIMARY KEY AUTOINCREMENT,	-- never used twice: rows of money carry it
	name TEXT NOT NULL UNIQUE,
	source TEXT NOT NULL,			-- binance, binance_futures, each also with _testnet and _demo
	api_key TEXT NOT NULL DEFAULT '',	-- sealed (AES-256-GCM), '' none
	secret_key TEXT NOT NULL DEFAULT '',	-- sealed, '' none
	key_type TEXT NOT NULL DEFAULT 'HMAC' CHECK (key_type IN ('HMAC', 'RSA', 'ED25519')),
	uid TEXT NOT NULL DEFAULT '',		-- the exchange's own; '' not asked yet. The same uid is the same account
	created_us INTEGER NOT NULL,		-- us UTC
	updated_us INTEGER NOT NULL		-- us UTC
) STRICT;
CREATE UNIQUE INDEX exchange_accounts_uid ON exchange_accounts(source, uid) WHERE uid != '';

-- Written by: worker. What an exchange says of an account.
CREATE TABLE account_state (
	account_id INTEGER PRIMARY KEY,		-- exchange_accounts.id
	uid TEXT NOT NULL DEFAULT '',		-- as the exchange last told it
	permissions TEXT NOT NULL DEFAULT '{}',	-- JSON, what the key may do
	balances TEXT NOT NULL DEFAULT '{}',	-- JSON, asset to amount as text
	unassigned TEXT NOT NULL DEFAULT '{}',	-- JSON, asset to the part of it that is no bot's
	error TEXT NOT NULL DEFAULT '',		-- why it could not be asked; '' it could
	updated_us INTEGER NOT NULL		-- us UTC
) STRICT;

-- Of trading_configs, written by: api.
ALTER TABLE trading_configs ADD COLUMN live INTEGER NOT NULL DEFAULT 0;	-- 1: real money, on account_id
ALTER TABLE trading_configs ADD COLUMN account_id INTEGER NOT NULL DEFAULT 0;	-- exchange_accounts.id, 0 none
ALTER TABLE trading_configs ADD COLUMN allocation REAL NOT NULL DEFAULT 0;	-- settlement asset, what a live bot may use

-- Written by: worker. Whose money a row is about: exchange_accounts.id, 0 paper.
ALTER TABLE trading_orders ADD COLUMN account_id INTEGER NOT NULL DEFAULT 0;	-- exchange_accounts.id, 0 paper
ALTER TABLE exchange_orders ADD COLUMN account_id INTEGER NOT NULL DEFAULT 0;	-- exchange_accounts.id, 0 paper
ALTER TABLE fills ADD COLUMN account_id INTEGER NOT NULL DEFAULT 0;	-- exchange_accounts.id, 0 paper
ALTER TABLE signals ADD COLUMN account_id INTEGER NOT NULL DEFAULT 0;	-- exchange_accounts.id, 0 paper
ALTER TABLE equity ADD COLUMN account_id INTEGER NOT NULL DEFAULT 0;	-- exchange_accounts.id, 0 paper
ALTER TABLE bot_state ADD COLUMN account_id INTEGER NOT NULL DEFAULT 0;	-- that its figures are of; exchange_accounts.id, 0 paper

ALTER TABLE trading_stats RENAME TO trading_stats_before;
-- Written by: worker. Closed trades per bot, account and UTC day: no sum adds paper and real money.
CREATE TABLE trading_stats (
	bot_id INTEGER NOT NULL,		-- bots.id
	account_id INTEGER NOT NULL DEFAULT 0,	-- exchange_accounts.id, 0 paper
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
	PRIMARY KEY (bot_id, account_id, day)
) STRICT;
INSERT INTO trading_stats(bot_id, day, trades, wins, losses, gross, fees, net, volume,
	max_drawdown, peak_net, updated_us)
	SELECT bot_id, day, trades, wins, losses, gross, fees, net, volume, max_drawdown, peak_net,
	updated_us FROM trading_stats_before;
DROP TABLE trading_stats_before;

-- ---- installations ----

-- Written by: worker, restore. Client order ids begin with tb<id>-. The newest is this one's; orders
-- with a former one, or of before there were any (tb1-), are ours as well.
CREATE TABLE installations (
	n INTEGER PRIMARY KEY,			-- in the order in which they began
	id TEXT NOT NULL UNIQUE,		-- 6 of a-z, 2-7; random
	created_us INTEGER NOT NULL		-- us UTC
) STRICT;

-- ---- what a model's file is ----

-- Of models, written by: api, worker (sample model). '' and 0 in rows of before, until the file is uploaded again.
ALTER TABLE models ADD COLUMN objective TEXT NOT NULL DEFAULT '';	-- as the file names it: binary:logistic
ALTER TABLE models ADD COLUMN writer TEXT NOT NULL DEFAULT '';	-- library and version that wrote it: XGBoost 3.1.0
ALTER TABLE models ADD COLUMN trees INTEGER NOT NULL DEFAULT 0;	-- count in the file
ALTER TABLE models ADD COLUMN trees_used INTEGER NOT NULL DEFAULT 0;	-- count; of these, the first so many predict
ALTER TABLE models ADD COLUMN trial TEXT NOT NULL DEFAULT '{}';	-- JSON object: probability of the rows zeros, missing, counting
ALTER TABLE models ADD COLUMN warning TEXT NOT NULL DEFAULT '';	-- what its users should know, '' nothing
