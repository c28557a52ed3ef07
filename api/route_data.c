/* Series for charts: equity and candles. */
#include "api/handlers.h"
#include "api/store_bots.h"
#include "api/store_data.h"

static struct time_range range(const struct request *r)
{
	return (struct time_range){
		.from_us = request_query_time(r, "from", 0),
		.to_us = request_query_time(r, "to", INT64_MAX),
	};
}

int handle_equity(struct request *r, struct err *e)
{
	int64_t id = request_query_int(r, "bot_id", 1);
	const struct time_range t = range(r);
	struct page p = { 0 };
	int rc;

	rc = store_bots_exists(r->app->db, id, e);
	if (!rc)
		rc = request_page(r, &p, e);
	if (rc)
		return rc;
	json_int(&r->json, "bot_id", id);
	return store_data_equity(r->app->db, id, &t, &p, &r->json, e);
}

int handle_candles(struct request *r, struct err *e)
{
	const char *symbol = request_query(r, "symbol");
	const char *interval = request_query(r, "interval");
	const struct time_range t = range(r);
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	if (rc)
		return rc;
	if (!interval)
		interval = "1s";
	json_string(&r->json, "symbol", symbol);
	json_string(&r->json, "interval", interval);
	return store_data_candles(r->app->db, symbol, interval, &t, &p, &r->json, e);
}

int handle_markets(struct request *r, struct err *e)
{
	return store_data_markets(r->app->db, &r->json, e);
}

int handle_data(struct request *r, struct err *e)
{
	return store_data_list(r->db, &r->json, e);
}
