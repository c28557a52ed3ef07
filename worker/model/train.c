#include "worker/model/train.h"

#include "worker/engine/features.h"
#include "worker/model/xgb.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLDOUT_SHARE 4			/* the last quarter of the time */
#define LEAST_ROWS 100

struct rows {
	size_t n, columns;
	float *values, *labels;
};

/*
 * Triple barrier, long: 1 when the take profit is reached before the stop, or when
 * the holding time ends above the entry. Both in one candle counts as the stop.
 */
static float label_of(const struct candle *candles, size_t n, size_t at, const struct train_args *a,
		      size_t horizon)
{
	double entry = price_double(candles[at].close);
	double up = entry * (1 + a->profit_target), down = entry * (1 - a->stop_loss);
	size_t last = at + horizon < n ? at + horizon : n - 1;

	for (size_t i = at + 1; i <= last; i++) {
		if (price_double(candles[i].low) <= down)
			return 0;
		if (price_double(candles[i].high) >= up)
			return 1;
	}
	return price_double(candles[last].close) > entry ? 1 : 0;
}

static void make_rows(const struct candle *candles, size_t n, int64_t length_us,
		      const struct feature_list *list, const struct train_args *a, size_t horizon,
		      struct rows *out)
{
	struct window *w = xcalloc(1, sizeof(*w));

	out->columns = list->n;
	out->values = xcalloc(n, list->n * sizeof(float));
	out->labels = xcalloc(n, sizeof(float));
	for (size_t i = 0; i + horizon < n; i++) {
		window_push(w, &candles[i], length_us);
		if (!window_full(w))
			continue;
		list->compute(w, out->values + out->n * list->n);
		out->labels[out->n++] = label_of(candles, n, i, a, horizon);
	}
	free(w);
}

static int matrix(const struct rows *r, size_t from, size_t n, DMatrixHandle *out, struct err *e)
{
	int rc = xgb_matrix_new(r->values + from * r->columns, n, r->columns, out, e);

	if (rc)
		return rc;
	if (XGDMatrixSetFloatInfo(*out, "label", r->labels + from, n)) {
		XGDMatrixFree(*out);
		return xgb_error(e, ERR_IO, "can't set labels");
	}
	return 0;
}

static int set_up(BoosterHandle b, const struct train_args *a, struct err *e)
{
	char depth[16], rate[32], seed[16];
	const char *const params[][2] = {
		{ "objective", "binary:logistic" }, { "tree_method", "hist" }, { "max_depth", depth },
		{ "eta", rate }, { "seed", seed }, { "min_child_weight", "10" },
		{ "subsample", "0.8" }, { "colsample_bytree", "0.8" },
	};

	snprintf(depth, sizeof(depth), "%u", a->depth);
	snprintf(rate, sizeof(rate), "%.6f", a->learning_rate);
	snprintf(seed, sizeof(seed), "%u", a->seed);
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (XGBoosterSetParam(b, params[i][0], params[i][1]))
			return xgb_error(e, ERR_INVALID, params[i][0]);
	return 0;
}

static int fit(BoosterHandle b, DMatrixHandle rows, const struct train_args *a, struct err *e)
{
	int rc = set_up(b, a, e);

	for (unsigned i = 0; rc == 0 && i < a->rounds; i++) {
		if (XGBoosterUpdateOneIter(b, (int)i, rows))
			rc = xgb_error(e, ERR_IO, "training");
		else if (a->progress)
			a->progress(a->ctx, i + 1, a->rounds);
	}
	return rc;
}

struct scored {
	float p, label;
};

static int by_score(const void *x, const void *y)
{
	const struct scored *a = x, *b = y;

	return (a->p > b->p) - (a->p < b->p);
}

/* Area under the ROC curve by ranks, ties counted half. */
static double auc_of(const struct scored *s, size_t n)
{
	double rank_sum = 0, positives = 0, negatives;

	for (size_t i = 0; i < n;) {
		size_t j = i;

		while (j < n && s[j].p == s[i].p)
			j++;
		for (size_t k = i; k < j; k++) {
			rank_sum += s[k].label * ((double)(i + 1 + j) / 2);
			positives += s[k].label;
		}
		i = j;
	}
	negatives = (double)n - positives;
	if (positives <= 0 || negatives <= 0)
		return 0.5;
	return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

static void measure(const float *p, const float *labels, size_t n, struct train_result *out)
{
	struct scored *s = xcalloc(n, sizeof(*s));
	double loss = 0;

	for (size_t i = 0; i < n; i++) {
		double q = fmin(fmax((double)p[i], 1e-7), 1 - 1e-7);

		s[i] = (struct scored){ p[i], labels[i] };
		loss -= labels[i] > 0 ? log(q) : log(1 - q);
		out->base_rate += (double)labels[i];
	}
	qsort(s, n, sizeof(*s), by_score);
	out->holdout_rows = n;
	out->base_rate /= (double)n;
	out->log_loss = loss / (double)n;
	out->auc = auc_of(s, n);
	out->threshold = (double)s[n * 2 / 3].p;
	free(s);
}

/* The probability that all but the lowest twentieth of all rows exceed. */
static int measure_low(BoosterHandle b, const struct rows *r, struct train_result *out,
		       struct err *e)
{
	DMatrixHandle all = NULL;
	const float *p = NULL;
	struct scored *s;
	size_t n = 0;
	int rc = matrix(r, 0, r->n, &all, e);

	if (rc)
		return rc;
	rc = xgb_predict(b, all, false, 0, &p, &n, e);
	if (rc == 0) {
		s = xcalloc(n, sizeof(*s));
		for (size_t i = 0; i < n; i++)
			s[i].p = p[i];
		qsort(s, n, sizeof(*s), by_score);
		out->low = (double)s[n / 20].p;
		free(s);
	}
	XGDMatrixFree(all);
	return rc;
}

static int train_and_measure(const struct rows *r, size_t train_n, size_t purge,
			     const struct train_args *a, const char *path, struct train_result *out,
			     struct err *e)
{
	size_t from = train_n + purge, n = r->n - from, scores = 0;
	DMatrixHandle rows = NULL, holdout = NULL;
	BoosterHandle b = NULL;
	const float *p = NULL;
	int rc = matrix(r, 0, train_n, &rows, e);

	if (rc == 0)
		rc = matrix(r, from, n, &holdout, e);
	if (rc == 0)
		rc = xgb_booster_new(rows, &b, e);
	if (rc == 0)
		rc = fit(b, rows, a, e);
	if (rc == 0)
		rc = xgb_predict(b, holdout, false, 0, &p, &scores, e);
	if (rc == 0)
		measure(p, r->labels + from, n, out);
	if (rc == 0)
		rc = measure_low(b, r, out, e);
	if (rc == 0 && XGBoosterSaveModel(b, path))
		rc = xgb_error(e, ERR_IO, path);
	if (b)
		XGBoosterFree(b);
	if (rows)
		XGDMatrixFree(rows);
	if (holdout)
		XGDMatrixFree(holdout);
	return rc;
}

int train_model(const struct candle *candles, size_t n, int64_t length_us,
		const struct train_args *a, const char *path, struct train_result *out,
		struct err *e)
{
	const struct feature_list *list = features_find(a->features);
	size_t horizon = (size_t)(a->holding_s * INT64_C(1000000) / length_us), train_n;
	struct train_result result = { 0 };
	struct rows r = { 0 };
	int rc;

	if (!list)
		return err_set(e, ERR_INVALID, "there is no feature list \"%s\"", a->features);
	if (n < CANDLE_WINDOW + horizon * 2 + LEAST_ROWS)
		return err_set(e, ERR_INVALID, "%zu candles are too few; %zu are needed", n,
			       CANDLE_WINDOW + horizon * 2 + LEAST_ROWS);
	make_rows(candles, n, length_us, list, a, horizon, &r);
	for (size_t i = 0; i < r.n; i++)
		result.positives += r.labels[i] > 0;
	result.rows = r.n;
	train_n = r.n * (HOLDOUT_SHARE - 1) / HOLDOUT_SHARE;
	train_n = train_n > horizon ? train_n - horizon : 0;
	if (result.positives == 0 || result.positives == r.n || train_n < LEAST_ROWS / 2)
		rc = err_set(e, ERR_INVALID, "%zu of %zu rows are gains: nothing to learn from",
			     result.positives, r.n);
	else
		rc = train_and_measure(&r, train_n, horizon, a, path, &result, e);
	free(r.values);
	free(r.labels);
	if (rc == 0)
		*out = result;
	return rc;
}
