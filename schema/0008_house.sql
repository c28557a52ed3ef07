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
