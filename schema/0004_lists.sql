-- Indexes for lists of a million rows: each list is read in the order of one, one page
-- at a time (tests/process/test_queries.py asks SQLite whether that is so).

-- trading_orders: closed ones by closing time, also of one symbol or one reason; open
-- ones of one bot; all of one bot by number.
CREATE INDEX trading_orders_closed_symbol ON trading_orders(bot_id, symbol, closed_us)
	WHERE status = 'closed';
CREATE INDEX trading_orders_closed_reason ON trading_orders(bot_id, close_reason, closed_us)
	WHERE status = 'closed';
CREATE INDEX trading_orders_open_bot ON trading_orders(bot_id) WHERE status != 'closed';
DROP INDEX trading_orders_bot;
CREATE INDEX trading_orders_bot ON trading_orders(bot_id);

CREATE INDEX reported_orders_closed ON reported_orders(bot_id, closed_us) WHERE status = 'closed';
CREATE INDEX reported_orders_closed_symbol ON reported_orders(bot_id, symbol, closed_us)
	WHERE status = 'closed';
CREATE INDEX reported_orders_closed_reason ON reported_orders(bot_id, close_reason, closed_us)
	WHERE status = 'closed';
CREATE INDEX reported_orders_open_bot ON reported_orders(bot_id) WHERE status != 'closed';

CREATE INDEX signals_rule ON signals(bot_id, rule);
CREATE INDEX signals_taken ON signals(bot_id) WHERE taken = 1;
CREATE INDEX sim_ledger_bot ON sim_ledger(bot_id);
CREATE INDEX audit_log_actor ON audit_log(actor);
CREATE INDEX jobs_state ON jobs(state);
CREATE INDEX notifications_kind ON notifications(kind, created_us);
