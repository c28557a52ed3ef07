#include "api/store/trade_sums.h"

#include "common/clock.h"
#include "common/registry/accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_DAY (INT64_C(86400) * US_PER_S)

static const char SQL_TRADES[] =
	"SELECT closed_us, id, opened_us, gross, fees, pnl, entry_notional, exit_notional, symbol,"
	" close_reason FROM trading_orders WHERE bot_id = ?1 AND status = 'closed'"
	" AND (closed_us, id) > (?2, ?3) AND filled > 0 AND account_id = " ACCOUNT_NOW
	" ORDER BY closed_us, id";
static const char SQL_OLDEST[] =
	"SELECT closed_us FROM trading_orders WHERE bot_id = ?1 AND status = 'closed'"
	" AND filled > 0 AND account_id = " ACCOUNT_NOW " ORDER BY closed_us, id LIMIT 1";
static const char SQL_TOTAL[] =
	"SELECT coalesce(sum(trades), 0), total(round(net * 1e8)) FROM trading_stats"
	" WHERE bot_id = ?1 AND account_id = " ACCOUNT_NOW;

struct groups {
	size_t n, cap;
	struct trade_group *list;	/* in the order of their first trade */
};

struct bot_sums {
	int64_t bot_id;
	unsigned generation;
	uint64_t used;			/* when, by the count of calls */
	int64_t closed_us, id;		/* the newest trade that is in it */
	int64_t trades_off;		/* trading_stats less what is in it, after all was read */
	double net_off;			/* likewise, units of 1e-8 */
	struct stats stats;
	struct groups days, symbols, reasons;
};

struct trade_sums {
	uint64_t calls;
	int64_t read;
	size_t n;
	struct bot_sums *bots[TRADE_SUMS_BOTS];
};

struct trade_sums *trade_sums_new(void)
{
	return xcalloc(1, sizeof(struct trade_sums));
}

/* ---- one bot ---- */

static void empty(struct bot_sums *s)
{
	free(s->days.list);
	free(s->symbols.list);
	free(s->reasons.list);
	*s = (struct bot_sums){
		.bot_id = s->bot_id, .generation = s->generation, .used = s->used,
		.closed_us = INT64_MIN, .id = INT64_MIN,
	};
	/* They are by now; clang's analyzer has to be told. */
	s->days.list = s->symbols.list = s->reasons.list = NULL;
}

/* Searches from the newest group, because it is the likeliest; a day is always the newest. */
static struct trade_group *group_of(struct groups *g, const char *key)
{
	for (size_t i = g->n; i-- > 0;)
		if (strcmp(g->list[i].key, key) == 0)
			return &g->list[i];
	if (g->n == g->cap) {
		g->cap = g->cap ? g->cap * 2 : 8;
		g->list = xrealloc(g->list, g->cap * sizeof(g->list[0]));
	}
	g->list[g->n] = (struct trade_group){ 0 };
	snprintf(g->list[g->n].key, sizeof(g->list[0].key), "%s", key);
	return &g->list[g->n++];
}

static int add_group(struct trade_group *to, const struct trade_group *g)
{
	to->trades += g->trades;
	to->wins += g->wins;
	to->losses += g->losses;
	if (money_add(to->gross, g->gross, &to->gross) || money_add(to->fees, g->fees, &to->fees) ||
	    money_add(to->net, g->net, &to->net) || money_add(to->volume, g->volume, &to->volume))
		return ERR_RANGE;
	return 0;
}

static int add_trade(struct bot_sums *s, const struct closed_trade *t, const char *symbol,
		     const char *reason)
{
	char day[CLOCK_TEXT_MAX];
	struct trade_group g = {
		.trades = 1, .wins = money_sign(t->pnl) > 0, .losses = money_sign(t->pnl) < 0,
		.gross = t->gross, .fees = t->fees, .net = t->pnl, .volume = t->volume,
	};

	if (trade_stats_add(&s->stats, t) ||
	    add_group(group_of(&s->days, clock_day(t->closed_us, day)), &g) ||
	    add_group(group_of(&s->symbols, symbol), &g) ||
	    add_group(group_of(&s->reasons, reason), &g))
		return ERR_RANGE;
	return 0;
}

static int read_trade(struct stmt *st, struct bot_sums *s)
{
	struct closed_trade t = {
		.closed_us = stmt_int(st, 0), .opened_us = stmt_int(st, 2),
		.gross = stmt_money(st, 3), .fees = stmt_money(st, 4), .pnl = stmt_money(st, 5),
	};
	int rc = money_add(stmt_money(st, 6), stmt_money(st, 7), &t.volume);

	s->closed_us = t.closed_us;
	s->id = stmt_int(st, 1);
	return rc ? rc : add_trade(s, &t, stmt_text(st, 8), stmt_text(st, 9));
}

/* Adds the trades that closed since the last call. */
static int go_on(struct trade_sums *all, struct bot_sums *s, struct db *db, struct err *e)
{
	struct stmt *st;
	int rc = db_stmt(db, SQL_TRADES, &st, e);
	int bad = 0;

	if (rc)
		return rc;
	stmt_bind_int(st, 1, s->bot_id);
	stmt_bind_int(st, 2, s->closed_us);
	stmt_bind_int(st, 3, s->id);
	while (!bad && (rc = stmt_step(st, e)) == STMT_ROW) {
		bad = read_trade(st, s);
		all->read++;
	}
	stmt_done(st);
	if (bad)
		return err_set(e, bad, "the totals of bot %lld do not fit", (long long)s->bot_id);
	return rc;
}

/* How far trading_stats is from what was added up. */
static int compare(const struct bot_sums *s, struct db *db, int64_t *trades, double *net,
		   struct err *e)
{
	struct stmt *st;
	int rc = db_stmt(db, SQL_TOTAL, &st, e);

	if (rc)
		return rc;
	stmt_bind_int(st, 1, s->bot_id);
	rc = stmt_step(st, e);
	if (rc == STMT_ROW) {
		*trades = stmt_int(st, 0) - s->stats.trades;
		*net = stmt_double(st, 1) - (double)money_units(s->stats.net);
	}
	stmt_done(st);
	return rc < 0 ? rc : 0;
}

static int all_anew(struct trade_sums *all, struct bot_sums *s, struct db *db, struct err *e)
{
	int rc;

	empty(s);
	rc = go_on(all, s, db, e);
	return rc ? rc : compare(s, db, &s->trades_off, &s->net_off, e);
}

/* *gone: the day of the first trade is not kept any more. */
static int look_at_oldest(const struct bot_sums *s, struct db *db, bool *gone, struct err *e)
{
	struct stmt *st;
	int rc = db_stmt(db, SQL_OLDEST, &st, e);

	if (rc)
		return rc;
	stmt_bind_int(st, 1, s->bot_id);
	rc = stmt_step(st, e);
	*gone = rc == STMT_END ||
		(rc == STMT_ROW && stmt_int(st, 0) / US_PER_DAY > s->stats.first_us / US_PER_DAY);
	stmt_done(st);
	return rc < 0 ? rc : 0;
}

static int refresh(struct trade_sums *all, struct bot_sums *s, struct db *db, struct err *e)
{
	int64_t trades = 0;
	double net = 0;
	bool gone = false;
	int rc;

	if (s->stats.trades == 0)
		return all_anew(all, s, db, e);
	rc = look_at_oldest(s, db, &gone, e);
	if (rc || gone)
		return rc ? rc : all_anew(all, s, db, e);
	rc = go_on(all, s, db, e);
	if (!rc)
		rc = compare(s, db, &trades, &net, e);
	if (!rc && (trades != s->trades_off || net != s->net_off))
		rc = all_anew(all, s, db, e);
	return rc;
}

/* ---- all of them ---- */

static void drop(struct trade_sums *t, size_t i)
{
	empty(t->bots[i]);
	free(t->bots[i]);
	t->bots[i] = t->bots[--t->n];
}

void trade_sums_free(struct trade_sums *t)
{
	while (t && t->n)
		drop(t, 0);
	free(t);
}

static struct bot_sums *bot_of(struct trade_sums *t, int64_t bot_id, unsigned generation)
{
	size_t oldest = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->bots[i]->bot_id == bot_id && t->bots[i]->generation == generation)
			return t->bots[i];
		if (t->bots[i]->used < t->bots[oldest]->used)
			oldest = i;
	}
	if (t->n == TRADE_SUMS_BOTS)
		drop(t, oldest);
	t->bots[t->n] = xcalloc(1, sizeof(struct bot_sums));
	t->bots[t->n]->bot_id = bot_id;
	t->bots[t->n]->generation = generation;
	return t->bots[t->n++];
}

int trade_sums_get(struct trade_sums *t, struct db *db, unsigned generation, int64_t bot_id,
		   const struct bot_sums **out, struct err *e)
{
	struct bot_sums *s = bot_of(t, bot_id, generation);
	int rc;

	s->used = ++t->calls;
	t->read = 0;
	rc = refresh(t, s, db, e);
	if (rc) {
		empty(s); /* it may hold a part of a trade */
		return rc;
	}
	*out = s;
	return 0;
}

int64_t trade_sums_read(const struct trade_sums *t)
{
	return t->read;
}

const struct stats *bot_sums_stats(const struct bot_sums *s)
{
	return &s->stats;
}

/* ---- groups ---- */

/* The Monday of a day: 1970-01-01 was a Thursday. */
static void week_of(const char *day, char out[TRADE_KEY_MAX])
{
	char text[CLOCK_TEXT_MAX];
	int64_t us = 0, n;

	ASSERT(clock_parse(day, &us) == 0);
	n = us / US_PER_DAY;
	snprintf(out, TRADE_KEY_MAX, "%s", clock_day((n - (n + 3) % 7) * US_PER_DAY, text));
}

static void key_of(const char *by, const char *key, char out[TRADE_KEY_MAX])
{
	if (strcmp(by, "week") == 0)
		week_of(key, out);
	else
		snprintf(out, TRADE_KEY_MAX, "%.*s", strcmp(by, "month") == 0 ? 7 :
			 TRADE_KEY_MAX - 1, key);
}

/* Days become weeks or months. */
static int gather(const struct groups *from, const char *by, struct groups *to)
{
	char key[TRADE_KEY_MAX];
	int rc = 0;

	for (size_t i = 0; i < from->n && !rc; i++) {
		key_of(by, from->list[i].key, key);
		rc = add_group(group_of(to, key), &from->list[i]);
	}
	return rc;
}

static void copy(const struct groups *from, struct groups *to)
{
	to->n = from->n;
	to->list = xcalloc(from->n + 1, sizeof(to->list[0]));
	if (from->n)
		memcpy(to->list, from->list, from->n * sizeof(to->list[0]));
}

static int larger_first(const void *a, const void *b)
{
	return strcmp(((const struct trade_group *)b)->key, ((const struct trade_group *)a)->key);
}

int bot_sums_groups(const struct bot_sums *s, const char *by, struct trade_group **out, size_t *n,
		    struct err *e)
{
	struct groups to = { 0 };

	if (strcmp(by, "symbol") == 0) {
		copy(&s->symbols, &to);
	} else if (strcmp(by, "reason") == 0) {
		copy(&s->reasons, &to);
	} else if (strcmp(by, "day") == 0) {
		copy(&s->days, &to);
	} else if (gather(&s->days, by, &to)) {
		free(to.list);
		return err_set(e, ERR_RANGE, "the totals of bot %lld do not fit",
			       (long long)s->bot_id);
	}
	if (to.n)
		qsort(to.list, to.n, sizeof(to.list[0]), larger_first);
	*out = to.list;
	*n = to.n;
	return 0;
}
