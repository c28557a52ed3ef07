/* Series for charts: equity and candles. */
#include "api/routes/handlers.h"
#include "api/store/bots.h"
#include "api/store/data.h"

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
	struct candle_series c = {
		.source = request_query(r, "source"), .symbol = request_query(r, "symbol"),
		.interval = request_query(r, "interval"),
	};
	const struct time_range t = range(r);
	char source[MARKET_SOURCE_MAX];
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	if (!c.interval)
		c.interval = "1s";
	if (rc == 0 && !c.source) {
		rc = store_data_source(r->app->db, c.symbol, c.interval, source, e);
		c.source = source;
	}
	if (rc)
		return rc;
	json_string(&r->json, "source", c.source[0] ? c.source : NULL);
	json_string(&r->json, "symbol", c.symbol);
	json_string(&r->json, "interval", c.interval);
	return store_data_candles(r->app->db, &c, &t, &p, &r->json, e);
}

int handle_markets(struct request *r, struct err *e)
{
	return store_data_markets(r->app->db, &r->json, e);
}

int handle_data(struct request *r, struct err *e)
{
	return store_data_list(r->db, &r->json, e);
}
