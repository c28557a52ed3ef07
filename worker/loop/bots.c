#include "worker/loop/bots_internal.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/registry/bot_json.h"
#include "common/registry/configs.h"
#include "common/span.h"
#include "worker/store/bots.h"
#include "worker/store/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARMING_MAX 120
#define SELECT_WISHES \
	"SELECT b.id, coalesce(c.version, 0), coalesce(c.model_id, 0)" \
	" FROM bots b LEFT JOIN trading_configs c ON c.bot_id = b.id" \
	" WHERE b.bot_type = 'trading'"
static const char SQL_WISHES[] = SELECT_WISHES " ORDER BY b.id";
static const char SQL_WISH[] = SELECT_WISHES " AND b.id = ?1";

struct desired {
	int64_t bot_id, version, model_id;
};

struct bots *bots_new(const struct bots_args *a)
{
	struct bots *r = xcalloc(1, sizeof(*r));

	r->args = *a;
	return r;
}

void bots_free(struct bots *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		bot_secrets_wipe(&r->slots[i].secrets);
	free(r->slots);
	free(r->ids);
	free(r);
}

static struct slot *find(const struct bots *r, int64_t bot_id)
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

static struct slot *slot_of(struct bots *r, int64_t bot_id)
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

/* Says that a window which begins while we run needs time to fill; "" at a start (worker_warm). */
static const char *warming_text(const struct bots *r, const struct slot *s,
				char text[WARMING_MAX])
{
	size_t n = engine_bot_candles(session_engine(r->args.session), s->bot_id);
	size_t needed = (size_t)bot_look_back(&s->config);
	char wait[SPAN_TEXT_MAX];

	text[0] = '\0';
	if (n < needed && !r->args.wait_for_models)
		snprintf(text, WARMING_MAX, "; %zu of %zu candles of %s are there, the first "
			 "decision comes in %s", n, needed, s->config.interval,
			 span_text((int64_t)(needed - n) * bot_interval_s(s->config.interval),
				   wait));
	return text;
}

/* Notes which config is in use: the newest, a part of it (why: what waits), or the last good. */
static void applied(struct bots *r, struct db *db, struct slot *s, int rc, const char *why,
		    int64_t now_us)
{
	struct engine *engine = session_engine(r->args.session);
	const struct log_context about = { .bot_id = s->bot_id, .symbol = s->config.symbol };
	char exits[BOT_EXITS_TEXT_MAX], warming[WARMING_MAX];

	if (rc == 0) {
		if (s->refused || s->denied)
			log_about(LOG_WARN, "bots", NULL, &about, "bot %lld: config %s",
				  (long long)s->bot_id, why);
		else
			log_about(LOG_INFO, "bots", NULL, &about,
				  "bot %lld: config version %lld applied: %s%s",
				  (long long)s->bot_id, (long long)s->config.version,
				  bot_exits_text(&s->config, "", exits),
				  warming_text(r, s, warming));
		return;
	}
	if (!s->running && rc == ERR_INVALID)
		bots_fall_back(r, db, s, now_us);
	if (s->running) {
		log_about(LOG_ERROR, "bots", NULL, &about,
			  "bot %lld keeps config version %lld: %s", (long long)s->bot_id,
			  (long long)s->config.version, why);
		engine_bot_config_failed(engine, s->bot_id, why);
	} else {
		bots_failed(r, db, s, why, now_us);
	}
}

/* Changes a running bot's config to all of c, or to those settings that can be used at once. */
static int change_config(struct bots *r, struct slot *s, const struct bot_config *c,
			 int64_t now_us, struct err *e)
{
	struct engine *engine = session_engine(r->args.session);
	bool open = engine_open_orders(engine, s->bot_id) > 0;
	struct symbol_info info;
	int rc = open ? r->args.symbol(r->args.ctx, c, &info, e) :
		 bots_prepare(r, s->bot_id, c, now_us, e);

	if (rc == 0 && open)
		rc = bots_other_markets(r, c, e);
	s->refused = false;
	s->denied = rc == ERR_DENIED;
	if (rc == 0)
		rc = engine_bot_config(engine, s->bot_id, c, e);
	s->refused = open && rc == ERR_CONFLICT;
	if (s->denied) {
		err_prefix(e, "version %lld waits", (long long)c->version);
		rc = engine_bot_config_wait(engine, s->bot_id, c, e->msg, e);
	} else if (s->refused) {
		rc = 0;
	}
	if (rc == 0)
		s->config = *engine_bot_config_now(engine, s->bot_id);
	return rc;
}

static void apply_config(struct bots *r, struct db *db, struct slot *s, int64_t now_us)
{
	struct bot_config c;
	struct bot_secrets secrets = { 0 };
	struct err e = { 0 };
	int rc = store_config_load(db, r->args.key, s->bot_id, &c, &secrets, &e);

	s->again = false;
	if (rc == 0) {
		s->wanted = c;
		rc = s->running ? change_config(r, s, &c, now_us, &e) :
				  bots_come_up(r, db, s, &c, now_us, &e);
	}
	if (rc == 0) {
		bot_secrets_wipe(&s->secrets);
		s->secrets = secrets;
	} else {
		bot_secrets_wipe(&secrets);
	}
	applied(r, db, s, rc, e.msg, now_us);
}

static void apply_model(struct bots *r, struct db *db, struct slot *s, int64_t model_id,
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
		log_about(LOG_ERROR, "bots", NULL,
			  &(struct log_context){ .bot_id = s->bot_id, .model_id = model_id },
			  "bot %lld: %s", (long long)s->bot_id, e.msg);
		engine_bot_model(engine, s->bot_id, NULL, e.msg);
		if (!s->model_used && engine_bot_status(engine, s->bot_id) != BOT_STOPPED)
			engine_bot_fail(engine, s->bot_id, now_us, e.msg);
		return;
	}
	engine_bot_model(engine, s->bot_id, &p, NULL);
	predictors_drop(r->args.predictors, s->model_used);
	s->model_used = model_id;
	log_about(LOG_INFO, "bots", NULL,
		  &(struct log_context){ .bot_id = s->bot_id, .model_id = model_id },
		  "bot %lld: model %lld applied", (long long)s->bot_id, (long long)model_id);
}

static void apply(struct bots *r, struct db *db, const struct desired *w, int64_t now_us)
{
	struct slot *s = slot_of(r, w->bot_id);
	bool due = s->again || (s->refused &&
		engine_open_orders(session_engine(r->args.session), w->bot_id) == 0);

	s->wished = true;
	if (w->version != s->version || due || (!s->running && !s->failure[0])) {
		s->version = w->version;
		apply_config(r, db, s, now_us);
	}
	if (s->running && (w->model_id != s->model_id || s->loading))
		apply_model(r, db, s, w->model_id, now_us);
}

static void remove_unwished(struct bots *r)
{
	struct engine *engine = session_engine(r->args.session);
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct slot *s = &r->slots[i];
		struct err e = { 0 };

		if (!s->wished && s->running && engine_bot_remove(engine, s->bot_id, &e)) {
			log_about(LOG_WARN, "bots", NULL,
				  &(struct log_context){ .bot_id = s->bot_id },
				  "bot %lld was deleted but stays until it is stopped and flat: %s",
				  (long long)s->bot_id, e.msg);
		} else if (!s->wished) {
			predictors_drop(r->args.predictors, s->model_used);
			bot_secrets_wipe(&s->secrets);
			log_about(LOG_INFO, "bots", NULL,
				  &(struct log_context){ .bot_id = s->bot_id },
				  "bot %lld removed", (long long)s->bot_id);
			continue;
		}
		r->slots[kept++] = *s;
	}
	r->n = kept;
}

/* Frees models that were loaded for bots which want another one by now. */
static void sweep_models(struct bots *r)
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
static int read_wishes(struct db *db, int64_t bot_id, struct desired **out, size_t *n,
		       struct err *e)
{
	struct desired *list = NULL;
	size_t count = 0;
	struct stmt *s;
	int rc = db_stmt(db, bot_id ? SQL_WISH : SQL_WISHES, &s, e);

	if (rc)
		return rc;
	if (bot_id)
		stmt_bind_int(s, 1, bot_id);
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		struct desired w = { stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2) };

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

int bots_refresh(struct bots *r, struct db *db, int64_t now_us, struct err *e)
{
	struct desired *desired = NULL;
	size_t n = 0;
	int rc = read_wishes(db, r->args.only_bot, &desired, &n, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < r->n; i++)
		r->slots[i].wished = false;
	for (size_t i = 0; i < n; i++)
		apply(r, db, &desired[i], now_us);
	free(desired);
	remove_unwished(r);
	sweep_models(r);
	r->ids = xrealloc(r->ids, (r->n + 1) * sizeof(r->ids[0]));
	r->waiting = 0;
	for (size_t i = 0; i < r->n; i++) {
		r->ids[i] = r->slots[i].bot_id;
		r->waiting += r->slots[i].loading || r->slots[i].refused || r->slots[i].again;
	}
	return 0;
}

int bots_retry(struct bots *r, struct db *db, int64_t bot_id, int64_t now_us, struct err *e)
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
		struct desired *w = NULL;
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

int bots_latch(struct bots *r, struct db *db, int64_t bot_id, const char *by,
	       const char *correlation_id, int64_t now_us, struct err *e)
{
	struct slot *s = find(r, bot_id);
	struct status_report event = {
		.bot_id = bot_id, .from = BOT_ERROR, .to = BOT_STOPPED,
		.at_us = now_us,
	};
	int64_t open = 0;
	int rc;

	if (!s || s->running)
		return err_set(e, ERR_NOT_FOUND, "no bot %lld waits for its config",
			       (long long)bot_id);
	rc = store_open_count(db, bot_id, &open, e);
	if (rc)
		return rc;
	snprintf(event.event, sizeof(event.event), "%s", bot_event_name(EVENT_EMERGENCY_STOP));
	snprintf(event.requested_by, sizeof(event.requested_by), "%s", by);
	snprintf(event.correlation_id, sizeof(event.correlation_id), "%s", correlation_id);
	bots_report_absent(r, db, s, open ? EMERGENCY_FLATTENING : EMERGENCY_LATCHED, now_us);
	if (r->args.reporter.status)
		r->args.reporter.status(r->args.reporter.ctx, &event);
	return 0;
}

bool bots_waits(const struct bots *r)
{
	for (size_t i = 0; r->waiting && i < r->n; i++)
		if (r->slots[i].loading || r->slots[i].again ||
		    (r->slots[i].refused &&
		     engine_open_orders(session_engine(r->args.session), r->slots[i].bot_id) == 0))
			return true;
	return false;
}

void bots_started(struct bots *r)
{
	r->args.wait_for_models = false;
	r->started = true;
}

const char *bots_failure(const struct bots *r, int64_t bot_id)
{
	const struct slot *s = find(r, bot_id);

	return s && !s->running ? s->failure : NULL;
}

bool bots_loads(const struct bots *r, int64_t bot_id)
{
	const struct slot *s = find(r, bot_id);
	const struct strategy_spec *strategy =
		s && s->running ? strategy_spec_find(s->config.strategy) : NULL;

	return strategy && strategy->needs_model && s->loading && !s->model_used;
}

bool bots_has(const struct bots *r, int64_t bot_id)
{
	return find(r, bot_id) != NULL;
}

const int64_t *bots_ids(const struct bots *r, size_t *n)
{
	*n = r->n;
	return r->ids;
}

const struct bot_config *bots_config(const struct bots *r, int64_t bot_id)
{
	const struct slot *s = find(r, bot_id);

	return s && s->running ? &s->config : NULL;
}

const struct bot_secrets *bots_secrets(const struct bots *r, int64_t bot_id)
{
	const struct slot *s = find(r, bot_id);

	return s && s->running ? &s->secrets : NULL;
}

const struct bot_config *bots_wanted(const struct bots *r, int64_t bot_id)
{
	const struct slot *s = find(r, bot_id);

	return s && s->wanted.symbol[0] ? &s->wanted : NULL;
}

void bots_account_reset(struct bots *r, int64_t bot_id)
{
	struct slot *s = find(r, bot_id);

	if (!s || !(s->denied || s->refused))
		return;
	s->again = true;
	r->waiting++;
}
