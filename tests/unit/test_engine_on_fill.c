/*
 * A strategy hears of each fill of its own orders, once, with its positions as they are then;
 * what it answers passes the same rules as the decision of a candle.
 */
#include "tests/unit/fake_venue.h"

#define HEARD_MAX 16

struct heard {
	size_t n;
	struct strategy_fill list[HEARD_MAX];
	char tags[HEARD_MAX][INTENT_TAG_MAX];
	size_t positions[HEARD_MAX];
	struct qty held[HEARD_MAX];	/* of the first position */
	bool wants_out, wants_in;	/* it answers an entry's fill, a closing fill, with this */
};

static struct heard ear;

static void filled(void *ctx, const struct strategy_input *in, const struct strategy_fill *f,
		   struct decision *out)
{
	struct heard *h = ctx;

	assert_true(h->n < HEARD_MAX);
	h->list[h->n] = *f;
	snprintf(h->tags[h->n], INTENT_TAG_MAX, "%s", f->tag);
	h->positions[h->n] = in->positions_n;
	h->held[h->n] = in->positions_n ? in->positions[0].quantity : (struct qty){ 0 };
	h->n++;
	out->rule = "filled";
	if (h->wants_out && f->entry)
		decision_add(out, INTENT_EXIT, SIDE_BUY);
	if (h->wants_in && f->closed)
		decision_add(out, INTENT_ENTER, SIDE_BUY)->confidence = 1;
}

static void listen(struct brain *b)
{
	memset(&ear, 0, sizeof(ear));
	b->filled = filled;
	b->ctx = &ear;
}

static void hears_entry_and_exit(void **state)
{
	struct desk *d = *state;

	d->brain[1].rungs = 1;
	listen(&d->brain[1]);
	desk_start(d);
	desk_decide(d, 1, 0.9);	/* 100 USDT at 49900: 0.002 */
	desk_trade_qty(d, "49899.99", "0.0005", true);
	assert_int_equal(ear.n, 1);
	assert_true(ear.list[0].entry && !ear.list[0].closed);
	assert_int_equal(ear.list[0].side, SIDE_BUY);
	assert_int_equal(qty_units(ear.list[0].quantity), qty_units(Q("0.0005")));
	assert_int_equal(price_units(ear.list[0].price), price_units(P("49900")));
	assert_string_equal(ear.tags[0], "rung 0");
	assert_int_equal(ear.positions[0], 1);
	desk_trade(d, "49899.99");
	assert_int_equal(ear.n, 2);
	assert_true(qty_cmp(ear.held[1], ear.held[0]) > 0); /* as it is after this fill */
	desk_wait(d, 20 * MS);
	desk_trade(d, "50200");
	assert_int_equal(rows_last(&d->rows)->status, ORDER_CLOSED);
	assert_false(ear.list[ear.n - 1].entry);
	assert_true(ear.list[ear.n - 1].closed);
	assert_int_equal(ear.list[ear.n - 1].side, SIDE_SELL);
	assert_int_equal(ear.positions[ear.n - 1], 0);
	assert_int_equal(ear.n, d->rows.fills_n);
	desk_check(d);
}

/* It wants out as soon as it is in. */
static void exits_at_once(void **state)
{
	struct desk *d = *state;

	listen(&d->brain[1]);
	ear.wants_out = true;
	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade(d, "49999.99");
	desk_wait(d, 50 * MS);
	assert_int_equal(rows_last(&d->rows)->status, ORDER_CLOSED);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_EXIT_SIGNAL);
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "filled");
	desk_check(d);
}

/* Closed at its target, it enters again in the same candle, when the least time is over. */
static void enters_again(void **state)
{
	struct desk *d = *state;

	d->bot.decision_interval_ms = 300;
	listen(&d->brain[1]);
	ear.wants_in = true;
	desk_enter(d);
	desk_trade(d, "50500");
	assert_int_equal(d->rows.orders_n, 1); /* too early */
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "decision_interval");
	desk_wait(d, 3 * SECOND);
	desk_decide(d, 1, 0.9);
	desk_trade(d, "49999.99");
	desk_wait(d, 400 * MS);		/* no candle closes in it */
	desk_trade(d, "50500");
	assert_int_equal(d->rows.orders_n, 3);
	assert_int_equal(d->rows.signals[d->rows.signals_n - 1].taken, true);
	desk_check(d);
}

/* A bot that is paused protects what it has and decides nothing. */
static void not_while_paused(void **state)
{
	struct desk *d = *state;

	listen(&d->brain[1]);
	ear.wants_in = true;
	desk_enter(d);
	assert_int_equal(ear.n, 1);
	(void)desk_command(d, 1, EVENT_PAUSE, false, 0);
	desk_trade(d, "50500");
	assert_int_equal(rows_last(&d->rows)->status, ORDER_CLOSED);
	assert_int_equal(ear.n, 1);
	assert_int_equal(d->rows.orders_n, 1);
}

/* A fill that the venue told only when asked is heard of as well, and no fill twice. */
static void fills_that_were_asked_for(void **state)
{
	struct fake *f = SPOT_OCO;
	struct venue_update u;

	(void)state;
	listen(&f->brain);
	enter(f);
	f->answer = say(f, UPDATE_EXPIRED, "tbaaaaaa-1-e1");
	f->answer.cumulative = Q("0.002");
	f->answer.price = P("50000");
	u = f->answer;
	hear(f, &u);
	assert_int_equal(ear.n, 1);
	assert_true(ear.list[0].entry);
	assert_int_equal(qty_units(ear.list[0].quantity), qty_units(Q("0.002")));
	u = fill_of(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	hear(f, &u);
	assert_int_equal(ear.n, 1);
	fake_teardown(f);
}

#define DESK(test) cmocka_unit_test_setup_teardown(test, desk_setup_spot, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK(hears_entry_and_exit), DESK(exits_at_once), DESK(enters_again),
		DESK(not_while_paused), cmocka_unit_test(fills_that_were_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
