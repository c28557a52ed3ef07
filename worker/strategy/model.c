/* Strategy "model": enter when the model's probability reaches the bot's threshold. */
#include "worker/strategy/strategy.h"

#include "worker/market/features.h"

#include <stdio.h>
#include <string.h>

static int refuse(struct signal *out, const char *rule)
{
	out->wanted = false;
	snprintf(out->rule, sizeof(out->rule), "%s", rule);
	return 0;
}

/* Has another bot asked this model about this window? */
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

/* *p: the model's probability that a long entered now wins. */
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

static void judge(const struct strategy_input *in, double p, struct signal *s)
{
	const char *mode = in->config->side_mode;
	double threshold = in->config->confidence_threshold;
	bool sell = strcmp(mode, "short") == 0 || (strcmp(mode, "both") == 0 && 1 - p > p);

	s->side = sell ? SIDE_SELL : SIDE_BUY;
	s->confidence = sell ? 1 - p : p;
	s->wanted = s->confidence >= threshold;
	snprintf(s->rule, sizeof(s->rule), "%s", s->wanted ? "entry" : "threshold");
	snprintf(s->reason, sizeof(s->reason), "%s %.4f %s %.4f", sell ? "1-p" : "p",
		 s->confidence, s->wanted ? ">=" : "<", threshold);
}

static int decide(const struct strategy_input *in, struct signal *out, struct err *e)
{
	struct signal s = {
		.side = strcmp(in->config->side_mode, "short") == 0 ? SIDE_SELL : SIDE_BUY,
		.profit_target = in->config->profit_target_pct,
		.stop_loss = in->config->stop_loss_pct,
	};
	double p = 0;
	int err;

	*out = s;
	if (!in->model) {
		snprintf(out->reason, sizeof(out->reason), "no model is assigned to this bot");
		return refuse(out, "no_model");
	}
	if (!window_full(in->window)) {
		snprintf(out->reason, sizeof(out->reason), "%zu of %d candles", in->window->n,
			 CANDLE_WINDOW);
		return refuse(out, "warm_up");
	}
	err = predict(in, &p, e);
	if (err)
		return err;
	judge(in, p, out);
	return 0;
}

const struct strategy strategy_model = {
	.name = "model",
	.description = "Enters when the probability that the bot's model gives reaches "
		       "confidence_threshold",
	.needs_model = true,
	.decide = decide,
};
