/*
 * Candles as rows: which may warm a window, and that a window warmed by them equals, to the
 * bit, one that never stopped.
 */
#include "common/db/db.h"
#include "tests/unit/engine_world.h"
#include "tests/unit/scratch.h"
#include "worker/store/candles.h"
#include "worker/store/outbox.h"

#define MINUTE (60 * SECOND)
#define TRADES 4000
#define LOOKS 4096

static struct db *db;
static struct outbox *box;
static struct err e;
static uint64_t seed;

static int setup(void **state)
{
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_WORKER, &db, NULL))
		return -1;
	box = outbox_new("simulation", "sim");
	outbox_candles(box, "seed 1");
	return 0;
}

static int teardown(void **state)
{
	outbox_free(box);
	db_close(db);
	return scratch_teardown(state);
}

static int64_t random_below(int64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int64_t)(seed % (uint64_t)n);
}

static void flush(void)
{
	assert_int_equal(db_begin(db, &e), 0);
	if (outbox_flush_tx(box, db, T0, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(db_commit(db, &e), 0);
	outbox_clear(box);
}

static void run_sql(const char *sql)
{
	if (db_exec(db, sql, &e))
		fail_msg("%s: %s", sql, e.msg);
}

static int64_t number(const char *sql)
{
	struct stmt *s;
	int64_t v;

	assert_int_equal(db_stmt(db, sql, &s, &e), 0);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	v = stmt_int(s, 0);
	stmt_done(s);
	return v;
}

/* ---- a run that is cut anywhere ---- */

struct looks {			/* every window that was decided on */
	size_t n;
	struct { int64_t open_us; uint64_t digest; size_t n; } v[LOOKS];
};

static uint64_t column(uint64_t h, const double *from, size_t n)
{
	const unsigned char *p = (const unsigned char *)from;

	for (size_t i = 0; i < n * sizeof(*from); i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static void look(void *ctx, const struct window *w)
{
	struct looks *l = ctx;
	const double *columns[] = { w->open, w->high, w->low, w->close, w->volume, w->buy_volume,
				    w->trades };
	uint64_t h = 1;

	for (size_t i = 0; i < 7; i++)
		h = column(h, columns[i] + w->begin, w->n);
	assert_true(l->n < LOOKS);
	l->v[l->n].open_us = w->last_open_us;
	l->v[l->n].n = w->n;
	l->v[l->n++].digest = h;
}

static void keep_candle(void *ctx, const struct candle_report *c)
{
	struct reporter r = outbox_reporter(box);

	(void)ctx;
	r.candle(r.ctx, c);
}

static void open_desk(struct desk *d, struct looks *l, bool kept)
{
	desk_init(d, false);
	snprintf(d->bot.interval, sizeof(d->bot.interval), "1m");
	d->brain[1].look = look;
	d->brain[1].ctx = l;
	if (kept)
		d->rows.on_candle = keep_candle;
	desk_open(d);
	desk_add_bot(d, 1, &d->bot);
}

static struct trade *make_trades(void)
{
	static const int64_t scale[] = { 1, 1000, 100000000, INT64_C(1000000000000) };
	struct trade *list = xcalloc(TRADES, sizeof(*list));
	int64_t at_us = T0 + random_below(MINUTE), price = 5000000000000;

	for (int64_t i = 0; i < TRADES; i++) {
		int64_t step_us = random_below(60) ? random_below(4 * SECOND) :
				  random_below(5 * MINUTE);

		at_us += step_us;
		price += random_below(2000001) - 1000000;
		list[i] = (struct trade){
			.id = i + 1, .time_us = at_us, .price = price_of_units(price),
			.qty = qty_of_units(1 + random_below(100 * scale[random_below(4)])),
			.buyer_is_maker = random_below(2), .whole = true,
		};
	}
	return list;
}

static void hand_on(struct desk *d, const struct trade *t)
{
	d->now = t->time_us + 40 * MS;
	d->sink.trade(d->sink.ctx, desk_market(d), t, d->now);
}

/* A worker comes up at now_us: from its rows, and from the trades since their end. */
static void come_up(struct desk *d, struct looks *l, const struct trade *trades, size_t until)
{
	struct candle_run run = { .key = { "replay", "", "1m" } };
	struct market *m;
	struct candle list[CANDLE_WINDOW];
	size_t n = 0, i = 0;

	open_desk(d, l, false);
	d->now = trades[until - 1].time_us + 45 * MS;
	memcpy(run.key.symbol, d->bot.symbol, sizeof(run.key.symbol));
	assert_int_equal(store_candle_run(db, &run, "seed 1", &e), 0);
	if (store_candles_load(db, &run, MINUTE, list, CANDLE_WINDOW, &n, &e))
		fail_msg("%s", e.msg);
	m = engine_market(d->e, source_of(d), d->bot.symbol);
	assert_string_equal(market_interval(m, 0), "1m");
	engine_warm_candles(d->e, m, "1m", list, n, run.since_us);
	session_act_from(d->s, d->now);
	/* a command of the first moment: our clock must not close what still comes */
	assert_int_equal(desk_order(d, 1, EVENT_START, false), 0);
	while (trades[i].time_us < run.until_us - MINUTE)
		i++;
	for (; i < until; i++)
		hand_on(d, &trades[i]);
}

static void cut_anywhere(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= 12; round++) {
		struct looks *whole = xcalloc(1, sizeof(*whole)), *cut = xcalloc(1, sizeof(*cut));
		struct desk a, b;
		struct trade *trades;
		size_t at, up, before;

		seed = round * UINT64_C(0x9e3779b97f4a7c15);
		trades = make_trades();
		at = (size_t)(300 + random_below(TRADES - 900));
		up = at + (size_t)(round % 2 ? random_below(300) : 0); /* nobody was here */
		open_desk(&a, whole, true);
		desk_order(&a, 1, EVENT_START, false);
		for (size_t i = 0; i < at; i++)
			hand_on(&a, &trades[i]);
		flush();
		for (size_t i = at; i < up; i++)
			hand_on(&a, &trades[i]);
		before = whole->n;
		come_up(&b, cut, trades, up);
		assert_int_equal(cut->n, 0);
		for (size_t i = up; i < TRADES; i++) {
			hand_on(&a, &trades[i]);
			hand_on(&b, &trades[i]);
		}
		assert_true(cut->n > 10);
		assert_int_equal(cut->n, whole->n - before);
		assert_memory_equal(cut->v, whole->v + before, cut->n * sizeof(cut->v[0]));
		run_sql("DELETE FROM candles");
		run_sql("DELETE FROM candle_runs");
		outbox_clear(box);
		desk_close(&a);
		desk_close(&b);
		free(trades);
		free(whole);
		free(cut);
	}
}

/* ---- what may not warm ---- */

static struct candle_run run_of(const char *source, int64_t since, int64_t until)
{
	struct candle_run r = { .since_us = T0 + since * MINUTE, .until_us = T0 + until * MINUTE };

	snprintf(r.key.source, sizeof(r.key.source), "%s", source);
	snprintf(r.key.symbol, sizeof(r.key.symbol), "BTCUSDT");
	snprintf(r.key.interval, sizeof(r.key.interval), "1m");
	return r;
}

/* Candles [since, until) of a source, with a price of their own. */
static void store(const char *source, const char *made_by, int64_t since, int64_t until,
		  int64_t price)
{
	struct candle_run r = run_of(source, since, until);

	assert_int_equal(db_begin(db, &e), 0);
	for (int64_t i = since; i < until; i++) {
		struct candle_row row = {
			.key = r.key, .length_us = MINUTE,
			.candle = { .open_us = T0 + i * MINUTE, .volume = qty_of_units(5),
				    .buy_volume = qty_of_units(2), .trades = 3 },
		};

		row.candle.open = row.candle.high = row.candle.low = row.candle.close =
			price_of_units(price);
		assert_int_equal(store_candle_tx(db, &row, T0, &e), 0);
	}
	assert_int_equal(store_candle_run_tx(db, &r, made_by, &e), 0);
	assert_int_equal(db_commit(db, &e), 0);
}

static int load(const struct candle_run *r, size_t *n)
{
	struct candle list[CANDLE_WINDOW];

	return store_candles_load(db, r, MINUTE, list, CANDLE_WINDOW, n, &e);
}

static void markets_do_not_mix(void **state)
{
	struct candle_run spot = run_of("synthetic", 0, 0);
	struct candle_run other = run_of("synthetic_futures", 0, 0);
	struct candle list[CANDLE_WINDOW];
	size_t n;

	(void)state;
	store("synthetic", "seed 1", 0, 70, 100);
	store("synthetic_futures", "seed 1", 0, 30, 200);
	assert_int_equal(store_candle_run(db, &spot, "seed 1", &e), 0);
	assert_int_equal(store_candles_load(db, &spot, MINUTE, list, CANDLE_WINDOW, &n, &e), 0);
	assert_int_equal(n, 60);
	assert_int_equal(list[0].open_us, T0 + 10 * MINUTE);
	assert_int_equal(price_units(list[29].close), 100);
	assert_int_equal(store_candle_run(db, &other, "seed 1", &e), 0);
	assert_int_equal(store_candles_load(db, &other, MINUTE, list, CANDLE_WINDOW, &n, &e), 0);
	assert_int_equal(n, 30);
	assert_int_equal(price_units(list[29].close), 200);
	assert_int_equal(store_candle_run(db, &spot, "seed 2", &e), ERR_NOT_FOUND);
	/* after a clock that was set back: rows of the run before lie around, and are not its */
	store("synthetic", "seed 1", 20, 25, 300);
	assert_int_equal(store_candle_run(db, &spot, "seed 1", &e), 0);
	assert_int_equal(store_candles_load(db, &spot, MINUTE, list, CANDLE_WINDOW, &n, &e), 0);
	assert_int_equal(n, 5);
	assert_int_equal(price_units(list[0].close), 300);
}

static void another_maker(void **state)
{
	bool left = true;

	(void)state;
	store("replay", "a.gz", 0, CANDLES_FORGOTTEN + 100, 100);
	store("replay_futures", "a.gz", 0, 10, 100);
	for (int step = 0; step < 3; step++) {
		assert_true(left);
		assert_int_equal(db_begin(db, &e), 0);
		assert_int_equal(store_candles_forget_tx(db, "replay", "b.gz", &left, &e), 0);
		assert_int_equal(db_commit(db, &e), 0);
		assert_int_equal(number("SELECT count(*) FROM candles WHERE source = 'replay'"),
				 step ? 0 : 100);
	}
	assert_false(left);
	assert_int_equal(number("SELECT count(*) FROM candles"), 10);
	assert_int_equal(number("SELECT count(*) FROM candle_runs"), 1);
}

/* Whatever somebody writes into a row by hand: a clear refusal. */
static void edited_by_hand(void **state)
{
	static const char *const edits[] = {
		"UPDATE candles SET close = 1e300", "UPDATE candles SET low = -1",
		"UPDATE candles SET low = 0", "UPDATE candles SET high = 0.0000005",
		"UPDATE candles SET volume = -1", "UPDATE candles SET buy_volume = volume + 1",
		"UPDATE candles SET trades = -1", "UPDATE candles SET trades = 99999999999",
		"UPDATE candles SET volume = 9e999",
		"DELETE FROM candles", "UPDATE candles SET open_us = open_us + 1",
	};
	struct candle_run r = run_of("synthetic", 0, 60), odd;
	char sql[200];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		for (int at = 0; at < 60; at += 59) {
			store("synthetic", "seed 1", 0, 60, 100);
			assert_int_equal(load(&r, &n), 0);
			assert_int_equal(n, 60);
			snprintf(sql, sizeof(sql), "%s WHERE open_us = %lld", edits[i],
				 (long long)(T0 + at * MINUTE));
			run_sql(sql);
			assert_int_equal(load(&r, &n), ERR_CORRUPT);
			assert_non_null(strstr(e.msg, "candle of BTCUSDT 1m at 20"));
			run_sql("DELETE FROM candles");
		}
	}
	store("synthetic", "seed 1", 0, 60, 100);
	for (int i = 0; i < 3; i++) {
		static const char *const rows[] = {
			"since_us = -9223372036854775807", "until_us = -1", "until_us = since_us",
		};

		snprintf(sql, sizeof(sql), "UPDATE candle_runs SET %s", rows[i]);
		store("synthetic", "seed 1", 0, 60, 100);
		run_sql(sql);
		odd = run_of("synthetic", 7, 8);
		assert_int_equal(store_candle_run(db, &odd, "seed 1", &e), ERR_CORRUPT);
		assert_int_equal(odd.since_us, T0 + 7 * MINUTE);
	}
	for (int i = 0; i < 5; i++) {
		odd = r;
		odd.until_us = i == 0 ? r.until_us + 1 : i == 1 ? r.since_us :
			       i == 2 ? INT64_MAX : i == 3 ? 0 : r.until_us + MINUTE;
		odd.since_us = i == 4 ? INT64_MIN : r.since_us;
		assert_int_equal(load(&odd, &n), ERR_CORRUPT);
	}
}

/* Each series ends at CANDLES_KEPT lengths, whatever its interval. */
static void growth_is_bounded(void **state)
{
	struct candle_row row = {
		.key = { "synthetic", "BTCUSDT", "1h" }, .length_us = 60 * MINUTE,
	};
	const int64_t n = CANDLES_KEPT + 3000;

	(void)state;
	row.candle.open = row.candle.high = row.candle.low = row.candle.close = price_of_units(7);
	assert_int_equal(db_begin(db, &e), 0);
	for (int64_t i = 0; i < n; i++) {
		row.candle.open_us = (T0 / row.length_us + i) * row.length_us;
		assert_int_equal(store_candle_tx(db, &row, INT64_MAX, &e), 0);
	}
	assert_int_equal(db_commit(db, &e), 0);
	assert_in_range(number("SELECT count(*) FROM candles"), CANDLES_KEPT, CANDLES_KEPT + 60);
}

#define WITH_DB(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(cut_anywhere), WITH_DB(markets_do_not_mix), WITH_DB(another_maker),
		WITH_DB(edited_by_hand), WITH_DB(growth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
