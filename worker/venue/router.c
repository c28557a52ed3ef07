#include "worker/venue/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct router;

struct lane {				/* one venue */
	struct router *router;
	struct venue *venue;
	char name[24];
	int64_t *accounts;
	size_t accounts_n;
	const char **sources;
	size_t sources_n;
	int *handles;			/* its own, by ours; below 0: not traded there */
	struct account *told;		/* newest of each bot that it ever had */
	size_t told_n;
};

struct seat {				/* which venue a bot trades at */
	int64_t bot_id;
	struct lane *lane;
};

struct router {
	struct venue venue;		/* first */
	struct router_args args;
	struct lane *lanes;
	size_t lanes_n;
	struct seat *seats;		/* by bot, ascending */
	size_t seats_n;
	struct symbol_info *markets;
	size_t markets_n;
};

static struct router *router_of(struct venue *v) { return (struct router *)(void *)v; }
static const struct router *router_of_const(const struct venue *v)
{
	return (const struct router *)(const void *)v;
}

/* ---- who trades where ---- */

/* Where the bot is in the list, or would be. */
static size_t seat_at(const struct router *r, int64_t bot_id)
{
	size_t low = 0, high = r->seats_n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (r->seats[mid].bot_id < bot_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* NULL: it has none yet. */
static struct lane *lane_of_bot(const struct router *r, int64_t bot_id)
{
	size_t i = seat_at(r, bot_id);

	return i < r->seats_n && r->seats[i].bot_id == bot_id ? r->seats[i].lane : NULL;
}

static struct lane *lane_of_account(const struct router *r, int64_t account_id)
{
	for (size_t i = 0; i < r->lanes_n; i++)
		for (size_t k = 0; k < r->lanes[i].accounts_n; k++)
			if (r->lanes[i].accounts[k] == account_id)
				return &r->lanes[i];
	return NULL;
}

static int need_lane(const struct router *r, int64_t bot_id, struct lane **out, struct err *e)
{
	*out = lane_of_bot(r, bot_id);
	return *out ? 0 : err_set(e, ERR_NOT_FOUND, "bot %lld trades at no venue yet",
				  (long long)bot_id);
}

static int need_account(const struct router *r, int64_t account_id, struct lane **out,
			struct err *e)
{
	*out = lane_of_account(r, account_id);
	return *out ? 0 : err_set(e, ERR_NOT_FOUND, "no venue of this worker trades account %lld",
				  (long long)account_id);
}

static struct account *told_of(struct lane *l, int64_t bot_id)
{
	for (size_t i = 0; i < l->told_n; i++)
		if (l->told[i].bot_id == bot_id)
			return &l->told[i];
	return NULL;
}

static void forget_account(struct lane *l, int64_t bot_id)
{
	struct account *a = told_of(l, bot_id);

	if (a)
		*a = l->told[--l->told_n];
}

/* The engine learns what the bot has there, or that nobody knows yet. */
static void seat(struct router *r, int64_t bot_id, struct lane *l)
{
	struct account none = { .bot_id = bot_id };
	size_t i = seat_at(r, bot_id);
	const struct account *a;

	if (lane_of_bot(r, bot_id) == l)
		return;
	if (i == r->seats_n || r->seats[i].bot_id != bot_id) {
		r->seats = xrealloc(r->seats, (r->seats_n + 1) * sizeof(r->seats[0]));
		memmove(&r->seats[i + 1], &r->seats[i], (r->seats_n - i) * sizeof(r->seats[0]));
		r->seats_n++;
	}
	r->seats[i] = (struct seat){ .bot_id = bot_id, .lane = l };
	a = told_of(l, bot_id);
	r->args.sink.account(r->args.sink.ctx, a ? a : &none);
}

static int router_bot_set(struct venue *v, int64_t bot_id, int64_t account_id,
			  const struct venue_caps **caps, struct err *e)
{
	struct router *r = router_of(v);
	struct lane *l;
	int rc = need_account(r, account_id, &l, e);

	if (rc == 0)
		rc = l->venue->ops->bot_set(l->venue, bot_id, account_id, caps, e);
	if (rc == 0)
		seat(r, bot_id, l);
	return rc;
}

/* ---- news of the venues ---- */

/* True: the bot trades at this venue. */
static bool here(const struct lane *l, int64_t bot_id)
{
	return lane_of_bot(l->router, bot_id) == l;
}

static void on_update(void *ctx, const struct venue_update *u)
{
	const struct lane *l = ctx;
	const struct router_args *a = &l->router->args;

	if (here(l, u->bot_id))
		a->sink.update(a->sink.ctx, u);
	else if (a->stray)
		a->stray(a->ctx, l->name, u);
}

static void on_account(void *ctx, const struct account *told)
{
	struct lane *l = ctx;
	const struct router_args *a = &l->router->args;

	forget_account(l, told->bot_id);
	l->told = xrealloc(l->told, (l->told_n + 1) * sizeof(l->told[0]));
	l->told[l->told_n++] = *told;
	if (here(l, told->bot_id))
		a->sink.account(a->sink.ctx, told);
}

/* An answer to a bot that went elsewhere meanwhile answers nothing. */
static void on_answer(void *ctx, const struct venue_answer *told)
{
	const struct lane *l = ctx;
	const struct router_args *a = &l->router->args;

	if (here(l, told->query.bot_id))
		a->sink.answer(a->sink.ctx, told);
}

/* ---- requests ---- */

static int router_place(struct venue *v, const struct venue_order *orders, size_t n,
			int64_t now_us, struct err *e)
{
	struct lane *l;
	int rc = need_lane(router_of(v), orders[0].bot_id, &l, e);

	return rc ? rc : l->venue->ops->place(l->venue, orders, n, now_us, e);
}

static int router_cancel(struct venue *v, int64_t bot_id, const char *symbol, const char *id,
			 int64_t now_us, struct err *e)
{
	struct lane *l;
	int rc = need_lane(router_of(v), bot_id, &l, e);

	return rc ? rc : l->venue->ops->cancel(l->venue, bot_id, symbol, id, now_us, e);
}

static int router_ask(struct venue *v, const struct venue_query *q, int64_t now_us, struct err *e)
{
	struct lane *l;
	int rc = need_lane(router_of(v), q->bot_id, &l, e);

	return rc ? rc : l->venue->ops->ask(l->venue, q, now_us, e);
}

/* The bot is at the account's venue from now on, unless that refuses. */
static int account_call(struct router *r, const struct venue_account *a, bool reset,
			int64_t now_us, struct err *e)
{
	struct venue_account mine = *a;
	struct lane *l, *before = lane_of_bot(r, a->bot_id);
	int rc = need_account(r, a->account_id, &l, e);

	if (rc)
		return rc;
	mine.market = l->handles[a->market];
	if (mine.market < 0)
		return err_set(e, ERR_NOT_FOUND, "%s has no market %s", l->name,
			       r->markets[a->market].symbol);
	seat(r, a->bot_id, l);
	rc = reset ? l->venue->ops->account_reset(l->venue, &mine, now_us, e) :
	     l->venue->ops->account_set(l->venue, &mine, now_us, e);
	if (rc && before)
		seat(r, a->bot_id, before);
	return rc;
}

static int router_account_set(struct venue *v, const struct venue_account *a, int64_t now_us,
			      struct err *e)
{
	return account_call(router_of(v), a, false, now_us, e);
}

static int router_account_reset(struct venue *v, const struct venue_account *a, int64_t now_us,
				struct err *e)
{
	return account_call(router_of(v), a, true, now_us, e);
}

/* ---- time ---- */

static int64_t router_next_due(const struct venue *v)
{
	const struct router *r = router_of_const(v);
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < r->lanes_n; i++) {
		int64_t lane_due = r->lanes[i].venue->ops->next_due(r->lanes[i].venue);

		due = lane_due < due ? lane_due : due;
	}
	return due;
}

/* The venue whose next event is the earliest, the first of equals; NULL: none is due by now. */
static struct lane *earliest(const struct router *r, int64_t now_us)
{
	struct lane *first = NULL;
	int64_t first_us = now_us;

	for (size_t i = 0; i < r->lanes_n; i++) {
		struct lane *l = &r->lanes[i];
		int64_t due_us = l->venue->ops->next_due(l->venue);

		if (due_us < first_us || (!first && due_us == first_us)) {
			first = l;
			first_us = due_us;
		}
	}
	return first;
}

/* How far it may go until another one's turn comes. */
static int64_t alone_until(const struct router *r, const struct lane *l, int64_t now_us)
{
	int64_t until_us = now_us;

	for (const struct lane *o = r->lanes; o < r->lanes + r->lanes_n; o++) {
		int64_t due_us = o->venue->ops->next_due(o->venue);

		if (o < l && due_us <= until_us)
			until_us = due_us - 1; /* at the same time the other comes first */
		else if (o > l && due_us < until_us)
			until_us = due_us;
	}
	return until_us;
}

static void router_advance(struct venue *v, int64_t now_us)
{
	struct router *r = router_of(v);
	struct lane *l;

	while ((l = earliest(r, now_us)) != NULL)
		l->venue->ops->advance(l->venue, alone_until(r, l, now_us));
}

static void router_flush(struct venue *v)
{
	struct router *r = router_of(v);

	for (size_t i = 0; i < r->lanes_n; i++)
		r->lanes[i].venue->ops->flush(r->lanes[i].venue);
}

static void router_times_back(struct venue *v, int64_t now_us)
{
	struct router *r = router_of(v);

	for (size_t i = 0; i < r->lanes_n; i++)
		r->lanes[i].venue->ops->times_back(r->lanes[i].venue, now_us);
}

/* ---- markets ---- */

static int market_find(const struct router *r, const struct symbol_info *info)
{
	for (size_t i = 0; i < r->markets_n; i++)
		if (strcmp(r->markets[i].source, info->source) == 0 &&
		    strcmp(r->markets[i].symbol, info->symbol) == 0)
			return (int)i;
	return -1;
}

static bool lane_trades(const struct lane *l, const char *source)
{
	if (l->sources_n == 0)
		return market_source_of(l->router->args.market_data, source);
	for (size_t i = 0; i < l->sources_n; i++)
		if (strcmp(l->sources[i], source) == 0)
			return true;
	return false;
}

static int router_market_add(struct venue *v, const struct symbol_info *info)
{
	struct router *r = router_of(v);
	int at = market_find(r, info);
	size_t i = at < 0 ? r->markets_n++ : (size_t)at;

	if (at < 0)
		r->markets = xrealloc(r->markets, r->markets_n * sizeof(r->markets[0]));
	r->markets[i] = *info;
	for (size_t k = 0; k < r->lanes_n; k++) {
		struct lane *l = &r->lanes[k];

		if (at < 0)
			l->handles = xrealloc(l->handles, r->markets_n * sizeof(l->handles[0]));
		l->handles[i] = lane_trades(l, info->source) ?
				l->venue->ops->market_add(l->venue, info) : -1;
	}
	return (int)i;
}

static void router_trade(struct venue *v, int market, const struct trade *t, int64_t now_us)
{
	struct router *r = router_of(v);

	for (size_t i = 0; i < r->lanes_n; i++)
		if (r->lanes[i].handles[market] >= 0)
			r->lanes[i].venue->ops->on_trade(r->lanes[i].venue,
							 r->lanes[i].handles[market], t, now_us);
}

static void router_book(struct venue *v, int market, const struct book_top *b, int64_t now_us)
{
	struct router *r = router_of(v);

	for (size_t i = 0; i < r->lanes_n; i++)
		if (r->lanes[i].handles[market] >= 0)
			r->lanes[i].venue->ops->on_book(r->lanes[i].venue,
							r->lanes[i].handles[market], b, now_us);
}

static void router_time(struct venue *v, int market, int64_t now_us)
{
	struct router *r = router_of(v);

	for (size_t i = 0; i < r->lanes_n; i++)
		if (r->lanes[i].handles[market] >= 0)
			r->lanes[i].venue->ops->on_time(r->lanes[i].venue,
							r->lanes[i].handles[market], now_us);
}

static void router_book_valid(struct venue *v, int market, bool valid, int64_t now_us)
{
	struct router *r = router_of(v);

	for (size_t i = 0; i < r->lanes_n; i++)
		if (r->lanes[i].handles[market] >= 0)
			r->lanes[i].venue->ops->on_book_valid(r->lanes[i].venue,
							      r->lanes[i].handles[market], valid,
							      now_us);
}

static void router_warm(struct venue *v, bool on)
{
	struct router *r = router_of(v);

	for (size_t i = 0; i < r->lanes_n; i++)
		r->lanes[i].venue->ops->warm(r->lanes[i].venue, on);
}

static bool router_tradable(const struct venue *v, int64_t bot_id, int market, enum side side,
			    int64_t now_us)
{
	const struct lane *l = lane_of_bot(router_of_const(v), bot_id);

	return l && l->handles[market] >= 0 &&
	       l->venue->ops->tradable(l->venue, bot_id, l->handles[market], side, now_us);
}

/* ---- life ---- */

static void router_free(struct venue *v)
{
	struct router *r = router_of(v);

	for (size_t i = 0; i < r->lanes_n; i++) {
		struct lane *l = &r->lanes[i];

		if (l->venue)
			l->venue->ops->free(l->venue);
		free(l->accounts);
		free(l->sources);
		free(l->handles);
		free(l->told);
	}
	free(r->lanes);
	free(r->seats);
	free(r->markets);
	free(r);
}

static const struct venue_ops OPS = {
	.name = "router", /* what it can do depends on the bot: bot_set tells */
	.bot_set = router_bot_set,
	.place = router_place,
	.cancel = router_cancel,
	.ask = router_ask,
	.account_set = router_account_set,
	.account_reset = router_account_reset,
	.next_due = router_next_due,
	.advance = router_advance,
	.flush = router_flush,
	.times_back = router_times_back,
	.market_add = router_market_add,
	.on_trade = router_trade,
	.on_book = router_book,
	.on_time = router_time,
	.on_book_valid = router_book_valid,
	.warm = router_warm,
	.tradable = router_tradable,
	.free = router_free,
};

static int lane_open(struct router *r, const struct venue_maker *m, struct err *e)
{
	struct lane *l = &r->lanes[r->lanes_n++];
	const struct venue_sink sink = { .ctx = l, .update = on_update, .answer = on_answer,
					 .account = on_account };
	int rc;

	l->router = r;
	snprintf(l->name, sizeof(l->name), "%s", m->name);
	for (size_t i = 0; i < m->accounts_n; i++)
		if (lane_of_account(r, m->accounts[i]))
			return err_set(e, ERR_CONFLICT, "%s and %s both trade account %lld",
				       lane_of_account(r, m->accounts[i])->name, l->name,
				       (long long)m->accounts[i]);
	l->accounts = xcalloc(m->accounts_n + 1, sizeof(l->accounts[0]));
	memcpy(l->accounts, m->accounts, m->accounts_n * sizeof(l->accounts[0]));
	l->accounts_n = m->accounts_n;
	l->sources = xcalloc(m->sources_n + 1, sizeof(l->sources[0]));
	for (size_t i = 0; i < m->sources_n; i++)
		l->sources[l->sources_n++] = m->sources[i];
	rc = m->make(m->ctx, &sink, &l->venue, e);
	if (rc)
		err_prefix(e, "%s", l->name);
	return rc;
}

int router_new(const struct router_args *a, struct venue **out, struct err *e)
{
	struct router *r;
	int rc = 0;

	ASSERT(a->n > 0);
	if (a->n == 1)
		return a->makers[0].make(a->makers[0].ctx, &a->sink, out, e);
	r = xcalloc(1, sizeof(*r));
	r->venue.ops = &OPS;
	r->args = *a;
	r->args.makers = NULL;
	r->lanes = xcalloc(a->n, sizeof(r->lanes[0]));
	for (size_t i = 0; i < a->n && rc == 0; i++)
		rc = lane_open(r, &a->makers[i], e);
	if (rc) {
		router_free(&r->venue);
		return rc;
	}
	*out = &r->venue;
	return 0;
}
