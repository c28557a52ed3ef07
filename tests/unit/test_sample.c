#include "worker/model/train/sample.h"

#include "common/file.h"
#include "common/json.h"
#include "tests/unit/scratch.h"
#include "worker/model/model.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000)
#define N 1200
#define MANY 24000

static struct candle candles[MANY];

/* A wave with some noise. */
static void make_candles(void)
{
	uint32_t noise = 1;

	for (size_t i = 0; i < MANY; i++) {
		int64_t wave = (int64_t)(i % 90 < 45 ? i % 45 : 45 - i % 45);
		int64_t close;

		noise = noise * 1664525u + 1013904223u;
		close = 60000000 + wave * 2000 + noise % 3000;
		candles[i] = (struct candle){
			.open_us = (int64_t)(i + 5) * S, .open = price_of_units(close),
			.high = price_of_units(close + 500), .low = price_of_units(close - 500),
			.close = price_of_units(close), .volume = qty_of_units(noise % 1000 + 1),
			.trades = 1,
		};
	}
}

static struct train_args args(void)
{
	return (struct train_args){
		.features = "features-1", .profit_target = 0.0004, .stop_loss = 0.0004,
		.holding_s = 20, .rounds = 12, .depth = 3, .learning_rate = 0.3, .seed = 5,
	};
}

static struct sample_args sample_args(const struct train_args *train)
{
	return (struct sample_args){
		.data_dir = scratch_folder,
		.candles = candles,
		.n = N,
		.length_us = S,
		.train = train,
	};
}

static int setup(void **state)
{
	make_candles();
	return scratch_setup(state);
}

static size_t files_in_models(void)
{
	char path[128];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/models", scratch_folder);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void assert_kept(const struct sample_model *s)
{
	char path[256], sha[SHA256_HEX_MAX];
	const struct model_info *info;
	struct buf file = { 0 };
	cJSON *metrics = NULL;
	struct model *m;
	struct err e;

	snprintf(path, sizeof(path), "%s/models/%s", scratch_folder, s->sha256);
	assert_int_equal(crypto_sha256_file(path, sha, &e), 0);
	assert_string_equal(sha, s->sha256);
	assert_int_equal(file_read(path, 1 << 24, &file, &e), 0);
	assert_int_equal(file.len, s->size_bytes);
	buf_free(&file);
	assert_int_equal(model_load(path, &m, &e), 0);
	info = model_describe(m);
	assert_true(info->fast);
	assert_int_equal(info->trees, 12);
	assert_int_equal(s->trees, 12);
	assert_string_equal(s->writer, info->writer);
	assert_string_equal(info->feature_list, "features-1");
	model_free(m);
	assert_int_equal(json_read(s->metrics, strlen(s->metrics), &metrics, &e), 0);
	assert_true(cJSON_GetObjectItem(metrics, "rows")->valueint > 500);
	assert_true(cJSON_GetObjectItem(metrics, "auc")->valuedouble > 0.5);
	assert_true(cJSON_GetObjectItem(metrics, "threshold_top_third")->valuedouble > 0);
	assert_true(cJSON_GetObjectItem(metrics, "threshold_low")->valuedouble == s->low);
	assert_int_equal(cJSON_GetObjectItem(metrics, "rounds")->valueint, 12);
	assert_true(cJSON_GetObjectItem(metrics, "auc")->valuedouble == s->auc);
	assert_int_equal(cJSON_GetObjectItem(metrics, "holding_s")->valueint, 20);
	cJSON_Delete(metrics);
	assert_int_equal(json_read(s->trial, strlen(s->trial), &metrics, &e), 0);
	for (int i = 0; i < MODEL_TRIALS; i++) {
		double p = cJSON_GetObjectItem(metrics, MODEL_TRIAL_NAMES[i])->valuedouble;

		assert_true(p > 0 && p < 1);
	}
	cJSON_Delete(metrics);
}

struct lines {
	size_t n;
	char last[200];
};

static void take_line(void *ctx, const char *line)
{
	struct lines *l = ctx;

	l->n++;
	snprintf(l->last, sizeof(l->last), "%s", line);
}

static void here_and_in_a_child_the_same(void **state)
{
	struct sample_model here, there;
	struct train_args train = args();
	struct lines lines = { 0 };
	struct sample_args a = sample_args(&train);
	struct err e = { 0 };

	(void)state;
	a.line = take_line;
	a.ctx = &lines;
	if (sample_model_train_child(&a, &there, &e))
		fail_msg("%s", e.msg);
	assert_kept(&there);
	assert_int_equal(lines.n, 4);
	assert_string_equal(lines.last, "training: round 12 of 12");
	if (sample_model_train(&a, &here, &e))
		fail_msg("%s", e.msg);
	assert_kept(&here);
	assert_string_equal(here.sha256, there.sha256);
	assert_string_equal(here.metrics, there.metrics);
	assert_string_equal(here.trial, there.trial);
	assert_true(here.auc == there.auc);
	assert_int_equal(here.size_bytes, there.size_bytes);
	assert_true(here.low == there.low);
	assert_int_equal(files_in_models(), 1);
	a.line = NULL;
	assert_int_equal(sample_model_train_child(&a, &there, &e), 0);
}

static void errors_come_through_the_pipe(void **state)
{
	struct sample_model s;
	struct train_args train = args();
	struct sample_args a = sample_args(&train);
	struct err e = { 0 };

	(void)state;
	a.n = 100;
	assert_int_equal(sample_model_train_child(&a, &s, &e), ERR_INVALID);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "100 candles"));
	assert_int_equal(sample_model_train_child(&a, &s, NULL), ERR_INVALID);
	assert_int_equal(files_in_models(), 0);
	a.n = N;
	a.data_dir = "/proc/nowhere";
	assert_int_not_equal(sample_model_train_child(&a, &s, &e), 0);
	assert_non_null(strstr(e.msg, "/proc/nowhere"));
	assert_int_equal(sample_model_train(&a, &s, &e), e.code);
}

static void ends_when_the_time_is_over(void **state)
{
	struct sample_model s;
	struct train_args train = args();
	struct sample_args a = sample_args(&train);
	struct err e = { 0 };

	(void)state;
	a.time_limit_s = 1;
	a.n = MANY; /* half a minute: rounds that learn little are all deep ones */
	train.rounds = 10000;
	train.depth = 16;
	train.learning_rate = 0.00001;
	assert_int_equal(sample_model_train_child(&a, &s, &e), ERR_LIMIT);
	assert_non_null(strstr(e.msg, "1 s"));
	assert_int_equal(files_in_models(), 0);
}

static void ends_when_memory_is_over(void **state)
{
	struct sample_model s;
	struct train_args train = args();
	struct sample_args a = sample_args(&train);
	struct err e = { 0 };
	int err;

	(void)state;
	a.memory_limit_bytes = 100000;
	err = sample_model_train_child(&a, &s, &e);
#if !defined(__SANITIZE_ADDRESS__)
	assert_int_not_equal(err, 0);
	assert_true(strlen(e.msg) > 10);
#else
	assert_int_equal(err, 0);	/* no limit under the sanitizer */
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(here_and_in_a_child_the_same, setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(errors_come_through_the_pipe, setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(ends_when_the_time_is_over, setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(ends_when_memory_is_over, setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
