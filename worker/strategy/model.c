/* Strategy "model": enter when the model's probability reaches the bot's threshold. */
#include "worker/strategy/strategy.h"

#include "worker/market/features.h"

#include <stdio.h>
#include <string.h>

enum { F_P, F_THRESHOLD };		/* figures: probability of the side, threshold */

/* Finds this model's prediction for this window, if another bot has asked already. */
static bool known(const struct window_work *w, const struct predictor *m, float *value)
{
	size_t n = w->n < WORK_PREDICTIONS ? w->n : WORK_PREDICTIONS;

	for (size_t i = 0; i < n; i++) {
		if (w->predictions[i].model_id == m->model_id && w->predictions[i].ctx == m->ctx) {
			*value = w->predictions[i].value;
			return true;
		}
	}
	return false;
}

static int ask(const struct strategy_input *in, const struct feature_list *list, float *value,
	       struct err *e)
{
	struct window_work own, *w = in->work;
	const struct predictor *m = in->model;
	size_t at;
	int rc;

	if (!w) {
		window_work_clear(&own);
		w = &own;
	}
	if (known(w, m, value))
		return 0;
	if (w->list != list)
		list->compute(in->window, w->features);
	w->list = list;
	rc = m->predict(m->ctx, w->features, list->n, value, e);
	if (rc)
		return rc;
	at = w->n++ % WORK_PREDICTIONS;
	w->predictions[at].model_id = m->model_id;
	w->predictions[at].ctx = m->ctx;
	w->predictions[at].value = *value;
	return 0;
}

/* *p: the probability, by the model, that a long entered now wins. */
static int predict(const struct strategy_input *in, double *p, struct err *e)
{
	const struct feature_list *list = features_find(in->model->features);
	float value;
	int err;

	if (!list)
		return err_set(e, ERR_INVALID,
			       "model %lld reads the feature list '%s', which this program can't "
			       "compute; assign another model or train one on %s",
			       (long long)in->model->model_id, in->model->features,
			       FEATURES_DEFAULT);
	err = ask(in, list, &value, e);
	if (err)
		return err;
	if (!(value >= 0 && value <= 1))
		return err_set(
			e, ERR_INVALID,
			"model %lld answers %g, which is no probability; strategy model needs "
			"objective binary:logistic",
			(long long)in->model->model_id, (double)value);
	*p = value;
	return 0;
}

static int on_candle(void *state, const struct strategy_input *in, struct decision *out,
		     struct err *e)
{
	const char *mode = in->config->side_mode;
	double p = 0;
	bool sell;
	int err;

	(void)state;
	err = predict(in, &p, e);
	if (err)
		return err;
	sell = strcmp(mode, "short") == 0 || (strcmp(mode, "both") == 0 && 1 - p > p);
	out->side = sell ? SIDE_SELL : SIDE_BUY;
	out->confidence = sell ? 1 - p : p;
	out->figures[F_P] = out->confidence;
	out->figures[F_THRESHOLD] = in->config->confidence_threshold;
	out->rule = "threshold";
	if (out->confidence >= in->config->confidence_threshold) {
		out->rule = "entry";
		decision_add(out, INTENT_ENTER, out->side)->confidence = out->confidence;
	}
	return 0;
}

static void explain(const struct strategy_input *in, const struct decision *d,
		    char reason[DECISION_REASON_MAX])
{
	(void)in;
	snprintf(reason, DECISION_REASON_MAX, "%s %.4f %s %.4f", d->side == SIDE_SELL ? "1-p" : "p",
		 d->figures[F_P], d->n ? ">=" : "<", d->figures[F_THRESHOLD]);
}

const struct strategy strategy_model = {
	.spec = &strategy_spec_model,
	.on_candle = on_candle,
	.explain = explain,
};
