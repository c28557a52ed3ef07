/*
 * engine_brain.h - the strategy and the model of the engine's tests: what they say is set by the
 * test.
 */
#ifndef TESTS_UNIT_ENGINE_BRAIN_H
#define TESTS_UNIT_ENGINE_BRAIN_H

#include "tests/unit/sim_world.h"
#include "worker/strategy/strategies.h"

struct brain {			/* what the model of a bot says; set by the test */
	double probability;
	enum side side;
	double target, stop;	/* 0: the config's */
	int rungs;		/* so many limit entries at 50000 - 100, - 200, ... */
	bool exits;		/* it wants its longs to end */
	double share;		/* so much of them; 0 all */
	struct price stop_to;	/* it moves the stops of its longs there; 0 it does not */
	int rc;			/* the model fails with it */
	int asked;
	size_t candles;		/* in the window, when it was asked last */
	int64_t open_us;	/* of the newest one */
	void (*look)(void *ctx, const struct window *w);	/* a test may look at each */
	/* A test may look at all that a decision is given. */
	void (*see)(void *ctx, const struct strategy_input *in);
	/* A test may answer to a fill. */
	void (*filled)(void *ctx, const struct strategy_input *in, const struct strategy_fill *f,
		       struct decision *out);
	void *ctx;
};

HELPER int brain_predict(void *ctx, const float *features, size_t n, float *out, struct err *e)
{
	struct brain *b = ctx;

	(void)features;
	(void)n;
	b->asked++;
	if (b->rc)
		return err_set(e, b->rc, "the brain is broken");
	*out = (float)b->probability;
	return 0;
}

/* What the bots of a series share was computed from the window as it is now. */
HELPER void brain_shares(const struct strategy_input *in)
{
	if (!in->work)
		return; /* this window is nobody else's */
	if (in->work->n)
		assert_int_equal(in->work->predictions[0].model_id, in->window->last_open_us);
	in->work->predictions[0].model_id = in->window->last_open_us;
	in->work->n = 1;
}

/*
 * The brain looks at one candle, so that it decides from the first on; what a test sees of the
 * window is all that it has, which lies before that candle.
 */
HELPER struct window brain_window(const struct strategy_input *in)
{
	struct window w = *in->window;
	size_t all = w.begin + w.n;

	w.n = all < CANDLE_WINDOW ? all : CANDLE_WINDOW;
	w.begin = all - w.n;
	return w;
}

HELPER int brain_candle(void *state, const struct strategy_input *in, struct decision *out,
			struct err *e)
{
	const struct brain *b;
	struct intent *i;
	float p;
	int rc;

	(void)state;
	brain_shares(in);
	if (!in->model) {
		out->rule = "no_model";
		return 0;
	}
	rc = in->model->predict(in->model->ctx, NULL, 0, &p, e);
	if (rc)
		return rc;
	b = in->model->ctx;
	if (in->model->predict == brain_predict) {
		struct window w = brain_window(in);

		((struct brain *)in->model->ctx)->candles = w.n;
		((struct brain *)in->model->ctx)->open_us = w.last_open_us;
		if (b->look)
			b->look(b->ctx, &w);
		if (b->see)
			b->see(b->ctx, in);
	}
	out->side = b->side;
	out->confidence = (double)p;
	out->rule = "threshold";
	if (b->exits)
		decision_add(out, INTENT_EXIT, SIDE_BUY)->share = b->share > 0 ? b->share : 1;
	if (price_sign(b->stop_to) > 0)
		decision_add(out, INTENT_MOVE_STOP, SIDE_BUY)->stop = b->stop_to;
	if (out->confidence < in->config->confidence_threshold)
		return 0;
	out->rule = "entry";
	for (int k = 0; k < b->rungs; k++) {
		i = decision_add(out, INTENT_ENTER, b->side);
		i->limit = price_of_units((49900 - k * 100) * RATE_ONE);
		i->target = P("50100");
		snprintf(i->tag, sizeof(i->tag), "rung %d", k);
	}
	if (b->rungs)
		return 0;
	i = decision_add(out, INTENT_ENTER, b->side);
	i->confidence = out->confidence;
	i->profit_target = b->target;
	i->stop_loss = b->stop;
	return 0;
}

HELPER int brain_fill(void *state, const struct strategy_input *in, const struct strategy_fill *f,
		      struct decision *out, struct err *e)
{
	const struct brain *b = in->model->ctx;

	(void)state;
	(void)e;
	if (in->model->predict == brain_predict && b->filled)
		b->filled(b->ctx, in, f, out);
	return 0;
}

HELPER void brain_explain(const struct strategy_input *in, const struct decision *d,
			  char reason[DECISION_REASON_MAX])
{
	(void)in;
	snprintf(reason, DECISION_REASON_MAX, "probability %.2f", d->confidence);
}

HELPER size_t brain_look_back(const double *params)
{
	(void)params;
	return 1;
}

/* What strategy "model" looks at beside its own candles; set by the test. */
static struct strategy_extra brain_extra[STRATEGY_EXTRAS_MAX];
static size_t brain_extras_n;

HELPER size_t brain_extras(const double *params, struct strategy_extra out[STRATEGY_EXTRAS_MAX])
{
	(void)params;
	memcpy(out, brain_extra, brain_extras_n * sizeof(out[0]));
	return brain_extras_n;
}

/* The real strategies stay out of these tests. */
const struct strategy *strategy_find(const char *name);
const struct strategy *strategy_find(const char *name)
{
	static const struct strategy_spec asks = {
		.name = "model", .needs_model = true, .look_back = brain_look_back,
	};
	static const struct strategy_spec needs_none = {
		.name = "free", .look_back = brain_look_back,
	};
	static const struct strategy model = {
		.spec = &asks, .on_candle = brain_candle, .on_fill = brain_fill,
		.explain = brain_explain, .extras = brain_extras,
	};
	static const struct strategy free_hand = {
		.spec = &needs_none, .on_candle = brain_candle, .explain = brain_explain,
	};

	return strcmp(name, "model") == 0 ? &model : strcmp(name, "free") == 0 ? &free_hand : NULL;
}

#endif
