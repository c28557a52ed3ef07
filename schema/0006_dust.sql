-- Coins under the lot step that spot trades leave: the bot's next trade sells them along.
ALTER TABLE trading_orders ADD COLUMN dust_taken REAL NOT NULL DEFAULT 0;	-- base asset that earlier trades of the bot had left, taken over at the first fill
ALTER TABLE bot_state ADD COLUMN dust REAL NOT NULL DEFAULT 0;	-- base asset that closed trades left and none has taken over
