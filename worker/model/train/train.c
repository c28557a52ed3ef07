#include "worker/model/train/train.h"

#include "common/clock.h"
#include "common/file.h"
#include "worker/market/features.h"
#include "worker/model/train/metric.h"
#include "worker/model/xgb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MIN 100		/* to train on */
#define HOLDOUT_MIN 20
#define TOP_PARTS 3
#define LOW_PARTS 20

/* Rows in time order; those before train_n train, those from holdout_at on judge. */
struct data_set {
	size_t columns, n, cap;
	float *rows, *labels;
	int64_t *times_us;	/* when the row's candle opens */
	size_t train_n, holdout_at;
};

static int64_t horizon_of(const struct train_args *a, int64_t length_us)
{
	return (a->holding_s * US_PER_S + length_us - 1) / length_us;
}

int train_label(const struct candle *candles, size_t n, size_t i, int64_t length_us,
		const struct train_args *a)
{
	size_t horizon = (size_t)horizon_of(a, length_us);
	double entry = price_double(candles[i].close);
	double target = entry * (1 + a->profit_target), stop = entry * (1 - a->stop_loss);

	if (horizon > n - 1 - i ||
	    candles[i + horizon].open_us != candles[i].open_us + (int64_t)horizon * length_us)
		return -1;
	for (size_t k = i + 1; k <= i + horizon; k++) {
		if (price_double(candles[k].low) <= stop)
			return 0;
		if (price_double(candles[k].high) >= target)
			return 1;
	}
	return price_double(candles[i + horizon].close) > entry;
}

static void data_add(struct data_set *d, const struct feature_list *list,
		     const struct window *w, int label)
{
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 1024;
		d->rows = xrealloc(d->rows, d->cap * d->columns * sizeof(*d->rows));
		d->labels = xrealloc(d->labels, d->cap * sizeof(*d->labels));
		d->times_us = xrealloc(d->times_us, d->cap * sizeof(*d->times_us));
	}
	list->compute(w, d->rows + d->n * d->columns);
	d->labels[d->n] = (float)label;
	d->times_us[d->n] = w->last_open_us;
	d->n++;
}

static void data_collect(struct data_set *d, const struct feature_list *list,
			 const struct candle *candles, size_t n, int64_t length_us,
			 const struct train_args *a)
{
	struct window *w = xcalloc(1, sizeof(*w));

	d->columns = list->n;
	for (size_t i = 0; i < n; i++) {
		int label;

		window_push(w, &candles[i], length_us);
		label = window_full(w) ? train_label(candles, n, i, length_us, a) : -1;
		if (label >= 0)
			data_add(d, list, w, label);
	}
	window_fini(w);
	free(w);
}

static void data_free(struct data_set *d)
{
	free(d->rows);
	free(d->labels);
	free(d->times_us);
}

/* Splits by time: the first three quarters train, without rows whose horizon reaches the last. */
static void data_split(struct data_set *d, const struct train_args *a)
{
	int64_t from = d->n ? d->times_us[0] : 0, to = d->n ? d->times_us[d->n - 1] : 0;
	int64_t split = from + (to - from) / 4 * 3;

	while (d->holdout_at < d->n && d->times_us[d->holdout_at] <= split)
		d->holdout_at++;
	while (d->train_n < d->holdout_at &&
	       d->times_us[d->train_n] <= split - a->holding_s * US_PER_S)
		d->train_n++;
}

static size_t count_positives(const float *labels, size_t n)
{
	size_t positives = 0;

	for (size_t i = 0; i < n; i++)
		positives += labels[i] > 0;
	return positives;
}

static int check_args(const struct train_args *a, int64_t length_us, struct err *e)
{
	if (!features_find(a->features))
		return err_set(e, ERR_INVALID, "the feature list '%s' is not known; %s is",
			       a->features, FEATURES_DEFAULT);
	if (!(a->profit_target > 0) || !(a->stop_loss > 0 && a->stop_loss < 1))
		return err_set(e, ERR_INVALID,
			       "profit_target (%g) must be above 0 and stop_loss (%g) "
			       "between 0 and 1",
			       a->profit_target, a->stop_loss);
	if (a->holding_s <= 0 || a->holding_s > 365 * 86400 || length_us <= 0)
		return err_set(e, ERR_INVALID, "holding_s (%lld) must be 1 to a year",
			       (long long)a->holding_s);
	if (a->rounds < 1 || a->rounds > 10000 || a->depth < 1 || a->depth > 16)
		return err_set(e, ERR_INVALID,
			       "rounds (%u) must be 1 to 10000 and depth (%u) 1 to 16", a->rounds,
			       a->depth);
	if (!(a->learning_rate > 0 && a->learning_rate <= 1))
		return err_set(e, ERR_INVALID, "learning_rate (%g) must be above 0 and at most 1",
			       a->learning_rate);
	return 0;
}

static int check_data(const struct data_set *d, size_t candles, struct err *e)
{
	size_t holdout = d->n - d->holdout_at, positives = count_positives(d->labels, d->train_n);

	if (d->train_n < ROWS_MIN || holdout < HOLDOUT_MIN)
		return err_set(e, ERR_INVALID,
			       "%zu candles give %zu rows to train on and %zu to judge "
			       "by; at least %d and %d are needed: take more candles or a shorter "
			       "holding_s",
			       candles, d->train_n, holdout, ROWS_MIN, HOLDOUT_MIN);
	if (positives == 0 || positives == d->train_n)
		return err_set(e, ERR_INVALID,
			       "all %zu rows have the label %d: nothing can be learned; "
			       "change profit_target, stop_loss or holding_s",
			       d->train_n, positives > 0);
	return 0;
}

static int set_params(BoosterHandle b, const struct train_args *a, double base_score,
		      struct err *e)
{
	char depth[16], eta[32], seed[16], base[32];
	const char *const params[][2] = {
		{"objective", "binary:logistic"}, {"tree_method", "hist"}, {"max_depth", depth},
		{"eta", eta}, {"seed", seed}, {"base_score", base}, {"subsample", "0.8"},
		{"colsample_bytree", "0.8"}, {"min_child_weight", "10"},
		{"verbosity", "0"},
	};

	snprintf(depth, sizeof(depth), "%u", a->depth);
	snprintf(eta, sizeof(eta), "%.9g", a->learning_rate);
	snprintf(seed, sizeof(seed), "%u", a->seed);
	snprintf(base, sizeof(base), "%.9g", base_score);
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (XGBoosterSetParam(b, params[i][0], params[i][1]))
			return xgb_error(e, ERR_INVALID, "can't train");
	return 0;
}

/* Stores the names of the columns in the model. */
static int set_names(BoosterHandle b, const struct feature_list *list, struct err *e)
{
	const char *names[FEATURES_MAX];

	for (size_t i = 0; i < list->n; i++)
		names[i] = list->features[i].name;
	if (XGBoosterSetStrFeatureInfo(b, "feature_name", names, list->n) ||
	    XGBoosterSetAttr(b, "feature_list", list->name))
		return xgb_error(e, ERR_INVALID, "can't name the columns");
	return 0;
}

/*
 * Gives price columns the weight 0, so that no tree splits on them: in one history a price
 * only identifies the hour and does not predict what comes next. Returns and distances carry
 * the useful part. (Column sampling leaves out columns of weight 0 as long as there are enough
 * others.)
 */
static int set_weights(DMatrixHandle rows, const struct feature_list *list, struct err *e)
{
	float weights[FEATURES_MAX];

	for (size_t i = 0; i < list->n; i++)
		weights[i] = strcmp(list->features[i].unit, "quote per base") == 0 ? 0 : 1;
	if (XGDMatrixSetFloatInfo(rows, "feature_weights", weights, list->n))
		return xgb_error(e, ERR_INVALID, "can't weigh the columns");
	return 0;
}

static int boost(const struct data_set *d, const struct train_args *a, BoosterHandle *out,
		 struct err *e)
{
	double positives = (double)count_positives(d->labels, d->train_n);
	DMatrixHandle rows = NULL;
	BoosterHandle b = NULL;
	int err = xgb_matrix_new(d->rows, d->train_n, d->columns, &rows, e);

	if (err)
		return err;
	if (XGDMatrixSetFloatInfo(rows, "label", d->labels, d->train_n))
		err = xgb_error(e, ERR_INVALID, "can't take the labels");
	if (!err)
		err = set_weights(rows, features_find(a->features), e);
	if (!err)
		err = xgb_booster_new(rows, &b, e);
	if (!err)
		err = set_params(b, a, positives / (double)d->train_n, e);
	for (unsigned round = 0; round < a->rounds && !err; round++) {
		if (XGBoosterUpdateOneIter(b, (int)round, rows))
			err = xgb_error(e, ERR_INVALID, "training failed");
		else if (a->progress)
			a->progress(a->ctx, round + 1, a->rounds);
	}
	if (!err)
		err = set_names(b, features_find(a->features), e);
	if (err && b)
		XGBoosterFree(b);
	XGDMatrixFree(rows);
	if (!err)
		*out = b;
	return err;
}

static int judge(const struct data_set *d, BoosterHandle b, struct train_result *r, struct err *e)
{
	const float *labels = d->labels + d->holdout_at;
	size_t n = d->n - d->holdout_at, got = 0;
	DMatrixHandle rows = NULL;
	const float *p;
	int err = xgb_matrix_new(d->rows + d->holdout_at * d->columns, n, d->columns, &rows, e);

	if (err)
		return err;
	err = xgb_predict(b, rows, false, 0, &p, &got, e);
	if (!err)
		*r = (struct train_result){
			.rows = d->train_n,
			.positives = count_positives(d->labels, d->train_n),
			.holdout_rows = got,
			.auc = metric_auc(p, labels, got),
			.log_loss = metric_log_loss(p, labels, got),
			.base_rate = (double)count_positives(labels, got) / (double)got,
			.threshold = metric_reached(p, got, got / TOP_PARTS),
		};
	XGDMatrixFree(rows);
	return err;
}

/* The probability that all but the lowest twentieth of all rows reach. */
static int judge_low(const struct data_set *d, BoosterHandle b, double *low, struct err *e)
{
	DMatrixHandle rows = NULL;
	const float *p;
	size_t n = 0;
	int err = xgb_matrix_new(d->rows, d->n, d->columns, &rows, e);

	if (err)
		return err;
	err = xgb_predict(b, rows, false, 0, &p, &n, e);
	if (!err)
		*low = metric_reached(p, n, n - n / LOW_PARTS);
	XGDMatrixFree(rows);
	return err;
}

/* Saves through a buffer, because libxgboost would take the format from the path's ending. */
static int save(BoosterHandle b, const char *path, struct err *e)
{
	const char *json;
	bst_ulong len;

	if (XGBoosterSaveModelToBuffer(b, "{\"format\": \"json\"}", &len, &json))
		return xgb_error(e, ERR_IO, "can't write the model");
	return file_write(path, json, len, 0600, e);
}

int train_model(const struct candle *candles, size_t n, int64_t length_us,
		const struct train_args *a, const char *path, struct train_result *out,
		struct err *e)
{
	struct data_set d = { 0 };
	struct train_result result;
	BoosterHandle b = NULL;
	int err = check_args(a, length_us, e);

	if (err)
		return err;
	data_collect(&d, features_find(a->features), candles, n, length_us, a);
	data_split(&d, a);
	err = check_data(&d, n, e);
	if (!err)
		err = boost(&d, a, &b, e);
	if (!err)
		err = judge(&d, b, &result, e);
	if (!err)
		err = judge_low(&d, b, &result.low, e);
	if (!err)
		err = save(b, path, e);
	if (!err)
		*out = result;
	if (b)
		XGBoosterFree(b);
	data_free(&d);
	return err;
}
