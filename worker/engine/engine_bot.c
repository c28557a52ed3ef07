#include "worker/engine/engine_internal.h"

#include "worker/strategy/strategies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Binary search in a list of pointers to structs that begin with a bot's id, by id. Returns the
 * index of bot_id, or where it belongs.
 */
static size_t place_of(const void *list, size_t n, int64_t bot_id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const void *one;
		int64_t id;

		memcpy(&one, (const char *)list + mid * sizeof(one), sizeof(one));
		memcpy(&id, one, sizeof(id));
		if (id < bot_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
_Static_assert(offsetof(struct bot, id) == 0 && offsetof(struct account, bot_id) == 0, "place_of");

struct bot *engine_find_bot(const struct engine *e, int64_t bot_id)
{
	size_t at = place_of(e->bots, e->bots_n, bot_id);

	return at < e->bots_n && e->bots[at]->id == bot_id ? e->bots[at] : NULL;
}

struct account *engine_account(struct engine *e, int64_t bot_id)
{
	size_t low = place_of(e->accounts, e->accounts_n, bot_id);

	if (low < e->accounts_n && e->accounts[low]->bot_id == bot_id)
		return e->accounts[low];
	e->accounts = xrealloc(e->accounts, (e->accounts_n + 1) * sizeof(struct account *));
	memmove(&e->accounts[low + 1], &e->accounts[low],
		(e->accounts_n - low) * sizeof(struct account *));
	e->accounts_n++;
	e->accounts[low] = xcalloc(1, sizeof(struct account));
	e->accounts[low]->bot_id = bot_id;
	return e->accounts[low];
}

int engine_need_bot(const struct engine *e, int64_t bot_id, struct bot **out, struct err *err)
{
	*out = engine_find_bot(e, bot_id);
	return *out ? 0 : err_set(err, ERR_NOT_FOUND, "there is no bot %lld", (long long)bot_id);
}

struct place {				/* what the settings of a bot name */
	struct market *market;
	struct series *series;
	const struct strategy *strategy;
	size_t inputs_n;
	struct series *inputs[STRATEGY_EXTRAS_MAX];
};

static int find_series(struct engine *e, const struct bot_config *c, const char *symbol,
		       const char *interval, struct market **m, struct series **s, struct err *err)
{
	char source[MARKET_SOURCE_MAX];

	*m = engine_market(e, bot_config_source(c, e->args.market_data, source), symbol);
	if (!*m)
		return err_set(err, ERR_NOT_FOUND, "no market data for %s %s from %s",
			       bot_config_futures(c) ? "USD-M futures" : "spot", symbol, source);
	*s = market_series(*m, interval);
	return *s ? 0 : err_set(err, ERR_NOT_FOUND, "there is no interval \"%s\"", interval);
}

static int locate_inputs(struct engine *e, const struct bot_config *c, struct place *p,
			 struct err *err)
{
	struct strategy_extra list[STRATEGY_EXTRAS_MAX];
	struct market *m;
	int rc = 0;

	p->inputs_n = strategy_extras(p->strategy, c->strategy_params, list);
	for (size_t i = 0; rc == 0 && i < p->inputs_n; i++)
		rc = find_series(e, c, list[i].symbol ? list[i].symbol : c->symbol,
				 list[i].interval ? list[i].interval : c->interval, &m,
				 &p->inputs[i], err);
	for (size_t i = 0; rc == 0 && i < p->inputs_n; i++) {
		p->inputs[i]->is_input = true;
		series_keep(p->inputs[i], list[i].look_back, INPUT_CANDLES_AHEAD);
	}
	return rc;
}

/* Finds what the settings name. Nothing changes on failure. */
static int locate(struct engine *e, const struct bot_config *c, struct place *p, struct err *err)
{
	int rc;

	p->strategy = strategy_find(c->strategy);
	if (!p->strategy)
		return err_set(err, ERR_NOT_FOUND, "there is no strategy \"%s\"", c->strategy);
	rc = find_series(e, c, c->symbol, c->interval, &p->market, &p->series, err);
	if (rc == 0)
		rc = locate_inputs(e, c, p, err);
	if (rc == 0)
		series_keep(p->series, p->strategy->spec->look_back(c->strategy_params),
			    p->inputs_n ? INPUT_CANDLES_AHEAD : 0);
	return rc;
}

static void put(struct bot *b, const struct place *p)
{
	b->market = p->market;
	b->series = p->series;
	b->strategy = p->strategy;
	b->inputs_n = p->inputs_n;
	memcpy(b->inputs, p->inputs, sizeof(b->inputs));
	b->undecided = 0;
}

size_t engine_other_symbols(const struct bot_config *c,
			    char out[STRATEGY_EXTRAS_MAX][SYMBOL_MAX])
{
	const struct strategy *s = strategy_find(c->strategy);
	struct strategy_extra list[STRATEGY_EXTRAS_MAX];
	size_t n = s ? strategy_extras(s, c->strategy_params, list) : 0, others = 0;

	for (size_t i = 0; i < n; i++)
		if (list[i].symbol && strcmp(list[i].symbol, c->symbol) != 0)
			snprintf(out[others++], SYMBOL_MAX, "%s", list[i].symbol);
	return others;
}

/* Tells the venue the bot's account; *caps: what its venue can do. Failure changes nothing. */
static int seat(struct engine *e, int64_t bot_id, const struct bot_config *c,
		const struct venue_caps **caps, struct err *err)
{
	struct venue *v = e->args.venue;

	return v->ops->bot_set(v, bot_id, bot_config_account(c), caps, err);
}

static int earlier(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Fills the ring with the newest times, oldest first, because the next one replaces that. */
static void adopt_sent(struct bot *b, const struct bot_restore *r)
{
	int64_t all[ORDERS_KEPT];
	size_t skip = r->sent_n > b->sent_most ? r->sent_n - b->sent_most : 0;

	memcpy(all, r->sent_us, r->sent_n * sizeof(all[0]));
	qsort(all, r->sent_n, sizeof(all[0]), earlier);
	b->sent_n = r->sent_n - skip;
	memcpy(b->sent_us, all + skip, b->sent_n * sizeof(all[0]));
}

static void adopt(struct bot *b, const struct bot_restore *r)
{
	b->status = r->status;
	b->emergency = r->emergency;
	memcpy(b->error, r->error, sizeof(b->error));
	b->start_us = r->start_us;
	b->last_decision_us = r->last_decision_us;
	b->last_entry_us = r->last_entry_us;
	b->loss_streak = r->loss_streak;
	b->cooldown_until_us = r->cooldown_until_us;
	b->equity = r->equity;
	b->last_price = r->last_price;
	b->peak_equity = r->peak_equity;
	b->day_equity = r->day_equity;
	b->dust = r->dust;
	b->dust_cost = r->dust_cost;
	memcpy(b->day, r->day, sizeof(b->day));
	b->stats = r->stats;
	b->refusals = r->refusals;
	b->refused_until_us = r->refused_until_us;
	adopt_sent(b, r);
	for (size_t i = r->ended_n; i-- > 0;)
		b->ended[b->ended_n++ % ENDED_LEGS] = r->ended[i];
}

/* The bot trades another account: gains and losses of the former one don't count for it. */
static void begin_epoch(struct bot *b, int64_t account_id)
{
	b->account_id = account_id;
	b->stats = (struct day_stats){ .bot_id = b->id };
	b->equity = b->peak_equity = b->day_equity = (struct money){ 0 };
	b->loss_streak = b->cooldown_until_us = 0;
	b->refusals = b->refused_until_us = 0;
	b->day[0] = '\0';
}

static void place_bot(struct engine *e, size_t i, struct bot *b)
{
	e->bots[i] = b;
	e->dues[i] = b->due_us;
	b->index = i;
}

static void insert_bot(struct engine *e, struct bot *b)
{
	size_t i = e->bots_n++;

	e->bots = xrealloc(e->bots, e->bots_n * sizeof(e->bots[0]));
	e->dues = xrealloc(e->dues, e->bots_n * sizeof(e->dues[0]));
	for (; i > 0 && e->bots[i - 1]->id > b->id; i--)
		place_bot(e, i, e->bots[i - 1]);
	place_bot(e, i, b);
}

int engine_bot_add(struct engine *e, int64_t bot_id, const struct bot_config *config,
		   const struct bot_restore *r, struct err *err)
{
	struct place p;
	const struct venue_caps *caps;
	struct bot *b;
	int rc;

	if (engine_find_bot(e, bot_id))
		return err_set(err, ERR_CONFLICT, "bot %lld is running already", (long long)bot_id);
	rc = locate(e, config, &p, err);
	if (rc == 0)
		rc = seat(e, bot_id, config, &caps, err);
	if (rc)
		return rc;
	b = xcalloc(1, sizeof(*b));
	b->id = bot_id;
	b->account = engine_account(e, bot_id);
	b->account_id = bot_config_account(config);
	b->caps = caps;
	b->config = *config;
	put(b, &p);
	b->due_us = NEVER;
	b->dirty = true;
	b->stats.bot_id = bot_id;
	b->sent_most = (size_t)e->args.limits.max_orders_per_min;
	b->sent_us = xcalloc(b->sent_most + 1, sizeof(b->sent_us[0]));
	if (r)
		adopt(b, r);
	if (r && r->account_id != b->account_id)
		begin_epoch(b, b->account_id);
	insert_bot(e, b);
	market_join(p.market, b);
	engine_step_done(e, b);
	return 0;
}

int engine_order_restore(struct engine *e, const struct order *o, struct err *err)
{
	struct bot *b = engine_find_bot(e, o->bot_id);
	struct order *copy;

	if (!b)
		return err_set(err, ERR_NOT_FOUND, "order %lld: there is no bot %lld",
			       (long long)o->id, (long long)o->bot_id);
	if (strcmp(b->market->info.symbol, o->symbol) != 0)
		return err_set(err, ERR_CONFLICT, "order %lld is on %s, but bot %lld now trades %s",
			       (long long)o->id, o->symbol, (long long)b->id,
			       b->market->info.symbol);
	copy = xcalloc(1, sizeof(*copy));
	*copy = *o;
	b->orders = xrealloc(b->orders, (b->orders_n + 1) * sizeof(b->orders[0]));
	b->orders[b->orders_n++] = copy;
	if (copy->phase == PHASE_CLOSING)
		b->market->closes_wait = true;
	engine_step_done(e, b);
	return 0;
}

static void reconcile(struct engine *e, struct bot *b, int64_t now_us)
{
	struct step s = engine_step(e, b, now_us);

	bot_times_back(&s, b);
	bot_reconcile(&s, b);
	engine_step_done(e, b);
	if (!b->config_waits)
		return;
	bot_cancel_entries(&s, b, "");
	engine_step_done(e, b);
}

void engine_reconcile(struct engine *e, int64_t now_us)
{
	markets_warm(e, e->now_us);
	for (size_t i = 0; i < e->bots_n; i++)
		reconcile(e, e->bots[i], now_us);
}

void engine_reconcile_bot(struct engine *e, int64_t bot_id, int64_t now_us)
{
	struct bot *b = engine_find_bot(e, bot_id);

	if (b)
		reconcile(e, b, now_us);
}

int engine_bot_remove(struct engine *e, int64_t bot_id, struct err *err)
{
	struct bot *b;
	struct step s;
	int rc = engine_need_bot(e, bot_id, &b, err);

	if (rc)
		return rc;
	if (b->status != BOT_STOPPED || bot_working(b))
		return err_set(err, ERR_CONFLICT, "bot %lld must be STOPPED without open orders; "
			       "it is %s with %zu", (long long)bot_id, bot_status_name(b->status),
			       bot_working(b));
	s = engine_step(e, b, e->now_us);
	bot_drop_remainders(&s, b);
	engine_step_done(e, b);
	market_leave(b->market, b);
	e->bots_n--;
	for (size_t i = b->index; i < e->bots_n; i++)
		place_bot(e, i, e->bots[i + 1]);
	bot_free(b);
	return 0;
}

enum bot_status engine_bot_status(const struct engine *e, int64_t bot_id)
{
	const struct bot *b = engine_find_bot(e, bot_id);

	return b ? b->status : BOT_STOPPED;
}

size_t engine_bot_candles(const struct engine *e, int64_t bot_id)
{
	const struct bot *b = engine_find_bot(e, bot_id);

	return b ? b->series->window.n : 0;
}

int64_t engine_open_orders(const struct engine *e, int64_t bot_id)
{
	const struct bot *b = engine_find_bot(e, bot_id);

	return b ? (int64_t)bot_working(b) : 0;
}

static int config_refused(struct bot *b, const struct err *err, int rc)
{
	snprintf(b->config_error, sizeof(b->config_error), "%s", err->msg);
	b->dirty = true;
	return rc;
}

static void use_config(struct engine *e, struct bot *b, const struct bot_config *config,
		       const struct place *p)
{
	struct step s = engine_step(e, b, e->now_us);

	bot_signal_ends(&s, b);
	if (p->market != b->market || b->account_id != bot_config_account(config)) {
		b->last_price = (struct price){ 0 };
		bot_drop_remainders(&s, b);
		engine_step_done(e, b);
		market_leave(b->market, b);
		market_join(p->market, b);
	}
	if (b->account_id != bot_config_account(config))
		begin_epoch(b, bot_config_account(config));
	put(b, p);
	b->config = *config;
	free(b->strategy_state);
	b->strategy_state = NULL;
	b->state_open_us = 0;
	b->dirty = true;
	engine_step_done(e, b);
}

/* waits: why config lacks a part of the newest version; NULL: it lacks nothing. */
static int take_config(struct engine *e, struct bot *b, const struct bot_config *config,
		       const char *waits, struct err *err)
{
	struct err local = { 0 };
	struct place p;
	int rc;

	if (!err)
		err = &local;
	rc = locate(e, config, &p, err);
	if (rc == 0)
		rc = seat(e, b->id, config, &b->caps, err);
	if (rc)
		return config_refused(b, err, rc);
	use_config(e, b, config, &p);
	b->config_waits = waits != NULL;
	snprintf(b->config_error, sizeof(b->config_error), "%s", waits ? waits : "");
	return 0;
}

static int hold_config(struct engine *e, struct bot *b, const struct bot_config *config,
		       const char *why, struct err *err)
{
	struct step s = engine_step(e, b, e->now_us);
	struct bot_config held;
	int rc;

	bot_config_hold(&b->config, config, &held);
	rc = take_config(e, b, &held, why, err);
	if (rc)
		return rc;
	bot_cancel_entries(&s, b, "");
	engine_step_done(e, b);
	return 0;
}

int engine_bot_config_wait(struct engine *e, int64_t bot_id, const struct bot_config *config,
			   const char *why, struct err *err)
{
	struct bot *b;
	int rc = engine_need_bot(e, bot_id, &b, err);

	return rc ? rc : hold_config(e, b, config, why, err);
}

int engine_bot_config(struct engine *e, int64_t bot_id, const struct bot_config *config,
		      struct err *err)
{
	char moves[BOT_CONFIG_MOVE_MAX];
	struct err why = { 0 };
	struct bot *b;
	int rc = engine_need_bot(e, bot_id, &b, err);

	if (rc)
		return rc;
	if (!bot_working(b) || !bot_config_moves(&b->config, config))
		return take_config(e, b, config, NULL, err);
	rc = err_set(&why, ERR_CONFLICT, "version %lld waits: %s can change only without open "
		     "orders, %zu are open; until they are closed no entries are made, the rest of "
		     "the version is in force", (long long)config->version,
		     bot_config_move_text(&b->config, config, moves), bot_working(b));
	if (hold_config(e, b, config, why.msg, err) == 0 && err)
		*err = why;
	return rc;
}

const struct bot_config *engine_bot_config_now(const struct engine *e, int64_t bot_id)
{
	const struct bot *b = engine_find_bot(e, bot_id);

	return b ? &b->config : NULL;
}

void engine_bot_config_failed(struct engine *e, int64_t bot_id, const char *why)
{
	struct bot *b = engine_find_bot(e, bot_id);

	if (!b)
		return;
	snprintf(b->config_error, sizeof(b->config_error), "%s", why);
	b->dirty = true;
}

void engine_bot_model(struct engine *e, int64_t bot_id, const struct predictor *p, const char *why)
{
	struct bot *b = engine_find_bot(e, bot_id);
	struct step s;

	if (!b)
		return;
	s = engine_step(e, b, e->now_us);
	b->dirty = true;
	if (!p && why) {
		snprintf(b->model_error, sizeof(b->model_error), "%s", why);
		return;
	}
	b->has_model = p != NULL;
	b->model = p ? *p : (struct predictor){ 0 };
	b->model_error[0] = '\0';
	bot_signal_ends(&s, b);
	engine_step_maybe(e, b);
}

void engine_bot_fail(struct engine *e, int64_t bot_id, int64_t now_us, const char *why)
{
	struct bot *b = engine_find_bot(e, bot_id);
	struct step s;

	if (!b)
		return;
	engine_advance(e, now_us);
	s = engine_step(e, b, e->now_us);
	bot_fail(&s, b, "%s", why);
	engine_step_done(e, b);
}
