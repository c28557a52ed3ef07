/* The frame decoder: each shape of spot and USD-M, what is refused and why, cuts and noise. */
#include "worker/feed/frame.h"
#include "worker/feed/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRADE "{\"e\":\"trade\",\"E\":1723161255343,\"s\":\"BTCUSDT\",\"t\":8389765530121592356," \
	      "\"p\":\"61837.63000000\",\"q\":\"0.02000000\",\"T\":1723161255342,\"m\":true," \
	      "\"M\":true}"
#define TRADE_F "{\"e\":\"trade\",\"E\":1723161256322,\"T\":1723161256321," \
		"\"s\":\"BTCUSDT\",\"t\":7,\"p\":\"61800.30\",\"q\":\"0.006\",\"X\":\"MARKET\"," \
		"\"m\":false}"
#define FUND_F "{\"e\":\"trade\",\"E\":1723161256322,\"T\":1723161256321," \
	       "\"s\":\"BTCUSDT\",\"t\":8,\"p\":\"0\",\"q\":\"0\",\"X\":\"INSURANCE_FUND\"," \
	       "\"m\":false}"
#define AGG "{\"e\":\"aggTrade\",\"E\":1723161255343,\"s\":\"BTCUSDT\",\"a\":77," \
	    "\"p\":\"1.5\",\"q\":\"2\",\"f\":100,\"l\":105,\"T\":1723161255341,\"m\":false," \
	    "\"M\":true}"
#define TOP "{\"u\":50093239212,\"s\":\"BTCUSDT\",\"b\":\"61837.63000000\",\"B\":\"3.78826000\"," \
	    "\"a\":\"61837.64000000\",\"A\":\"1.54698000\"}"
#define TOP_F "{\"e\":\"bookTicker\",\"u\":5123107839020,\"s\":\"BTCUSDT\",\"b\":\"61800.20\"," \
	      "\"B\":\"2.507\",\"a\":\"61800.30\",\"A\":\"2.510\"," \
	      "\"T\":1723161256313,\"E\":1723161256314}"
#define DEPTH "{\"e\":\"depthUpdate\",\"E\":1723161255208,\"s\":\"BTCUSDT\",\"U\":157,\"u\":160," \
	      "\"b\":[[\"64000.01\",\"0.5\"],[\"63999.00\",\"0.00000000\"]]," \
	      "\"a\":[[\"64000.02\",\"7\"]]}"
#define DEPTH_F "{\"e\":\"depthUpdate\",\"E\":1723161256299,\"T\":1723161256298," \
		"\"s\":\"BTCUSDT\",\"U\":157,\"u\":160,\"pu\":149,\"b\":[],\"a\":[]}"
#define SNAPSHOT "{\"lastUpdateId\":50093239218,\"bids\":[[\"2\",\"1\"],[\"1\",\"3\"]]," \
		 "\"asks\":[[\"3\",\"4\"]]}"
#define SNAPSHOT_F "{\"lastUpdateId\":5123107852948,\"E\":1723161256501,\"T\":1723161256493," \
		   "\"bids\":[],\"asks\":[[\"3\",\"4\"]]}"
#define IN(stream, data) "{\"stream\":\"" stream "\",\"data\":" data "}"

static int decode(struct frame *f, const char *text, size_t len, struct err *e)
{
	char *exact = malloc(len ? len : 1); /* a sanitizer sees a read beyond the end */
	int rc;

	assert_non_null(exact);
	memcpy(exact, text, len);
	rc = frame_decode(exact, len, f, e);
	free(exact);
	return rc;
}

static void take(struct frame *f, const char *text, enum frame_kind kind)
{
	struct err e = { 0 };

	if (decode(f, text, strlen(text), &e))
		fail_msg("%s: %s", text, e.msg);
	if (f->kind != kind)
		fail_msg("%s: %s, not %s", text, frame_kind_name(f->kind), frame_kind_name(kind));
}

static void is_price(struct price p, const char *text)
{
	char buf[MONEY_TEXT_MAX];

	assert_string_equal(price_text(p, buf), text);
}

static void is_qty(struct qty q, const char *text)
{
	char buf[MONEY_TEXT_MAX];

	assert_string_equal(qty_text(q, buf), text);
}

static void trades(void **state)
{
	const char *const spot[] = { TRADE, IN("btcusdt@trade", TRADE),
				     "{\"data\":" TRADE ",\"stream\":\"btcusdt@trade\"}" };
	struct frame f;

	(void)state;
	frame_init(&f);
	for (size_t i = 0; i < 3; i++) {
		take(&f, spot[i], FRAME_TRADE);
		assert_string_equal(f.symbol, "BTCUSDT");
		assert_false(f.futures);
		assert_true(f.trade.id == INT64_C(8389765530121592356));
		assert_true(f.trade.time_us == INT64_C(1723161255342000));
		is_price(f.trade.price, "61837.63");
		is_qty(f.trade.qty, "0.02");
		assert_true(f.trade.buyer_is_maker);
	}
	take(&f, IN("btcusdt@trade", TRADE_F), FRAME_TRADE);
	assert_true(f.futures && !f.trade.buyer_is_maker && f.trade.id == 7);
	assert_true(f.event_us == INT64_C(1723161256321000));
	take(&f, IN("btcusdt@trade", FUND_F), FRAME_SKIP);
	assert_string_equal(f.symbol, "BTCUSDT");
	take(&f, IN("btcusdt@aggTrade", AGG), FRAME_AGG_TRADE);
	assert_true(f.trade.id == 77);
	is_price(f.trade.price, "1.5");
	take(&f,
	     "{\"e\":\"trade\",\"s\":\"A\",\"t\":0,\"p\":\"1\",\"q\":\"1\",\"T\":1723161255342123,"
	     "\"m\":true}", FRAME_TRADE);
	assert_true(f.trade.time_us == INT64_C(1723161255342123));
	frame_free(&f);
}

static void tops(void **state)
{
	struct frame f;

	(void)state;
	frame_init(&f);
	take(&f, IN("btcusdt@bookTicker", TOP), FRAME_TOP);
	assert_false(f.futures);
	assert_true(f.top.update_id == INT64_C(50093239212) && f.top.time_us == 0 &&
		    f.event_us == 0);
	is_price(f.top.bid, "61837.63");
	is_qty(f.top.bid_qty, "3.78826");
	is_price(f.top.ask, "61837.64");
	is_qty(f.top.ask_qty, "1.54698");
	take(&f, TOP, FRAME_TOP);
	take(&f, IN("btcusdt@bookTicker", TOP_F), FRAME_TOP);
	assert_true(f.futures && f.top.time_us == INT64_C(1723161256313000));
	is_qty(f.top.ask_qty, "2.51");
	take(&f, "{\"u\":1,\"s\":\"A\",\"b\":\"0.0\",\"B\":\"0.0\",\"a\":\"5\",\"A\":\"1\"}",
	     FRAME_TOP);
	assert_int_equal(qty_sign(f.top.bid_qty), 0);
	frame_free(&f);
}

static void depths(void **state)
{
	struct frame f;

	(void)state;
	frame_init(&f);
	take(&f, IN("btcusdt@depth@100ms", DEPTH), FRAME_DEPTH);
	assert_true(f.depth.first_id == 157 && f.depth.last_id == 160 && f.depth.previous_id == -1);
	assert_true(f.bids.n == 2 && f.asks.n == 1 && !f.futures);
	is_price(f.bids.list[0].price, "64000.01");
	is_qty(f.bids.list[1].qty, "0");
	is_qty(f.asks.list[0].qty, "7");
	assert_true(f.event_us == INT64_C(1723161255208000));
	take(&f, IN("btcusdt@depth", DEPTH), FRAME_DEPTH);
	take(&f, IN("btcusdt@depth@0ms", DEPTH_F), FRAME_DEPTH);
	assert_true(f.futures && f.depth.previous_id == 149 && f.bids.n == 0 && f.asks.n == 0);
	assert_true(f.event_us == INT64_C(1723161256298000));
	take(&f, SNAPSHOT, FRAME_SNAPSHOT);
	assert_true(f.depth.last_id == INT64_C(50093239218) && f.bids.n == 2 && f.asks.n == 1);
	assert_string_equal(f.symbol, "");
	take(&f, SNAPSHOT_F, FRAME_SNAPSHOT);
	assert_true(f.futures && f.event_us == INT64_C(1723161256493000));
	frame_free(&f);
}

/* Well-formed and not for us: never an error. */
static void others(void **state)
{
	static const char *const t[] = {
		"{\"result\":null,\"id\":1}", "{\"result\":[\"btcusdt@aggTrade\"],\"id\":3}",
		"{\"code\":2,\"msg\":\"Invalid request\"}",
		"{\"error\":{\"code\":2,\"msg\":\"x\"},\"id\":1}",
		"[{\"e\":\"24hrMiniTicker\",\"b\":[1]}]", "{}", "[]",
		"{\"e\":\"serverShutdown\",\"E\":1770000000000}",
		"{\"e\":\"kline\",\"E\":1,\"s\":\"BTCUSDT\","
		"\"k\":{\"s\":\"BTCUSDT\",\"a\":[1,{}],\"e\":5}}",
		IN("btcusdt@kline_1m", "{\"e\":\"kline\",\"k\":{}}"),
		IN("btcusdt@depth5@100ms", SNAPSHOT), IN("!miniTicker@arr", "[{\"e\":\"x\"}]"),
		"{\"e\":\"executionReport\",\"s\":\"ETHUSDT\","
		"\"a\":[1,2],\"b\":[[3]],\"B\":[{\"a\":1}]}",
		"{\"e\":\"ACCOUNT_UPDATE\",\"a\":{\"m\":\"ORDER\",\"B\":[]}}",
		"{\"stream\":\"btcusdt@trade\"}", "{\"data\":5}",
	};
	struct frame f;

	(void)state;
	frame_init(&f);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		take(&f, t[i], FRAME_OTHER);
	frame_free(&f);
}

#define T(fields) "{\"e\":\"trade\",\"s\":\"AB\"," fields "}"
#define B(fields) "{\"u\":1,\"s\":\"AB\"," fields "}"
#define D(fields) "{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"AB\"," fields "}"
#define S(fields) "{\"lastUpdateId\":1," fields "}"
#define LEVELS(b) D("\"U\":1,\"u\":1,\"b\":" b ",\"a\":[]")

static const struct { const char *text, *why; } refused[] = {
	{ "", "frame is not JSON at byte 0: the text ends too early" },
	{ "{\"e\":\"trade\"", "frame is not JSON at byte 12: the text ends too early" },
	{ "5", "frame is neither an object nor a list" }, { "null", "neither an object" },
	{ "\"x\"", "neither an object" },
	{ "{\"e\":\"trade\",\"e\":\"trade\"}", "frame has the key \"e\" twice" },
	{ "{\"a\":[],\"a\":[]}", "frame has the key \"a\" twice" },
	{ "{\"e\":\"trade\"}", "trade frame: \"s\" is missing or not a string" },
	{ "{\"e\":\"trade\",\"s\":5}", "trade frame: \"s\" is missing or not a string" },
	{ "{\"e\":\"trade\",\"s\":\"\"}", "trade frame: \"s\" is not a symbol" },
	{ "{\"e\":\"trade\",\"s\":\"btc\"}", "trade frame: \"s\" is not a symbol" },
	{ "{\"e\":\"trade\",\"s\":\"A12345678901234567890123456789012\"}",
	  "\"s\" is not a symbol" },
	{ IN("ethusdt@trade", TRADE), "trade frame: \"s\" is another symbol than the stream's" },
	{ IN("btcusdtx@trade", TRADE), "\"s\" is another symbol than the stream's" },
	{ IN("btcusd@trade", TRADE), "\"s\" is another symbol than the stream's" },
	{ IN("btcusdt@trade", DEPTH), "trade frame: \"e\" is another event than the stream's" },
	{ IN("btcusdt@bookTicker", TRADE),
	  "bookTicker frame: \"e\" is another event than the stream's" },
	{ T("\"t\":1"), "trade frame: \"T\" is missing" },
	{ T("\"T\":\"5\""), "trade frame: \"T\" is not a whole number" },
	{ T("\"T\":0"), "trade frame: \"T\" is not a time" },
	{ T("\"T\":-5"), "trade frame: \"T\" is not a whole number from 0" },
	{ T("\"T\":999999999999999999"), "trade frame: \"T\" is not a time" },
	{ T("\"T\":5"), "trade frame: \"t\" is missing" },
	{ T("\"T\":5,\"t\":1.0"), "trade frame: \"t\" is not a whole number" },
	{ T("\"T\":5,\"t\":9223372036854775808"), "trade frame: \"t\" is not a whole number" },
	{ T("\"T\":5,\"t\":1"), "trade frame: \"p\" is missing or not a string" },
	{ T("\"T\":5,\"t\":1,\"p\":1.5"), "trade frame: \"p\" is missing or not a string" },
	{ T("\"T\":5,\"t\":1,\"p\":\"1e5\""), "trade frame: \"p\" is not a price" },
	{ T("\"T\":5,\"t\":1,\"p\":\"-1\""), "trade frame: \"p\" is not a price" },
	{ T("\"T\":5,\"t\":1,\"p\":\"\\u0031\""), "trade frame: \"p\" is not a price" },
	{ T("\"T\":5,\"t\":1,\"p\":\"1\",\"q\":\"x\""), "trade frame: \"q\" is not a quantity" },
	{ T("\"T\":5,\"t\":1,\"p\":\"0\",\"q\":\"1\""), "trade frame: \"p\" is 0" },
	{ T("\"T\":5,\"t\":1,\"p\":\"1\",\"q\":\"0\""), "trade frame: \"q\" is 0" },
	{ T("\"T\":5,\"t\":1,\"p\":\"1\",\"q\":\"1\""), "trade frame: \"m\" is missing" },
	{ T("\"T\":5,\"t\":1,\"p\":\"1\",\"q\":\"1\",\"m\":1"),
	  "\"m\" is missing or neither true" },
	{ T("\"T\":5,\"t\":1,\"P\":\"1\",\"q\":\"1\",\"m\":true"),
	  "trade frame: \"p\" is missing" },
	{ B("\"b\":\"1\",\"B\":\"1\",\"a\":\"2\""), "bookTicker frame: \"A\" is missing" },
	{ B("\"b\":\"2\",\"B\":\"1\",\"a\":\"2\",\"A\":\"1\""),
	  "bookTicker frame: \"b\" is not below \"a\"" },
	{ B("\"e\":\"bookTicker\",\"b\":\"1\""), "bookTicker frame: \"T\" is missing" },
	{ D("\"u\":1"), "depth frame: \"U\" is missing" },
	{ D("\"U\":1"), "depth frame: \"u\" is missing" },
	{ D("\"U\":2,\"u\":1,\"b\":[],\"a\":[]"), "depth frame: \"U\" is greater than \"u\"" },
	{ D("\"U\":1,\"u\":1,\"a\":[]"), "depth frame: \"b\" is missing or not a list" },
	{ D("\"U\":1,\"u\":1,\"b\":[],\"a\":\"5\""),
	  "depth frame: \"a\" is missing or not a list" },
	{ D("\"U\":1,\"u\":1,\"pu\":\"1\",\"b\":[],\"a\":[]"),
	  "depth frame: \"pu\" is not a whole" },
	{ LEVELS("[[\"1\"]]"), "depth frame: a level is not [\"price\",\"quantity\"]" },
	{ LEVELS("[[\"1\",\"2\",\"3\"]]"), "a level is not" },
	{ LEVELS("[[1,2]]"), "a level is not" },
	{ LEVELS("[5]"), "depth frame: levels are not a list of lists" },
	{ LEVELS("[[\"0\",\"1\"]]"), "depth frame: a level's price is not a positive decimal" },
	{ LEVELS("[[\"1\",\"-1\"]]"), "depth frame: a level's quantity is not a decimal from 0" },
	{ S("\"bids\":[]"), "depth snapshot frame: \"asks\" is missing or not a list" },
	{ S("\"bids\":{},\"asks\":[]"), "depth snapshot frame: \"bids\" is missing or not a list" },
	{ "{\"lastUpdateId\":-1,\"bids\":[],\"asks\":[]}",
	  "\"lastUpdateId\" is not a whole number" },
};

static void what_is_refused(void **state)
{
	struct frame f;

	(void)state;
	frame_init(&f);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct err e = { 0 };

		if (decode(&f, refused[i].text, strlen(refused[i].text), &e) != ERR_INVALID)
			fail_msg("taken: %s", refused[i].text);
		assert_int_equal(e.code, ERR_INVALID);
		if (!strstr(e.msg, refused[i].why))
			fail_msg("%s: \"%s\" does not say \"%s\"", refused[i].text, e.msg,
				 refused[i].why);
	}
	take(&f, TRADE, FRAME_TRADE); /* still fit for the next */
	frame_free(&f);
}

static const char *const good[] = {
	IN("btcusdt@trade", TRADE), IN("btcusdt@trade", TRADE_F), IN("btcusdt@bookTicker", TOP_F),
	IN("btcusdt@depth@100ms", DEPTH), IN("btcusdt@depth@0ms", DEPTH_F), SNAPSHOT_F,
};
#define GOOD_N (sizeof(good) / sizeof(good[0]))

static void every_cut_is_refused(void **state)
{
	struct frame f;

	(void)state;
	frame_init(&f);
	for (size_t i = 0; i < GOOD_N; i++)
		for (size_t n = 0; n < strlen(good[i]); n++)
			assert_int_equal(decode(&f, good[i], n, NULL), ERR_INVALID);
	frame_free(&f);
}

/* Bytes changed, dropped and doubled by chance: taken or refused, never worse. */
static void noise(void **state)
{
	char text[1024];
	struct prng c;
	struct frame f;

	(void)state;
	frame_init(&f);
	prng_init(&c, 3);
	for (int i = 0; i < 30000; i++) {
		const char *from = good[prng_below(&c, (int64_t)GOOD_N)];
		size_t len = strlen(from), at, n;

		memcpy(text, from, len);
		for (int64_t k = prng_below(&c, 3); k >= 0; k--) {
			at = (size_t)prng_below(&c, (int64_t)len);
			n = (size_t)prng_below(&c, 5);
			if (prng_hit(&c, 0.5))
				text[at] = "{}[]\",:0-9.eE\\u\x80"[prng_below(&c, 17)];
			else if (at + n < len)
				memmove(text + at, text + at + n, len - at - n);
		}
		if (decode(&f, text, len, NULL) == 0 && f.kind == FRAME_TRADE)
			assert_true(price_sign(f.trade.price) > 0 && qty_sign(f.trade.qty) > 0);
	}
	frame_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trades), cmocka_unit_test(tops), cmocka_unit_test(depths),
		cmocka_unit_test(others), cmocka_unit_test(what_is_refused),
		cmocka_unit_test(every_cut_is_refused), cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
