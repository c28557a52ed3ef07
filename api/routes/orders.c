/* Orders of a bot: open ones, closed ones, reports from outside, held entries. */
#include "api/routes/table.h"
#include "api/store/order_story.h"
#include "api/store/orders.h"
#include "common/clock.h"

#include <stdio.h>

static int handle_orders_active(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int64_t id;
	int rc = request_bot_page(r, &id, &p, e);

	return rc ? rc : store_orders_active(r->db, id, &p, &r->json, e);
}

static int handle_orders_history(struct request *r, struct err *e)
{
	const struct order_filter f = {
		.from_us = request_query_time(r, "from", 0),
		.to_us = request_query_time(r, "to", INT64_MAX),
		.symbol = request_query_symbol(r, "symbol"),
		.reason = request_query(r, "reason"),
	};
	struct page p = { 0 };
	int64_t id;
	int rc = request_bot_page(r, &id, &p, e);

	return rc ? rc : store_orders_history(r->db, id, &f, &p, &r->json, e);
}

static int handle_order_story(struct request *r, struct err *e)
{
	int64_t bot_id, order_id;
	int rc = request_bot(r, &bot_id, e);

	if (!rc)
		rc = request_id(r, "order", &order_id, e);
	return rc ? rc : store_order_story(r->db, bot_id, order_id, &r->json, e);
}

#define NUMBER(o, r, field) \
	do { \
		const cJSON *v = request_member(r, #field); \
		(o)->field.given = v != NULL; \
		(o)->field.value = v ? v->valuedouble : 0; \
	} while (0)

static int64_t time_member(struct request *r, const char *name)
{
	const char *text = request_text(r, name, NULL);
	int64_t us = 0;

	return text && !clock_parse(text, &us) ? us : 0;
}

static void read_report(struct request *r, struct order_report *o)
{
	o->order_id = request_text(r, "order_id", NULL);
	o->symbol = request_text(r, "symbol", NULL);
	o->side = request_text(r, "side", NULL);
	o->status = request_text(r, "status", NULL);
	o->close_reason = request_text(r, "close_reason", NULL);
	NUMBER(o, r, entry_price);
	NUMBER(o, r, exit_price);
	NUMBER(o, r, take_profit);
	NUMBER(o, r, stop_loss);
	NUMBER(o, r, quantity);
	NUMBER(o, r, pnl);
	NUMBER(o, r, fees);
	NUMBER(o, r, confidence);
	o->created_us = time_member(r, "created");
	o->closed_us = time_member(r, "closed");
}

/* Times of the order as it is now, if this report gave one of them. */
static int check_times(struct request *r, const struct order_report *o, int64_t id, struct err *e)
{
	int64_t created_us = 0, closed_us = 0;
	int rc;

	if (!o->created_us && !o->closed_us)
		return 0;
	rc = store_orders_reported_times(r->db, id, &created_us, &closed_us, e);
	if (rc)
		return rc;
	if (o->created_us)
		request_check_past(r, "created", created_us);
	if (o->closed_us)
		request_check_past(r, "closed", o->closed_us);
	if (closed_us && closed_us < created_us)
		field_error(request_fields(r), o->closed_us ? "closed" : "created",
			    o->closed_us ? "must not be before created"
					 : "must not be after closed");
	return request_fields_check(r, 422, e);
}

static int handle_orders_report(struct request *r, struct err *e)
{
	struct order_report o = { 0 };
	struct db *db = r->db;
	bool created = false;
	int64_t bot_id, id = 0;
	int rc;

	rc = request_bot(r, &bot_id, e);
	if (!rc)
		rc = db_begin(db, e);
	if (rc)
		return rc;
	read_report(r, &o);
	rc = store_orders_report_tx(db, bot_id, &o, clock_now_us(), &id, &created, e);
	if (!rc)
		rc = check_times(r, &o, id, e);
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	r->code = created ? 201 : 200;
	if (created) {
		char link[80];

		snprintf(link, sizeof(link), "/api/v1/trading/bots/%lld/orders", (long long)bot_id);
		request_add_header(r, "Location", link);
	}
	json_bool(&r->json, "success", true);
	return store_orders_reported(db, id, &r->json, e);
}

static int handle_order_answer(struct request *r, struct err *e)
{
	struct db *db = r->db;
	int64_t bot_id, order_id;
	int rc;

	rc = request_id(r, "id", &bot_id, e);
	if (!rc)
		rc = request_id(r, "order", &order_id, e);
	if (!rc)
		rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = store_orders_answer_tx(db, bot_id, order_id, r->route->arg, r->who.name,
				    clock_now_us(), e);
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	json_int(&r->json, "order", order_id);
	json_string(&r->json, "answer", r->route->arg);
	return 0;
}

/* ---- the routes ---- */

static const struct param q_history[] = {
	FROM_TO, SYMBOL(false), PAGE,
	{ .name = "reason", .type = PARAM_TEXT, .min = 1, .max = 40, .help = "close_reason" }, END
};

static const struct param b_order[] = {
	{ .name = "order_id", .type = PARAM_TEXT, .required = true, .min = 1, .max = 64,
	  .help = "the reporter's own number; an existing one is updated" },
	SYMBOL(false),
	{ .name = "side", .type = PARAM_CHOICE, .choices = "BUY|SELL", .help = "of the entry" },
	{ .name = "status", .type = PARAM_CHOICE, .choices = "pending|active|closed",
	  .help = "pending unless given" },
	AMOUNT("entry_price", false, 0, "quote per base"),
	AMOUNT("exit_price", false, 0, "quote per base"),
	AMOUNT("take_profit", false, 0, "quote per base"),
	AMOUNT("stop_loss", false, 0, "quote per base"),
	AMOUNT("quantity", false, 1e-8, "base asset"),
	AMOUNT("pnl", false, -AMOUNT_MAX, "quote asset, after fees"),
	AMOUNT("fees", false, 0, "quote asset"),
	{ .name = "confidence", .type = PARAM_NUMBER, .nullable = true, .min = 0, .max = 1,
	  .help = "probability, 0 to 1" },
	{ .name = "close_reason", .type = PARAM_TEXT, .max = 40, .help = "why it was closed" },
	{ .name = "created", .type = PARAM_TIME, .help = "now unless given" },
	{ .name = "closed", .type = PARAM_TIME, .nullable = true,
	  .help = "now unless given, for a closed one" },
	END
};

#define ORDER_COLUMNS(...) store_orders_columns, FIELDS( \
	__VA_ARGS__ { "source", "worker|reported", "Ours, or reported by an outside bot." }, \
	{ "side", "BUY|SELL", "Of the entry: BUY is long, SELL is short." }, \
	{ "status", "pending|active|closed", NULL }, MAYBE("phase"), MAYBE("limit_price"), \
	MAYBE("entry_price"), MAYBE("take_profit"), MAYBE("stop_loss"), MAYBE("exit_price"), \
	MAYBE("filled"), MAYBE("gross"), MAYBE("confidence"), MAYBE("strategy"), \
	{ "mode", MODE "?", NULL }, MAYBE("config_version"), MAYBE("opened"), MAYBE("closed"), \
	MAYBE("expires"), \
	{ "uncovered_ms", "?", "In which a part of it had no stop at the exchange; ended ones." }, \
	{ "uncovered_since", "?", "Since when a part has none; null: all is covered." })

static const struct part parts[] = {
	{ "Order", "One trade from decision to close.", ORDER_COLUMNS(), NULL },
	{ "OrderReported", "A reported order after the report.", ORDER_COLUMNS(OK,), NULL },
	PAGE_OF("OrderList", "orders", "Order", "Orders, newest first."),
	ROWS("OrderModel", "The model that was asked.", store_story_models,
	     HELP("name", "Its name."), HELP("sha256", "Of its file."),
	     HELP("features", "The feature list that it reads."),
	     HELP("origin", "sample, upload or training.")),
	ROWS("OrderExits", "What ends the position, and what has moved.", store_story_exits,
	     HELP("entries", "Made, with the first."),
	     HELP("entry_base", "Price that the rules count from; 0: of an older version."),
	     HELP("profit_target", "Price of the target beside minimal_roi; 0: none."),
	     HELP("initial_stop", "Price of the stop at the decision."),
	     HELP("best_price", "Since the entry, when the stop trailed last; 0: it does not."),
	     { "stop_by", "initial|trailing|strategy", "Who moved the stop last." },
	     { "stop_moved", "?", "When; null: never." },
	     HELP("leaving", "Base asset that is being sold while the rest stays."),
	     HELP("rules", "The settings of the decision (docs/EXITS.md); {}: none.")),
	ROWS("OrderLeg", "One order at the venue for a trade.", store_story_legs,
	     HELP("client_order_id", "The number that we gave it."),
	     HELP("exchange_id", "The venue's own number."),
	     { "leg", "e|t|s|c", "Entry, target, stop, or close at market." },
	     { "side", "BUY|SELL", "Of this order." }, HELP("type", "LIMIT_MAKER, MARKET, ..."),
	     { "time_in_force", "GTC|IOC|FOK", "How long a LIMIT stays; all others are GTC." },
	     HELP("reduce_only", "It can only make a position smaller."),
	     { "price", "?", "Limit, quote per base; null at market." },
	     { "stop_price", "?", "Trigger, quote per base." }, HELP("quantity", "Base asset."),
	     HELP("filled", "Base asset."), HELP("status", "In the words of exchanges."),
	     HELP("state", "What the worker does with it; null: of an older version."),
	     HELP("why", "Why it ended."), HELP("requested", "When it was planned."),
	     { "acknowledged", "?", "When the venue had it." },
	     { "done", "?", "When it ended; null: it lives." },
	     HELP("list_id", "Of the two orders of a list (spot OCO); null: it is in none.")),
	ROWS("OrderFill", "One execution.", store_story_fills,
	     HELP("client_order_id", "Of the leg."),
	     HELP("trade_id", "The venue's number; ours is negative."),
	     { "side", "BUY|SELL", "Of the leg." }, HELP("price", "Quote per base."),
	     HELP("quantity", "Base asset."), HELP("fee", "In fee_asset."),
	     HELP("fee_asset", "Asset that the fee was paid in."),
	     HELP("maker", "We rested in the book."), HELP("at", "When.")),
	ROWS("OrderMove", "One move of a trade or of one of its legs.", store_story_moves,
	     HELP("client_order_id", "Of the leg; null: the trade itself."),
	     HELP("from", "State before; null: it is new."), HELP("to", "State after."),
	     HELP("event", "What moved it."),
	     HELP("why", "The reason, where the event does not say."),
	     { "venue_time", "?", "By the venue's clock; null: it was the worker's move." },
	     HELP("at", "By our clock.")),
	OBJECT("OrderStory", "A trade from its decision to its close.",
	       { "order", "Order", "The trade." },
	       { "decision", "Signal?", "Null: its row is gone." },
	       { "model", "OrderModel?", "Null: none was asked, or it is gone." },
	       { "exits", "OrderExits", "The rows of its exits." },
	       { "legs", "[OrderLeg]", "In the order of planning." },
	       { "fills", "[OrderFill]", "In the order of booking." },
	       { "moves", "[OrderMove]", "In their order." }),
	OBJECT("OrderAnswered", "The answer to a held entry is noted.",
	       OK, { "order", "id", "Its number." }, { "answer", "confirm|reject", NULL }),
};

static const struct route rows[] = {
	{ R(GET, TRADING "/orders"), V, DO(orders_active, "Pending and active orders"),
	  .query = page_params, ONE("OrderList") },
	{ R(GET, TRADING "/orders/history"), V, DO(orders_history, "Closed orders"),
	  .query = q_history, .slow = true, ONE("OrderList") },
	{ R(GET, TRADING "/orders/:order"), V, DO(order_story, "A trade's whole story"),
	  ONE("OrderStory") },
	{ R(POST, TRADING "/orders"), T, DO(orders_report, "Report an order of an outside bot"),
	  .body = b_order, .gives = { { 200, "OrderReported" }, { 201, "OrderReported" } },
	  .says = CHANGE | SAYS_LOCATION,
	  .example = "{\"order_id\":\"a-1\",\"symbol\":\"BTCUSDT\","
		     "\"side\":\"BUY\",\"quantity\":0.01,\"entry_price\":65000.5,"
		     "\"status\":\"active\"}" },
	{ R(POST, TRADING "/orders/:order/confirm"), T,
	  DO(order_answer, "Let a held entry go to the exchange"), .arg = "confirm",
	  ONE("OrderAnswered"), .says = CHANGE },
	{ R(POST, TRADING "/orders/:order/reject"), T, DO(order_answer, "Drop a held entry"),
	  .arg = "reject", ONE("OrderAnswered"), .says = CHANGE },
};
const struct route_group orders_routes = { "Orders", ROWS_OF(rows), ROWS_OF(parts) };
