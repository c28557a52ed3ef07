/*
 * Several venues under one engine: the simulation (account 0) on made-up prices and two venues that
 * do what a test says (accounts 1 and 2) on an exchange's, for bots 1, 2 and 3 on the same symbol.
 */
#include "tests/unit/fake_venue.h"
#include "worker/engine/engine_internal.h"

#define BOTS 3

struct yard {
	struct fake fakes[2];	/* of accounts 1 and 2, bots 2 and 3 */
	struct sim_recipe paper;
	struct venue *router;
	struct engine *e;
	struct market *paper_market, *live_market;
	struct rows rows;
	struct brain brain[BOTS + 1];
	struct bot_config bot[BOTS + 1];
	struct venue_update strays[8];
	size_t strays_n;
	int64_t now, trade_id;
};

static int fake_made(void *ctx, const struct venue_sink *sink, struct venue **out, struct err *e)
{
	struct fake *f = ctx;

	(void)e;
	f->sink = *sink;
	*out = &f->venue;
	return 0;
}

static int account_taken(struct venue *v, const struct venue_account *a, int64_t now_us,
			 struct err *e)
{
	struct fake *f = (struct fake *)(void *)v;
	struct account told = { .bot_id = a->bot_id, .known = true, .free = M("10000"),
				.balance = M("10000") };

	(void)now_us;
	(void)e;
	f->sink.account(f->sink.ctx, &told);
	return 0;
}

static int64_t never_due(const struct venue *v)
{
	(void)v;
	return INT64_MAX;
}

static void on_stray(void *ctx, const char *venue, const struct venue_update *u)
{
	struct yard *y = ctx;

	assert_true(strcmp(venue, "one") == 0 || strcmp(venue, "two") == 0);
	y->strays[y->strays_n++ % 8] = *u;
}

static void venues_open(struct yard *y, const struct venue_sink *sink)
{
	static const int64_t accounts[] = { 1, 2 };
	static const char *const live[] = { "binance_futures", "binance" };
	struct venue_maker makers[3] = {
		{ .name = "one", .mode = "live", .accounts = &accounts[0], .accounts_n = 1,
		  .sources = live, .sources_n = 2, .make = fake_made, .ctx = &y->fakes[0] },
		{ .name = "two", .mode = "live", .accounts = &accounts[1], .accounts_n = 1,
		  .sources = live, .sources_n = 2, .make = fake_made, .ctx = &y->fakes[1] },
	};
	struct router_args a = { .makers = makers, .n = 3, .market_data = "synthetic",
				 .sink = *sink, .stray = on_stray, .ctx = y };
	struct err e;

	sim_args_init(&y->paper.args);
	makers[2] = sim_maker(&y->paper);
	for (int i = 0; i < 2; i++) {
		fake_init(&y->fakes[i], true);
		y->fakes[i].ops.account_set = account_taken;
	}
	assert_int_equal(router_new(&a, &y->router, &e), 0);
}

static void bot_open(struct yard *y, int64_t bot, const struct bot_config *like)
{
	struct predictor p = { .model_id = 7, .ctx = &y->brain[bot], .predict = brain_predict };
	struct bot_restore running = { .status = BOT_RUNNING };
	struct market *m = bot > 1 ? y->live_market : y->paper_market;
	struct venue_account account = { .bot_id = bot, .account_id = bot - 1,
					 .market = market_handle(m), .capital = M("10000"),
					 .leverage_e8 = RATE_ONE };
	struct err e = { .msg = "" };

	y->bot[bot] = *like;
	y->bot[bot].live = bot > 1;
	y->bot[bot].account_id = bot - 1;
	y->bot[bot].allocation = M("10000");
	if (y->router->ops->account_set(y->router, &account, y->now, &e) ||
	    engine_bot_add(y->e, bot, &y->bot[bot], &running, &e))
		fail_msg("%s", e.msg);
	engine_bot_model(y->e, bot, &p, NULL);
}

static void yard_time(struct yard *y, int64_t us)
{
	y->now += us;
	y->fakes[0].now = y->fakes[1].now = y->now;
	engine_advance(y->e, y->now);
}

static void yard_trade(struct yard *y, const char *price)
{
	struct trade t = { .id = ++y->trade_id, .time_us = y->now + 1, .price = P(price),
			   .qty = Q("1"), .buyer_is_maker = true };

	yard_time(y, 1);
	engine_trade(y->e, y->paper_market, &t, y->now);
	engine_trade(y->e, y->live_market, &t, y->now);
}

static void yard_book(struct yard *y)
{
	struct book_top b = { .bid = P("50000"), .ask = P("50000.1"), .bid_qty = Q("1"),
			      .ask_qty = Q("1") };

	yard_time(y, 1);
	engine_book(y->e, y->paper_market, &b, y->now);
	engine_book(y->e, y->live_market, &b, y->now);
}

static void yard_clocks(struct yard *y, int64_t exchange_us)
{
	engine_market_time(y->e, y->paper_market, exchange_us, y->now);
	engine_market_time(y->e, y->live_market, exchange_us, y->now);
}

/* The candle closes, and each bot may want an entry. */
static void yard_candle(struct yard *y, double probability)
{
	for (int bot = 1; bot <= BOTS; bot++)
		y->brain[bot].probability = probability;
	yard_trade(y, "50000.05");
	yard_book(y);
	yard_time(y, SECOND - y->now % SECOND);
	yard_clocks(y, y->now + CANDLE_GRACE_US);
	for (int bot = 1; bot <= BOTS; bot++)
		y->brain[bot].probability = 0;
	yard_time(y, 100 * MS); /* the simulation has it */
}

static struct market *yard_market(struct yard *y, const char *source)
{
	struct symbol_info info = world_info(false);

	snprintf(info.source, sizeof(info.source), "%s", source);
	return engine_market_add(y->e, &info);
}

static int setup(void **state)
{
	struct yard *y = xcalloc(1, sizeof(*y));
	struct engine_args a = { .reporter = rows_reporter(&y->rows), .market_data = "synthetic",
				 .first_order_id = 1, .first_leg_id = 1,
				 .first_fill_id = 1, .first_signal_id = 1 };
	struct venue_sink sink;
	struct desk d;

	desk_init(&d, false);
	d.bot.max_positions = 5;
	y->now = d.now;
	y->e = engine_new(&a);
	sink = engine_venue_sink(y->e);
	venues_open(y, &sink);
	engine_set_venue(y->e, y->router);
	y->paper_market = yard_market(y, "synthetic");
	y->live_market = yard_market(y, "binance");
	for (int64_t bot = 1; bot <= BOTS; bot++)
		bot_open(y, bot, &d.bot);
	yard_time(y, 1);
	yard_clocks(y, y->now / SECOND * SECOND);
	yard_book(y);
	*state = y;
	return 0;
}

static int teardown(void **state)
{
	struct yard *y = *state;
	struct err e;

	if (sim_check(y->paper.made, &e))
		fail_msg("%s", e.msg);
	engine_free(y->e);
	y->router->ops->free(y->router);
	rows_free(&y->rows);
	free(y);
	return 0;
}

/* A venue speaks about an order that it was given. */
static void yard_say(struct yard *y, int venue, enum venue_update_kind kind, int64_t bot,
		     const char *id, const char *quantity)
{
	struct fake *f = &y->fakes[venue];
	struct venue_update u = { .kind = kind, .bot_id = bot, .at_us = y->now };

	snprintf(u.client_order_id, sizeof(u.client_order_id), "%s", id);
	snprintf(u.symbol, sizeof(u.symbol), "BTCUSDT");
	snprintf(u.exchange_id, sizeof(u.exchange_id), "x%s", id);
	snprintf(u.fee_asset, sizeof(u.fee_asset), "USDT");
	if (quantity) {
		u.trade_id = ++f->trade_id;
		u.price = P("50000");
		u.quantity = u.cumulative = Q(quantity);
	}
	f->sink.update(f->sink.ctx, &u);
	yard_time(y, 0);
}

static const struct venue_order *sent(const struct yard *y, int venue)
{
	const struct fake *f = &y->fakes[venue];

	assert_true(f->placed_n > 0);
	return &f->placed[f->placed_n - 1];
}

static const char *sent_id(const struct yard *y, int venue)
{
	return sent(y, venue)->client_order_id;
}

/* An order is taken back, and the other one of its list with it. */
static void taken_back(struct yard *y, int venue, int64_t bot, const char *id)
{
	const struct fake *f = &y->fakes[venue];
	const char *list = "";

	for (size_t i = 0; i < f->placed_n; i++)
		if (strcmp(f->placed[i].client_order_id, id) == 0)
			list = f->placed[i].list_id;
	for (size_t i = 0; i < f->placed_n; i++)
		if (strcmp(f->placed[i].client_order_id, id) == 0 ||
		    (list[0] && strcmp(f->placed[i].list_id, list) == 0))
			yard_say(y, venue, UPDATE_CANCELLED, bot, f->placed[i].client_order_id,
				 NULL);
}

/* All that the venue was given and has not ended yet is done: filled or taken back. */
static void obey(struct yard *y, int venue, int64_t bot)
{
	struct fake *f = &y->fakes[venue];
	size_t n = f->cancels_n;

	for (size_t k = 0; k < n; k++)
		taken_back(y, venue, bot, f->cancels[k]);
	f->cancels_n = 0;
	if (sent(y, venue)->type == TYPE_MARKET)
		yard_say(y, venue, UPDATE_FILL, bot, sent_id(y, venue), "0.002");
}

static size_t fills_of(const struct yard *y, int64_t bot)
{
	size_t n = 0;

	for (size_t i = 0; i < y->rows.fills_n; i++)
		n += y->rows.orders[y->rows.fills[i].order_id - 1].bot_id == bot;
	return n;
}

/* ---- tests ---- */

static void each_at_its_venue(void **state)
{
	struct yard *y = *state;

	yard_candle(y, 0.9);
	for (int64_t bot = 1; bot <= BOTS; bot++)
		assert_int_equal(engine_open_orders(y->e, bot), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(y->fakes[i].placed_n, 1);
		assert_int_equal(sent(y, i)->bot_id, i + 2);
	}
	for (int id = 1; id <= BOTS; id++) /* and the row says whose money it is */
		assert_int_equal(y->rows.orders[id - 1].account_id,
				 y->rows.orders[id - 1].bot_id - 1);
	assert_int_equal(y->e->all.open_all, 1); /* no total adds modes */
	assert_int_equal(y->e->all.open_live, 2);
	assert_int_equal(money_units(engine_account(y->e, 1)->balance), money_units(M("10000")));
}

/* Paper and live trade one symbol, each at the prices and candles of its own source. */
static void each_on_its_source(void **state)
{
	struct yard *y = *state;
	struct trade made_up = { .id = 90, .price = P("70000"), .qty = Q("1") };

	assert_true(y->paper_market != y->live_market);
	yard_time(y, 1);
	made_up.time_us = y->now;
	engine_trade(y->e, y->paper_market, &made_up, y->now);
	assert_int_equal(price_units(market_last(y->paper_market)), price_units(P("70000")));
	assert_int_equal(price_units(market_last(y->live_market)), 0);
	assert_true(y->paper_market->handle != y->live_market->handle);
	y->brain[1].probability = y->brain[2].probability = 0.9;
	yard_time(y, SECOND - y->now % SECOND);
	engine_market_time(y->e, y->paper_market, y->now + CANDLE_GRACE_US, y->now);
	assert_int_equal(y->brain[1].asked, 1);	/* its candle closed; the live one's has not */
	assert_int_equal(y->brain[2].asked, 0);
	assert_int_equal(y->fakes[0].placed_n, 0);
}

/* Two accounts on one market may pay other fees: the rules count with the bot's own. */
static void each_pays_its_own(void **state)
{
	struct yard *y = *state;
	struct account told = { .bot_id = 2, .known = true, .free = M("10000"),
				.balance = M("10000"),
				.fees = { .maker_e8 = 1000000, .taker_e8 = 1000000 } };

	y->fakes[0].sink.account(y->fakes[0].sink.ctx, &told);
	yard_candle(y, 0.9);
	assert_int_equal(y->fakes[0].placed_n, 0);	/* 0.3 % to win, 2 % of fees */
	assert_int_equal(y->fakes[1].placed_n, 1);
}

static void late_and_crossed(void **state)
{
	struct yard *y = *state;
	char one[CLIENT_ORDER_ID_MAX], two[CLIENT_ORDER_ID_MAX];

	yard_candle(y, 0.9);
	snprintf(one, sizeof(one), "%s", sent_id(y, 0));
	snprintf(two, sizeof(two), "%s", sent_id(y, 1));
	yard_say(y, 0, UPDATE_FILL, 3, two, "0.002"); /* the wrong venue of this order */
	assert_int_equal(fills_of(y, 3), 0);
	assert_int_equal(y->strays_n, 1);
	assert_string_equal(y->strays[0].client_order_id, two);
	yard_say(y, 1, UPDATE_ACCEPTED, 3, two, NULL);
	yard_time(y, 1500 * MS);
	yard_say(y, 1, UPDATE_FILL, 3, two, "0.002");
	yard_say(y, 0, UPDATE_FILL, 2, one, "0.002"); /* its acknowledgement never came */
	assert_int_equal(fills_of(y, 2), 1);
	assert_int_equal(fills_of(y, 3), 1);
	assert_int_equal(fills_of(y, 1), 0);
	assert_int_equal(y->strays_n, 1);
	/* each is protected at its own venue */
	assert_int_equal(sent(y, 0)->type, TYPE_STOP_MARKET);
	assert_int_equal(sent(y, 0)->bot_id, 2);
	assert_int_equal(sent(y, 1)->type, TYPE_STOP_MARKET);
	assert_int_equal(sent(y, 1)->bot_id, 3);
}

/* An outcome that nobody knows stops entries with that account, not those of other venues. */
static void one_is_silent(void **state)
{
	struct yard *y = *state;

	y->fakes[0].ops.next_due = never_due; /* it answers no question either */
	yard_candle(y, 0.9);
	yard_say(y, 1, UPDATE_ACCEPTED, 3, sent_id(y, 1), NULL);
	yard_time(y, 2500 * MS);
	assert_int_equal(bot_unknown_legs(engine_find_bot(y->e, 2)), 1);
	for (int64_t bot = 1; bot <= BOTS; bot++)
		assert_int_equal(bot_unknown_here(engine_find_bot(y->e, bot)), bot == 2);
	yard_candle(y, 0);
	yard_candle(y, 0.9);
	assert_int_equal(y->fakes[0].placed_n, 1);
	assert_int_equal(y->fakes[1].placed_n, 2);
	assert_int_equal(engine_open_orders(y->e, 1), 2);
}

static void stop_everything(struct yard *y)
{
	struct engine_command c = { .event = EVENT_EMERGENCY_STOP, .requested_by = "test",
				    .correlation_id = "cid" };
	struct engine_answer answer;
	struct err e;

	for (int64_t bot = 1; bot <= BOTS; bot++)
		assert_int_equal(engine_bot_command(y->e, bot, &c, y->now, &answer, &e), 0);
}

/* All hold; then all are flat, each at its own venue. */
static void emergency(void **state)
{
	struct yard *y = *state;

	yard_candle(y, 0.9);
	for (int i = 0; i < 2; i++) {
		yard_say(y, i, UPDATE_FILL, i + 2, sent_id(y, i), "0.002");
		yard_say(y, i, UPDATE_ACCEPTED, i + 2, sent_id(y, i), NULL);
	}
	yard_trade(y, "49990"); /* through the paper bot's limit */
	yard_book(y);
	yard_time(y, 100 * MS);
	assert_int_equal(fills_of(y, 1), 1);
	stop_everything(y);
	yard_time(y, SECOND);
	assert_int_equal(engine_open_orders(y->e, 1), 0); /* the others are still silent */
	obey(y, 1, 3);
	obey(y, 1, 3);
	assert_int_equal(engine_open_orders(y->e, 3), 0);
	assert_int_equal(engine_open_orders(y->e, 2), 1);
	obey(y, 0, 2);
	obey(y, 0, 2);
	assert_int_equal(engine_open_orders(y->e, 2), 0);
	for (int64_t id = 1; id <= BOTS; id++) {
		assert_int_equal(y->rows.orders[id - 1].status, ORDER_CLOSED);
		assert_int_equal(y->rows.orders[id - 1].reason, CLOSE_EMERGENCY);
	}
	assert_int_equal(y->strays_n, 0);
}

/* A bot that goes to another account has what it has there; its former one is no longer its. */
static void moves(void **state)
{
	struct yard *y = *state;
	struct bot_config c = y->bot[2];
	struct venue_account account = { .bot_id = 2, .market = market_handle(y->paper_market),
					 .capital = M("500"), .leverage_e8 = RATE_ONE };
	struct account late = { .bot_id = 2, .known = true, .free = M("7"), .balance = M("7") };
	struct err e;

	c.live = false;
	c.version++;
	assert_int_equal(y->router->ops->account_set(y->router, &account, y->now, &e), 0);
	engine_find_bot(y->e, 2)->peak_equity = M("90000");
	engine_find_bot(y->e, 2)->loss_streak = 4;
	assert_int_equal(engine_bot_config(y->e, 2, &c, &e), 0);
	assert_int_equal(money_units(engine_account(y->e, 2)->balance), money_units(M("500")));
	assert_int_equal(money_units(engine_find_bot(y->e, 2)->peak_equity), 0);
	assert_int_equal(engine_find_bot(y->e, 2)->loss_streak, 0);
	y->fakes[0].sink.account(y->fakes[0].sink.ctx, &late);
	assert_int_equal(money_units(engine_account(y->e, 2)->balance), money_units(M("500")));
	yard_candle(y, 0.9);
	assert_int_equal(y->fakes[0].placed_n, 0);
	assert_int_equal(engine_open_orders(y->e, 2), 1);
	yard_say(y, 0, UPDATE_FILL, 2, "tbaaaaaa-9-e1", "0.002");
	assert_int_equal(fills_of(y, 2), 0);
	assert_int_equal(y->strays_n, 1);
}

/* The same over a restart: figures of another account are not taken over. */
static void epoch_of_a_start(void **state)
{
	struct yard *y = *state;
	struct bot_restore old = { .status = BOT_RUNNING, .account_id = 1, .loss_streak = 3,
				   .peak_equity = M("90000") };
	struct bot_config c = y->bot[3];
	struct err e;

	assert_int_equal(engine_bot_add(y->e, 7, &c, &old, &e), 0); /* account 2 */
	assert_int_equal(engine_find_bot(y->e, 7)->loss_streak, 0);
	assert_int_equal(money_units(engine_find_bot(y->e, 7)->peak_equity), 0);
	old.account_id = 2;
	assert_int_equal(engine_bot_add(y->e, 8, &c, &old, &e), 0);
	assert_int_equal(engine_find_bot(y->e, 8)->loss_streak, 3);
	assert_int_equal(money_units(engine_find_bot(y->e, 8)->peak_equity),
			 money_units(M("90000")));
}

/* A restarted venue tells accounts before the bots come up; what is elsewhere is not the bot's. */
static void told_before(void **state)
{
	struct yard *y = *state;
	struct account told = { .bot_id = 9, .known = true, .balance = M("42") };
	const struct venue_caps *caps;
	struct err e;

	y->fakes[0].sink.account(y->fakes[0].sink.ctx, &told);
	assert_false(engine_account(y->e, 9)->known); /* nobody knows yet where it trades */
	assert_int_equal(y->router->ops->bot_set(y->router, 9, 1, &caps, &e), 0);
	assert_ptr_equal(caps, &y->fakes[0].ops.caps);
	assert_int_equal(money_units(engine_account(y->e, 9)->balance), money_units(M("42")));
	assert_int_equal(y->router->ops->bot_set(y->router, 9, 2, &caps, &e), 0);
	assert_false(engine_account(y->e, 9)->known);
	assert_int_equal(money_units(engine_account(y->e, 9)->balance), 0);
}

static void unknown_account(void **state)
{
	struct yard *y = *state;
	struct bot_config c = y->bot[3];
	struct err e;

	c.account_id = 9;
	assert_int_equal(engine_bot_config(y->e, 3, &c, &e), ERR_NOT_FOUND);
	assert_string_equal(e.msg, "no venue of this worker trades account 9");
	assert_int_equal(engine_bot_config_now(y->e, 3)->account_id, 2);
	yard_candle(y, 0.9);
	assert_int_equal(y->fakes[1].placed_n, 1); /* it goes on where it was */
}

/* ---- the router by itself ---- */

struct timed {			/* a venue of which only time is looked at */
	struct venue venue;	/* first */
	char name;
	int64_t due[4];
	size_t at;
	int handle_of[2];	/* of a spot, a futures market */
	int heard;		/* handle of the newest trade, -1 none */
	struct venue_ops ops;
};
static char order[16];
static size_t order_n;

static struct timed *timed_of(struct venue *v) { return (struct timed *)(void *)v; }

static int64_t timed_due(const struct venue *v)
{
	const struct timed *t = (const struct timed *)(const void *)v;

	return t->due[t->at] ? t->due[t->at] : INT64_MAX;
}

static void timed_advance(struct venue *v, int64_t now_us)
{
	for (; timed_due(v) <= now_us; timed_of(v)->at++)
		order[order_n++] = timed_of(v)->name;
}

static int timed_market(struct venue *v, const struct symbol_info *info)
{
	return timed_of(v)->handle_of[info->futures];
}

static void timed_trade(struct venue *v, int market, const struct trade *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
	timed_of(v)->heard = market;
}

static int timed_make(void *ctx, const struct venue_sink *sink, struct venue **out, struct err *e)
{
	struct timed *t = ctx;

	(void)sink;
	if (!t->name)
		return err_set(e, ERR_UNAVAILABLE, "no line");
	t->ops = (struct venue_ops){ .next_due = timed_due, .advance = timed_advance,
				     .market_add = timed_market, .on_trade = timed_trade,
				     .free = fake_free };
	t->venue.ops = &t->ops;
	*out = &t->venue;
	return 0;
}

static struct venue *timed_pair(struct timed t[2], struct err *e)
{
	static const int64_t accounts[] = { 0, 1 };
	struct venue_maker makers[2];
	struct router_args a = { .makers = makers, .n = 2, .market_data = "replay" };
	struct venue *v = NULL;

	for (int i = 0; i < 2; i++) {
		makers[i] = (struct venue_maker){ .name = i ? "b" : "a", .mode = "live",
						  .accounts = &accounts[i], .accounts_n = 1,
						  .make = timed_make, .ctx = &t[i] };
		t[i].heard = -1;
	}
	order_n = 0;
	memset(order, 0, sizeof(order));
	return router_new(&a, &v, e) ? NULL : v;
}

/* What is due first happens first, whoever it is. */
static void in_the_order_of_time(void **state)
{
	struct timed t[2] = { { .name = 'a', .due = { 10, 30, 40 } },
			      { .name = 'b', .due = { 20, 30, 50 } } };
	struct err e;
	struct venue *v = timed_pair(t, &e);

	(void)state;
	assert_int_equal(v->ops->next_due(v), 10);
	v->ops->advance(v, 45);
	assert_string_equal(order, "ababa");
	assert_int_equal(v->ops->next_due(v), 50);
	v->ops->free(v);
}

/* Spot and futures of one symbol, at venues that trade only one of them. */
static void markets_by_handle(void **state)
{
	struct timed t[2] = { { .name = 'a', .handle_of = { 7, -1 } },
			      { .name = 'b', .handle_of = { -1, 9 } } };
	struct symbol_info spot = world_info(false), futures = world_info(true), other;
	struct venue_account account = { .bot_id = 1, .account_id = 0 };
	struct trade trade = { .id = 1 };
	struct err e;
	struct venue *v = timed_pair(t, &e);
	int s, f;

	(void)state;
	snprintf(spot.source, sizeof(spot.source), "replay");
	snprintf(futures.source, sizeof(futures.source), "replay_futures");
	s = v->ops->market_add(v, &spot);
	f = v->ops->market_add(v, &futures);
	assert_true(s != f && v->ops->market_add(v, &spot) == s);
	v->ops->on_trade(v, s, &trade, 1);
	assert_true(t[0].heard == 7 && t[1].heard == -1);
	v->ops->on_trade(v, f, &trade, 1);
	assert_true(t[0].heard == 7 && t[1].heard == 9);
	other = spot; /* the same symbol of a source that no venue trades */
	snprintf(other.source, sizeof(other.source), "binance");
	t[0].heard = t[1].heard = -1;
	v->ops->on_trade(v, v->ops->market_add(v, &other), &trade, 1);
	assert_true(t[0].heard == -1 && t[1].heard == -1);
	account.market = f;
	assert_int_equal(v->ops->account_set(v, &account, 1, &e), ERR_NOT_FOUND);
	assert_string_equal(e.msg, "a has no market BTCUSDT");
	v->ops->free(v);
}

static void made_or_not(void **state)
{
	struct timed t[2] = { { .name = 'a' }, { .name = '\0' } };
	static const int64_t same[] = { 4, 5 };
	struct venue_maker makers[2] = {
		{ .name = "a", .accounts = same, .accounts_n = 1, .make = timed_make, .ctx = t },
		{ .name = "b", .accounts = same, .accounts_n = 2, .make = timed_make, .ctx = t },
	};
	struct router_args a = { .makers = makers, .n = 1 };
	struct err e = { .msg = "" };
	struct venue *v;

	(void)state;
	assert_null(timed_pair(t, &e));
	assert_non_null(strstr(e.msg, "b: no line"));
	assert_int_equal(router_new(&a, &v, &e), 0);
	assert_ptr_equal(v, &t[0].venue); /* alone: nothing stands between */
	a.n = 2;
	assert_int_equal(router_new(&a, &v, &e), ERR_CONFLICT);
	assert_string_equal(e.msg, "a and b both trade account 4");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_at_its_venue),
		CASE(each_on_its_source),
		CASE(each_pays_its_own),
		CASE(epoch_of_a_start),
		CASE(late_and_crossed),
		CASE(one_is_silent),
		CASE(emergency),
		CASE(moves),
		CASE(told_before),
		CASE(unknown_account),
		cmocka_unit_test(in_the_order_of_time),
		cmocka_unit_test(markets_by_handle),
		cmocka_unit_test(made_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
