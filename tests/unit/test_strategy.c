#include "worker/strategy/strategies.h"

#include "worker/market/features.h"
#include "worker/market/indicator.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000)

static struct bot_config config;
static struct window window;

/* A model that answers what the test says, and remembers what it was asked. */
static struct {
	float answer;
	int err;
	size_t asked_n, calls;
	float row[FEATURES_MAX];
} oracle;

static int oracle_predict(void *ctx, const float *features, size_t n, float *out, struct err *e)
{
	(void)ctx;
	if (oracle.err)
		return err_set(e, oracle.err, "the model broke");
	oracle.asked_n = n;
	oracle.calls++;
	memcpy(oracle.row, features, n * sizeof(float));
	*out = oracle.answer;
	return 0;
}

static struct predictor predictor = {
	.model_id = 7, .features = "features-1", .predict = oracle_predict,
};

static void push_close(double close)
{
	static int64_t now;
	struct candle c = { .open_us = now += S };

	assert_int_equal(price_from_real(close, &c.close), 0);
	c.open = c.high = c.low = c.close;
	window_push(&window, &c, S);
}

/* A decision as these tests look at it. */
struct signal {
	bool wanted;
	enum side side;
	double confidence;
	char rule[32], reason[DECISION_REASON_MAX];
};

static int strategy_signal(const struct strategy_input *in, struct signal *out, struct err *e)
{
	const struct strategy *s = strategy_find(in->config->strategy);
	struct strategy_input own = *in;
	struct decision d;
	int rc;

	own.params = in->config->strategy_params;
	rc = strategy_ask(s, NULL, &own, &d, e);
	if (rc)
		return rc;
	*out = (struct signal){ .wanted = d.n > 0, .side = d.side, .confidence = d.confidence };
	snprintf(out->rule, sizeof(out->rule), "%s", d.rule);
	(void)strategy_reason(s, &own, &d, out->reason);
	for (size_t i = 0; i < d.n; i++) {
		assert_int_equal(d.intents[i].kind, INTENT_ENTER);
		assert_int_equal(d.intents[i].side, d.side);
		assert_true(d.intents[i].confidence == d.confidence && d.intents[i].size == 1);
		assert_true(d.intents[i].profit_target == 0 && d.intents[i].stop_loss == 0);
	}
	return 0;
}

static int setup(void **state)
{
	(void)state;
	config = (struct bot_config){
		.side_mode = "long", .confidence_threshold = 0.4, .profit_target_pct = 0.003,
		.stop_loss_pct = 0.001,
	};
	window_clear(&window);
	for (int i = 0; i < CANDLE_WINDOW; i++)
		push_close(100 + i % 7);
	memset(&oracle, 0, sizeof(oracle));
	return 0;
}

static struct signal decide(const char *name, const struct predictor *model)
{
	const struct strategy *s = strategy_find(name);
	struct strategy_input in = { .config = &config, .window = &window, .model = model };
	struct signal out, again;
	struct err e = { 0 };

	memset(&out, 0xee, sizeof(out));
	memset(&again, 0x11, sizeof(again));
	assert_non_null(s);
	snprintf(config.strategy, sizeof(config.strategy), "%s", name);
	strategy_params_default(s->spec, config.strategy_params);
	if (strategy_signal(&in, &out, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(strategy_signal(&in, &again, &e), 0);
	assert_int_equal(out.wanted, again.wanted); /* pure: same context, same signal */
	assert_int_equal(out.side, again.side);
	assert_true(out.confidence == again.confidence);
	assert_string_equal(out.rule, again.rule);
	assert_string_equal(out.reason, again.reason);
	assert_true(out.confidence >= 0 && out.confidence <= 1);
	return out;
}

static struct signal decide_at(const char *mode, float answer)
{
	snprintf(config.side_mode, sizeof(config.side_mode), "%s", mode);
	oracle.answer = answer;
	return decide("model", &predictor);
}

static void table(void **state)
{
	(void)state;
	assert_null(strategy_find(""));
	assert_null(strategy_find("Model"));
	for (size_t i = 0; strategies[i]; i++) {
		const struct strategy_spec *spec = strategies[i]->spec;

		assert_ptr_equal(strategy_find(spec->name), strategies[i]);
		assert_ptr_equal(strategy_spec_find(spec->name), spec);
		assert_ptr_equal(strategy_specs[i], spec);
		assert_non_null(strategies[i]->on_candle);
		assert_true(strlen(spec->name) < STRATEGY_NAME_MAX);
		assert_true(strlen(spec->description) > 10);
	}
	assert_true(strategy_find("model")->spec->needs_model);
	assert_false(strategy_find("ema_cross")->spec->needs_model);
}

static void model_long(void **state)
{
	struct signal s;

	(void)state;
	s = decide_at("long", 0.4312f);
	assert_true(s.wanted);
	assert_int_equal(s.side, SIDE_BUY);
	assert_true(s.confidence == (double)0.4312f);
	assert_string_equal(s.rule, "entry");
	assert_string_equal(s.reason, "p 0.4312 >= 0.4000");
	s = decide_at("long", 0.3512f);
	assert_false(s.wanted);
	assert_string_equal(s.rule, "threshold");
	assert_string_equal(s.reason, "p 0.3512 < 0.4000");
	config.confidence_threshold = 0.5;
	assert_true(decide_at("long", 0.5f).wanted); /* the threshold itself is enough */
	assert_false(decide_at("long", nextafterf(0.5f, 0)).wanted);
}

static void model_short(void **state)
{
	struct signal s;

	(void)state;
	s = decide_at("short", 0.25f);
	assert_true(s.wanted);
	assert_int_equal(s.side, SIDE_SELL);
	assert_true(s.confidence == 0.75);
	assert_string_equal(s.reason, "1-p 0.7500 >= 0.4000");
	s = decide_at("short", 0.75f);
	assert_false(s.wanted);
	assert_int_equal(s.side, SIDE_SELL);
	assert_string_equal(s.reason, "1-p 0.2500 < 0.4000");
}

static void model_both(void **state)
{
	struct signal s;

	(void)state;
	s = decide_at("both", 0.875f);
	assert_true(s.wanted);
	assert_int_equal(s.side, SIDE_BUY);
	assert_true(s.confidence == 0.875);
	s = decide_at("both", 0.125f);
	assert_true(s.wanted);
	assert_int_equal(s.side, SIDE_SELL);
	assert_true(s.confidence == 0.875);
	s = decide_at("both", 0.5f);
	assert_int_equal(s.side, SIDE_BUY);
	config.confidence_threshold = 0.9;
	assert_false(decide_at("both", 0.125f).wanted);
	assert_false(decide_at("both", 0.875f).wanted);
}

static void model_sees_the_features(void **state)
{
	const struct feature_list *l = features_find("features-1");
	float want[FEATURES_MAX];

	(void)state;
	decide_at("long", 0.5f);
	l->compute(&window, want);
	assert_int_equal(oracle.asked_n, l->n);
	assert_memory_equal(oracle.row, want, l->n * sizeof(float));
}

static void model_missing_or_cold(void **state)
{
	struct signal s;

	(void)state;
	s = decide("model", NULL);
	assert_false(s.wanted);
	assert_string_equal(s.rule, "no_model");
	window_clear(&window);
	for (int i = 0; i < 31; i++)
		push_close(100);
	s = decide_at("long", 0.9f);
	assert_false(s.wanted);
	assert_string_equal(s.rule, "warm_up");
	assert_string_equal(s.reason, "31 of 60 candles");
	assert_int_equal(oracle.asked_n, 0);
}

static void assert_model_fails(const struct predictor *p, int want, const char *text)
{
	struct strategy_input in = { .config = &config, .window = &window, .model = p };
	struct signal out;
	struct err e = { 0 };

	snprintf(config.strategy, sizeof(config.strategy), "model");
	assert_int_equal(strategy_signal(&in, &out, &e), want);
	assert_int_equal(e.code, want);
	if (!strstr(e.msg, text))
		fail_msg("'%s' does not say '%s'", e.msg, text);
}

static void model_fails(void **state)
{
	struct predictor other = predictor;

	(void)state;
	other.features = "features-9";
	assert_model_fails(&other, ERR_INVALID, "features-9");
	oracle.answer = NAN;
	assert_model_fails(&predictor, ERR_INVALID, "no probability");
	oracle.answer = 1.5f;
	assert_model_fails(&predictor, ERR_INVALID, "1.5");
	oracle.answer = -0.1f;
	assert_model_fails(&predictor, ERR_INVALID, "no probability");
	oracle.err = ERR_CORRUPT;
	assert_model_fails(&predictor, ERR_CORRUPT, "the model broke");
}

static void ema_cross_hand_made(void **state)
{
	struct signal s;

	(void)state;
	window_clear(&window);
	for (int i = 0; i < CANDLE_WINDOW; i++)
		push_close(100);
	s = decide("ema_cross", NULL);
	assert_false(s.wanted);
	assert_string_equal(s.rule, "no_cross");
	push_close(101); /* equal before, now the fast mean is above */
	s = decide("ema_cross", NULL);
	assert_true(s.wanted);
	assert_int_equal(s.side, SIDE_BUY);
	assert_string_equal(s.rule, "entry");
	assert_non_null(strstr(s.reason, "crossed up"));
	push_close(101);
	s = decide("ema_cross", NULL);
	assert_false(s.wanted);
	assert_string_equal(s.rule, "no_cross");
	push_close(50);
	s = decide("ema_cross", NULL);
	assert_false(s.wanted);
	assert_string_equal(s.rule, "side_mode");
	assert_non_null(strstr(s.reason, "crossed down"));
	snprintf(config.side_mode, sizeof(config.side_mode), "both");
	s = decide("ema_cross", NULL);
	assert_true(s.wanted);
	assert_int_equal(s.side, SIDE_SELL);
	window_clear(&window);
	push_close(1);
	assert_string_equal(decide("ema_cross", NULL).rule, "warm_up");
}

/* On a price that stands still the means differ by their last bits: that is no side. */
static void flat_window_hides_no_cross(void **state)
{
	(void)state;
	snprintf(config.side_mode, sizeof(config.side_mode), "both");
	for (int i = 0; i < 500; i++) {
		double price = 61800.01 + i * 0.37;

		for (int up = 0; up < 2; up++) {
			window_clear(&window);
			for (int k = 0; k < CANDLE_WINDOW; k++)
				push_close(price);
			assert_string_equal(decide("ema_cross", NULL).rule, "no_cross");
			push_close(up ? price + 5 : price - 5);
			assert_true(decide("ema_cross", NULL).wanted);
			push_close(price);
			assert_string_equal(decide("ema_cross", NULL).rule, "no_cross");
		}
	}
}

/* Of a hundred-thousandth of a quote asset a cross is one as well: the tolerance is relative. */
static void small_prices_cross(void **state)
{
	(void)state;
	for (int k = 0; k < CANDLE_WINDOW; k++)
		push_close(0.00001);
	assert_string_equal(decide("ema_cross", NULL).rule, "no_cross");
	push_close(0.00001001);
	assert_true(decide("ema_cross", NULL).wanted);
}

/* Means that became equal for a while: which side they left counts, not that they were equal. */
static void equal_for_a_while(void **state)
{
	(void)state;
	snprintf(config.side_mode, sizeof(config.side_mode), "both");
	for (int up = 0; up < 2; up++) {
		window_clear(&window);
		for (int k = 0; k < CANDLE_WINDOW; k++)
			push_close(100);
		push_close(100.000003);
		assert_true(decide("ema_cross", NULL).wanted);
		for (int k = 0; k < 49; k++)
			push_close(100.000003);
		assert_non_null(strstr(decide("ema_cross", NULL).reason, " = "));
		push_close(up ? 101 : 99);	/* above, as before they were equal: no cross */
		assert_true(decide("ema_cross", NULL).wanted == !up);
	}
}

/* The means written out once more, over a wave that crosses many times. */
static void ema_cross_like_a_reference(void **state)
{
	double closes[1000];
	int entries = 0, sells = 0;

	(void)state;
	snprintf(config.side_mode, sizeof(config.side_mode), "both");
	window_clear(&window);
	for (int i = 0; i < 1000; i++) {
		long double fast[2], slow[2];
		struct signal s;

		closes[i] = 100 + floor(500 * sin(i / 9.0)) / 100;
		push_close(closes[i]);
		if (i < CANDLE_WINDOW - 1)
			continue;
		for (int last = 0; last < 2; last++) { /* 0: now, 1: a candle ago */
			const double *x = closes + i + 1 - CANDLE_WINDOW;
			long double f = 0, w = 0;

			for (int k = 0; k < CANDLE_WINDOW - last; k++) {
				f = k < 12 ? f + x[k] / 12.0L : x[k] * 2 / 13.0L + f * 11 / 13.0L;
				w = k < 26 ? w + x[k] / 26.0L : x[k] * 2 / 27.0L + w * 25 / 27.0L;
			}
			fast[last] = f;
			slow[last] = w;
		}
		s = decide("ema_cross", NULL);
		assert_int_equal(s.wanted, (fast[0] > slow[0]) != (fast[1] > slow[1]));
		entries += s.wanted;
		sells += s.wanted && s.side == SIDE_SELL;
		if (s.wanted)
			assert_int_equal(s.side, fast[0] > slow[0] ? SIDE_BUY : SIDE_SELL);
	}
	assert_true(entries > 20);
	assert_true(sells > 10 && sells < entries);
}

static float shared(struct window_work *work, const struct predictor *model)
{
	struct strategy_input in = {
		.config = &config, .window = &window, .work = work, .model = model,
	};
	struct signal out;
	struct err e;

	snprintf(config.strategy, sizeof(config.strategy), "model");
	if (strategy_signal(&in, &out, &e))
		fail_msg("%s", e.msg);
	return (float)out.confidence;
}

/* Bots that share a window and a model ask it once, and get what they would alone. */
static void model_is_asked_once(void **state)
{
	struct predictor other = predictor;
	struct window_work work;

	(void)state;
	window_work_clear(&work);
	other.model_id = 8;
	oracle.answer = 0.25f;
	assert_true(shared(&work, &predictor) == 0.25f);
	oracle.answer = 0.5f;
	assert_true(shared(&work, &predictor) == 0.25f);
	assert_int_equal(oracle.calls, 1);
	assert_true(shared(&work, &other) == 0.5f);
	assert_true(shared(&work, &predictor) == 0.25f);
	assert_int_equal(oracle.calls, 2);
	other.ctx = &other; /* the same number, but loaded anew */
	oracle.answer = 0.75f;
	assert_true(shared(&work, &other) == 0.75f);
	assert_true(shared(NULL, &predictor) == 0.75f);
	window_work_clear(&work);
	assert_true(shared(&work, &predictor) == 0.75f);
	/* More models than it keeps: asked again, never mixed up. */
	for (int64_t i = 1; i <= 3 * WORK_PREDICTIONS; i++) {
		other.model_id = i % (WORK_PREDICTIONS + 1);
		oracle.answer = (float)other.model_id / 100;
		assert_true(shared(&work, &other) == oracle.answer);
	}
	assert_int_equal(work.n, 1 + 3 * WORK_PREDICTIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test_setup(model_long, setup),
		cmocka_unit_test_setup(model_short, setup),
		cmocka_unit_test_setup(model_both, setup),
		cmocka_unit_test_setup(model_sees_the_features, setup),
		cmocka_unit_test_setup(model_missing_or_cold, setup),
		cmocka_unit_test_setup(model_fails, setup),
		cmocka_unit_test_setup(model_is_asked_once, setup),
		cmocka_unit_test_setup(ema_cross_hand_made, setup),
		cmocka_unit_test_setup(flat_window_hides_no_cross, setup),
		cmocka_unit_test_setup(small_prices_cross, setup),
		cmocka_unit_test_setup(equal_for_a_while, setup),
		cmocka_unit_test_setup(ema_cross_like_a_reference, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
