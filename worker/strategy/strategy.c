#include "worker/strategy/strategy.h"

#include <stdio.h>
#include <string.h>

static void decision_clear(struct decision *d)
{
	d->n = 0;
	d->rule = "";
	d->side = SIDE_BUY;
	d->confidence = 0;
	memset(d->figures, 0, sizeof(d->figures));
}

static bool model_missing(const struct strategy *s, const struct strategy_input *in)
{
	return s->spec->needs_model && !in->model;
}

/* The part of the given windows that the strategy sees; owns nothing. */
struct view {
	struct strategy_input in;
	struct window window, extra[STRATEGY_EXTRAS_MAX];
	bool warm;			/* each window is as long as its look-back */
};

static void view_extras(const struct strategy *s, struct view *v)
{
	int64_t decision_us = v->window.last_open_us + v->window.length_us;
	struct strategy_extra list[STRATEGY_EXTRAS_MAX];
	size_t n = strategy_extras(s, v->in.params, list);

	for (size_t i = 0; i < n; i++) {
		v->extra[i] = strategy_extra_at(v->in.extra[i], decision_us, list[i].look_back);
		v->in.extra[i] = &v->extra[i];
		v->warm = v->warm && v->extra[i].n == list[i].look_back;
	}
}

static void view_init(struct view *v, const struct strategy *s, const struct strategy_input *in)
{
	size_t look_back = s->spec->look_back(in->params);

	v->in = *in;
	v->window = window_newest(in->window, look_back);
	v->in.window = &v->window;
	v->warm = v->window.n == look_back;
	if (s->extras)
		view_extras(s, v);
}

int strategy_ask(const struct strategy *s, void *state, const struct strategy_input *in,
		 struct decision *out, struct err *e)
{
	struct view v;
	int rc;

	view_init(&v, s, in);
	decision_clear(out);
	if (!model_missing(s, in) && (v.warm || s->state_size)) {
		rc = s->on_candle(state, &v.in, out, e);
		if (rc)
			return rc;
	}
	if (v.warm && !model_missing(s, in))
		return 0;
	decision_clear(out);
	out->side = strcmp(in->config->side_mode, "short") == 0 ? SIDE_SELL : SIDE_BUY;
	out->rule = model_missing(s, in) ? "no_model" : "warm_up";
	return 0;
}

int strategy_rebuild(const struct strategy *s, void *state, const struct strategy_input *in,
		     struct err *e)
{
	struct window newest = window_newest(in->window, s->spec->look_back(in->params)), part;
	struct strategy_input own = *in;
	struct decision ignored;
	int rc = 0;

	if (!s->state_size)
		return 0;
	memset(state, 0, s->state_size);
	if (s->init)
		s->init(state, in->params);
	part = newest;
	own.window = &part;
	own.work = NULL; /* it belongs to the whole window */
	own.positions_n = 0;
	for (part.n = 1; part.n <= newest.n && !rc; part.n++) {
		part.last_open_us = newest.last_open_us -
				    (int64_t)(newest.n - part.n) * newest.length_us;
		rc = strategy_ask(s, state, &own, &ignored, e);
	}
	return rc;
}

int strategy_follow(const struct strategy *s, void **state, int64_t *seen_us,
		    const struct strategy_input *in, struct decision *out, struct err *e)
{
	const struct window *w = in->window;
	struct strategy_input before = *in;
	struct window older = *w;
	int rc = 0;

	if (!s->state_size)
		return strategy_ask(s, NULL, in, out, e);
	if (!*state)
		*state = xcalloc(1, s->state_size);
	if (*seen_us == 0 || *seen_us != w->last_open_us - w->length_us) {
		older.n--;
		older.last_open_us -= w->length_us;
		before.window = &older;
		rc = strategy_rebuild(s, *state, &before, e);
	}
	*seen_us = w->last_open_us;
	return rc ? rc : strategy_ask(s, *state, in, out, e);
}

int strategy_filled(const struct strategy *s, void **state, int64_t *seen_us,
		    const struct strategy_input *in, const struct strategy_fill *f,
		    struct decision *out, struct err *e)
{
	struct view v;
	int rc = 0;

	view_init(&v, s, in);
	decision_clear(out);
	if (!s->on_fill || model_missing(s, in) || !v.warm)
		return 0;
	if (s->state_size && !*state)
		*state = xcalloc(1, s->state_size);
	if (s->state_size && *seen_us != v.window.last_open_us)
		rc = strategy_rebuild(s, *state, in, e);
	*seen_us = v.window.last_open_us;
	return rc ? rc : s->on_fill(*state, &v.in, f, out, e);
}

static void explain_warm_up(const struct strategy *s, const struct strategy_input *in,
			    char reason[DECISION_REASON_MAX])
{
	size_t look_back = s->spec->look_back(in->params), used;
	struct strategy_extra list[STRATEGY_EXTRAS_MAX];
	size_t n = strategy_extras(s, in->params, list);
	int64_t decision_us = in->window->last_open_us + in->window->length_us;

	used = (size_t)snprintf(reason, DECISION_REASON_MAX, "%zu of %zu candles",
				in->window->n < look_back ? in->window->n : look_back, look_back);
	for (size_t i = 0; i < n && used < DECISION_REASON_MAX; i++)
		used += (size_t)snprintf(reason + used, DECISION_REASON_MAX - used,
			", %zu of %zu of %s %s", strategy_extra_at(in->extra[i], decision_us,
								   list[i].look_back).n,
			list[i].look_back, list[i].symbol ? list[i].symbol : in->config->symbol,
			list[i].interval ? list[i].interval : in->config->interval);
}

const char *strategy_reason(const struct strategy *s, const struct strategy_input *in,
			    const struct decision *d, char reason[DECISION_REASON_MAX])
{
	reason[0] = '\0';
	if (strcmp(d->rule, "no_model") == 0)
		snprintf(reason, DECISION_REASON_MAX, "no model is assigned to this bot");
	else if (strcmp(d->rule, "warm_up") == 0)
		explain_warm_up(s, in, reason);
	else if (s->explain)
		s->explain(in, d, reason);
	return reason;
}

struct intent *decision_add(struct decision *d, enum intent_kind kind, enum side side)
{
	struct intent *i = &d->intents[d->n++];

	ASSERT(d->n <= INTENTS_MAX);
	*i = (struct intent){ .kind = kind, .side = side, .size = 1, .share = 1 };
	return i;
}

bool strategy_side_allowed(const struct bot_config *c, enum side side)
{
	if (strcmp(c->side_mode, "both") == 0)
		return true;
	return strcmp(c->side_mode, side == SIDE_BUY ? "long" : "short") == 0;
}

size_t strategy_extras(const struct strategy *s, const double *params,
		       struct strategy_extra out[STRATEGY_EXTRAS_MAX])
{
	return s->extras ? s->extras(params, out) : 0;
}

size_t strategy_aligned(const struct window *w, int64_t decision_us)
{
	int64_t early_us = w->last_open_us + w->length_us - decision_us, later;

	if (w->n == 0 || early_us <= 0)
		return w->n;
	later = (early_us + w->length_us - 1) / w->length_us;
	return (uint64_t)later < w->n ? w->n - (size_t)later : 0;
}

struct window strategy_extra_at(const struct window *w, int64_t decision_us, size_t look_back)
{
	struct window v = *w;
	size_t n = strategy_aligned(w, decision_us);

	v.last_open_us -= (int64_t)(w->n - n) * w->length_us;
	v.n = n;
	return window_newest(&v, look_back);
}

bool strategy_complete(const struct window *w, int64_t decision_us)
{
	return w->n == 0 || w->last_open_us + 2 * w->length_us > decision_us;
}
