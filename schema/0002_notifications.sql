-- Messages to people and programs outside (docs/TELEGRAM.md). The table of 0001 was
-- never written: it gets the columns that delivery needs.
DROP TABLE notifications;

-- Written by: worker. Outbox: a row is written in the transaction of the event that it
-- tells of, one for each place it goes to, and kept until it is delivered.
CREATE TABLE notifications (
	id INTEGER PRIMARY KEY AUTOINCREMENT,	-- order of delivery within a lane; the webhook's event id
	channel TEXT NOT NULL CHECK (channel IN ('telegram', 'webhook')),
	account INTEGER NOT NULL DEFAULT 0,	-- bots.id whose own Telegram token sends it, 0 the environment's
	target TEXT NOT NULL DEFAULT '',	-- Telegram chat; channel, account and target are a lane
	bot_id INTEGER,				-- bots.id that it is about; NULL: the whole worker
	kind TEXT NOT NULL,			-- startup, status, warning, entry, ... or answer
	text TEXT NOT NULL,			-- Telegram: HTML; webhook: JSON object
	markup TEXT NOT NULL DEFAULT '',	-- Telegram reply_markup as JSON; sent alone then
	silent INTEGER NOT NULL DEFAULT 0,	-- 1: arrives without a sound
	state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'delivered', 'failed')),
	attempts INTEGER NOT NULL DEFAULT 0,	-- count of tries
	error TEXT NOT NULL DEFAULT '',		-- of the newest try that did not succeed
	created_us INTEGER NOT NULL,		-- us UTC
	done_us INTEGER				-- us UTC when delivered or given up
) STRICT;
CREATE INDEX notifications_queued ON notifications(channel, account, target, id)
	WHERE state = 'queued';
CREATE INDEX notifications_done ON notifications(done_us) WHERE state != 'queued';

-- Written by: worker. What became of the rows, by lane; counts go on when rows are pruned.
CREATE TABLE notification_lanes (
	channel TEXT NOT NULL,
	account INTEGER NOT NULL,		-- as in notifications
	target TEXT NOT NULL,
	delivered INTEGER NOT NULL DEFAULT 0,	-- rows delivered
	failed INTEGER NOT NULL DEFAULT 0,	-- rows refused by the other side
	dropped INTEGER NOT NULL DEFAULT 0,	-- rows that had to make room
	untold INTEGER NOT NULL DEFAULT 0,	-- of these, not told in a message yet
	retries INTEGER NOT NULL DEFAULT 0,	-- tries that did not succeed
	error TEXT NOT NULL DEFAULT '',		-- of the newest try; '' it succeeded
	updated_us INTEGER NOT NULL,		-- us UTC
	PRIMARY KEY (channel, account, target)
) STRICT, WITHOUT ROWID;

-- Written by: worker. Which updates of a Telegram bot were taken in: no command runs twice.
CREATE TABLE telegram_offsets (
	telegram_bot INTEGER PRIMARY KEY,	-- Telegram's number of the bot, the public part of its token
	next_update INTEGER NOT NULL,		-- update_id that getUpdates asks for
	updated_us INTEGER NOT NULL		-- us UTC
) STRICT;
