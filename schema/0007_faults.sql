-- Entries that the venue refused: the next try waits, longer each time (worker).
ALTER TABLE bot_state ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;	-- entries that the venue refused in a row
ALTER TABLE bot_state ADD COLUMN refused_until_us INTEGER NOT NULL DEFAULT 0;	-- us UTC, no entry before, 0 none
