#include "worker/feed/synthetic_market.h"
#include "worker/feed/feed.h"
#include "worker/feed/prng.h"
#include "worker/feed/symbol.h"
#include "worker/feed/synthetic_level.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#define SLOT_US 10000
#define SLOT_S 0.01
#define DEPTH_SLOTS 10		/* a depth frame each 100 ms */
#define SNAPSHOT_SLOT 25	/* the REST snapshot comes after the first depth frames */
#define BPS 1e-4

/* Rates per second and sizes of one market at average activity; values in quote asset. */
struct character {
	const char *symbol;
	bool futures;
	double takers, taker_value, taker_spread;	/* median and sigma of log value */
	double fills;		/* mean further fills of a taker of median size */
	double quotes;		/* changes at the best */
	double moves, move_bps;	/* jumps of the fair price and their mean size */
	double queue;		/* median value at the best */
	double level, gap_bps;	/* median value and distance of levels behind it */
};

/* Fitted to the recordings of 2024-08 (BTC, ETH); the others scaled down. docs/MARKET.md. */
static const struct character characters[] = {
	{ "BTCUSDT", false, 10.0, 195, 2.50, 0.33, 95, 0.75, 1.10, 65000, 5000, 0.06 },
	{ "ETHUSDT", false, 7.6, 105, 2.70, 0.20, 75, 0.75, 1.15, 14500, 3000, 0.075 },
	{ "SOLUSDT", false, 4.0, 60, 2.60, 0.30, 35, 0.70, 1.60, 20000, 3000, 0.6 },
	{ "BTCUSDT", true, 15.8, 2200, 2.40, 0.55, 180, 0.65, 1.60, 165000, 6000, 0.06 },
	{ "ETHUSDT", true, 10.2, 650, 2.40, 0.60, 155, 0.70, 1.60, 36000, 3000, 0.08 },
	{ "SOLUSDT", true, 6.0, 300, 2.40, 0.40, 60, 0.70, 1.80, 30000, 3000, 0.2 },
	{ NULL, false, 2.0, 60, 2.40, 0.30, 14, 0.50, 1.90, 6000, 1500, 0.8 },
};

/* Time scales in seconds and strengths, without unit. */
#define FAST_S 8.0
#define FAST_SIGMA 0.50
#define MIDDLE_S 240.0
#define MIDDLE_SIGMA 0.45
#define SLOW_S 5400.0
#define SLOW_SIGMA 0.40
#define ACTIVITY_MEAN \
	((FAST_SIGMA * FAST_SIGMA + MIDDLE_SIGMA * MIDDLE_SIGMA + SLOW_SIGMA * SLOW_SIGMA) / 2)
#define SIZE_SHARE 0.5		/* of the slower noises goes into the size of moves as well */
#define SIZE_MEAN ((SIZE_SHARE + SIZE_SHARE * SIZE_SHARE) * \
		   (MIDDLE_SIGMA * MIDDLE_SIGMA + SLOW_SIGMA * SLOW_SIGMA))
#define PRESSURE_S 20.0
#define LEAN_MOVES 0.15		/* pressure on the direction of moves */
#define LEAN_TAKERS 0.40	/* pressure on the side of takers */
#define LEAN_QUEUES 0.35	/* pressure on log queue sizes */
#define LEAN_AHEAD 0.50		/* direction of the coming move on log queue sizes */
#define PULL_PER_BPS 0.0005	/* level on the direction of moves */
#define REPEAT 0.25		/* a taker does what the one before did */
#define EXCITE_S 0.4		/* memory of arrivals */
#define EXCITE_BRANCH 0.45	/* takers that one taker causes */
#define EXCITE_MOVE 6.0		/* takers that a move causes */
#define FILLS_MAX 300

struct synthetic_market {
	struct symbol_info info;
	const struct character *is;
	struct prng prng;
	uint64_t seed;
	double tick, step;		/* quote asset, base asset */
	int64_t slot_us, slots;
	double fast, middle, slow, pressure, excited, activity;
	double size;			/* of moves, against the average */
	double start, level;		/* ln of price: of the symbol; where the pull goes to now */
	double fair;			/* price in ticks */
	bool last_buy, next_up;		/* newest taker; direction of the coming move */
	struct synthetic_book book;
	int64_t trade_id, depth_id;	/* newest trade, newest depth frame's u */
	int64_t snapshot_slot;		/* not before this one */
	bool snapshot_due;
	int64_t clock_us;		/* inside the slot */
	struct synthetic_event *events;
	size_t n, cap, next;
};

/* ---- events ---- */

static struct synthetic_event *add_event(struct synthetic_market *m, enum synthetic_kind kind)
{
	struct synthetic_event *e;

	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 64;
		m->events = xrealloc(m->events, m->cap * sizeof(*m->events));
	}
	e = &m->events[m->n++];
	*e = (struct synthetic_event){ .kind = kind, .time_us = m->clock_us };
	return e;
}

/* Moves the clock a few microseconds for the next event of the same burst, within the slot. */
static void tick_clock(struct synthetic_market *m, int64_t most)
{
	int64_t last = m->slot_us + SLOT_US - 1;

	m->clock_us += 1 + prng_below(&m->prng, most);
	if (m->clock_us > last)
		m->clock_us = last;
}

static void tell_top(struct synthetic_market *m)
{
	struct synthetic_event *e = add_event(m, SYNTHETIC_TOP);

	e->id = m->book.update_id;
	e->bid = synthetic_book_best(&m->book, SYNTHETIC_BID);
	e->ask = synthetic_book_best(&m->book, SYNTHETIC_ASK);
	tick_clock(m, 40);
}

static void tell_trade(struct synthetic_market *m, int64_t price, int64_t qty, bool buy)
{
	struct synthetic_event *e = add_event(m, SYNTHETIC_TRADE);

	e->id = ++m->trade_id;
	e->trade = (struct synthetic_level){ price, qty };
	e->buyer_is_maker = !buy;
}

/* ---- sizes ---- */

static int64_t best(const struct synthetic_market *m, enum synthetic_side side)
{
	return synthetic_book_best(&m->book, side).price;
}

static double mid(const struct synthetic_market *m)
{
	return (double)(best(m, SYNTHETIC_BID) + best(m, SYNTHETIC_ASK)) / 2;
}

/* Steps that are worth so much of the quote asset; at least one. */
static int64_t steps_of(const struct synthetic_market *m, double value)
{
	double n = value / (m->fair * m->tick * m->step);

	return n < 1 ? 1 : n > 1e12 ? (int64_t)1e12 : (int64_t)n;
}

static int64_t log_normal_steps(struct synthetic_market *m, double median, double sigma)
{
	return steps_of(m, median * prng_exp(sigma * prng_normal(&m->prng)));
}

static int64_t bps_to_ticks(const struct synthetic_market *m, double bps)
{
	int64_t n = (int64_t)(m->fair * bps * BPS + 0.5);

	return n < 1 ? 1 : n;
}

/* Where the best bid belongs; the best ask is one tick above it. */
static int64_t fair_bid(const struct synthetic_market *m)
{
	int64_t t = (int64_t)m->fair;

	return t < 1 ? 1 : t;
}

static int64_t level_steps(struct synthetic_market *m)
{
	return log_normal_steps(m, m->is->level, 1.5);
}

/* ---- takers ---- */

/*
 * Splits a trade into one fill per resting order. About half of the fills are small; the last
 * one takes the rest. "mean" is the expected number of further fills.
 */
static void fill(struct synthetic_market *m, int64_t price, int64_t qty, bool buy, double mean)
{
	int64_t more = (int64_t)(mean * prng_exponential(&m->prng));

	for (more = more > FILLS_MAX ? FILLS_MAX : more; more > 0 && qty > 1; more--) {
		double u = prng_uniform(&m->prng);
		int64_t part = prng_hit(&m->prng, 0.6) ?
			       log_normal_steps(m, m->is->taker_value * 0.12, 1.0) :
			       (int64_t)((double)qty * u * u * u * 3 / (double)(more + 1));

		part = part < 1 ? 1 : part >= qty ? qty - 1 : part;
		tell_trade(m, price, part, buy);
		qty -= part;
	}
	tell_trade(m, price, qty, buy);
}

/* Take up to qty at prices not beyond the limit. */
static void sweep(struct synthetic_market *m, bool buy, int64_t qty, int64_t limit)
{
	enum synthetic_side side = buy ? SYNTHETIC_ASK : SYNTHETIC_BID;
	double value = (double)qty * m->fair * m->tick * m->step / m->is->taker_value;
	double mean = m->is->fills * (value < 1 ? value : prng_exp(0.55 * prng_log(value)));

	while (qty > 0) {
		struct synthetic_level l = synthetic_book_best(&m->book, side);
		int64_t part = qty < l.qty ? qty : l.qty;

		if ((buy ? l.price > limit : l.price < limit) || m->book.side[side].n < 2)
			break;
		synthetic_book_set(&m->book, side, l.price, l.qty - part);
		fill(m, l.price, part, buy, mean);
		qty -= part;
	}
	tell_top(m);
}

static void arrive_taker(struct synthetic_market *m)
{
	double lean = LEAN_TAKERS * m->pressure;
	bool buy = prng_hit(&m->prng, REPEAT) ? m->last_buy :
		   prng_hit(&m->prng, 0.5 + 0.5 * lean);
	int64_t qty = log_normal_steps(m, m->is->taker_value, m->is->taker_spread);
	int64_t from = best(m, buy ? SYNTHETIC_ASK : SYNTHETIC_BID);
	int64_t reach = bps_to_ticks(m, 0.3);
	double before = mid(m);

	m->last_buy = buy;
	m->excited += EXCITE_BRANCH / EXCITE_S;
	sweep(m, buy, qty, buy ? from + reach : from - reach);
	m->fair += (mid(m) - before) * 0.5; /* half of it stays */
}

/* ---- makers ---- */

/* A queue's new size at the best: between its present size and its usual one under pressure. */
static int64_t queue_steps(struct synthetic_market *m, enum synthetic_side side)
{
	double lean = LEAN_QUEUES * m->pressure + (m->next_up ? LEAN_AHEAD : -LEAN_AHEAD);

	return log_normal_steps(m, m->is->queue * prng_exp(side == SYNTHETIC_BID ? lean : -lean),
				1.0);
}

static void cancel_beyond(struct synthetic_market *m, enum synthetic_side side, int64_t limit)
{
	while (m->book.side[side].n > 1 &&
	       (side == SYNTHETIC_BID ? best(m, side) > limit : best(m, side) < limit))
		synthetic_book_set(&m->book, side, best(m, side), 0);
}

/* Make price the best of its side (it is better than the best), with a small queue at first. */
static void improve(struct synthetic_market *m, enum synthetic_side side, int64_t price)
{
	enum synthetic_side other = side == SYNTHETIC_BID ? SYNTHETIC_ASK : SYNTHETIC_BID;

	if (side == SYNTHETIC_BID ? price >= best(m, other) : price <= best(m, other))
		return;
	synthetic_book_set(&m->book, side, price, log_normal_steps(m, m->is->level * 0.1, 1.5));
	tell_top(m);
}

/* Moves one side's best price to where it belongs. Returns whether it was elsewhere. */
static bool requote(struct synthetic_market *m, enum synthetic_side side)
{
	int64_t want = fair_bid(m) + (side == SYNTHETIC_ASK);
	int64_t is = best(m, side);

	if (is == want)
		return false;
	if (side == SYNTHETIC_BID ? is > want : is < want) {
		cancel_beyond(m, side, want);
		tell_top(m);
		is = best(m, side);
	}
	if (is != want)
		improve(m, side, want);
	return true;
}

static void arrive_quote(struct synthetic_market *m)
{
	enum synthetic_side side = prng_hit(&m->prng, 0.5) ? SYNTHETIC_BID : SYNTHETIC_ASK;
	struct synthetic_level l = synthetic_book_best(&m->book, side);
	int64_t usual;

	if (prng_hit(&m->prng, 0.5) && requote(m, side))
		return;
	if (prng_hit(&m->prng, 0.4)) {
		usual = queue_steps(m, side);
		l.qty += (usual - l.qty) / (1 + prng_below(&m->prng, 8));
	} else {
		l.qty += (int64_t)((double)l.qty * 0.1 * prng_normal(&m->prng));
	}
	synthetic_book_set(&m->book, side, l.price, l.qty < 1 ? 1 : l.qty);
	tell_top(m);
}

/* Adds, changes and removes some levels behind the best, so that the side stays full. */
static void tend_side(struct synthetic_market *m, enum synthetic_side side)
{
	int64_t away = side == SYNTHETIC_BID ? -1 : 1, gap = bps_to_ticks(m, m->is->gap_bps);
	const struct synthetic_ladder *l = &m->book.side[side];

	for (int i = 0; i < 3; i++) {
		double far = prng_exponential(&m->prng) * (i == 2 ? 200.0 : 12.0);
		int64_t price = best(m, side) + away * (1 + (int64_t)((double)gap * far));

		if (price > 0)
			synthetic_book_set(&m->book, side, price, level_steps(m));
	}
	for (int i = 0; i < 3 && l->n > 2; i++) {
		size_t at = (size_t)prng_below(&m->prng, (int64_t)l->n - 1);
		bool go = l->n > SYNTHETIC_LEVELS / 2 && i < 2;

		synthetic_book_set(&m->book, side, l->level[at].price, go ? 0 : level_steps(m));
	}
}

/* ---- moves ---- */

static double pull(const struct synthetic_market *m)
{
	double away_bps = (m->level - prng_log(m->fair * m->tick)) / BPS;
	double p = PULL_PER_BPS * away_bps;

	return p > 0.5 ? 0.5 : p < -0.5 ? -0.5 : p;
}

/* The fair price jumps; takers and makers follow it in a few steps. */
static void arrive_move(struct synthetic_market *m)
{
	bool up = m->next_up;
	double size = m->is->move_bps * BPS * m->size * prng_exponential(&m->prng) *
		      (prng_hit(&m->prng, 0.08) ? 2.5 : 0.88);
	enum synthetic_side front = up ? SYNTHETIC_ASK : SYNTHETIC_BID;
	enum synthetic_side back = up ? SYNTHETIC_BID : SYNTHETIC_ASK;
	int64_t steps = 1 + prng_below(&m->prng, 6), from = fair_bid(m), to;

	m->fair = up ? m->fair * (1 + size) : m->fair / (1 + size);
	to = fair_bid(m);
	m->excited += EXCITE_MOVE / EXCITE_S;
	for (int64_t i = 1; i <= steps; i++) {
		int64_t at = from + (to - from) * i / steps + (front == SYNTHETIC_ASK);

		if (prng_hit(&m->prng, 0.85))
			sweep(m, up, log_normal_steps(m, m->is->taker_value * 16, 1.8),
			      up ? at - 1 : at + 1);
		cancel_beyond(m, front, at);
		tell_top(m);
		if (prng_hit(&m->prng, 0.7))
			improve(m, back, at + (up ? -1 : 1));
	}
	m->last_buy = up;
	m->next_up = prng_hit(&m->prng, 0.5 + 0.5 * (LEAN_MOVES * m->pressure + pull(m)));
	requote(m, front);
	requote(m, back);
}

/* ---- slots ---- */

/* One step of a mean-reverting noise of variance 1 with time scale s. */
static double revert(struct synthetic_market *m, double x, double s)
{
	double k = SLOT_S / s;

	return x - k * x + sqrt(2 * k) * prng_normal(&m->prng);
}

static void drift(struct synthetic_market *m)
{
	m->fast = revert(m, m->fast, FAST_S);
	m->middle = revert(m, m->middle, MIDDLE_S);
	m->slow = revert(m, m->slow, SLOW_S);
	m->pressure = revert(m, m->pressure, PRESSURE_S);
	m->excited -= m->excited * SLOT_S / EXCITE_S;
	m->activity = prng_exp(FAST_SIGMA * m->fast + MIDDLE_SIGMA * m->middle +
				 SLOW_SIGMA * m->slow - ACTIVITY_MEAN);
	m->size = prng_exp(SIZE_SHARE * (MIDDLE_SIGMA * m->middle + SLOW_SIGMA * m->slow) -
			     SIZE_MEAN);
	if (m->slots % 100 == 0)
		m->level = synthetic_level(m->seed, m->start, m->slot_us);
}

/* Draws the number of events in the slot (Poisson), for a small mean. */
static int draw_count(struct synthetic_market *m, double mean)
{
	double left = mean - prng_exponential(&m->prng);
	int n = 0;

	for (; left > 0 && n < 12; n++)
		left -= prng_exponential(&m->prng);
	return n;
}

static void tell_depth(struct synthetic_market *m)
{
	struct synthetic_event *e;

	if (m->book.update_id == m->depth_id)
		return;
	e = add_event(m, SYNTHETIC_DEPTH);
	e->id = m->book.update_id;
	e->first_id = m->depth_id + 1;
	e->previous_id = m->depth_id;
	m->depth_id = m->book.update_id;
}

static void happen(struct synthetic_market *m)
{
	double quiet = 1 - EXCITE_BRANCH - m->is->moves * EXCITE_MOVE / m->is->takers;
	double base = m->is->takers * (quiet > 0.1 ? quiet : 0.1);
	int moves = draw_count(m, m->is->moves * m->activity * SLOT_S);
	int takers = draw_count(m, (base * m->activity + m->excited) * SLOT_S);
	int quotes = draw_count(m, m->is->quotes * (0.5 + 0.5 * m->activity) * SLOT_S);
	int all = moves + takers + quotes;

	for (int i = 0; i < all && !synthetic_book_full(&m->book); i++) {
		int64_t at = m->slot_us + SLOT_US * i / all + prng_below(&m->prng,
									   SLOT_US / all);
		int64_t which = prng_below(&m->prng, all - i);

		m->clock_us = at > m->clock_us ? at : m->clock_us;
		if (which < moves) {
			moves--;
			arrive_move(m);
		} else if (which < moves + takers) {
			takers--;
			arrive_taker(m);
		} else {
			quotes--;
			arrive_quote(m);
		}
	}
}

static void run_slot(struct synthetic_market *m)
{
	bool depth_due = m->slots % DEPTH_SLOTS == DEPTH_SLOTS - 1;

	m->n = m->next = 0;
	if (m->book.update_id == m->depth_id)
		synthetic_book_sent(&m->book);
	m->clock_us = m->slot_us;
	drift(m);
	happen(m);
	if (depth_due) {
		tend_side(m, SYNTHETIC_BID);
		tend_side(m, SYNTHETIC_ASK);
	}
	m->clock_us = m->slot_us + SLOT_US - 1;
	if (depth_due || synthetic_book_full(&m->book))
		tell_depth(m);
	else if (m->snapshot_due && m->slots >= m->snapshot_slot &&
		 m->book.update_id > m->depth_id) {
		add_event(m, SYNTHETIC_SNAPSHOT)->id = m->book.update_id;
		m->snapshot_due = false;
	}
	m->slots++;
	m->slot_us += SLOT_US;
}

/* ---- public ---- */

static const struct character *find_character(const char *symbol, bool futures)
{
	const struct character *c = characters;

	while (c->symbol && (c->futures != futures || strcmp(c->symbol, symbol) != 0))
		c++;
	return c;
}

static void fill_side(struct synthetic_market *m, enum synthetic_side side)
{
	int64_t away = side == SYNTHETIC_BID ? -1 : 1, gap = bps_to_ticks(m, m->is->gap_bps);
	int64_t price = fair_bid(m) + (side == SYNTHETIC_ASK);

	for (int i = 0; i < SYNTHETIC_LEVELS && price > 0; i++) {
		synthetic_book_set(&m->book, side, price, i ? level_steps(m) : queue_steps(m,
											   side));
		price += away * (1 + prng_below(&m->prng, gap * (2 + i / 8)));
	}
}

struct synthetic_market *synthetic_market_new(const char *symbol, bool futures, uint64_t seed,
					      int64_t start_us)
{
	struct synthetic_market *m = xcalloc(1, sizeof(*m));

	symbol_info_default(symbol, futures, &m->info);
	m->is = find_character(symbol, futures);
	m->seed = prng_mix(seed, symbol_hash(symbol));
	m->slot_us = start_us;
	m->tick = price_double(m->info.tick);
	m->step = qty_double(m->info.step);
	prng_init(&m->prng, prng_mix(m->seed, (uint64_t)start_us + futures));
	m->fast = prng_normal(&m->prng);
	m->middle = prng_normal(&m->prng);
	m->slow = prng_normal(&m->prng);
	m->pressure = prng_normal(&m->prng);
	m->start = prng_log(price_double(symbol_start_price(symbol)));
	m->level = synthetic_level(m->seed, m->start, start_us);
	m->fair = prng_exp(m->level) / m->tick;
	m->trade_id = start_us / 1000;
	m->book.update_id = start_us / 100;
	m->snapshot_slot = SNAPSHOT_SLOT;
	m->snapshot_due = true;
	fill_side(m, SYNTHETIC_BID);
	fill_side(m, SYNTHETIC_ASK);
	m->depth_id = m->book.update_id;
	synthetic_book_sent(&m->book);
	return m;
}

void synthetic_market_free(struct synthetic_market *m)
{
	if (!m)
		return;
	free(m->events);
	free(m);
}

const struct symbol_info *synthetic_market_info(const struct synthetic_market *m)
{
	return &m->info;
}

const struct synthetic_event *synthetic_market_peek(struct synthetic_market *m)
{
	while (m->next == m->n)
		run_slot(m);
	return &m->events[m->next];
}

void synthetic_market_take(struct synthetic_market *m)
{
	m->next++;
}

void synthetic_market_snapshot(struct synthetic_market *m)
{
	m->snapshot_slot = m->slots + SNAPSHOT_SLOT;
	m->snapshot_due = true;
}

const struct synthetic_book *synthetic_market_book(const struct synthetic_market *m)
{
	return &m->book;
}
