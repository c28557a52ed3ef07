#include "api/handlers.h"

int handle_orders_active(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_orders_history(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_orders_report(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_order_answer(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_stats(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_stats_pnl(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_stats_update(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_signals(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_positions(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_position_close(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_positions_close_all(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_simulation_status(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_simulation_performance(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_simulation_portfolio(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_simulation_ledger(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_simulation_reset(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_equity(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_candles(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_data(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_jobs_list(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_jobs_get(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_jobs_cancel(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_logs(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_tokens_list(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_tokens_post(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_tokens_delete(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_audit(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

int handle_page(struct request *r, struct err *e)
{
	return handle_later(r, e);
}

