/* What recordings tell of their markets: the rules, spot or USD-M, COIN-M. */
#include "common/buf.h"
#include "tests/unit/scratch.h"
#include "worker/feed/feed.h"
#include "worker/feed/symbol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define START_NS INT64_C(1723161600000000000)
#define SPOT ",\"M\":true"
#define USDM ",\"X\":\"MARKET\""

struct file {
	char path[256];
	gzFile gz;
	int64_t ns;
};

static struct file file_new(const char *name)
{
	struct file f = { .ns = START_NS };

	snprintf(f.path, sizeof(f.path), "%s", scratch_path(name));
	f.gz = gzopen(f.path, "wb1");
	assert_non_null(f.gz);
	return f;
}

static void line(struct file *f, const char *json)
{
	f->ns += 1000000;
	assert_true(gzprintf(f->gz, "%lld ", (long long)f->ns) > 0);
	assert_true(gzputs(f->gz, json) > 0);
	assert_true(gzputc(f->gz, '\n') > 0);
}

struct print {		/* amounts in 1e-8; more: the keys that tell spot from USD-M */
	const char *symbol, *more;
	bool agg;
	int64_t price, qty;
};

static void trade(struct file *f, struct print p)
{
	char price[MONEY_TEXT_MAX], qty[MONEY_TEXT_MAX], text[400];
	long long ms = (long long)(f->ns / 1000000);

	snprintf(text, sizeof(text),
		 "{\"e\":\"%s\",\"E\":%lld,\"s\":\"%s\",\"%c\":%lld,\"p\":\"%s\",\"q\":\"%s\","
		 "\"T\":%lld,\"m\":true%s}",
		 p.agg ? "aggTrade" : "trade", ms, p.symbol, p.agg ? 'a' : 't', ms,
		 price_text(price_of_units(p.price), price), qty_text(qty_of_units(p.qty), qty),
		 ms, p.more);
	line(f, text);
}

/* n trades whose price and quantity walk over 101 steps. */
static void walk(struct file *f, int n, struct print p, int64_t tick, int64_t step)
{
	struct print one = p;

	for (int k = 0; k < n; k++) {
		one.price = p.price + k * 7 % 101 * tick;
		one.qty = p.qty + k * 13 % 89 * step;
		trade(f, one);
	}
}

static const char *done(const struct file *f)
{
	static char path[256];

	assert_int_equal(gzclose(f->gz), Z_OK);
	memcpy(path, f->path, sizeof(path));
	return path;
}

static struct symbol_info rules(const char *files)
{
	struct symbol_info info[8];
	struct err e = { 0 };
	size_t n = 0;

	if (replay_symbols(files, info, 8, &n, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(n, 1);
	return info[0];
}

static void refused(const char *files, const char *says)
{
	struct symbol_info info[8];
	struct err e = { 0 };
	size_t n = 0;

	assert_int_equal(replay_symbols(files, info, 8, &n, &e), ERR_INVALID);
	if (!strstr(e.msg, says))
		fail_msg("\"%s\" lacks \"%s\"", e.msg, says);
}

static void assert_rules(const struct symbol_info *i, const char *tick, const char *step)
{
	char text[MONEY_TEXT_MAX];

	assert_string_equal(price_text(i->tick, text), tick);
	assert_string_equal(qty_text(i->step, text), step);
	assert_int_equal(qty_cmp(i->min_qty, i->step), 0);
	assert_true(qty_cmp(i->max_qty, qty_of_units(qty_units(i->step) * 1000)) >= 0);
	assert_int_equal(qty_units(i->max_qty) % qty_units(i->step), 0);
}

/* A walk over the grid that a market has: the rules come out as they went in. */
static void grids_come_out(void **state)
{
	static const struct {
		const char *symbol;
		int64_t tick, step, price, qty;		/* 1e-8; in ticks and steps */
		const char *tick_text, *step_text, *quote;
		int64_t notional;			/* 1e-8 */
		bool futures;
	} t[] = {
		{ "PEPEUSDT", 1, RATE_ONE, 801, 25000000, "0.00000001", "1", "USDT",
		  5 * RATE_ONE, false },
		{ "BTTCTRY", 1, RATE_ONE, 3001, 9100, "0.00000001", "1", "TRY", 10 * RATE_ONE,
		  false },
		{ "TRXUSDT", 1000, RATE_ONE / 10, 12701, 50011, "0.00001", "0.1", "USDT",
		  5 * RATE_ONE, false },
		{ "BTCMXN", RATE_ONE, 1000, 1190113, 10101, "1", "0.00001", "MXN", 0, false },
		{ "BTCUSD1", 1000000, 1000, 12100113, 3101, "0.01", "0.00001", "USD1",
		  5 * RATE_ONE, false },
		{ "XRPETH", 1, RATE_ONE / 10, 22717, 511, "0.00000001", "0.1", "ETH",
		  RATE_ONE / 1000, false },
		{ "LTCBTC", 100, 100000, 977, 13, "0.000001", "0.001", "BTC", 10000, false },
		{ "YFIUSDT", 5 * RATE_ONE, 1000, 1113, 71, "5", "0.00001", "USDT", 5 * RATE_ONE,
		  false },
		{ "ADAUSDT", 1000, RATE_ONE, 33131, 711, "0.00001", "1", "USDT", 5 * RATE_ONE,
		  true },
		{ "BTCUSDT_240927", 10000000, 100000, 618371, 17, "0.1", "0.001", "USDT",
		  5 * RATE_ONE, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct file f = file_new("grid.gz");
		struct print p = { t[i].symbol, t[i].futures ? USDM : SPOT, false,
				   t[i].price * t[i].tick, t[i].qty * t[i].step };
		struct symbol_info info;

		walk(&f, 400, p, t[i].tick, t[i].step);
		info = rules(done(&f));
		assert_rules(&info, t[i].tick_text, t[i].step_text);
		assert_string_equal(info.symbol, t[i].symbol);
		assert_string_equal(info.quote, t[i].quote);
		assert_int_equal(money_units(info.min_notional), t[i].notional);
		assert_true(info.futures == t[i].futures);
		assert_int_equal(info.origin, ORIGIN_DERIVED);
		assert_non_null(strstr(info.note, "derived from 400 recorded prices"));
		assert_true(t[i].notional > 0 || strstr(info.note, "not known"));
	}
}

/* One price, one quantity: orders of a usual size must be possible, on what was recorded. */
static void few_values_leave_room(void **state)
{
	static const int64_t price[] = { 800, 12701000, 6180000000000, 11900000000000 };
	static const int64_t qty[] = { 15000000000000000, 5000000000000, 5000000, 100000000 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct file f = file_new("few.gz");
		struct symbol_info info;

		walk(&f, 50, (struct print){ "NEWUSDT", SPOT, false, price[i], qty[i] }, 0, 0);
		info = rules(done(&f));
		assert_int_equal(price[i] % price_units(info.tick), 0);
		assert_int_equal(qty[i] % qty_units(info.step), 0);
		assert_true(price_units(info.tick) == 1 ||
			    price[i] / price_units(info.tick) >= 10000);
		/* 5 USDT are at least 10 steps */
		assert_true((__int128)qty_units(info.step) * price[i] <=
			    (__int128)RATE_ONE * RATE_ONE / 2);
		assert_non_null(strstr(info.note, "too few different ones"));
	}
}

/* An old order or two between the steps of today do not make the grid finer. */
static void old_orders_do_not_count(void **state)
{
	struct print p = { "ABCUSDT", SPOT, false, 5001000000, 17000 };
	struct file f = file_new("old.gz");
	struct symbol_info info;

	(void)state;
	walk(&f, 600, p, 1000000, 1000);
	trade(&f, (struct print){ "ABCUSDT", SPOT, false, 5001000000, 1234567 });
	trade(&f, (struct print){ "ABCUSDT", SPOT, false, 5001012345, 17000 });
	walk(&f, 600, p, 1000000, 1000);
	info = rules(done(&f));
	assert_rules(&info, "0.01", "0.00001");
}

static void unknown_quote_is_said(void **state)
{
	struct file f = file_new("zzz.gz");
	struct symbol_info info;
	char text[SYMBOL_RULES_MAX];

	(void)state;
	walk(&f, 100, (struct print){ "BTCZZZ", SPOT, false, 100000, 100000 }, 1, 1);
	info = rules(done(&f));
	assert_string_equal(info.quote, "unknown");
	assert_non_null(strstr(symbol_rules_text(&info, text), "the quote asset is not known"));
}

#define SPOT_RULES \
	"{\"symbol\":\"NEWZZZ\",\"status\":\"TRADING\",\"baseAsset\":\"NEW\"," \
	"\"quoteAsset\":\"ZZZ\",\"isSpotTradingAllowed\":true,\"filters\":[" \
	"{\"filterType\":\"PRICE_FILTER\",\"minPrice\":\"0.5\",\"maxPrice\":\"1000\"," \
	"\"tickSize\":\"0.50000000\"},{\"filterType\":\"LOT_SIZE\",\"minQty\":\"0.02\"," \
	"\"maxQty\":\"777\",\"stepSize\":\"0.01000000\"},{\"filterType\":\"NOTIONAL\"," \
	"\"minNotional\":\"7.5\",\"applyMinToMarket\":true}]}"
#define USDM_RULES \
	"{\"symbol\":\"NEWZZZ\",\"pair\":\"NEWZZZ\",\"contractType\":\"PERPETUAL\"," \
	"\"baseAsset\":\"NEW\",\"quoteAsset\":\"ZZZ\",\"filters\":[" \
	"{\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"0.25\"},{\"filterType\":\"LOT_SIZE\"," \
	"\"minQty\":\"1\",\"maxQty\":\"500\",\"stepSize\":\"1\"}," \
	"{\"filterType\":\"MIN_NOTIONAL\",\"notional\":\"20\"}]}"

/* Nothing but the exchange's line tells spot from USD-M here. */
static void the_exchange_has_the_say(void **state)
{
	static const char *const lines[] = {
		SPOT_RULES,
		"{\"timezone\":\"UTC\",\"symbols\":[" SPOT_RULES "]}",
		"{\"timezone\":\"UTC\",\"symbols\":[{\"symbol\":\"A\"}," USDM_RULES "]}",
	};
	char text[MONEY_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		bool futures = i == 2;
		struct file f = file_new("stated.gz");
		struct symbol_info info;

		trade(&f, (struct print){ "NEWZZZ", "", true, 5 * RATE_ONE, RATE_ONE });
		line(&f, lines[i]);
		info = rules(done(&f));
		assert_true(info.futures == futures);
		assert_int_equal(info.origin, ORIGIN_EXCHANGE);
		assert_string_equal(price_text(info.tick, text), futures ? "0.25" : "0.5");
		assert_string_equal(qty_text(info.step, text), futures ? "1" : "0.01");
		assert_string_equal(qty_text(info.min_qty, text), futures ? "1" : "0.02");
		assert_string_equal(qty_text(info.max_qty, text), futures ? "500" : "777");
		assert_string_equal(money_text(info.min_notional, text), futures ? "20" : "7.5");
		assert_string_equal(info.quote, "ZZZ");
		assert_int_equal(info.fees.maker_e8, fees_published(futures).maker_e8);
	}
}

/* A broken statement is none; what was recorded has the say then. */
static void a_broken_statement_is_none(void **state)
{
	static const char *const lines[] = {
		"{\"symbol\":\"NEWUSDT\",\"filters\":[{\"filterType\":\"PRICE_FILTER\"}]}",
		("{\"symbol\":\"NEWUSDT\",\"baseAsset\":\"NEW\",\"quoteAsset\":\"USDT\","
		 "\"filters\":[{\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"x\"}]}"),
		"{\"symbols\":[{\"filterType\":1}]}",
		"{\"filterType\":",
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct file f = file_new("broken.gz");
		struct symbol_info info;

		line(&f, lines[i]);
		walk(&f, 100, (struct print){ "NEWUSDT", SPOT, false, 100000, 100000 }, 1, 1);
		info = rules(done(&f));
		assert_int_equal(info.origin, ORIGIN_DERIVED);
	}
}

/* Frames that tell nothing, more of them than files are looked at otherwise. */
static struct file begins_with_agg_trades(const char *more)
{
	struct file f = file_new("agg.gz");

	walk(&f, 21000, (struct print){ "NEWUSDT", more, true, 100000, 100000 }, 1, 1);
	return f;
}

static void usdm_that_begins_with_agg_trades(void **state)
{
	static const char *const tells[] = {
		"{\"e\":\"depthUpdate\",\"E\":1723161600000,\"T\":1723161600000,"
		"\"s\":\"NEWUSDT\",\"U\":1,\"u\":2,\"pu\":0,\"b\":[],\"a\":[]}",
		"{\"stream\":\"newusdt@markPrice\",\"data\":{\"e\":\"markPriceUpdate\","
		"\"E\":1723161600000,\"s\":\"NEWUSDT\",\"p\":\"1.0\",\"r\":\"0.0001\"}}",
		"{\"e\":\"bookTicker\",\"u\":1,\"s\":\"NEWUSDT\",\"b\":\"1\",\"B\":\"1\","
		"\"a\":\"2\",\"A\":\"1\",\"T\":1723161600000,\"E\":1723161600000}",
	};
	struct symbol_info info;
	struct file f;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		f = begins_with_agg_trades("");
		line(&f, tells[i]);
		info = rules(done(&f));
		assert_true(info.futures);
	}
	f = begins_with_agg_trades(",\"nq\":\"1\"");
	info = rules(done(&f));
	assert_true(info.futures);
	f = begins_with_agg_trades(SPOT);
	info = rules(done(&f));
	assert_false(info.futures);
}

static void what_tells_neither_is_said(void **state)
{
	struct file f = file_new("neither.gz");
	struct symbol_info info;
	const char *path;
	char name[300];

	(void)state;
	walk(&f, 100, (struct print){ "NEWUSDT", "", true, 100000, 100000 }, 1, 1);
	path = done(&f);
	refused(path, "no frame of NEWUSDT in");
	refused(path, "binance:FILE or binance_futures:FILE");
	snprintf(name, sizeof(name), "binance_futures:%s", path);
	info = rules(name);
	assert_true(info.futures);
	snprintf(name, sizeof(name), "binance:%s", path);
	info = rules(name);
	assert_false(info.futures);
}

static void both_in_one_file_is_refused(void **state)
{
	struct file f = file_new("both.gz");

	(void)state;
	trade(&f, (struct print){ "NEWUSDT", USDM, false, 100000, 100000 });
	trade(&f, (struct print){ "NEWUSDT", SPOT, false, 100000, 100000 });
	refused(done(&f), "spot and of USD-M futures");
}

static void coin_m_is_refused_by_name(void **state)
{
	static const char *const symbols[] = { "BTCUSD_PERP", "ETHUSD_240927" };
	char says[100];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct file f = file_new("coin.gz");

		trade(&f, (struct print){ symbols[i], USDM, i == 1, 100000, 100000 });
		snprintf(says, sizeof(says), "COIN-M recordings are not supported: %s",
			 symbols[i]);
		refused(done(&f), says);
	}
}

/* The rules of a market come from all its files together. */
static void files_tell_together(void **state)
{
	struct file one = file_new("one.gz"), two;
	struct symbol_info info;
	char names[600];
	int n;

	(void)state;
	walk(&one, 100, (struct print){ "NEWUSDT", SPOT, false, RATE_ONE, RATE_ONE }, 1000000,
	     100000);
	n = snprintf(names, sizeof(names), "%s ", done(&one));
	two = file_new("two.gz");
	two.ns += INT64_C(1000000000000);
	walk(&two, 100, (struct print){ "NEWUSDT", SPOT, false, RATE_ONE, RATE_ONE }, 100000,
	     1000000);
	snprintf(names + n, sizeof(names) - (size_t)n, "%s", done(&two));
	info = rules(names);
	assert_rules(&info, "0.001", "0.001");
	assert_non_null(strstr(info.note, "derived from 200"));
}

/* Binance's filters of 2024-08, which the table of known symbols holds as well. */
static void real_recordings(void **state)
{
	static const struct { const char *file, *tick, *step; } t[] = {
		{ "recordings/spot/btcusdt_20240808.gz", "0.01", "0.00001" },
		{ "recordings/spot/ethusdt_20240808.gz", "0.01", "0.0001" },
		{ "recordings/usdm/btcusdt_20240808.gz", "0.1", "0.001" },
		{ "recordings/usdm/ethusdt_20240808.gz", "0.01", "0.001" },
	};
	const char *data = getenv("SHARED_DATA");
	char path[600];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct symbol_info info;

		snprintf(path, sizeof(path), "%s/%s", data ? data : "../shared/data", t[i].file);
		if (access(path, R_OK))
			skip();
		info = rules(path);
		assert_rules(&info, t[i].tick, t[i].step);
		assert_int_equal(info.origin, ORIGIN_DERIVED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grids_come_out),
		cmocka_unit_test(few_values_leave_room),
		cmocka_unit_test(old_orders_do_not_count),
		cmocka_unit_test(unknown_quote_is_said),
		cmocka_unit_test(the_exchange_has_the_say),
		cmocka_unit_test(a_broken_statement_is_none),
		cmocka_unit_test(usdm_that_begins_with_agg_trades),
		cmocka_unit_test(what_tells_neither_is_said),
		cmocka_unit_test(both_in_one_file_is_refused),
		cmocka_unit_test(coin_m_is_refused_by_name),
		cmocka_unit_test(files_tell_together),
		cmocka_unit_test(real_recordings),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
