-- What is needed to let old rows go without reading the whole table.
CREATE INDEX equity_time ON equity(at_us);
CREATE INDEX fills_leg ON fills(client_order_id);
