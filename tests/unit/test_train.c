#include "worker/model/train/train.h"

#include "common/buf.h"
#include "common/file.h"
#include "tests/unit/scratch.h"
#include "worker/market/features.h"
#include "worker/model/model.h"
#include "worker/model/train/metric.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000)
#define N 2000

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static double random_unit(void)
{
	return (double)random_below(1000001) / 1e6;
}

/* --- metrics --- */

static double naive_auc(const float *p, const float *y, size_t n)
{
	double won = 0, pairs = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			if (!(y[i] > 0) || y[k] > 0)
				continue;
			pairs++;
			won += p[i] > p[k] ? 1 : p[i] < p[k] ? 0 : 0.5;
		}
	}
	return pairs > 0 ? won / pairs : 0.5;
}

static void auc_like_all_pairs(void **state)
{
	float p[200], y[200];

	(void)state;
	seed = 1;
	for (int round = 0; round < 200; round++) {
		size_t n = random_below(200);
		uint64_t values = 1 + random_below(50); /* few values: many ties */

		for (size_t i = 0; i < n; i++) {
			p[i] = (float)random_below(values) / 50.0f;
			y[i] = random_below(3) == 0 ? 1.0f : 0.0f;
		}
		assert_true(fabs(metric_auc(p, y, n) - naive_auc(p, y, n)) < 1e-12);
	}
	assert_true(metric_auc((float[]){ 0.1f, 0.2f, 0.9f }, (float[]){ 0, 0, 1 }, 3) == 1);
	assert_true(metric_auc((float[]){ 0.1f, 0.2f, 0.9f }, (float[]){ 1, 1, 0 }, 3) == 0);
	assert_true(metric_auc((float[]){ 0.5f, 0.5f }, (float[]){ 1, 0 }, 2) == 0.5);
	assert_true(metric_auc((float[]){ 0.5f, 0.6f }, (float[]){ 1, 1 }, 2) == 0.5);
	assert_true(metric_auc(NULL, NULL, 0) == 0.5);
}

static void log_loss_and_threshold(void **state)
{
	const float p[] = { 0.5f, 0.25f, 0, 1, 0.75f, 0.125f };
	const float y[] = { 1, 0, 1, 0, 1, 0 };
	double want = -log(0.5) - log(0.75) - 2 * log(1e-7) - log(0.75) - log(0.875);

	(void)state;
	assert_true(fabs(metric_log_loss(p, y, 6) - want / 6) < 1e-12);
	assert_true(metric_log_loss(NULL, NULL, 0) == 0);
	assert_true(metric_reached(p, 6, 2) == 0.75); /* two of six reach it */
	assert_true(metric_reached(p, 6, 6) == 0);
	assert_true(metric_reached(p, 2, 0) == 0.5);
	assert_true(metric_reached(NULL, 0, 0) == 1);
}

/* --- labels --- */

static struct candle candle_of(int64_t second, int64_t high, int64_t low, int64_t close)
{
	return (struct candle){
		.open_us = second * S, .open = price_of_units(close), .high = price_of_units(high),
		.low = price_of_units(low), .close = price_of_units(close),
		.volume = qty_of_units(1000), .trades = 1,
	};
}

static const struct train_args barriers = {
	.features = "features-1", .profit_target = 0.01, .stop_loss = 0.02, .holding_s = 3,
	.rounds = 10, .depth = 3, .learning_rate = 0.3, .seed = 1,
};

/* Entry at 10000: target 10100, stop 9800; then three candles. */
static int label_of(struct candle a, struct candle b, struct candle c)
{
	struct candle s[] = { candle_of(10, 10000, 10000, 10000), a, b, c };

	return train_label(s, 4, 0, S, &barriers);
}

static void labels_by_hand(void **state)
{
	const struct candle flat1 = candle_of(11, 10000, 10000, 10000);
	const struct candle flat2 = candle_of(12, 10000, 10000, 10000);
	const struct candle flat3 = candle_of(13, 10000, 10000, 10000);
	struct candle s[] = { candle_of(10, 10000, 10000, 10000), flat1, flat2 };
	struct train_args a = barriers;

	(void)state;
	assert_int_equal(label_of(flat1, flat2, flat3), 0); /* not above the entry */
	assert_int_equal(label_of(flat1, flat2, candle_of(13, 10001, 9999, 10001)), 1);
	assert_int_equal(label_of(flat1, flat2, candle_of(13, 10001, 9999, 9999)), 0);
	assert_int_equal(label_of(flat1, candle_of(12, 10100, 9900, 9900),
				  candle_of(13, 9900, 9000, 9000)), 1);	/* target came first */
	assert_int_equal(label_of(flat1, candle_of(12, 10099, 9900, 9900),
				  candle_of(13, 9900, 9000, 9000)), 0);	/* not quite */
	assert_int_equal(label_of(candle_of(11, 10000, 9800, 10000),
				  candle_of(12, 20000, 10000, 20000), flat3),
			 0); /* stop came first */
	assert_int_equal(label_of(candle_of(11, 10000, 9801, 10000),
				  candle_of(12, 20000, 10000, 20000), flat3),
			 1);
	assert_int_equal(label_of(candle_of(11, 10200, 9700, 10000), flat2, flat3),
			 0); /* both: stop */
	assert_int_equal(label_of(flat1, candle_of(13, 10200, 10000, 10000),
				  candle_of(14, 10200, 10000, 10000)), -1);	/* a hole */
	assert_int_equal(train_label(s, 3, 0, S, &barriers), -1);	/* the end */
	assert_int_equal(train_label(s, 3, 2, S, &barriers), -1);
	a.holding_s = 2;
	assert_int_equal(train_label(s, 3, 0, S, &a), 0);
	a.holding_s = 1;
	assert_int_equal(train_label(s, 3, 0, 2 * S, &a), -1); /* rounded up to one candle of 2 s */
}

/* --- training --- */

static struct candle candles[N];

/* A price that swings: what it did tells something of what it will do. */
static void make_candles(size_t n)
{
	double price = 60000, drift = 0;
	int64_t close = 6000000000000;

	for (size_t i = 0; i < n; i++) {
		int64_t open = close, high, low;

		drift = 0.97 * drift + 3 * (random_unit() - 0.5);
		price += drift + 4 * (random_unit() - 0.5);
		close = (int64_t)(price * 100) * 1000000;
		high = (open > close ? open : close) + (int64_t)random_below(100) * 1000000;
		low = (open < close ? open : close) - (int64_t)random_below(100) * 1000000;
		candles[i] = (struct candle){
			.open_us = (int64_t)(i + 1000) * S, .open = price_of_units(open),
			.high = price_of_units(high), .low = price_of_units(low),
			.close = price_of_units(close),
			.volume = qty_of_units((int64_t)random_below(1000000000)), .trades = 5,
		};
		candles[i].buy_volume = qty_of_units(qty_units(candles[i].volume) / 3);
	}
}

static struct train_args some_args(void)
{
	return (struct train_args){
		.features = "features-1", .profit_target = 0.0003, .stop_loss = 0.0003,
		.holding_s = 30, .rounds = 20, .depth = 4, .learning_rate = 0.2, .seed = 7,
	};
}

static const char *scratch_file(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", scratch_folder, name);
	return path;
}

struct progress { unsigned calls, last, rounds; };

static void count_progress(void *ctx, unsigned round, unsigned rounds)
{
	struct progress *p = ctx;

	p->calls++;
	p->last = round;
	p->rounds = rounds;
}

static void learns_what_is_there(void **state)
{
	struct train_args a = some_args();
	struct train_result r;
	struct progress p = { 0 };
	struct model *m;
	struct err e = { 0 };

	(void)state;
	seed = 2;
	make_candles(N);
	a.progress = count_progress;
	a.ctx = &p;
	if (train_model(candles, N, S, &a, scratch_file("m"), &r, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(p.calls, 20);
	assert_int_equal(p.last, 20);
	assert_int_equal(p.rounds, 20);
	print_message("AUC %.3f, log loss %.3f, base rate %.3f, threshold %.3f\n", r.auc,
		      r.log_loss, r.base_rate, r.threshold);
	assert_true(r.auc > 0.6);
	assert_true(r.positives > 0 && r.positives < r.rows);
	assert_int_equal(model_load(scratch_file("m"), &m, &e), 0);
	assert_true(model_describe(m)->fast);
	assert_int_equal(model_describe(m)->features, 53);
	assert_int_equal(model_describe(m)->trees, 20);
	assert_string_equal(model_describe(m)->format, "xgboost-json");
	assert_string_equal(model_describe(m)->objective, "binary:logistic");
	assert_string_equal(model_describe(m)->feature_list, "features-1");
	model_free(m);
}

/* The figures once more from the saved model: split, purge and metrics by hand. */
static void figures_are_true(void **state)
{
	static float p[N], y[N];
	const struct feature_list *l = features_find("features-1");
	const int64_t first = candles[0].open_us + 59 * S;
	const int64_t last = candles[N - 1].open_us - 30 * S;
	const int64_t split = first + (last - first) / 4 * 3;
	struct train_args a = some_args();
	size_t trained = 0, positives = 0, held = 0, top = 0, rows = 0, reach_low = 0;
	static struct window w;
	struct train_result r;
	struct model *m;
	double loss = 0, ones = 0;
	struct err e;

	(void)state;
	seed = 2;
	make_candles(N);
	assert_int_equal(train_model(candles, N, S, &a, scratch_file("m"), &r, &e), 0);
	assert_int_equal(model_load(scratch_file("m"), &m, &e), 0);
	window_clear(&w);
	for (size_t i = 0; i < N; i++) {
		int label = train_label(candles, N, i, S, &a);
		float row[FEATURES_MAX];

		window_push(&w, &candles[i], S);
		if (i < 59 || label < 0)
			continue;
		if (candles[i].open_us + 30 * S <= split) {
			trained++;
			positives += label == 1;
		}
		l->compute(&w, row);
		assert_int_equal(model_predict(m, row, l->n, &p[held], &e), 0);
		rows++;
		reach_low += (double)p[held] >= r.low;
		if (candles[i].open_us <= split)
			continue;
		y[held++] = (float)label;
	}
	for (size_t i = 0; i < held; i++) {
		loss -= log(y[i] > 0 ? (double)p[i] : 1 - (double)p[i]);
		ones += (double)y[i];
		top += (double)p[i] >= r.threshold;
	}
	assert_int_equal(r.rows, trained);
	assert_int_equal(r.positives, positives);
	assert_int_equal(r.holdout_rows, held);
	assert_true(fabs(r.auc - naive_auc(p, y, held)) < 1e-12);
	assert_true(fabs(r.log_loss - loss / (double)held) < 1e-9);
	assert_true(r.base_rate == ones / (double)held);
	assert_true(top >= held / 3 && top <= held / 3 + 20); /* ties */
	assert_true(reach_low >= rows * 19 / 20 && reach_low <= rows * 19 / 20 + 40);
	model_free(m);
}

static void same_seed_same_bytes(void **state)
{
	struct train_args a = some_args();
	struct train_result r;
	struct buf one = { 0 }, two = { 0 }, other = { 0 };
	struct err e;

	(void)state;
	seed = 3;
	make_candles(1000);
	assert_int_equal(train_model(candles, 1000, S, &a, scratch_file("a"), &r, &e), 0);
	assert_int_equal(file_read(scratch_file("a"), 1 << 24, &one, &e), 0);
	assert_int_equal(train_model(candles, 1000, S, &a, scratch_file("b"), &r, &e), 0);
	assert_int_equal(file_read(scratch_file("b"), 1 << 24, &two, &e), 0);
	a.seed = 8;
	assert_int_equal(train_model(candles, 1000, S, &a, scratch_file("c"), &r, &e), 0);
	assert_int_equal(file_read(scratch_file("c"), 1 << 24, &other, &e), 0);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	assert_true(other.len != one.len || memcmp(other.data, one.data, one.len) != 0);
	buf_free(&one);
	buf_free(&two);
	buf_free(&other);
}

static void assert_fails(size_t n, const struct train_args *a, const char *path, int code,
			 const char *text)
{
	struct train_result r;
	struct err e = { 0 };
	int err = train_model(candles, n, S, a, path, &r, &e);

	if (err != code || !strstr(e.msg, text))
		fail_msg("%d '%s' instead of %d '%s'", err, e.msg, code, text);
}

static void refuses(void **state)
{
	struct train_args good = some_args(), a;

	(void)state;
	seed = 4;
	make_candles(1000);
	assert_fails(0, &good, scratch_file("x"), ERR_INVALID, "0 candles");
	assert_fails(59, &good, scratch_file("x"), ERR_INVALID, "more candles");
	assert_fails(200, &good, scratch_file("x"), ERR_INVALID, "more candles");
	a = good;
	a.profit_target = a.stop_loss = 0.9;
	a.holding_s = 1;
	for (size_t i = 0; i < 1000; i++) /* never above: one label */
		candles[i] = candle_of((int64_t)i, 100, 100, 100);
	assert_fails(1000, &a, scratch_file("x"), ERR_INVALID, "label 0");
	seed = 4;
	make_candles(1000);
	a = good;
	a.features = "features-9";
	assert_fails(1000, &a, scratch_file("x"), ERR_INVALID, "features-9");
	a = good;
	a.profit_target = 0;
	assert_fails(1000, &a, scratch_file("x"), ERR_INVALID, "profit_target");
	a = good;
	a.stop_loss = NAN;
	assert_fails(1000, &a, scratch_file("x"), ERR_INVALID, "stop_loss");
	a = good;
	a.holding_s = 0;
	assert_fails(1000, &a, scratch_file("x"), ERR_INVALID, "holding_s");
	a = good;
	a.rounds = 0;
	assert_fails(1000, &a, scratch_file("x"), ERR_INVALID, "rounds");
	a = good;
	a.depth = 40;
	assert_fails(1000, &a, scratch_file("x"), ERR_INVALID, "depth");
	a = good;
	a.learning_rate = 2;
	assert_fails(1000, &a, scratch_file("x"), ERR_INVALID, "learning_rate");
	assert_int_not_equal(access(scratch_file("x"), F_OK), 0);
	assert_fails(1000, &good, "/nonexistent/model", ERR_NOT_FOUND, "/nonexistent/model");
}

/* A hole in the candles costs the rows around it, and nothing else. */
static void holes_give_no_rows(void **state)
{
	struct train_args a = some_args();
	struct train_result whole, holed;
	struct err e;

	(void)state;
	seed = 5;
	make_candles(N);
	assert_int_equal(train_model(candles, N, S, &a, scratch_file("w"), &whole, &e), 0);
	for (size_t i = 700; i < N; i++)
		candles[i].open_us += 100 * S;
	assert_int_equal(train_model(candles, N, S, &a, scratch_file("h"), &holed, &e), 0);
	/* 30 rows before the hole can't see their horizon, 59 after it have no full window */
	assert_int_equal(whole.rows + whole.holdout_rows - holed.rows - holed.holdout_rows,
			 30 + 59);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auc_like_all_pairs),
		cmocka_unit_test(log_loss_and_threshold),
		cmocka_unit_test(labels_by_hand),
		cmocka_unit_test(learns_what_is_there),
		cmocka_unit_test(figures_are_true),
		cmocka_unit_test(same_seed_same_bytes),
		cmocka_unit_test(refuses),
		cmocka_unit_test(holes_give_no_rows),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
