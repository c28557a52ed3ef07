/*
 * Trades per second through the simulation venue.
 *	bench_sim [MILLIONS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "worker/venue/sim/sim.h"

#define RING 4096

struct ring {
	struct trade trade[RING];
	struct book_top book[RING];
};

static struct venue *venue_with(int markets, int orders_each)
{
	struct sim_args a;
	struct venue *v;

	sim_args_init(&a);
	a.latency_us = 0;
	v = sim_new(&a);
	for (int i = 0; i < markets; i++) {
		struct symbol_info info = { .base = "BTC", .quote = "USDT",
			.tick = price_of_units(RATE_ONE / 100),
			.step = qty_of_units(1000), .min_qty = qty_of_units(1000),
			.fees = fees_published(false) };
		struct book_top b = { .bid = price_of_units(60000 * RATE_ONE),
			.ask = price_of_units(60001 * RATE_ONE),
			.bid_qty = qty_of_units(RATE_ONE), .ask_qty = qty_of_units(RATE_ONE) };
		struct sim_account_args acc = { .bot_id = i + 1,
			.initial_capital = money_of_units(1000000 * RATE_ONE) };
		int index;

		snprintf(info.symbol, sizeof(info.symbol), "COIN%dUSDT", i);
		snprintf(acc.symbol, sizeof(acc.symbol), "COIN%dUSDT", i);
		index = sim_symbol_add(v, &info);
		if (sim_account_add(v, &acc, 1, NULL))
			exit(1);
		sim_book(v, index, &b, 1);
		for (int k = 0; k < orders_each; k++) {
			struct venue_order o = { .bot_id = i + 1, .side = SIDE_BUY,
				.type = TYPE_LIMIT_MAKER, .quantity = qty_of_units(1000000),
				.price = price_of_units((59990 - k) * RATE_ONE) };

			snprintf(o.client_order_id, sizeof(o.client_order_id), "o-%d-%d", i, k);
			snprintf(o.symbol, sizeof(o.symbol), "COIN%dUSDT", i);
			if (v->ops->place(v, &o, 1, 1, NULL))
				exit(1);
		}
	}
	v->ops->advance(v, 1);
	return v;
}

/* A walk above "low" dollars that touches it now and then. */
static void ring_fill(struct ring *r, int64_t low)
{
	uint64_t x = 88172645463325252; /* xorshift64, Marsaglia */

	for (int i = 0; i < RING; i++) {
		int64_t p;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p = low * RATE_ONE + (int64_t)(x % 2000) * (RATE_ONE / 100);
		r->trade[i] = (struct trade){ .id = i, .price = price_of_units(p),
			.time_us = INT64_MAX, .qty = qty_of_units(1000),
			.buyer_is_maker = x & 4096 };
		r->book[i] = (struct book_top){ .bid = price_of_units(p),
			.ask = price_of_units(p + RATE_ONE / 100),
			.bid_qty = qty_of_units(RATE_ONE), .ask_qty = qty_of_units(RATE_ONE) };
	}
}

static void report(const char *what, int64_t n, int64_t from_us)
{
	double s = (double)(clock_mono_us() - from_us) / 1e6;

	printf("%-58s %8.1f M/s  %6.1f ns each\n", what, (double)n / s / 1e6, s * 1e9 / (double)n);
}

static void run(const char *what, int markets, int orders, int64_t low, int64_t n, bool books)
{
	static struct ring r;
	struct venue *v = venue_with(markets, orders);
	int64_t from;

	ring_fill(&r, low);
	from = clock_mono_us();
	for (int64_t i = 0; i < n; i++) {
		int m = (int)(i % markets);

		sim_trade(v, m, &r.trade[i % RING], i + 2);
		if (books)
			sim_book(v, m, &r.book[i % RING], i + 2);
	}
	report(what, n, from);
	v->ops->free(v);
}

int main(int argc, char **argv)
{
	int64_t n = (argc > 1 ? strtol(argv[1], NULL, 10) : 20) * 1000000;

	run("no order", 1, 0, 59991, n, false);
	run("6 orders resting, none touched", 1, 6, 59991, n, false);
	run("6 orders resting, 1 of 2000 trades at a price", 1, 6, 59990, n, false);
	run("20 symbols x 6 orders", 20, 6, 59991, n, false);
	run("6 orders resting, a book top after each trade", 1, 6, 59991, n, true);
	return 0;
}
