#include "common/registry/strategy_spec.h"

#include <string.h>

#define FEATURES_LOOK_BACK 60		/* of features-1 */
/*
 * A recursive mean has forgotten how it began when its window is this much longer than its
 * period. The shortest are so that 26 and 14, as they always were, look at 60 candles.
 */
#define EMA_SETTLES 34
#define RSI_SETTLES 4			/* times the period */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t look_back_features(const double *params)
{
	(void)params;
	return FEATURES_LOOK_BACK;
}

static size_t look_back_ema_cross(const double *params)
{
	size_t slow = (size_t)params[EMA_SLOW];

	return slow + larger(slow, EMA_SETTLES);
}

static size_t look_back_rsi(const double *params)
{
	return RSI_SETTLES * ((size_t)params[RSI_PERIOD] + 1);
}

static size_t look_back_one(const double *params)
{
	(void)params;
	return 1;
}

static const char *broken_ema_cross(const double *params)
{
	return params[EMA_FAST] < params[EMA_SLOW] ? NULL : "fast must be less than slow";
}

static const char *broken_rsi(const double *params)
{
	return params[RSI_LOW] < params[RSI_HIGH] ? NULL : "low must be less than high";
}

const struct strategy_spec strategy_spec_model = {
	.name = "model",
	.description = "Enters when the probability that the bot's model gives reaches "
		       "confidence_threshold",
	.needs_model = true,
	.look_back = look_back_features,
};

static const char *const trend_intervals[] = { "", "1s", "1m", "5m", "15m", "1h", "4h", "1d" };

const struct strategy_spec strategy_spec_ema_cross = {
	.name = "ema_cross",
	.description = "Enters when the fast exponential mean of closes crosses the slow one",
	.params_n = 3,
	.params = {
		[EMA_FAST] = { "fast", STRATEGY_INT, 1, 999, 12,
			"Candles of the fast mean; less than slow.", NULL },
		[EMA_SLOW] = { "slow", STRATEGY_INT, 2, 1000, 26,
			"Candles of the slow mean.", NULL },
		[EMA_TREND] = { "trend_interval", STRATEGY_WORD, 0, 7, 0,
			"Interval whose slow mean must rise for a long and fall for a short; \"\": "
			"no trend is asked for.", trend_intervals },
	},
	.look_back = look_back_ema_cross,
	.broken = broken_ema_cross,
};

const struct strategy_spec strategy_spec_rsi = {
	.name = "rsi",
	.description = "Buys when the relative strength index rises through its low level, sells "
		       "short when it falls through its high one",
	.params_n = 4,
	.params = {
		[RSI_PERIOD] = { "period", STRATEGY_INT, 2, 499, 14,
			"Candles of the index.", NULL },
		[RSI_LOW] = { "low", STRATEGY_REAL, 1, 99, 30,
			"Level, 0 to 100, below which a price counts as sold too far.", NULL },
		[RSI_HIGH] = { "high", STRATEGY_REAL, 1, 99, 70,
			"Level, 0 to 100, above which a price counts as bought too far.", NULL },
		[RSI_EXIT] = { "exit", STRATEGY_BOOL, 0, 1, 1,
			"true: a long ends when the index rises through high, a short when it "
			"falls through low; false: only the bot's own exits end them.", NULL },
	},
	.look_back = look_back_rsi,
	.broken = broken_rsi,
};

const struct strategy_spec strategy_spec_grid = {
	.name = "grid",
	.description = "Keeps limit entries on the rungs of a ladder of prices, each with its "
		       "target on the next rung",
	.params_n = 2,
	.params = {
		[GRID_SPACING] = { "spacing", STRATEGY_REAL, 0.0005, 0.5, 0.005,
			"From one rung to the next, a fraction of the price (0.005 = 0.5 %).",
			NULL },
		[GRID_RUNGS] = { "rungs", STRATEGY_INT, 1, 8, 3,
			"Rungs next to the price that have an entry or a position; max_positions "
			"must allow as many.", NULL },
	},
	.look_back = look_back_one,
};

const struct strategy_spec strategy_spec_buy_and_hold = {
	.name = "buy_and_hold",
	.description = "Enters whenever it holds nothing; what ends the position are the bot's own "
		       "exits",
	.look_back = look_back_one,
};

const struct strategy_spec *const strategy_specs[] = {
	&strategy_spec_model, &strategy_spec_ema_cross, &strategy_spec_rsi, &strategy_spec_grid,
	&strategy_spec_buy_and_hold, NULL,
};

const struct strategy_spec *strategy_spec_find(const char *name)
{
	for (size_t i = 0; strategy_specs[i]; i++)
		if (strcmp(name, strategy_specs[i]->name) == 0)
			return strategy_specs[i];
	return NULL;
}

void strategy_params_default(const struct strategy_spec *s, double *values)
{
	memset(values, 0, STRATEGY_PARAMS_MAX * sizeof(values[0]));
	for (size_t i = 0; i < s->params_n; i++)
		values[i] = s->params[i].def;
}

const char *strategy_param_word(const struct strategy_param *p, double value)
{
	return p->words[(size_t)value];
}

void strategy_param_allowed(const struct strategy_param *p, struct buf *out)
{
	switch (p->type) {
	case STRATEGY_INT:
		buf_printf(out, "a whole number from %.0f to %.0f", p->min, p->max);
		break;
	case STRATEGY_REAL:
		buf_printf(out, "a number from %.15g to %.15g", p->min, p->max);
		break;
	case STRATEGY_BOOL:
		buf_puts(out, "true or false");
		break;
	case STRATEGY_WORD:
		for (size_t i = 0; i <= (size_t)p->max; i++)
			buf_printf(out, "%s\"%s\"", i ? ", " : "one of ", p->words[i]);
		break;
	}
}
