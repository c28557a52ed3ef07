/* What the worker writes, as JSON: orders, statistics, positions, signals, series. */
#include "tests/unit/api_calls.h"

#include <math.h>

#define ORDERS "/api/v1/trading/bots/1/orders"
#define STATS "/api/v1/trading/bots/1/stats"
#define T0 "1700000000000000"	/* 2023-11-14T22:13:20Z */

#define ORDER_COLUMNS \
	"INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase," \
	" limit_price, entry_price, exit_price, quantity, filled, position, entry_notional," \
	" exit_notional, fees, gross, pnl, confidence, close_reason, strategy, mode," \
	" config_version, created_us, opened_us, closed_us, updated_us, holding_us," \
	" maker_timeout_us) VALUES "

/* Three closed trades of bot 1 on two days (+10, -4, +2.5), one that never filled. */
/* Of a cursor, behind the list that it belongs to. */
static const char *place_of(const char *cursor)
{
	const char *dash = cursor ? strchr(cursor, '-') : NULL;

	assert_non_null(dash);
	return dash + 1;
}

static const char SQL_CLOSED[] =
	ORDER_COLUMNS
	"(1, 1, 'tb1-1-1', 'BTCUSDT', 'BUY', 'closed', 'done', 100, 100, 111, 1, 1, 0, 100, 111, 1,"
	" 11, 10, 0.5, 'take_profit', 'model', 'simulation', 1, " T0 ", " T0 " + 1000000,"
	" " T0 " + 5000000, 1, 0, 0),"
	"(2, 1, 'tb1-1-2', 'BTCUSDT', 'SELL', 'closed', 'done', 100, 100, 103, 1, 1, 0, 100, 103,"
	" 1, -3, -4, 0.5, 'stop_loss', 'model', 'simulation', 1, " T0 ", " T0 " + 1000000,"
	" " T0 " + 5000000, 1, 0, 0),"
	"(3, 1, 'tb1-1-3', 'ETHUSDT', 'BUY', 'closed', 'done', 10, 10, 10.35, 10, 10, 0, 100,"
	" 103.5, 1, 3.5, 2.5, 0.5, 'take_profit', 'model', 'simulation', 1, " T0 ","
	" " T0 " + 86400000000, " T0 " + 86403000000, 1, 0, 0),"
	"(4, 1, 'tb1-1-4', 'BTCUSDT', 'BUY', 'closed', 'done', 100, NULL, NULL, 1, 0, 0, 0, 0, 0,"
	" 0, 0, 0.5, 'maker_timeout', 'model', 'simulation', 1, " T0 ", NULL,"
	" " T0 " + 6000000, 1, 0, 0)";

/* A long of 0.5 from 61000, a short of 2 from 3000, one entry that waits. */
static const char SQL_OPEN[] =
	ORDER_COLUMNS
	"(11, 1, 'tb1-1-11', 'BTCUSDT', 'BUY', 'active', 'holding', 61000, 61000.1, NULL, 0.5, 0.5,"
	" 0.5, 30500.05, 0, 12.3, 0, 0, 0.61, '', 'model', 'simulation', 1, " T0 ", " T0 ","
	" NULL, 1, 0, 0),"
	"(12, 2, 'tb1-2-12', 'ETHUSDT', 'SELL', 'active', 'holding', 3000, 3000, NULL, 2, 2, -2,"
	" 6000, 0, 1, 0, 0, 0.7, '', 'model', 'simulation', 1, " T0 ", " T0 ", NULL, 1, 0, 0),"
	"(13, 1, 'tb1-1-13', 'BTCUSDT', 'BUY', 'pending', 'entering', 60000, NULL, NULL, 0.5, 0, 0,"
	" 0, 0, 0, 0, 0, 0.7, '', 'model', 'simulation', 1, " T0 " + 7, NULL, NULL, 1, 0, 0)";
static const char SQL_STATES[] =
	"INSERT INTO bot_state(bot_id, status, mode, last_price, equity, start_us, updated_us)"
	" VALUES (1, 'RUNNING', 'simulation', 61837.63, 10123.45678901, " T0 ", 1),"
	" (2, 'PAUSED', 'simulation', 2900.5, 10000, " T0 ", 1)";

static void orders(void **state)
{
	struct answer r;

	(void)state;
	seed(SQL_CLOSED);
	seed(SQL_OPEN);
	r = get(ORDERS);
	assert_int_equal(length(&r, "orders"), 2);
	assert_string_equal(answer_text(&r, "orders.0.order_id"), "tb1-1-13");
	assert_string_equal(answer_text(&r, "orders.0.source"), "worker");
	assert_true(cJSON_IsNull(answer_at(&r, "orders.0.entry_price")));
	assert_true(has(&r, "\"entry_price\":61000.1,"));
	assert_string_equal(answer_text(&r, "orders.1.created"), "2023-11-14T22:13:20.000000Z");
	answer_free(&r);
	r = get(ORDERS "/history");
	assert_int_equal(length(&r, "orders"), 4);
	assert_string_equal(answer_text(&r, "orders.0.order_id"), "tb1-1-3");
	assert_string_equal(answer_text(&r, "orders.0.close_reason"), "take_profit");
	answer_free(&r);
	r = get(ORDERS "/history?reason=take_profit&symbol=BTCUSDT");
	assert_int_equal(length(&r, "orders"), 1);
	answer_free(&r);
	r = get(ORDERS "/history?from=2023-11-15");
	assert_int_equal(length(&r, "orders"), 1);
	answer_free(&r);
	r = get(ORDERS "/history?to=2023-11-14T22:13:25Z");
	assert_int_equal(length(&r, "orders"), 0);
	answer_free(&r);
}

/* Trades that closed in the same microsecond are neither lost nor shown twice. */
static void pages_of_orders(void **state)
{
	char path[200] = ORDERS "/history?limit=1", seen[8] = "";
	int n = 0;

	(void)state;
	seed(SQL_CLOSED);
	for (; n < 8; n++) {
		struct answer r = get(path);
		const char *next = answer_text(&r, "next_cursor");

		assert_int_equal(length(&r, "orders"), 1);
		seen[n] = answer_text(&r, "orders.0.order_id")[6];
		snprintf(path, sizeof(path), ORDERS "/history?limit=1&cursor=%s",
			 next);
		if (!next[0]) {
			answer_free(&r);
			break;
		}
		answer_free(&r);
	}
	assert_string_equal(seen, "3421");
}

/* The numbers of a list's orders, own ones even and reported ones odd, page by page. */
static size_t walk(const char *filter, int limit, int *out, size_t max)
{
	char path[240];
	size_t n = 0;

	snprintf(path, sizeof(path), ORDERS "/history?limit=%d%s", limit, filter);
	for (;;) {
		struct answer r = get(path);
		const char *next = answer_text(&r, "next_cursor");
		int rows = length(&r, "orders");

		assert_true(rows <= limit && n + (size_t)rows <= max);
		for (int i = 0; i < rows; i++) {
			char key[32];

			snprintf(key, sizeof(key), "orders.%d.id", i);
			out[n] = 2 * (int)answer_number(&r, key);
			snprintf(key, sizeof(key), "orders.%d.source", i);
			out[n++] += strcmp(answer_text(&r, key), "worker") != 0;
		}
		snprintf(path, sizeof(path), ORDERS "/history?limit=%d%s&cursor=%s", limit, filter,
			 next);
		answer_free(&r);
		if (path[strlen(path) - 1] == '=')
			return n;
	}
}

#define HUNDRED "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"

/* However small the pages: the same rows in the same order, by time, of both tables. */
static void pages_of_two_tables(void **state)
{
	static const char *const filters[] = {
		"", "&symbol=A", "&reason=r1", "&symbol=B&reason=r2",
		"&from=2023-11-14T22:13:23Z", "&to=2023-11-14T22:13:26Z",
		"&from=2023-11-14T22:13:21Z&to=2023-11-14T22:13:25Z&symbol=A",
	};
	int whole[256], pages[256];
	size_t n, all = 0;

	(void)state;
	seed("INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase,"
	     " limit_price, quantity, close_reason, strategy, mode, config_version, created_us,"
	     " closed_us, updated_us, holding_us, maker_timeout_us) " HUNDRED
	     " SELECT i, 1, i, iif(i % 3, 'A', 'B'), 'BUY', 'closed', 'done', 1, 1, 'r' || (i % 4),"
	     " 'm', 's', 1, 0, " T0 " + i * 7919 % 9 * 1000000, 1, 0, 0 FROM n;"
	     "INSERT INTO reported_orders(id, bot_id, order_id, symbol, side, status, quantity,"
	     " close_reason, created_us, closed_us, updated_us) " HUNDRED
	     " SELECT i, 1, i, iif(i % 2, 'A', 'B'), 'BUY', 'closed', 1, 'r' || (i % 4), 0, " T0
	     " + i * 104729 % 9 * 1000000, 1 FROM n");
	for (size_t f = 0; f < sizeof(filters) / sizeof(filters[0]); f++) {
		n = walk(filters[f], 500, whole, 256);
		for (int limit = 1; limit <= 64; limit = limit * 2 + 1) {
			assert_int_equal(walk(filters[f], limit, pages, 256), n);
			assert_memory_equal(pages, whole, n * sizeof(whole[0]));
		}
		if (n < 5)
			fail_msg("%s: %zu rows", filters[f], n);
		all += n;
	}
	assert_int_equal(walk("", 500, whole, 256), 200);
	assert_true(all < 7 * 200);
}

static void reported_orders(void **state)
{
	static const char first[] =
		"{\"order_id\":\"x-1\",\"symbol\":\"BTCUSDT\",\"side\":\"BUY\",\"quantity\":0.1,"
		"\"entry_price\":61837.63,\"created\":\"2026-01-31T00:00:00Z\"}";
	struct answer r;

	(void)state;
	r = call("POST", ORDERS, first, 201);
	assert_string_equal(answer_text(&r, "source"), "reported");
	assert_string_equal(answer_text(&r, "status"), "pending");
	assert_true(has(&r, "\"entry_price\":61837.63,"));
	answer_free(&r);
	r = call("POST", ORDERS,
		 "{\"order_id\":\"x-1\",\"status\":\"closed\",\"pnl\":-1.5,"
		 "\"close_reason\":\"mine\"}", 200);
	assert_string_equal(answer_text(&r, "status"), "closed");
	assert_true(answer_number(&r, "quantity") == 0.1);
	assert_true(answer_text(&r, "closed")[0] != '\0');
	answer_free(&r);
	api_expect(&a, "POST", ORDERS, "{\"order_id\":\"x-2\"}", 422, "invalid");
	api_expect(&a, "POST", ORDERS,
		   "{\"order_id\":\"x-2\",\"symbol\":\"B\",\"side\":\"UP\",\"quantity\":1}", 422,
		   "invalid_fields");
	api_expect(&a, "POST", "/api/v1/trading/bots/9/orders", first, 404, "not_found");
	seed(SQL_CLOSED);
	r = get(ORDERS "/history");
	assert_int_equal(length(&r, "orders"), 5);
	assert_string_equal(answer_text(&r, "orders.0.source"), "reported");
	answer_free(&r);
	r = get(STATS);
	assert_true(answer_number(&r, "trades") == 3);
	assert_true(answer_number(&r, "reported.orders") == 1);
	assert_true(answer_number(&r, "reported.orders_pnl") == -1.5);
	answer_free(&r);
}

/* Prices times quantities are exact: 0.5 x (61837.63 - 61000.1), 2 x (3000 - 2900.5). */
static void positions(void **state)
{
	struct answer r;

	(void)state;
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"Second\"}", 201, NULL);
	seed(SQL_OPEN);
	seed(SQL_STATES);
	r = get("/api/v1/positions");
	assert_int_equal(length(&r, "positions"), 2);
	assert_string_equal(answer_text(&r, "positions.0.side"), "short");
	assert_true(answer_number(&r, "positions.0.quantity") == 2);
	assert_true(answer_number(&r, "positions.0.unrealized_pnl") == 199);
	assert_string_equal(answer_text(&r, "positions.1.side"), "long");
	assert_true(answer_number(&r, "positions.1.order") == 11);
	assert_true(has(&r, "\"live_price\":61837.63,"));
	assert_true(has(&r, "\"unrealized_pnl\":418.765,"));
	assert_true(answer_number(&r, "positions.1.age_seconds") > 1000);
	assert_true(answer_number(&r, "unrealized_pnl") == 617.765);
	answer_free(&r);
	r = get("/api/v1/trading/bots/2/positions");
	assert_int_equal(length(&r, "positions"), 1);
	answer_free(&r);
	seed("DELETE FROM bot_state");
	r = get("/api/v1/trading/bots/1/positions");
	assert_true(cJSON_IsNull(answer_at(&r, "positions.0.live_price")));
	answer_free(&r);
	api_expect(&a, "POST", "/api/v1/positions/99/close", NULL, 404, "not_found");
	api_expect(&a, "POST", "/api/v1/positions/11/close", NULL, 503, "worker_unavailable");
	seed("UPDATE trading_orders SET status = 'closed'");
	api_expect(&a, "POST", "/api/v1/positions/11/close", NULL, 409, "conflict");
}

static void confirmations(void **state)
{
	(void)state;
	seed(SQL_OPEN);
	seed("INSERT INTO confirmations(order_id, bot_id, question, asked_us, expires_us) VALUES"
	     " (13, 1, 'may I?', 1, 9000000000000000), (11, 1, 'may I?', 1, 2)");
	api_expect(&a, "POST", "/api/v1/trading/bots/2/orders/13/confirm", NULL, 404, "not_found");
	api_expect(&a, "POST", ORDERS "/12/confirm", NULL, 404, "not_found");
	api_expect(&a, "POST", ORDERS "/11/confirm", NULL, 409, "conflict");
	api_expect(&a, "POST", ORDERS "/13/confirm", NULL, 200, NULL);
	api_expect(&a, "POST", ORDERS "/13/reject", NULL, 409, "conflict");
}

static void signals_and_events(void **state)
{
	struct answer r;

	(void)state;
	seed("INSERT INTO signals(bot_id, symbol, strategy, side, confidence, price, taken, rule,"
	     " reason, at_us, last_us) VALUES (1, 'B', 'model', 'BUY', 0.7, 61837.63, 1, 'entry',"
	     " 'r', 1, 1), (1, 'B', 'model', 'NONE', 0.1, 2, 0, 'threshold', 'r', 1, 1),"
	     " (1, 'B', 'model', 'BUY', 0.7, 2, 0, 'max_positions', 'r', 1, 1)");
	seed("INSERT INTO bot_events(bot_id, from_status, to_status, event, at_us) VALUES"
	     " (1, 'STOPPED', 'RUNNING', 'start', 5)");
	r = get("/api/v1/trading/bots/1/signals?limit=2");
	assert_int_equal(length(&r, "signals"), 2);
	assert_string_equal(answer_text(&r, "signals.0.rule"), "max_positions");
	assert_string_equal(place_of(answer_text(&r, "next_cursor")), "2");
	answer_free(&r);
	r = get("/api/v1/trading/bots/1/signals?taken=true");
	assert_int_equal(length(&r, "signals"), 1);
	assert_true(cJSON_IsTrue(answer_at(&r, "signals.0.taken")));
	assert_true(cJSON_IsNull(answer_at(&r, "signals.0.model_id")));
	answer_free(&r);
	r = get("/api/v1/trading/bots/1/signals?taken=false&rule=threshold");
	assert_int_equal(length(&r, "signals"), 1);
	answer_free(&r);
	r = get("/api/v1/bots/1/events");
	assert_string_equal(answer_text(&r, "events.0.to_status"), "running");
	answer_free(&r);
}

#define WITH_API(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_API(orders),
		WITH_API(pages_of_orders),
		WITH_API(pages_of_two_tables),
		WITH_API(reported_orders),
		WITH_API(positions),
		WITH_API(confirmations),
		WITH_API(signals_and_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
