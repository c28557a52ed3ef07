/*
 * Features, predictions and decisions per second, ours against libxgboost, and the
 * memory that a loaded model takes. Processor time, not wall time: other programs
 * on the machine change it less.
 *	bench_model [ROUNDS [DEPTH]]
 */
#include "common/clock.h"
#include "common/file.h"
#include "tests/bench/lightgbm_of.h"
#include "worker/market/features.h"
#include "worker/model/model.h"
#include "worker/model/train/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CANDLES 20000
#define ROWS 1024

struct bench {
	struct candle *candles;
	float *rows, *holed;		/* holed: one value in ten is missing */
	const struct feature_list *list;
	char path[64];
};

static uint64_t seed = 88172645463325252u;
static volatile float sink;		/* keeps the compiler from leaving work out */

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static void make_candles(struct bench *b)
{
	int64_t close = 60000 * RATE_ONE;

	b->candles = xcalloc(CANDLES, sizeof(*b->candles));
	for (size_t i = 0; i < CANDLES; i++) {
		struct candle *c = &b->candles[i];
		int64_t open = close;

		close += (int64_t)random_below(10 * RATE_ONE) - 5 * RATE_ONE;
		*c = (struct candle){
			.open_us = (int64_t)(i + 1) * US_PER_S, .open = price_of_units(open),
			.high = price_of_units((open > close ? open : close) + RATE_ONE),
			.low = price_of_units((open < close ? open : close) - RATE_ONE),
			.close = price_of_units(close),
			.volume = qty_of_units((int64_t)random_below(RATE_ONE)),
			.trades = (uint32_t)random_below(100),
		};
		c->buy_volume = qty_of_units(qty_units(c->volume) / 3);
	}
}

static void make_rows(struct bench *b)
{
	struct window *w = xcalloc(1, sizeof(*w));
	size_t n = 0;

	b->rows = xcalloc(ROWS * b->list->n, sizeof(float));
	b->holed = xcalloc(ROWS * b->list->n, sizeof(float));
	for (size_t i = 0; n < ROWS; i++) {
		window_push(w, &b->candles[i * 7 % CANDLES], 7 * US_PER_S);
		if (window_full(w))
			b->list->compute(w, b->rows + n++ * b->list->n);
	}
	for (size_t i = 0; i < ROWS * b->list->n; i++)
		b->holed[i] = random_below(10) ? b->rows[i] : (float)NAN;
	window_fini(w);
	free(w);
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static long resident_kb(void)
{
	struct buf text = { 0 };
	const char *at;
	long kb = 0;

	if (file_read("/proc/self/status", 1 << 16, &text, NULL) == 0) {
		at = strstr(buf_text(&text), "VmRSS:");
		kb = at ? strtol(at + 6, NULL, 10) : 0;
	}
	buf_free(&text);
	return kb;
}

/* In a process of its own: what training leaves behind is not what is measured. */
static int train(struct bench *b, unsigned rounds, unsigned depth)
{
	const struct train_args a = {
		.features = b->list->name, .profit_target = 0.0005, .stop_loss = 0.0005,
		.holding_s = 60, .rounds = rounds, .depth = depth, .learning_rate = 0.1, .seed = 1,
	};
	struct train_result r;
	struct err e = { 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (train_model(b->candles, CANDLES, US_PER_S, &a, b->path, &r, &e))
			fprintf(stderr, "bench_model: %s\n", e.msg);
		_exit(e.code ? 1 : 0);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

static void print_ns(const char *what, int64_t start_ns, size_t n)
{
	double ns = (double)(cpu_ns() - start_ns) / (double)n;

	printf("  %-52s %10.1f ns %14.0f /s\n", what, ns, 1e9 / ns);
}

static void bench_candles(const struct bench *b)
{
	const size_t n = 20000000;
	struct candle_builder builder;
	struct candle out[8];
	struct trade t = { .time_us = US_PER_S, .qty = qty_of_units(1000) };
	int64_t start_ns = cpu_ns();
	size_t closed = 0, got = 0;

	candle_builder_init(&builder, US_PER_S);
	for (size_t i = 0; i < n; i++) {
		t.time_us += 20000; /* 50 trades a second */
		t.price = b->candles[i % 1024].close;
		t.buyer_is_maker = i & 1;
		if (candle_add(&builder, &t, out, 8, &got))
			exit(1);
		closed += got;
	}
	sink = (float)closed;
	print_ns("a trade into one-second candles", start_ns, n);
}

static void bench_features(const struct bench *b)
{
	const size_t n = 1000000;
	struct window *w = xcalloc(1, sizeof(*w));
	struct candle c = { 0 };
	float row[FEATURES_MAX];
	int64_t start_ns;

	for (size_t i = 0; i < CANDLE_WINDOW; i++)
		window_push(w, &b->candles[i], US_PER_S);
	start_ns = cpu_ns();
	for (size_t i = 0; i < n; i++) {
		b->list->compute(w, row);
		sink = row[i % b->list->n];
	}
	print_ns("a vector of features-1", start_ns, n);
	window_clear(w);
	start_ns = cpu_ns();
	for (size_t i = 0; i < n; i++) {
		c = b->candles[i % CANDLES];
		c.open_us = (int64_t)(i + 1) * US_PER_S;
		window_push(w, &c, US_PER_S);
	}
	print_ns("a candle into the window", start_ns, n);
	window_fini(w);
	free(w);
}

static void bench_predict(struct model *m, const struct bench *b, const float *rows,
			  const char *what)
{
	const size_t n = 300000, columns = b->list->n;
	int64_t start_ns = cpu_ns();
	float out;

	for (size_t i = 0; i < n; i++) {
		if (model_predict(m, rows + i % ROWS * columns, columns, &out, NULL))
			exit(1);
		sink = out;
	}
	print_ns(what, start_ns, n);
}

static void bench_reference(struct model *m, const struct bench *b)
{
	const size_t n = 5000, columns = b->list->n;
	float out;
	int64_t start_ns;

	if (model_predict_reference(m, b->rows, columns, false, 0, &out, NULL))
		exit(1); /* reads the file once more */
	start_ns = cpu_ns();
	for (size_t i = 0; i < n; i++) {
		const float *row = b->rows + i % ROWS * columns;

		if (model_predict_reference(m, row, columns, false, 0, &out, NULL))
			exit(1);
		sink = out;
	}
	print_ns("a prediction by libxgboost", start_ns, n);
}

/* The same trees as a LightGBM model. */
static int bench_lightgbm(const struct bench *b)
{
	char path[80];
	struct buf file = { 0 }, text = { 0 };
	struct booster trees = { 0 };
	struct model *m = NULL;
	struct err e = { 0 };
	int64_t start_ns;
	int err = file_read(b->path, BOOSTER_FILE_MAX, &file, &e);

	snprintf(path, sizeof(path), "%s.txt", b->path);
	if (!err)
		err = booster_read(FORMAT_JSON, file.data, file.len, &trees, &e);
	if (!err) {
		lightgbm_of(&trees, &text);
		err = file_write(path, text.data, text.len, 0600, &e);
	}
	start_ns = cpu_ns();
	if (!err)
		err = model_load(path, &m, &e);
	if (err) {
		fprintf(stderr, "bench_model: %s\n", e.msg);
	} else {
		printf("the same trees as a LightGBM model: loaded in %.1f ms\n",
		       (double)(cpu_ns() - start_ns) / 1e6);
		bench_predict(m, b, b->rows, "a prediction");
		bench_predict(m, b, b->holed, "a prediction with missing values");
	}
	model_free(m);
	booster_free(&trees);
	buf_free(&file);
	buf_free(&text);
	unlink(path);
	return err;
}

/* What a backtest does per candle. */
static void bench_decisions(struct model *m, const struct bench *b)
{
	const size_t n = 300000;
	struct window *w = xcalloc(1, sizeof(*w));
	int64_t start_ns = cpu_ns();
	float row[FEATURES_MAX], out = 0;

	for (size_t i = 0; i < n; i++) {
		struct candle c = b->candles[i % CANDLES];

		c.open_us = (int64_t)(i + 1) * US_PER_S;
		window_push(w, &c, US_PER_S);
		if (!window_full(w))
			continue;
		b->list->compute(w, row);
		if (model_predict(m, row, b->list->n, &out, NULL))
			exit(1);
		sink = out;
	}
	print_ns("a candle with features and prediction", start_ns, n);
	window_fini(w);
	free(w);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200;
	unsigned depth = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 6;
	struct bench b = { .list = features_find(FEATURES_DEFAULT) };
	struct model *m = NULL;
	struct err e = { 0 };
	int64_t start_ns;
	long before_kb, loaded_kb;
	int rc;

	snprintf(b.path, sizeof(b.path), "/tmp/bench_model.%ld.json", (long)getpid());
	make_candles(&b);
	make_rows(&b);
	printf("model: %u trees of depth %u, %zu columns, libxgboost %s\n", rounds, depth,
	       b.list->n, model_library_version());
	if (train(&b, rounds, depth))
		return 1;
	before_kb = resident_kb();
	start_ns = cpu_ns();
	if (model_load(b.path, &m, &e)) {
		fprintf(stderr, "bench_model: %s\n", e.msg);
		return 1;
	}
	printf("  loaded in %.1f ms, %s\n", (double)(cpu_ns() - start_ns) / 1e6,
	       model_describe(m)->fast ? "own evaluator" : "libxgboost");
	loaded_kb = resident_kb();
	bench_candles(&b);
	bench_features(&b);
	bench_predict(m, &b, b.rows, "a prediction");
	bench_predict(m, &b, b.holed, "a prediction with missing values");
	bench_decisions(m, &b);
	printf("  resident: %.1f MB before, %.1f MB with the model loaded\n",
	       (double)before_kb / 1024, (double)loaded_kb / 1024);
	bench_reference(m, &b);
	printf("  resident with libxgboost's copy as well: %.1f MB\n",
	       (double)resident_kb() / 1024);
	model_free(m);
	rc = bench_lightgbm(&b);
	unlink(b.path);
	return rc ? 1 : 0;
}
