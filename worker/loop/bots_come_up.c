#include "worker/loop/bots_internal.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/registry/configs.h"
#include "worker/store/bots.h"
#include "worker/store/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Writes the row of a bot that is not in the engine, with the reason. Keeps the values that the
 * bot needs when it comes up later, and an emergency stop.
 */
void bots_report_absent(struct bots *r, struct db *db, struct slot *s,
			  enum emergency asked, int64_t now_us)
{
	struct bot_report row = { .bot_id = s->bot_id, .status = BOT_ERROR, .updated_us = now_us };
	struct bot_restore old = { 0 };

	if (!r->args.reporter.bot)
		return;
	if (store_bot_restore(db, s->bot_id, &old, NULL))
		memset(&old, 0, sizeof(old));
	if (asked != EMERGENCY_NONE)
		old.emergency = asked;
	if (old.emergency != EMERGENCY_NONE)
		row.status = BOT_STOPPED;
	row.emergency = (int)old.emergency;
	row.start_us = old.start_us;
	row.last_decision_us = old.last_decision_us;
	row.loss_streak = old.loss_streak;
	row.cooldown_until_us = old.cooldown_until_us;
	row.refusals = old.refusals;
	row.refused_until_us = old.refused_until_us;
	row.equity = old.equity;
	row.last_price = old.last_price;
	row.peak_equity = old.peak_equity;
	row.day_equity = old.day_equity;
	row.dust = old.dust;
	row.dust_cost = old.dust_cost;
	memcpy(row.day, old.day, sizeof(row.day));
	row.pending_orders = old.pending_orders;
	row.open_positions = old.open_positions;
	row.config_version = old.config_version;
	/* Both alike: store_bot_restore knows by it that this is no error of a bot that ran. */
	snprintf(row.error, sizeof(row.error), "%s", s->failure);
	snprintf(row.config_error, sizeof(row.config_error), "%s", s->failure);
	r->args.reporter.bot(r->args.reporter.ctx, &row);
}

void bots_failed(struct bots *r, struct db *db, struct slot *s, const char *why,
		   int64_t now_us)
{
	if (strcmp(s->failure, why) == 0)
		return;
	snprintf(s->failure, sizeof(s->failure), "%s", why);
	log_about(LOG_ERROR, "bots", NULL, &(struct log_context){ .bot_id = s->bot_id },
		  "bot %lld can't run: %s", (long long)s->bot_id, why);
	if (!s->running)
		bots_report_absent(r, db, s, EMERGENCY_NONE, now_us);
}

/* The markets that its strategy looks at beside its own. */
int bots_other_markets(struct bots *r, const struct bot_config *c, struct err *e)
{
	char symbols[STRATEGY_EXTRAS_MAX][SYMBOL_MAX];
	size_t n = engine_other_symbols(c, symbols);
	struct bot_config other = *c;
	struct symbol_info info;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		memcpy(other.symbol, symbols[i], sizeof(other.symbol));
		rc = r->args.symbol(r->args.ctx, &other, &info, e);
		if (rc == 0)
			session_market_add(r->args.session, &info);
	}
	return rc;
}

/* Everything the engine needs before it can take a config: markets and account. */
int bots_prepare(struct bots *r, int64_t bot_id, const struct bot_config *c, int64_t now_us,
		   struct err *e)
{
	struct symbol_info info;
	int rc = r->args.symbol(r->args.ctx, c, &info, e);

	if (rc)
		return rc;
	session_market_add(r->args.session, &info);
	rc = bots_other_markets(r, c, e);
	return rc ? rc : session_account(r->args.session, bot_id, c, now_us, e);
}

/* Reads today's totals, because only those go on after a restart. */
static int stats_of_today(struct db *db, int64_t bot_id, int64_t now_us, struct day_stats *out,
			  struct err *e)
{
	char day[CLOCK_TEXT_MAX];
	int rc = store_stats_get(db, bot_id, clock_day(now_us, day), out, e);

	if (rc == ERR_NOT_FOUND) {
		*out = (struct day_stats){ .bot_id = bot_id };
		rc = 0;
	}
	return rc;
}

/* A bot's orders that are open in the database; free orders. */
struct open_orders {
	int64_t bot_id;
	struct order *orders;
	size_t n;
};

static int keep_order(void *ctx, const struct order *o, struct err *e)
{
	struct open_orders *open = ctx;

	(void)e;
	if (o->bot_id != open->bot_id)
		return 0;
	open->orders = xrealloc(open->orders, (open->n + 1) * sizeof(*open->orders));
	open->orders[open->n++] = *o;
	return 0;
}

void bots_restore_order(struct bots *r, const struct order *o)
{
	struct err e = { 0 };

	if (engine_order_restore(session_engine(r->args.session), o, &e))
		log_about(LOG_ERROR, "worker", o->correlation_id,
			  &(struct log_context){ .bot_id = o->bot_id, .order_id = o->id,
						 .symbol = o->symbol },
			  "order %lld stays as it is in the database: %s", (long long)o->id, e.msg);
}

/* Restores the orders of a bot that comes up after the start, because the start skipped them. */
static void orders_back(struct bots *r, const struct open_orders *open, int64_t now_us)
{
	for (size_t i = 0; i < open->n; i++)
		bots_restore_order(r, &open->orders[i]);
	engine_reconcile_bot(session_engine(r->args.session), open->bot_id, now_us);
}

static int bring_up(struct bots *r, struct db *db, struct slot *s, const struct bot_config *c,
		    int64_t now_us, struct err *e)
{
	struct engine *engine = session_engine(r->args.session);
	struct open_orders open = { .bot_id = s->bot_id };
	struct bot_restore old = { 0 };
	int rc = bots_prepare(r, s->bot_id, c, now_us, e);

	if (rc)
		return rc;
	rc = store_bot_restore(db, s->bot_id, &old, e);
	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	if (rc == 0)
		rc = stats_of_today(db, s->bot_id, now_us, &old.stats, e);
	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	if (rc == 0) {
		if (s->failure[0] || old.absent) { /* ERROR because it could not come up */
			old.status = BOT_STOPPED;
			old.error[0] = '\0';
		}
		rc = store_sent_times(db, s->bot_id, old.sent_us, ORDERS_KEPT, &old.sent_n, e);
		if (rc == 0)
			rc = store_last_entry(db, s->bot_id, &old.last_entry_us, e);
		if (rc == 0)
			rc = store_ended_legs(db, s->bot_id, old.ended, ENDED_LEGS, &old.ended_n,
					      e);
		if (rc)
			return rc;
	}
	rc = r->started ? store_open_orders(db, keep_order, &open, e) : 0;
	if (rc == 0)
		rc = engine_bot_add(engine, s->bot_id, c, &old, e);
	if (rc == 0) {
		s->running = true;
		s->failure[0] = '\0';
	}
	if (rc == 0 && r->started)
		orders_back(r, &open, now_us);
	free(open.orders);
	return rc;
}

/*
 * The settings that the bot ran with before the stop. They are needed when the newest version
 * can't be used whole, because open orders belong to the symbol that the bot traded, and its
 * account is in that symbol's quote asset. False: there are none.
 */
static bool ran_with(struct db *db, int64_t bot_id, bool open_orders, struct bot_config *out)
{
	int64_t version = 0;
	bool open = false;

	return store_bot_ran_with(db, bot_id, &version, &open, NULL) == 0 && version &&
	       (open || !open_orders) && store_config_past(db, bot_id, version, out, NULL) == 0;
}

/* Starts the bot with those settings of c that fit the market and account that it had. */
static int come_up_waiting(struct bots *r, struct db *db, struct slot *s,
			   const struct bot_config *old, const struct bot_config *c,
			   const char *why, int64_t now_us, struct err *e)
{
	struct engine *engine = session_engine(r->args.session);
	struct bot_config held;
	int rc;

	bot_config_hold(old, c, &held);
	rc = bring_up(r, db, s, &held, now_us, e);
	if (rc == 0)
		rc = engine_bot_config_wait(engine, s->bot_id, c, why, e);
	if (rc == 0) {
		err_set(e, 0, "%s", why);
		s->config = held;
	}
	return rc;
}

int bots_come_up(struct bots *r, struct db *db, struct slot *s, struct bot_config *c,
		   int64_t now_us, struct err *e)
{
	struct bot_config old;
	char moves[BOT_CONFIG_MOVE_MAX];
	struct err why = { 0 };
	int rc;

	if (ran_with(db, s->bot_id, true, &old) && bot_config_moves(&old, c)) {
		err_set(&why, ERR_CONFLICT, "version %lld waits: %s can change only without open "
			"orders; until they are closed no entries are made, the rest of the "
			"version is in force", (long long)c->version,
			bot_config_move_text(&old, c, moves));
		s->refused = true;
		return come_up_waiting(r, db, s, &old, c, why.msg, now_us, e);
	}
	rc = bring_up(r, db, s, c, now_us, e);
	s->refused = false;
	s->denied = rc == ERR_DENIED;
	if (rc == ERR_DENIED && ran_with(db, s->bot_id, false, &old)) {
		why = *e;
		err_prefix(&why, "version %lld waits", (long long)c->version);
		return come_up_waiting(r, db, s, &old, c, why.msg, now_us, e);
	}
	if (rc == 0)
		s->config = *c;
	return rc;
}

/* At a start no config is in use, so takes the newest usable version of the history. */
void bots_fall_back(struct bots *r, struct db *db, struct slot *s, int64_t now_us)
{
	struct bot_config c;
	struct err e = { 0 };

	if (store_config_last_good(db, s->bot_id, &c, &e) == 0)
		(void)!bots_come_up(r, db, s, &c, now_us, &e);
}
