/*
 * Candles of another symbol or interval: a decision that belongs to T sees all of them that
 * ended by T and none that ended later, however late the markets' events come; it waits for
 * what is missing, and makes no entry before each is as long as its look-back.
 */
#include "tests/unit/engine_world.h"

#define KEPT 8192
#define MARKETS 2

static const char *const symbols[MARKETS] = { "BTCUSDT", "ETHUSDT" };
static const char *const intervals[] = { "1s", "1m", "5m" };

static uint64_t state64;

static int64_t roll(int64_t n)	/* splitmix64, by Sebastiano Vigna, public domain */
{
	uint64_t z = state64 += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (int64_t)((z ^ (z >> 31)) % (uint64_t)n);
}

/* ---- what the engine told of candles, which decisions are compared with ---- */

struct told {
	char symbol[SYMBOL_MAX], interval[8];
	int64_t open_us;
	double close;
};

struct eye {
	struct told *told;
	size_t told_n;
	struct desk *d;
	size_t decisions;
	int64_t last_us;		/* end of the newest decided candle */
	size_t waited;			/* decisions after a later own candle had ended */
	size_t longer;			/* extras' candles that were seen, of other lengths */
};

static void on_candle(void *ctx, const struct candle_report *c)
{
	struct eye *eye = ctx;
	struct told *t = &eye->told[eye->told_n++ % KEPT];

	snprintf(t->symbol, sizeof(t->symbol), "%s", c->symbol);
	snprintf(t->interval, sizeof(t->interval), "%s", c->interval);
	t->open_us = c->candle->open_us;
	t->close = price_double(c->candle->close);
}

static double told_close(const struct eye *eye, const char *symbol, const char *interval,
			 int64_t open_us)
{
	for (size_t i = eye->told_n; i-- > 0 && i + KEPT > eye->told_n;) {
		const struct told *t = &eye->told[i % KEPT];

		if (t->open_us == open_us && strcmp(t->symbol, symbol) == 0 &&
		    strcmp(t->interval, interval) == 0)
			return t->close;
	}
	fail_msg("no candle of %s %s at %lld closed yet", symbol, interval, (long long)open_us);
	return 0;
}

static const char *or_own(const char *word, const char *own)
{
	return word ? word : own;
}

static void see_extra(struct eye *eye, const struct strategy_input *in, size_t i, int64_t end_us)
{
	const struct window *w = in->extra[i];
	const char *symbol = or_own(brain_extra[i].symbol, in->config->symbol);
	const char *interval = or_own(brain_extra[i].interval, in->config->interval);
	int64_t newest_us = w->last_open_us + w->length_us;

	assert_int_equal(w->length_us, candle_interval_us(interval));
	assert_int_equal(w->n, brain_extra[i].look_back);
	assert_true(newest_us <= end_us);			/* nothing of the future */
	assert_true(newest_us + w->length_us > end_us);		/* nothing is missing */
	for (size_t k = 0; k < w->n; k++)
		assert_true(w->close[w->begin + k] ==
			    told_close(eye, symbol, interval, w->last_open_us -
				       (int64_t)(w->n - 1 - k) * w->length_us));
	eye->longer += w->length_us != in->window->length_us;
}

static void see(void *ctx, const struct strategy_input *in)
{
	struct eye *eye = ctx;
	const struct window *w = in->window;
	int64_t end_us = w->last_open_us + w->length_us;

	assert_int_equal(w->n, 1);
	assert_true(eye->last_us == 0 || end_us == eye->last_us + w->length_us);
	assert_true(w->close[w->begin] == told_close(eye, in->config->symbol,
						     in->config->interval, w->last_open_us));
	eye->waited += end_us + w->length_us + CANDLE_GRACE_US < eye->d->now;
	eye->last_us = end_us;
	for (size_t i = 0; i < brain_extras_n; i++)
		see_extra(eye, in, i, end_us);
	eye->decisions++;
}

/* ---- random markets ---- */

static void open_both(struct desk *d, struct eye *eye)
{
	struct symbol_info info = world_info(d->futures);

	memset(eye, 0, sizeof(*eye));
	eye->told = xcalloc(KEPT, sizeof(eye->told[0]));
	eye->d = d;
	desk_open(d);
	snprintf(info.symbol, sizeof(info.symbol), "%s", symbols[1]);
	snprintf(info.base, sizeof(info.base), "ETH");
	session_market_add(d->s, &info);
	d->rows.on_candle = on_candle;
	d->rows.candle_ctx = eye;
	d->brain[1].see = see;
	d->brain[1].ctx = eye;
}

static void run_bot(struct desk *d)
{
	desk_add_bot(d, 1, &d->bot);
	assert_int_equal(desk_order(d, 1, EVENT_START, false), 0);
}

static void random_extras(struct desk *d)
{
	snprintf(d->bot.interval, sizeof(d->bot.interval), "%s", intervals[roll(2)]);
	brain_extras_n = (size_t)roll(STRATEGY_EXTRAS_MAX) + 1;
	for (size_t i = 0; i < brain_extras_n; i++)
		brain_extra[i] = (struct strategy_extra){
			.symbol = roll(2) ? symbols[roll(2)] : NULL,
			.interval = roll(4) ? intervals[roll(3)] : NULL,
			.look_back = (size_t)roll(4) + 1,
		};
	if (brain_extra[0].interval == intervals[0]) /* longer than what every window keeps */
		brain_extra[0].look_back += CANDLE_WINDOW;
}

static int market(const struct desk *d, int m)
{
	return d->sink.market(d->sink.ctx, symbols[m]);
}

/* An event of the exchange's time late_us ago: a trade, or only time passes. */
static void event(struct desk *d, int m, int64_t late_us)
{
	struct trade t = { .id = ++d->trade_id, .time_us = d->now - late_us };

	t.price = price_of_units((40000 + roll(20000)) * RATE_ONE);
	t.qty = Q("0.01");
	t.whole = roll(2);
	if (roll(5))
		d->sink.trade(d->sink.ctx, market(d, m), &t, d->now);
	else
		d->sink.time(d->sink.ctx, market(d, m), t.time_us, d->now);
}

/* Each market's clock is behind by a time of its own, now and then by more. */
static void random_session(struct desk *d, uint64_t seed, struct eye *eye)
{
	int64_t late_us[MARKETS], until_us;

	state64 = seed;
	late_us[0] = roll(800 * MS);
	late_us[1] = roll(2500 * MS);
	open_both(d, eye);
	random_extras(d);
	run_bot(d);
	d->now = T0 + 3 * SECOND;
	until_us = d->now + 40 * 60 * SECOND;
	while (d->now < until_us) {
		int m = (int)roll(MARKETS);

		d->now += roll(50) ? roll(700 * MS) : roll(20 * SECOND);
		event(d, m, late_us[m]);
	}
}

static void never_the_future(void **state)
{
	size_t waited = 0, longer = 0, decisions = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct desk *d = xcalloc(1, sizeof(*d));
		struct eye eye;

		desk_init(d, false);
		random_session(d, seed, &eye);
		assert_true(eye.decisions > 15);
		decisions += eye.decisions;
		waited += eye.waited;
		longer += eye.longer;
		desk_close(d);
		free(d);
		free(eye.told);
	}
	print_message("%zu decisions, %zu waited past an own candle, %zu extras of another "
		      "length\n", decisions, waited, longer);
	assert_true(waited > 100 && longer > 1000);
}

/* ---- one by one ---- */

static void both_second(struct desk *d, int64_t late_us)
{
	d->now = (d->now / SECOND + 1) * SECOND;
	for (int m = 0; m < MARKETS; m++) {
		d->now += m * late_us;
		d->sink.time(d->sink.ctx, market(d, m), d->now - m * late_us + CANDLE_GRACE_US,
			     d->now);
	}
}

static void begin_second(struct desk *d, int m)
{
	struct trade t = { .id = ++d->trade_id, .price = P("50000"), .qty = Q("1") };

	d->sink.time(d->sink.ctx, market(d, m), d->now / SECOND * SECOND, d->now);
	t.time_us = d->now;
	d->sink.trade(d->sink.ctx, market(d, m), &t, d->now);
}

static const struct signal_report *newest(const struct desk *d)
{
	assert_true(d->rows.signals_n > 0);
	return &d->rows.signals[d->rows.signals_n - 1];
}

static void warms_up(void **state)
{
	struct desk *d = *state;
	struct eye eye;

	open_both(d, &eye);
	brain_extra[0] = (struct strategy_extra){ .symbol = "ETHUSDT", .look_back = 3 };
	brain_extras_n = 1;
	run_bot(d);
	d->brain[1].probability = 0.9;
	begin_second(d, 0);
	desk_book(d, "50000", "50000.01");
	both_second(d, 0);	/* nobody heard of ETHUSDT yet: it is not waited for */
	assert_string_equal(newest(d)->rule, "warm_up");
	assert_string_equal(newest(d)->reason, "1 of 1 candles, 0 of 3 of ETHUSDT 1s");
	begin_second(d, 1);
	both_second(d, 0);	/* it began before we listened: no candle */
	both_second(d, 0);
	both_second(d, 0);
	assert_string_equal(newest(d)->rule, "warm_up");
	assert_int_equal(d->rows.orders_n, 0);
	both_second(d, 0);
	assert_int_equal(d->rows.orders_n, 1);
	free(eye.told);
}

/* The other market's second closes 300 ms later: the decision comes then. */
static void waits_for_the_other(void **state)
{
	struct desk *d = *state;
	struct eye eye;

	open_both(d, &eye);
	brain_extra[0] = (struct strategy_extra){ .symbol = "ETHUSDT", .look_back = 1 };
	brain_extras_n = 1;
	run_bot(d);
	begin_second(d, 0);
	begin_second(d, 1);
	desk_book(d, "50000", "50000.01");
	both_second(d, 300 * MS);	/* the first of the other: it was not waited for */
	both_second(d, 300 * MS);
	assert_int_equal(eye.decisions, 1);
	d->now = (d->now / SECOND + 1) * SECOND;
	d->sink.time(d->sink.ctx, market(d, 0), d->now + CANDLE_GRACE_US, d->now);
	assert_int_equal(eye.decisions, 1);
	d->sink.time(d->sink.ctx, market(d, 1), d->now + CANDLE_GRACE_US, d->now + 300 * MS);
	assert_int_equal(eye.decisions, 2);
	d->now += 400 * MS;
	/* Frames of the other are missing: there is nothing to wait for, and nothing to see. */
	d->sink.gap(d->sink.ctx, market(d, 1), d->now);
	d->now = (d->now / SECOND + 1) * SECOND;
	d->sink.time(d->sink.ctx, market(d, 0), d->now + CANDLE_GRACE_US, d->now);
	assert_int_equal(eye.decisions, 2);
	assert_string_equal(newest(d)->rule, "warm_up");
	free(eye.told);
}

/* Events that only warm up leave what waits: it is decided when its input comes. */
static void waits_over_a_warm_up(void **state)
{
	struct desk *d = *state;
	struct eye eye;

	open_both(d, &eye);
	brain_extra[0] = (struct strategy_extra){ .symbol = "ETHUSDT", .look_back = 1 };
	brain_extras_n = 1;
	run_bot(d);
	engine_warm(d->e, WARM_NEW);
	begin_second(d, 0);
	begin_second(d, 1);
	both_second(d, 300 * MS);
	d->now = (d->now / SECOND + 1) * SECOND;
	d->sink.time(d->sink.ctx, market(d, 0), d->now + CANDLE_GRACE_US, d->now);
	assert_int_equal(eye.decisions, 0);
	engine_warm(d->e, WARM_NONE);
	d->now += 100 * MS;
	d->sink.time(d->sink.ctx, market(d, 1), d->now / SECOND * SECOND + CANDLE_GRACE_US, d->now);
	assert_int_equal(eye.decisions, 1);
	free(eye.told);
}

static void another_market_must_be_there(void **state)
{
	struct desk *d = *state;

	desk_open(d);
	brain_extra[0] = (struct strategy_extra){ .symbol = "DOGEUSDT", .look_back = 1 };
	brain_extras_n = 1;
	assert_int_equal(session_account(d->s, 1, &d->bot, d->now, &d->err), 0);
	assert_int_equal(engine_bot_add(d->e, 1, &d->bot, NULL, &d->err), ERR_NOT_FOUND);
	assert_non_null(strstr(d->err.msg, "DOGEUSDT"));
}

static int forget(void **state)
{
	brain_extras_n = 0;
	return desk_teardown(state);
}

#define DESK(test) cmocka_unit_test_setup_teardown(test, desk_setup_spot, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK(warms_up), DESK(waits_for_the_other), DESK(waits_over_a_warm_up),
		DESK(another_market_must_be_there), cmocka_unit_test(never_the_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
