/*
 * Recorded Binance frames through the engine, with an eager brain: the books must
 * agree to the last 1e-8, and the same recording must give the same rows.
 */
#include "tests/unit/engine_world.h"
#include "tests/unit/shared.h"
#include "worker/report/digest.h"
#include "worker/report/fanout.h"

#define FRAMES 4096

struct run {
	struct desk d;
	struct fanout fanout;
	struct digest *digest;
	struct feed *feed;
	struct symbol_info info;
	uint64_t x;
};

/* Wants an entry on about half of the seconds; which ones depends on the count alone. */
static int eager(void *ctx, const float *features, size_t n, float *out, struct err *e)
{
	struct run *r = ctx;

	(void)features;
	(void)n;
	(void)e;
	r->x ^= r->x << 13;
	r->x ^= r->x >> 7;
	r->x ^= r->x << 17;
	r->d.brain[1].side = r->info.futures && r->x & 2 ? SIDE_SELL : SIDE_BUY;
	*out = r->x & 1 ? 0.9f : 0.1f;
	return 0;
}

static int brain_of_run(void *ctx, const float *features, size_t n, float *out, struct err *e)
{
	return eager((struct run *)((char *)ctx - offsetof(struct run, d.brain[1])), features, n,
		     out, e);
}

static void open_run(struct run *r, const char *file)
{
	struct desk *d = &r->d;
	struct reporter rows = rows_reporter(&d->rows), digest;
	struct session_args a = { .config = &d->config };
	struct sim_store store;
	struct replay_args replay = { .files = shared_path(file) };
	struct bot_restore running = { .status = BOT_RUNNING };
	struct predictor p = { .model_id = 1, .ctx = &d->brain[1], .predict = brain_of_run };
	size_t n = 0;

	assert_int_equal(replay_symbols(shared_path(file), &r->info, 1, &n, &d->err), 0);
	desk_init(d, r->info.futures);
	r->x = 88172645463325252;
	d->config.sim_latency_ms = 50;
	d->config.sim_slippage = 0.0001;
	d->config.max_daily_loss_pct = d->config.max_drawdown_pct = 0;
	memcpy(d->bot.symbol, r->info.symbol, sizeof(d->bot.symbol));
	d->bot.capital_per_trade = M("300");
	d->bot.max_positions = 3;
	d->bot.holding_time = 30;
	d->bot.maker_order_timeout = 5;
	d->bot.ignore_risk_reward = true; /* the rows are looked at, not the gain */
	d->bot.profit_target_pct = 0.0006;
	d->bot.stop_loss_pct = 0.0002;
	r->digest = digest_new();
	digest = digest_reporter(r->digest);
	fanout_add(&r->fanout, &rows);
	fanout_add(&r->fanout, &digest);
	a.reporter = fanout_reporter(&r->fanout);
	store = digest_sim_store(r->digest);
	assert_int_equal(paper_session(&a, &store, &d->s, &d->err), 0);
	d->e = session_engine(d->s);
	session_market_add(d->s, &r->info);
	assert_int_equal(session_account(d->s, 1, &d->bot, 1, &d->err), 0);
	assert_int_equal(engine_bot_add(d->e, 1, &d->bot, &running, &d->err), 0);
	engine_bot_model(d->e, 1, &p, NULL);
	d->sink = session_sink(d->s, r->info.futures);
	assert_int_equal(replay_open(&replay, &d->sink, &r->feed, &d->err), 0);
}

/* Money of the account from the orders' rows alone; open ones at what they moved so far. */
static void check_books(struct run *r)
{
	struct money cash_now = M("10000");
	struct qty held = { 0 };
	struct account_value b = desk_balance(&r->d, 1);

	desk_check(&r->d);
	for (size_t i = 0; i < r->d.rows.orders_n; i++) {
		const struct order *o = &r->d.rows.orders[i];
		struct money in = o->entry_notional, out = o->exit_notional;
		struct qty q = order_position(o);

		if (o->side == SIDE_SELL) {
			in = o->exit_notional;
			out = o->entry_notional;
			q = qty_neg(q);
		}
		assert_int_equal(money_add(cash_now, out, &cash_now), 0);
		assert_int_equal(money_sub(cash_now, in, &cash_now), 0);
		assert_int_equal(money_sub(cash_now, o->quote_fees, &cash_now), 0);
		assert_int_equal(qty_add(held, q, &held), 0);
		assert_int_equal(qty_sub(held, o->dust_taken, &held), 0);
	}
	assert_int_equal(qty_units(b.base), qty_units(held));
	if (!r->info.futures || qty_sign(b.base) == 0)
		assert_string_equal(cash(b.balance), cash(cash_now));
}

static bool has_price(const struct run *r)
{
	const struct market *m = engine_market(r->d.e, source_of(&r->d), r->info.symbol);

	return price_sign(market_last(m)) > 0;
}

static void play(const char *file, char hex[SHA256_HEX_MAX], size_t *orders)
{
	struct run *r = xcalloc(1, sizeof(*r));
	int64_t next_us = 0;
	int rc;

	open_run(r, file);
	do {
		rc = r->feed->ops->poll(r->feed, 0, FRAMES, &next_us, &r->d.err);
		if (rc == 0 && has_price(r))
			check_books(r);
	} while (rc == 0 && next_us != INT64_MAX);
	assert_true(rc == 0 || rc == ERR_END);
	for (size_t i = 0; i < r->d.rows.orders_n; i++) {
		const struct order *o = &r->d.rows.orders[i];

		if (o->status == ORDER_CLOSED && qty_sign(o->filled) > 0)
			++*orders;
	}
	digest_hex(r->digest, hex);
	r->feed->ops->free(r->feed);
	digest_free(r->digest);
	desk_close(&r->d);
	free(r);
}

static void recording(const char *file)
{
	char one[SHA256_HEX_MAX], two[SHA256_HEX_MAX];
	size_t orders = 0;
	FILE *f = fopen(shared_path(file), "rb");

	if (!f)
		skip();
	fclose(f);
	play(file, one, &orders);
	play(file, two, &orders);
	assert_string_equal(one, two);
	printf("%s: %zu trades of the bot, digest %.16s\n", file, orders / 2, one);
	assert_true(orders > 4);
}

static void spot_btc(void **state)
{
	(void)state;
	recording("recordings/spot/btcusdt_20240808.gz");
}

static void spot_eth(void **state)
{
	(void)state;
	recording("recordings/spot/ethusdt_20240809.gz");
}

static void usdm_btc(void **state)
{
	(void)state;
	recording("recordings/usdm/btcusdt_20240808.gz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spot_btc),
		cmocka_unit_test(spot_eth),
		cmocka_unit_test(usdm_btc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
