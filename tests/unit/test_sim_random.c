/*
 * The simulation venue under seeded random use: after every action the books are
 * checked against the rows, the updates and the orders that were sent. The same
 * actions twice, and the same with restarts in between, give the same rows.
 */
#include "tests/unit/sim_world.h"

#define STEPS 25000
#define BOTS 4			/* 1 and 4 spot, 2 and 3 futures */
#define KNOWN_MAX 20000

static const bool FUTURES[BOTS + 1] = { false, false, true, true, false };
static const int LEVERAGE[BOTS + 1] = { 1, 1, 100, 20, 1 };
static const char *const CAPITAL[BOTS + 1] = { "", "5000", "300", "900", "90000" };

enum life { SENT, WORKING, ENDED };

struct known {			/* what the test sent, and what it heard of it */
	struct venue_order order;
	enum life life;
	int64_t filled;
	struct known *other;	/* of its list */
	bool triggered;		/* told ended because the other one of its list trades */
};

struct random {
	struct world w;
	uint64_t state;
	struct known *known;
	size_t known_n;
	int64_t price[2];	/* ticks, spot and futures */
	struct book_top book[2];
	struct trade last[2];
	int64_t book_us[2];	/* when the newest book came */
	bool invalid[2];
	/* sums of what was heard, per bot, since its epoch began */
	int64_t base[BOTS + 1], quote[BOTS + 1], fees[BOTS + 1][2];
	int64_t held[BOTS + 1][2][LEDGER_ACCOUNTS];	/* from rows; base, quote */
	int64_t gift[BOTS + 1];				/* market paid for the bankrupt */
	int64_t funding[BOTS + 1];			/* heard of since the epoch began */
	size_t rows_seen;
	size_t triggered, lists_cancelled;
	size_t fills, liquidations, expired, rejected, cancelled, fundings, stops, resets;
	size_t at_once[TIF_FOK + 1], missed[TIF_FOK + 1];	/* IOC, FOK: filled whole, or not */
};

static uint64_t roll(struct random *r)	/* splitmix64, Steele and others */
{
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int64_t upto(struct random *r, int64_t n)
{
	return (int64_t)(roll(r) % (uint64_t)n);
}

static int64_t tick(int m)
{
	return m ? RATE_ONE / 10 : RATE_ONE / 100;
}

static int64_t step_of(int m)
{
	return m ? RATE_ONE / 1000 : RATE_ONE / 100000;
}

static void open_accounts(struct random *r)
{
	for (int64_t bot = 1; bot <= BOTS; bot++)
		world_open(&r->w, bot, FUTURES[bot], CAPITAL[bot], LEVERAGE[bot]);
}

static void act_trade(struct random *r)
{
	int m = (int)upto(r, 2);
	int64_t move = upto(r, 7) - 3;
	struct trade t = { .id = ++r->w.trade_id, .buyer_is_maker = upto(r, 2) };

	if (upto(r, 100) == 0)
		move = (upto(r, 2) ? 1 : -1) * r->price[m] * (2 + upto(r, 12)) / 100;
	r->price[m] += move;
	if (r->price[m] * tick(m) < 1000 * RATE_ONE || r->price[m] * tick(m) > 90000 * RATE_ONE)
		r->price[m] = 30000 * RATE_ONE / tick(m);
	t.price = price_of_units(r->price[m] * tick(m));
	t.qty = qty_of_units(step_of(m) * (1 + upto(r, 300)));
	t.time_us = r->w.now - (upto(r, 10) ? 0 : upto(r, 6000));
	r->last[m] = t;
	r->last[m].time_us = r->w.now;
	sim_trade(r->w.v, m ? r->w.futures : r->w.spot, &t, r->w.now);
}

static void hear(struct random *r, const struct venue_update *u);

/* What was due until now traded with the book of before. */
static void catch_up(struct random *r)
{
	r->w.v->ops->advance(r->w.v, r->w.now);
	while (r->w.ups_seen < r->w.ups_n)
		hear(r, &r->w.ups[r->w.ups_seen++]);
}

static void act_book(struct random *r)
{
	int m = (int)upto(r, 2);
	int64_t bid = r->price[m] - upto(r, 3), ask = bid + 1 + upto(r, 3);
	struct book_top b = { .update_id = ++r->w.trade_id };

	catch_up(r);
	b.bid = price_of_units(bid * tick(m));
	b.ask = price_of_units(ask * tick(m));
	b.bid_qty = qty_of_units(upto(r, 40) ? step_of(m) * (1 + upto(r, 200)) : 0);
	b.ask_qty = qty_of_units(upto(r, 40) ? step_of(m) * (1 + upto(r, 200)) : 0);
	r->book[m] = b;
	r->book_us[m] = r->w.now;
	sim_book(r->w.v, m ? r->w.futures : r->w.spot, &b, r->w.now);
}

/* A stop goes with it as a list. */
static void act_place_list(struct random *r, struct known *target)
{
	struct known *stop = &r->known[r->known_n];
	struct venue_order list[2];

	snprintf(target->order.list_id, sizeof(target->order.list_id), "l%zu", r->known_n);
	target->order.type = TYPE_LIMIT_MAKER;
	target->order.tif = TIF_GTC;
	memset(stop, 0, sizeof(*stop));
	stop->order = target->order;
	stop->order.type = TYPE_STOP_MARKET;
	snprintf(stop->order.client_order_id, sizeof(stop->order.client_order_id), "o%zu",
		 r->known_n++);
	target->other = stop;
	stop->other = target;
	list[0] = target->order;
	list[1] = stop->order;
	assert_int_equal(r->w.v->ops->place(r->w.v, list, 2, r->w.now, NULL), 0);
}

static void act_place(struct random *r)
{
	static const enum leg_type types[] = { TYPE_LIMIT_MAKER, TYPE_LIMIT, TYPE_MARKET,
		TYPE_STOP_MARKET, TYPE_LIMIT_MAKER, TYPE_LIMIT_MAKER, TYPE_LIMIT };
	const int64_t of_a_list = 4;
	static const enum tif tifs[] = { TIF_GTC, TIF_GTC, TIF_IOC, TIF_FOK };
	struct known *k = &r->known[r->known_n];
	struct venue_order *o = &k->order;
	int64_t bot = 1 + upto(r, BOTS), p, type;
	int m = FUTURES[bot];

	assert_true(r->known_n + 1 < KNOWN_MAX);
	memset(k, 0, sizeof(*k));
	snprintf(o->client_order_id, sizeof(o->client_order_id), "o%zu", r->known_n++);
	snprintf(o->symbol, sizeof(o->symbol), "BTCUSDT");
	o->bot_id = bot;
	o->side = upto(r, 2) ? SIDE_BUY : SIDE_SELL;
	type = upto(r, 7);
	o->type = types[type];
	if (o->type == TYPE_LIMIT)
		o->tif = tifs[upto(r, 4)];
	o->reduce_only = m && upto(r, 3) == 0;
	p = r->price[m] + upto(r, 21) - 10;
	o->price = price_of_units(p * tick(m));
	p += (o->side == SIDE_BUY ? 1 : -1) * (1 + upto(r, 12));
	o->stop_price = price_of_units(p * tick(m));
	o->quantity = qty_of_units(step_of(m) * (1 + upto(r, upto(r, 4) ? 60 : 2500)));
	if (upto(r, 50) == 0)
		o->quantity = qty_of_units(qty_units(o->quantity) + 1);
	if (type == of_a_list)
		act_place_list(r, k);
	else
		assert_int_equal(r->w.v->ops->place(r->w.v, o, 1, r->w.now, NULL), 0);
}

static void act_cancel(struct random *r)
{
	size_t back = r->known_n < 12 ? r->known_n : 12;
	const struct known *k;

	if (back == 0)
		return;
	k = &r->known[r->known_n - 1 - (size_t)upto(r, (int64_t)back)];
	assert_int_equal(r->w.v->ops->cancel(r->w.v, k->order.bot_id, "BTCUSDT",
					     k->order.client_order_id, r->w.now, NULL), 0);
}

static void act_valid(struct random *r)
{
	int m = (int)upto(r, 2);

	catch_up(r);
	r->invalid[m] = !r->invalid[m] && upto(r, 4) == 0;
	sim_book_valid(r->w.v, m ? r->w.futures : r->w.spot, !r->invalid[m], r->w.now);
}

/* The new epoch's sums start at zero; the old rows are in the digest. */
static void act_reset(struct random *r)
{
	int64_t bot = 1 + upto(r, BOTS);
	struct sim_account_args a = { .bot_id = bot, .symbol = "BTCUSDT",
				      .futures = FUTURES[bot], .initial_capital = M(CAPITAL[bot]),
				      .leverage_e8 = LEVERAGE[bot] * RATE_ONE };

	assert_int_equal(sim_account_reset(r->w.v, &a, true, r->w.now, NULL), 0);
	r->resets++;
	r->base[bot] = r->quote[bot] = r->gift[bot] = r->funding[bot] = 0;
	memset(r->fees[bot], 0, sizeof(r->fees[bot]));
}

static void act(struct random *r)
{
	int64_t dice = upto(r, 1000);

	r->w.now += upto(r, 3000);
	if (dice < 350)
		act_trade(r);
	else if (dice < 600)
		act_book(r);
	else if (dice < 850)
		act_place(r);
	else if (dice < 950)
		act_cancel(r);
	else if (dice < 951)
		act_reset(r);
	else if (dice < 953)
		act_valid(r);
	else if (dice < 960)
		r->w.now += upto(r, INT64_C(5) * 3600 * 1000000);
	r->w.v->ops->advance(r->w.v, r->w.now);
}


/* An IOC or FOK is over as soon as it has arrived; a FOK filled all of it or nothing. */
static void check_ended(struct random *r, const struct known *k)
{
	enum tif tif = k->order.tif;

	if (k->life == SENT || tif == TIF_GTC)
		return;
	assert_int_equal(k->life, ENDED);
	if (tif == TIF_FOK)
		assert_true(k->filled == 0 || k->filled == qty_units(k->order.quantity));
	r->at_once[tif] += k->filled > 0;
	r->missed[tif] += k->filled < qty_units(k->order.quantity);
}

static void check_all_ended(struct random *r)
{
	for (size_t i = 0; i < r->known_n; i++)
		check_ended(r, &r->known[i]);
	assert_true(r->at_once[TIF_IOC] > 50 && r->missed[TIF_IOC] > 50);
	assert_true(r->at_once[TIF_FOK] > 20 && r->missed[TIF_FOK] > 50);
}

/* Nothing fills while the book is old, out of step or empty on both sides. */
static bool book_trades(const struct random *r, const struct known *k, int64_t at_us)
{
	int m = FUTURES[k->order.bot_id];
	bool any = qty_sign(r->book[m].bid_qty) > 0 || qty_sign(r->book[m].ask_qty) > 0;

	return any && !r->invalid[m] && at_us - r->book_us[m] <= r->w.args.stale_us;
}

static void hear_fill(struct random *r, const struct venue_update *u, struct known *k)
{
	int64_t bot = u->bot_id, q = qty_units(u->quantity);
	bool buy = k ? k->order.side == SIDE_BUY : r->base[bot] < 0;
	struct money n;

	assert_true(q > 0);
	assert_int_equal(money_notional(u->price, u->quantity, ROUND_DOWN, &n), 0);
	r->base[bot] += buy ? q : -q;
	r->quote[bot] += buy ? -money_units(n) : money_units(n);
	r->fees[bot][strcmp(u->fee_asset, "BTC") ? 1 : 0] += u->fee_e8;
	assert_string_equal(u->fee_asset, buy && !FUTURES[bot] ? "BTC" : "USDT");
	r->fills++;
	if (!k) {
		r->liquidations++;
		return;
	}
	r->stops += k->order.type == TYPE_STOP_MARKET;
	assert_int_equal(k->life, WORKING);
	assert_true(book_trades(r, k, u->at_us));
	if (k->other) /* it was told before */
		assert_true(k->other->life == ENDED && k->other->filled == 0);
	k->filled += q;
	assert_int_equal(k->filled, qty_units(u->cumulative));
	assert_true(k->filled <= qty_units(k->order.quantity));
	if (k->filled == qty_units(k->order.quantity))
		k->life = ENDED;
	if (k->order.type != TYPE_STOP_MARKET && k->order.type != TYPE_MARKET)
		assert_true(price_cmp(u->price, k->order.price) * (buy ? 1 : -1) <= 0);
	if (k->order.type == TYPE_LIMIT_MAKER)
		assert_true(u->maker);
	if (u->maker)
		assert_int_equal(price_cmp(u->price, k->order.price), 0);
	if (k->order.tif != TIF_GTC)
		assert_false(u->maker);
}

static void hear(struct random *r, const struct venue_update *u)
{
	bool liquidation = strncmp(u->client_order_id, "liquidation-", 12) == 0;
	struct known *k = liquidation || u->kind == UPDATE_FUNDING ? NULL :
		&r->known[strtoul(u->client_order_id + 1, NULL, 10)];

	assert_true(k || u->kind == UPDATE_FILL || u->kind == UPDATE_FUNDING);
	switch (u->kind) {
	case UPDATE_FUNDING:
		r->funding[u->bot_id] += u->fee_e8;
		return;
	case UPDATE_FILL:
		hear_fill(r, u, k);
		return;
	case UPDATE_ACCEPTED:
		assert_int_equal(k->life, SENT);
		k->life = WORKING;
		return;
	case UPDATE_REJECTED:
		assert_int_equal(k->life, SENT);
		k->life = ENDED;
		r->rejected++;
		return;
	case UPDATE_CANCELLED:
		assert_int_equal(k->life, WORKING);
		k->life = ENDED;
		r->lists_cancelled += k->other != NULL;
		r->cancelled++;
		return;
	case UPDATE_EXPIRED:
		assert_true(k->life == WORKING || strncmp(u->reason, "RESET", 5) == 0);
		k->life = ENDED;
		k->triggered = strncmp(u->reason, "OCO_TRIGGER", 11) == 0;
		assert_true(!k->triggered || (k->other && k->other->life == WORKING));
		r->triggered += k->triggered;
		r->expired++;
		return;
	case UPDATE_CANCEL_REJECTED:
		assert_int_equal(k->life, ENDED);
		return;
	case UPDATE_SENT: /* only of venues that send in flush() */
		break;
	}
	fail_msg("update kind %d", (int)u->kind);
}

static int asset_index(const char *asset)
{
	return strcmp(asset, "BTC") == 0 ? 0 : 1;
}

/* Every entry sums to zero, and running balances are the sums of the rows. */
static void check_rows(struct random *r)
{
	const struct world *w = &r->w;
	size_t first = r->rows_seen;

	for (size_t i = first; i < w->rows_n;) {
		int64_t sum[2] = { 0, 0 }, entry = w->rows[i].entry_id;

		for (; i < w->rows_n && w->rows[i].entry_id == entry; i++) {
			const struct sim_ledger_row *row = &w->rows[i];
			int asset = asset_index(row->asset);

			sum[asset] += row->amount_e8;
			r->held[row->bot_id][asset][row->account] += row->amount_e8;
			assert_true(row->amount_e8 != 0);
			r->fundings += row->kind == LEDGER_FUNDING_PAID;
			if (row->kind == LEDGER_LIQUIDATION && row->account == LEDGER_MARKET &&
			    row->client_order_id[0] == '\0')
				r->gift[row->bot_id] -= row->amount_e8;
		}
		assert_int_equal(sum[0], 0);
		assert_int_equal(sum[1], 0);
		assert_true(i == w->rows_n || w->rows[i].entry_id == entry + 1);
	}
	for (size_t i = first; i < w->rows_n; i++) {
		const struct sim_ledger_row *row = &w->rows[i];
		int64_t held = r->held[row->bot_id][asset_index(row->asset)][row->account];

		if (row->epoch == sim_account_get(w->v, row->bot_id)->epoch)
			assert_int_equal(held, world_sum(w, row->bot_id, row->account, row->asset));
	}
	r->rows_seen = w->rows_n;
}

/* Books, fills and orders tell the same story. */
static void check_bot(const struct random *r, int64_t bot)
{
	const int64_t *base = r->held[bot][0], *quote = r->held[bot][1];
	int64_t reserved[2] = { 0, 0 };

	for (size_t i = 0; i < r->w.orders_n; i++)
		if (r->w.orders[i].bot_id == bot && r->w.orders[i].reserved_e8 != 0)
			reserved[asset_index(r->w.orders[i].reserved_asset)] +=
				r->w.orders[i].reserved_e8;
	assert_int_equal(base[LEDGER_RESERVED], reserved[0]);
	assert_int_equal(quote[LEDGER_RESERVED], reserved[1]);
	assert_true(base[LEDGER_FREE] >= 0 && quote[LEDGER_FREE] >= 0);
	assert_int_equal(base[LEDGER_MARKET], -r->base[bot]);
	assert_int_equal(quote[LEDGER_MARKET], -r->quote[bot] - r->gift[bot]);
	assert_int_equal(base[LEDGER_FEES], r->fees[bot][0]);
	assert_int_equal(quote[LEDGER_FEES], r->fees[bot][1]);
	assert_int_equal(quote[LEDGER_FUNDING], r->funding[bot]);
	assert_int_equal(quote[LEDGER_CAPITAL], -E(CAPITAL[bot]));
	if (FUTURES[bot]) {
		assert_int_equal(qty_units(sim_account_get(r->w.v, bot)->position), r->base[bot]);
		assert_int_equal(base[LEDGER_PNL], r->base[bot]);
		if (r->base[bot] == 0)
			assert_int_equal(quote[LEDGER_MARGIN] | quote[LEDGER_PNL], 0);
	} else {
		assert_int_equal(base[LEDGER_FREE] + base[LEDGER_RESERVED],
				 r->base[bot] - r->fees[bot][0]);
	}
}

/* The two of a list came, were refused and were taken back together. */
static void check_lists(const struct random *r)
{
	for (size_t i = r->known_n > 60 ? r->known_n - 60 : 0; i < r->known_n; i++) {
		const struct known *k = &r->known[i], *other = k->other;

		if (!other || k->life == other->life)
			continue;
		assert_true(k->life != SENT && other->life != SENT);
		assert_true(k->triggered || other->triggered);
	}
}

static void check(struct random *r)
{
	struct err e;

	if (sim_check(r->w.v, &e))
		fail_msg("%s", e.msg);
	while (r->w.ups_seen < r->w.ups_n)
		hear(r, &r->w.ups[r->w.ups_seen++]);
	check_lists(r);
	check_rows(r);
	for (int64_t bot = 1; bot <= BOTS; bot++)
		check_bot(r, bot);
}

/* What a restarted feed hands on of the time before, in the order in which it came. */
static void warm(struct random *r, int m)
{
	int market = m ? r->w.futures : r->w.spot;

	bool after = r->last[m].time_us >= r->book_us[m];

	if (!after && r->last[m].id)
		sim_trade(r->w.v, market, &r->last[m], r->last[m].time_us);
	if (r->book[m].update_id)
		sim_book(r->w.v, market, &r->book[m], r->book_us[m]);
	sim_book_valid(r->w.v, market, !r->invalid[m], r->book_us[m]);
	if (after && r->last[m].id)
		sim_trade(r->w.v, market, &r->last[m], r->last[m].time_us);
}

static void restart(struct random *r)
{
	world_restart(&r->w);
	r->w.v->ops->warm(r->w.v, true);
	for (int m = 0; m < 2; m++)
		warm(r, m);
	r->w.v->ops->warm(r->w.v, false);
}

static struct random *random_new(uint64_t seed)
{
	struct random *r = xcalloc(1, sizeof(*r));

	r->known = xcalloc(KNOWN_MAX, sizeof(*r->known));
	r->state = seed;
	r->price[0] = 30000 * RATE_ONE / tick(0);
	r->price[1] = 30000 * RATE_ONE / tick(1);
	world_init(&r->w);
	r->w.args.latency_us = 4000;
	r->w.args.stale_us = 200000;
	r->w.args.slippage_e8 = seed % 2 ? 3000 : 0;
	r->w.fees.maker_e8 = 20000;
	r->w.fees.taker_e8 = 50000;
	world_start(&r->w);
	open_accounts(r);
	return r;
}

static void random_free(struct random *r)
{
	world_stop(&r->w);
	free(r->known);
	free(r);
}

static void invariants(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 2; seed++) {
		struct random *r = random_new(seed);

		for (int i = 0; i < STEPS; i++) {
			act(r);
			check(r);
		}
		print_message("seed %d: %zu fills, %zu by stops, %zu in liquidations, %zu "
			      "rejected, %zu cancelled, %zu expired, %zu fundings, %zu resets\n",
			      (int)seed, r->fills, r->stops, r->liquidations, r->rejected,
			      r->cancelled, r->expired, r->fundings, r->resets);
		/* The run went everywhere. */
		check_all_ended(r);
		assert_true(r->fills > 500 && r->stops > 20 && r->liquidations > 2);
		assert_true(r->rejected > 100 && r->cancelled > 100 && r->expired > 50);
		assert_true(r->fundings > 20 && r->resets > 2);
		assert_true(r->triggered > 5 && r->lists_cancelled > 5);
		random_free(r);
	}
}

static uint64_t digest_of(uint64_t seed, int restart_every)
{
	struct random *r = random_new(seed);
	uint64_t digest;

	for (int i = 1; i <= STEPS; i++) {
		act(r);
		if (restart_every && i % restart_every == 0)
			restart(r);
	}
	digest = r->w.digest;
	random_free(r);
	return digest;
}

static void deterministic(void **state)
{
	(void)state;
	assert_int_equal(digest_of(5, 0), digest_of(5, 0));
	assert_int_not_equal(digest_of(5, 0), digest_of(7, 0));
}

static void restarts_change_nothing(void **state)
{
	uint64_t plain = digest_of(11, 0);

	(void)state;
	assert_int_equal(digest_of(11, 1), plain); /* after every single action */
	assert_int_equal(digest_of(11, 997), plain);
	assert_int_equal(digest_of(11, STEPS / 2), plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants),
		cmocka_unit_test(deterministic),
		cmocka_unit_test(restarts_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
