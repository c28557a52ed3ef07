#include "worker/roster.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/store_config.h"
#include "worker/store/store_bots.h"
#include "worker/store/store_orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELECT_WISHES \
	"SELECT b.id, coalesce(c.version, 0), coalesce(a.model_id, c.model_id, 0)" \
	" FROM bots b LEFT JOIN trading_configs c ON c.bot_id = b.id" \
	" LEFT JOIN model_assignments a ON a.bot_id = b.id" \
	" WHERE b.bot_type = 'trading'"
static const char SQL_WISHES[] = SELECT_WISHES " ORDER BY b.id";
static const char SQL_WISH[] = SELECT_WISHES " AND b.id = ?1";

struct wish {
	int64_t bot_id, version, model_id;
};

struct slot {
	int64_t bot_id;
	int64_t version;		/* of the config that was tried last */
	int64_t model_id;		/* that was tried last */
	int64_t model_used;		/* that the engine has, 0 none */
	bool loading;			/* model_id is on its way */
	bool running;			/* the engine has it */
	bool refused;			/* the newest config waits for the bot to be flat */
	bool wished;			/* seen in this refresh */
	char failure[256];
	struct bot_config config;	/* last good one */
};

struct roster {
	struct roster_args args;
	size_t n;
	struct slot *slots;		/* by id, ascending */
	int64_t *ids;
	size_t waiting;			/* slots whose model loads or whose config was refused */
};

struct roster *roster_new(const struct roster_args *a)
{
	struct roster *r = xcalloc(1, sizeof(*r));

	r->args = *a;
	return r;
}

void roster_free(struct roster *r)
{
	if (!r)
		return;
	free(r->slots);
	free(r->ids);
	free(r);
}

static struct slot *find(const struct roster *r, int64_t bot_id)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->slots[mid].bot_id < bot_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->n && r->slots[low].bot_id == bot_id ? &r->slots[low] : NULL;
}

static struct slot *slot_of(struct roster *r, int64_t bot_id)
{
	struct slot *s = find(r, bot_id);
	size_t i = r->n;

	if (s)
		return s;
	r->slots = xrealloc(r->slots, (r->n + 1) * sizeof(r->slots[0]));
	for (; i > 0 && r->slots[i - 1].bot_id > bot_id; i--)
		r->slots[i] = r->slots[i - 1];
	memset(&r->slots[i], 0, sizeof(r->slots[i]));
	r->slots[i].bot_id = bot_id;
	r->n++;
	return &r->slots[i];
}

/*
 * A bot that is not in the engine still has a row that says why. What it needs when it
 * comes up one day stays in it, and an emergency stop stays one.
 */
static void failed(struct roster *r, struct db *db, struct slot *s, const char *why,
		   int64_t now_us)
{
	struct bot_report row = { .bot_id = s->bot_id, .status = BOT_ERROR, .updated_us = now_us };
	struct bot_restore old = { 0 };

	if (strcmp(s->failure, why) == 0)
		return;
	snprintf(s->failure, sizeof(s->failure), "%s", why);
	log_error("roster", NULL, "bot %lld can't run: %s", (long long)s->bot_id, why);
	if (s->running || !r->args.reporter.bot)
		return;
	if (store_bot_restore(db, s->bot_id, &old, NULL) == 0 && old.emergency != EMERGENCY_NONE)
		row.status = BOT_STOPPED;
	row.emergency = (int)old.emergency;
	row.start_us = old.start_us;
	row.last_decision_us = old.last_decision_us;
	row.loss_streak = old.loss_streak;
	row.cooldown_until_us = old.cooldown_until_us;
	row.equity = old.equity;
	row.peak_equity = old.peak_equity;
	row.day_equity = old.day_equity;
	row.dust = old.dust;
	memcpy(row.day, old.day, sizeof(row.day));
	snprintf(row.error, sizeof(row.error), "%s", why);
	r->args.reporter.bot(r->args.reporter.ctx, &row);
}

/* Everything the engine needs before it can take a config: market and account. */
static int prepare(struct roster *r, int64_t bot_id, const struct bot_config *c, int64_t now_us,
		   struct err *e)
{
	struct symbol_info info;
	int rc = r->args.symbol(r->args.ctx, c, &info, e);

	if (rc)
		return rc;
	session_market_add(r->args.session, &info);
	return session_account(r->args.session, bot_id, c, now_us, e);
}

/* The totals that go on are today's, whatever other days were traded before. */
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

static int bring_up(struct roster *r, struct db *db, struct slot *s, const struct bot_config *c,
		    int64_t now_us, struct err *e)
{
	struct engine *engine = session_engine(r->args.session);
	struct bot_restore old = { 0 };
	int rc = prepare(r, s->bot_id, c, now_us, e);

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
		if (s->failure[0]) { /* its row says ERROR because it could not come up */
			old.status = BOT_STOPPED;
			old.error[0] = '\0';
		}
		rc = store_entry_times(db, s->bot_id, old.entries_us,
				       sizeof(old.entries_us) / sizeof(old.entries_us[0]),
				       &old.entries_n, e);
		if (rc == 0)
			rc = store_ended_legs(db, s->bot_id, old.ended, ENDED_LEGS, &old.ended_n,
					      e);
		if (rc)
			return rc;
	}
	rc = engine_bot_add(engine, s->bot_id, c, &old, e);
	if (rc)
		return rc;
	s->running = true;
	s->failure[0] = '\0';
	return 0;
}

static bool same_market(const struct bot_config *a, const struct bot_config *b)
{
	return strcmp(a->symbol, b->symbol) == 0 && strcmp(a->exchange, b->exchange) == 0 &&
	       a->leverage == b->leverage;
}

/*
 * Orders that were open when we went down belong to the symbol that the bot traded: a
 * change of it waits until they are closed, as it did before.
 */
static bool held_back(struct db *db, int64_t bot_id, struct bot_config *c)
{
	struct bot_config old;
	int64_t version = 0;

	if (store_bot_held_version(db, bot_id, &version, NULL) || version == 0 ||
	    store_config_past(db, bot_id, version, &old, NULL) || same_market(&old, c))
		return false;
	*c = old;
	return true;
}

static int come_up(struct roster *r, struct db *db, struct slot *s, struct bot_config *c,
		   int64_t now_us, struct err *e)
{
	bool waits = held_back(db, s->bot_id, c);
	int rc = bring_up(r, db, s, c, now_us, e);

	if (rc)
		return rc;
	s->config = *c;
	s->refused = waits;
	if (waits)
		engine_bot_config_failed(session_engine(r->args.session), s->bot_id,
					 "symbol, exchange and leverage can change only without "
					 "open orders");
	return 0;
}

/* At a start there is no config in use to keep: the newest usable one of the history is. */
static void fall_back(struct roster *r, struct db *db, struct slot *s, int64_t now_us)
{
	struct bot_config c;
	struct err e = { 0 };

	if (store_config_last_good(db, s->bot_id, &c, &e) == 0)
		(void)come_up(r, db, s, &c, now_us, &e);
}

/* The newest config is in use, or (with why) the last good one, or none. */
static void applied(struct roster *r, struct db *db, struct slot *s, int rc, const char *why,
		    int64_t now_us)
{
	struct engine *engine = session_engine(r->args.session);

	if (rc == 0) {
		log_info("roster", NULL, "bot %lld: config version %lld applied",
			 (long long)s->bot_id, (long long)s->config.version);
		return;
	}
	if (!s->running && rc == ERR_INVALID)
		fall_back(r, db, s, now_us);
	if (s->running) {
		log_error("roster", NULL, "bot %lld keeps config version %lld: %s",
			  (long long)s->bot_id, (long long)s->config.version, why);
		engine_bot_config_failed(engine, s->bot_id, why);
	} else {
		failed(r, db, s, why, now_us);
	}
}

static void apply_config(struct roster *r, struct db *db, struct slot *s, int64_t now_us)
{
	struct engine *engine = session_engine(r->args.session);
	struct bot_config c;
	struct err e = { 0 };
	int rc = store_config_load(db, r->args.key, s->bot_id, &c, &e);

	if (rc == 0 && !s->running) {
		rc = come_up(r, db, s, &c, now_us, &e);
	} else if (rc == 0) {
		if (engine_open_orders(engine, s->bot_id) == 0)
			rc = prepare(r, s->bot_id, &c, now_us, &e);
		if (rc == 0)
			rc = engine_bot_config(engine, s->bot_id, &c, &e);
		if (rc == 0)
			s->config = c;
		s->refused = rc == ERR_CONFLICT && engine_open_orders(engine, s->bot_id) > 0;
	}
	applied(r, db, s, rc, e.msg, now_us);
}

static void apply_model(struct roster *r, struct db *db, struct slot *s, int64_t model_id,
			int64_t now_us)
{
	struct engine *engine = session_engine(r->args.session);
	struct predictor p;
	struct err e = { 0 };
	int rc;

	s->model_id = model_id;
	s->loading = false;
	if (!model_id) {
		engine_bot_model(engine, s->bot_id, NULL, NULL);
		predictors_drop(r->args.predictors, s->model_used);
		s->model_used = 0;
		return;
	}
	rc = predictors_take(r->args.predictors, db, model_id, r->args.wait_for_models, &p, &e);
	if (rc == ERR_BUSY) {
		s->loading = true;
		return;
	}
	if (rc) {
		log_error("roster", NULL, "bot %lld: %s", (long long)s->bot_id, e.msg);
		engine_bot_model(engine, s->bot_id, NULL, e.msg);
		if (!s->model_used && engine_bot_status(engine, s->bot_id) != BOT_STOPPED)
			engine_bot_fail(engine, s->bot_id, now_us, e.msg);
		return;
	}
	engine_bot_model(engine, s->bot_id, &p, NULL);
	predictors_drop(r->args.predictors, s->model_used);
	s->model_used = model_id;
	log_info("roster", NULL, "bot %lld: model %lld applied", (long long)s->bot_id,
		 (long long)model_id);
}

static void apply(struct roster *r, struct db *db, const struct wish *w, int64_t now_us)
{
	struct slot *s = slot_of(r, w->bot_id);
	bool flat = s->refused &&
		engine_open_orders(session_engine(r->args.session), w->bot_id) == 0;

	s->wished = true;
	if (w->version != s->version || flat || (!s->running && !s->failure[0])) {
		s->version = w->version;
		apply_config(r, db, s, now_us);
	}
	if (s->running && (w->model_id != s->model_id || s->loading))
		apply_model(r, db, s, w->model_id, now_us);
}

static void remove_unwished(struct roster *r)
{
	struct engine *engine = session_engine(r->args.session);
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct slot *s = &r->slots[i];
		struct err e = { 0 };

		if (!s->wished && s->running && engine_bot_remove(engine, s->bot_id, &e)) {
			log_warn("roster", NULL, "bot %lld was deleted but stays until it is "
				 "stopped and flat: %s", (long long)s->bot_id, e.msg);
		} else if (!s->wished) {
			predictors_drop(r->args.predictors, s->model_used);
			log_info("roster", NULL, "bot %lld removed", (long long)s->bot_id);
			continue;
		}
		r->slots[kept++] = *s;
	}
	r->n = kept;
}

/* Loaded for who has changed its mind since: out of memory with it. */
static void sweep_models(struct roster *r)
{
	int64_t *ids = xcalloc(r->n + 1, sizeof(*ids));
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->slots[i].loading)
			ids[n++] = r->slots[i].model_id;
	predictors_sweep(r->args.predictors, ids, n);
	free(ids);
}

/* bot_id 0: of all bots. */
static int read_wishes(struct db *db, int64_t bot_id, struct wish **out, size_t *n, struct err *e)
{
	struct wish *list = NULL;
	size_t count = 0;
	struct stmt *s;
	int rc = db_stmt(db, bot_id ? SQL_WISH : SQL_WISHES, &s, e);

	if (rc)
		return rc;
	if (bot_id)
		stmt_bind_int(s, 1, bot_id);
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		struct wish w = { stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2) };

		list = xrealloc(list, (count + 1) * sizeof(*list));
		list[count++] = w;
	}
	stmt_done(s);
	if (rc) {
		free(list);
		return rc;
	}
	*out = list;
	*n = count;
	return 0;
}

int roster_refresh(struct roster *r, struct db *db, int64_t now_us, struct err *e)
{
	struct wish *wishes = NULL;
	size_t n = 0;
	int rc = read_wishes(db, r->args.only_bot, &wishes, &n, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < r->n; i++)
		r->slots[i].wished = false;
	for (size_t i = 0; i < n; i++)
		apply(r, db, &wishes[i], now_us);
	free(wishes);
	remove_unwished(r);
	sweep_models(r);
	r->ids = xrealloc(r->ids, (r->n + 1) * sizeof(r->ids[0]));
	r->waiting = 0;
	for (size_t i = 0; i < r->n; i++) {
		r->ids[i] = r->slots[i].bot_id;
		r->waiting += r->slots[i].loading || r->slots[i].refused;
	}
	return 0;
}

int roster_retry(struct roster *r, struct db *db, int64_t bot_id, int64_t now_us, struct err *e)
{
	struct slot *s = find(r, bot_id);
	int64_t model_id;

	if (!s)
		return err_set(e, ERR_NOT_FOUND, "there is no bot %lld", (long long)bot_id);
	if (!s->running)
		apply_config(r, db, s, now_us);
	if (!s->running)
		return err_set(e, ERR_CONFLICT, "%s", s->failure);
	if (!s->model_used || s->model_used != s->model_id) {
		struct wish *w = NULL;
		size_t n = 0;
		int rc = read_wishes(db, bot_id, &w, &n, e);

		if (rc)
			return rc;
		model_id = n ? w[0].model_id : 0;
		free(w);
		apply_model(r, db, s, model_id, now_us);
		r->waiting += s->loading;
	}
	return 0;
}

bool roster_waits(const struct roster *r)
{
	for (size_t i = 0; r->waiting && i < r->n; i++)
		if (r->slots[i].loading ||
		    (r->slots[i].refused &&
		     engine_open_orders(session_engine(r->args.session), r->slots[i].bot_id) == 0))
			return true;
	return false;
}

void roster_started(struct roster *r)
{
	r->args.wait_for_models = false;
}

const char *roster_failure(const struct roster *r, int64_t bot_id)
{
	const struct slot *s = find(r, bot_id);

	return s && !s->running ? s->failure : NULL;
}

bool roster_has(const struct roster *r, int64_t bot_id)
{
	return find(r, bot_id) != NULL;
}

const int64_t *roster_ids(const struct roster *r, size_t *n)
{
	*n = r->n;
	return r->ids;
}

const struct bot_config *roster_config(const struct roster *r, int64_t bot_id)
{
	const struct slot *s = find(r, bot_id);

	return s && s->running ? &s->config : NULL;
}
