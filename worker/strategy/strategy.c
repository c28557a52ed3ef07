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

int strategy_ask(const struct strategy *s, void *state, const struct strategy_input *in,
		 struct decision *out, struct err *e)
{
	size_t look_back = s->spec->look_back(in->params);
	struct window newest = window_newest(in->window, look_back);
	struct strategy_input own = *in;
	bool warm = newest.n == look_back;
	int rc;

	own.window = &newest;
	decision_clear(out);
	if (!model_missing(s, in) && (warm || s->state_size)) {
		rc = s->on_candle(state, &own, out, e);
		if (rc)
			return rc;
	}
	if (warm && !model_missing(s, in))
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
	size_t look_back = s->spec->look_back(in->params);
	struct window newest = window_newest(in->window, look_back);
	struct strategy_input own = *in;
	int rc = 0;

	decision_clear(out);
	if (!s->on_fill || model_missing(s, in) || newest.n < look_back)
		return 0;
	if (s->state_size && !*state)
		*state = xcalloc(1, s->state_size);
	if (s->state_size && *seen_us != newest.last_open_us)
		rc = strategy_rebuild(s, *state, in, e);
	*seen_us = newest.last_open_us;
	own.window = &newest;
	return rc ? rc : s->on_fill(*state, &own, f, out, e);
}

const char *strategy_reason(const struct strategy *s, const struct strategy_input *in,
			    const struct decision *d, char reason[DECISION_REASON_MAX])
{
	reason[0] = '\0';
	if (strcmp(d->rule, "no_model") == 0)
		snprintf(reason, DECISION_REASON_MAX, "no model is assigned to this bot");
	else if (strcmp(d->rule, "warm_up") == 0)
		snprintf(reason, DECISION_REASON_MAX, "%zu of %zu candles", in->window->n,
			 s->spec->look_back(in->params));
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

size_t strategy_aligned(const struct window *w, int64_t decision_us)
{
	int64_t early_us = w->last_open_us + w->length_us - decision_us, later;

	if (w->n == 0 || early_us <= 0)
		return w->n;
	later = (early_us + w->length_us - 1) / w->length_us;
	return (uint64_t)later < w->n ? w->n - (size_t)later : 0;
}
