/* Series for charts: equity and candles. */
#include "api/routes/table.h"
#include "api/store/bots.h"
#include "api/store/data.h"

static struct time_range range(const struct request *r)
{
	return (struct time_range){
		.from_us = request_query_time(r, "from", 0),
		.to_us = request_query_time(r, "to", INT64_MAX),
	};
}

static int handle_equity(struct request *r, struct err *e)
{
	int64_t id = request_query_int(r, "bot_id", 1);
	const struct time_range t = range(r);
	struct page p = { 0 };
	int rc;

	rc = store_bots_exists(r->db, id, e);
	if (!rc)
		rc = request_page(r, &p, e);
	if (rc)
		return rc;
	json_int(&r->json, "bot_id", id);
	return store_data_equity(r->db, id, &t, &p, &r->json, e);
}

static int handle_candles(struct request *r, struct err *e)
{
	struct candle_series c = {
		.source = request_query(r, "source"), .symbol = request_query_symbol(r, "symbol"),
		.interval = request_query(r, "interval"),
	};
	const struct time_range t = range(r);
	char source[MARKET_SOURCE_MAX];
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	if (!c.interval)
		c.interval = "1s";
	if (rc == 0 && !c.source) {
		rc = store_data_source(r->db, c.symbol, c.interval, source, e);
		c.source = source;
	}
	if (rc)
		return rc;
	json_string(&r->json, "source", c.source[0] ? c.source : NULL);
	json_string(&r->json, "symbol", c.symbol);
	json_string(&r->json, "interval", c.interval);
	return store_data_candles(r->db, &c, &t, &p, &r->json, e);
}

static int handle_markets(struct request *r, struct err *e)
{
	return store_data_markets(r->db, &r->json, e);
}

static int handle_data(struct request *r, struct err *e)
{
	return store_data_list(r->db, &r->json, e);
}

/* ---- the routes ---- */

static const struct param q_equity[] = { BOT_ID, FROM_TO, PAGE, END };

static const struct param q_candles[] = {
	SYMBOL(true),
	{ .name = "interval", .type = PARAM_CHOICE, .choices = "1s|1m|5m|15m|1h|4h|1d",
	  .help = "candle length, 1s unless given" },
	{ .name = "source", .type = PARAM_CHOICE,
	  .choices = "binance|binance_futures|synthetic|synthetic_futures|replay|replay_futures",
	  .help = "where they come from; the source of the newest unless given" },
	FROM_TO, PAGE, END
};

static const struct part_field page_of_bot[] = {
	F("bot_id", "id"), F("next_cursor", "text?"), { NULL, NULL, NULL },
};

static const struct part parts[] = {
	{ "EquityPoint", "Equity at one moment.", store_data_equity_columns, NULL, NULL },
	{ "EquityList", "Equity curve, newest first.", NULL,
	  FIELDS(F("equity", "[EquityPoint]")), page_of_bot },
	{ "Candle", "A candle.", store_data_candle_columns, NULL, NULL },
	OBJECT("CandleList", "Candles, newest first.",
	       { "source", "text?", "Where they come from; null: none are stored." },
	       F("symbol", "text"), F("interval", "text"), F("candles", "[Candle]"),
	       F("next_cursor", "text?")),
	ROWS("StoredCandles", "Which candles are stored of one market.", store_data_list_columns,
	     HELP("from", "The first."), HELP("to", "The last.")),
	ROWS("Market", "The rules of a market, and where they come from.",
	     store_data_market_columns,
	     HELP("exchange", "As in a bot's settings."),
	     HELP("source", "Of its prices."),
	     HELP("base", "Asset that is traded."),
	     HELP("quote", "That it is priced in; or unknown."),
	     HELP("tick", "Between two prices, quote per base."),
	     HELP("step", "Between two quantities, base asset."),
	     HELP("min_quantity", "Of an order, base asset."),
	     HELP("max_quantity", "Of an order, base asset; null: no limit is known."),
	     HELP("min_notional", "That an order is worth, quote asset; null: not known."),
	     HELP("fee_maker", "Fraction that a resting order pays: 0.001 is 0.1 %."),
	     HELP("fee_taker", "Fraction that an order pays which fills at once."),
	     { "origin", "exchange|known|derived|made_up",
	       "The exchange itself; our table of its rules; read from a recording; made up." },
	     HELP("note", "The origin in a sentence, with what is not known."),
	     HELP("updated", "When the worker wrote it.")),
	LIST_OF("MarketList", "markets", "Market", "What the worker trades on."),
	LIST_OF("DataList", "candles", "StoredCandles", "What is stored."),
};

static const struct route rows[] = {
	{ R(GET, "/equity"), V, DO(equity, "Equity curve of a bot"), .query = q_equity,
	  ONE("EquityList"), .says = SAYS_NOT_FOUND },
	{ R(GET, "/data/candles"), V, DO(candles, "Candles of a symbol"), .query = q_candles,
	  ONE("CandleList") },
	{ R(GET, "/markets"), V, DO(markets, "Markets of the worker and their rules"),
	  ONE("MarketList") },
	{ R(GET, "/data"), V, DO(data, "Which candles are stored"), .slow = true,
	  ONE("DataList") },
	{ R(POST, "/data/download"), T, LATER("Download candles") },
	{ R(POST, "/data/import"), T, LATER("Import candles") },
};
const struct route_group data_routes = { "Series", ROWS_OF(rows), ROWS_OF(parts) };
