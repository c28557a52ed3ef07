-- What a futures position pays for its time belongs to the trades that held it.
ALTER TABLE trading_orders ADD COLUMN funding REAL NOT NULL DEFAULT 0;	-- quote asset, the part of fees paid for holding; negative: received
