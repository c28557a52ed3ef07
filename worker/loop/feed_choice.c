#include "worker/loop/feed_choice.h"

#include "common/log.h"
#include "worker/feed/symbol.h"
#include "worker/session/supported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MAX 64
#define WARM_UP_S 75		/* fills the 60-candle window before the first live second */
#define FEEDS_MAX 2

struct feed_choice {
	const struct config *config;
	bool replay;
	char message[256];
	size_t n;
	struct symbol_info symbols[SYMBOLS_MAX];	/* replay: all; synthetic: asked for */
	int64_t begin_us[SYMBOLS_MAX];		/* synthetic: feed_choice_begin; 0 not asked */
	char made_by[sizeof(((struct config *)0)->recording) + 16];
	struct feed *feeds[FEEDS_MAX];		/* synthetic: spot, futures; replay: the first */
	struct feed_sink sinks[2];		/* of spot, of futures markets */
	int64_t opened_us;			/* 0 not yet */
};

static void say_rules(const struct symbol_info *info)
{
	char text[SYMBOL_RULES_MAX];

	log_info("market", NULL, "%s", symbol_rules_text(info, text));
}

static struct symbol_info *find(struct feed_choice *f, const char *symbol, bool futures)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->symbols[i].futures == futures && strcmp(f->symbols[i].symbol, symbol) == 0)
			return &f->symbols[i];
	return NULL;
}

/* Its rules, as far as our table knows them. */
static void default_rules(const struct feed_choice *f, const char *symbol, bool futures,
			  struct symbol_info *out)
{
	symbol_info_default(symbol, futures, out);
	market_source(feed_choice_name(f), futures, out->source);
}

/* "BTCUSDT (spot), ETHUSDT (USD-M)"; "" when they don't fit. (bot_config_warnings reads it.) */
static void list_markets(const struct feed_choice *f, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < f->n && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s (%s)", i ? ", " : "",
					 f->symbols[i].symbol,
					 f->symbols[i].futures ? "USD-M" : "spot");
	if (used >= size)
		out[0] = '\0';
}

/* Names what makes the prices, because equal symbols of another seed are another market. */
static void name_maker(struct feed_choice *f)
{
	const struct config *c = f->config;

	if (c->market_data == MARKET_REPLAY)
		snprintf(f->made_by, sizeof(f->made_by), "%s%s", c->recording,
			 c->replay_speed > 0 ? " (paced)" : "");
	else
		snprintf(f->made_by, sizeof(f->made_by), "seed %lld",
			 (long long)c->synthetic_seed);
}

int feed_choice_new(const struct config *c, struct feed_choice **out, struct err *e)
{
	struct feed_choice *f = xcalloc(1, sizeof(*f));
	int rc = supported_market(c, e);

	f->config = c;
	name_maker(f);
	switch (c->market_data) {
	case MARKET_BINANCE:
		break;	/* supported_market knows */
	case MARKET_AUTO:
		snprintf(f->message, sizeof(f->message),
			 "built-in synthetic market: prices are made up, not Binance's");
		break;
	case MARKET_SYNTHETIC:
		break;
	case MARKET_REPLAY:
		f->replay = true;
		if (!c->recording[0])
			rc = err_set(e, ERR_INVALID, "MARKET_DATA=replay needs RECORDING=file "
				     "(one or more recordings, separated by blanks)");
		else
			rc = replay_symbols(c->recording, f->symbols, SYMBOLS_MAX, &f->n, e);
		for (size_t i = 0; i < f->n; i++) {
			market_source("replay", f->symbols[i].futures, f->symbols[i].source);
			say_rules(&f->symbols[i]);
		}
		list_markets(f, f->message, sizeof(f->message));
		break;
	}
	if (rc) {
		free(f);
		return rc;
	}
	*out = f;
	return 0;
}

void feed_choice_free(struct feed_choice *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < FEEDS_MAX; i++)
		if (f->feeds[i])
			f->feeds[i]->ops->free(f->feeds[i]);
	free(f);
}

const char *feed_choice_name(const struct feed_choice *f)
{
	return f->replay ? "replay" : "synthetic";
}

const char *feed_choice_made_by(const struct feed_choice *f)
{
	return f->made_by;
}

bool feed_choice_made_up(const struct feed_choice *f)
{
	return !f->replay;
}

void feed_choice_begin(struct feed_choice *f, const struct symbol_info *market, int64_t begin_us)
{
	struct symbol_info *info = find(f, market->symbol, market->futures);

	ASSERT(info && !f->replay && !f->opened_us);
	f->begin_us[info - f->symbols] = begin_us;
}

const char *feed_choice_message(const struct feed_choice *f)
{
	return f->message;
}

bool feed_choice_unpaced(const struct feed_choice *f)
{
	return f->replay && f->config->replay_speed <= 0;
}

static bool plays_slowly(const struct feed_choice *f)
{
	double speed = f->config->replay_speed;

	return f->replay && speed > 0 && speed < 1 && f->feeds[0] && f->feeds[0]->paced_from_us;
}

int64_t feed_choice_market_us(const struct feed_choice *f, int64_t wall_us)
{
	int64_t from_us;

	if (!plays_slowly(f))
		return wall_us;
	from_us = f->feeds[0]->paced_from_us;
	return from_us + (int64_t)((double)(wall_us - from_us) * f->config->replay_speed);
}

int64_t feed_choice_wall_us(const struct feed_choice *f, int64_t market_us)
{
	int64_t from_us;

	if (!plays_slowly(f) || market_us == INT64_MAX)
		return market_us;
	from_us = f->feeds[0]->paced_from_us;
	return from_us + (int64_t)((double)(market_us - from_us) / f->config->replay_speed);
}

bool feed_choice_own_time(const struct feed_choice *f)
{
	return f->replay && f->config->replay_speed != 1;
}

bool feed_choice_recorded(const struct feed_choice *f)
{
	return f->replay;
}

const char *feed_choice_resumes(const struct feed_choice *f)
{
	return feed_choice_unpaced(f) ? f->config->recording : NULL;
}

void feed_choice_first(const struct feed_choice *f, struct symbol_info *out)
{
	bool futures = strcmp(f->config->exchange, "binance_futures") == 0;
	size_t i = 0;

	if (!f->replay) {
		default_rules(f, "BTCUSDT", futures, out);
		return;
	}
	while (i < f->n && f->symbols[i].futures != futures)
		i++;
	*out = f->symbols[i < f->n ? i : 0];
}

const struct symbol_info *feed_choice_market(const struct feed_choice *f, size_t index)
{
	return index < f->n ? &f->symbols[index] : NULL;
}

static int not_recorded(const struct feed_choice *f, const struct bot_config *c, struct err *e)
{
	bool futures = bot_config_futures(c);
	char have[200];

	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->symbols[i].symbol, c->symbol) == 0)
			return err_set(e, ERR_NOT_FOUND,
				       "%s is a %s market in this recording; set the bot's "
				       "exchange to %s", c->symbol,
				       futures ? "spot" : "USD-M futures",
				       futures ? "binance" : "binance_futures");
	list_markets(f, have, sizeof(have));
	return err_set(e, ERR_NOT_FOUND, "the recording has no %s; it has %s", c->symbol,
		       have[0] ? have : "many others");
}

static int open_synthetic(struct feed_choice *f, bool futures, int64_t now_us, struct err *e)
{
	char names[SYMBOLS_MAX][SYMBOL_MAX];
	int64_t begin_us[SYMBOLS_MAX];
	struct synthetic_args a = {
		.symbols = names, .futures = futures, .seed = (uint64_t)f->config->synthetic_seed,
		.start_us = now_us, .history_s = WARM_UP_S, .begin_us = begin_us,
	};

	for (size_t i = 0; i < f->n; i++) {
		if (f->symbols[i].futures != futures)
			continue;
		begin_us[a.symbols_n] = f->begin_us[i];
		memcpy(names[a.symbols_n++], f->symbols[i].symbol, SYMBOL_MAX);
	}
	if (a.symbols_n == 0)
		return 0;
	return synthetic_open(&a, &f->sinks[futures], &f->feeds[futures], e);
}

/* Adds a symbol while the market runs, because a new bot trades it. */
static int add_running(struct feed_choice *f, const struct symbol_info *info, struct err *e)
{
	struct feed *feed = f->feeds[info->futures];

	if (!f->opened_us)
		return 0;
	if (feed)
		return synthetic_add(feed, info->symbol, e);
	return open_synthetic(f, info->futures, f->opened_us, e);
}

int feed_choice_symbol(struct feed_choice *f, const struct bot_config *config,
		       struct symbol_info *out, struct err *e)
{
	bool futures = bot_config_futures(config);
	struct symbol_info *info = find(f, config->symbol, futures);
	int rc;

	if (config->live)
		return err_set(e, ERR_NOT_FOUND, "this worker has no prices of %s, and a live bot "
			       "trades on its exchange's alone; set live to false",
			       config->exchange);
	if (!info && f->replay)
		return not_recorded(f, config, e);
	if (!info) {
		if (f->n == SYMBOLS_MAX)
			return err_set(e, ERR_LIMIT, "one worker takes %d symbols", SYMBOLS_MAX);
		info = &f->symbols[f->n++];
		default_rules(f, config->symbol, futures, info);
		rc = add_running(f, info, e);
		if (rc) {
			f->n--;
			return rc;
		}
		say_rules(info);
	}
	*out = *info;
	return 0;
}

int feed_choice_open(struct feed_choice *f, int64_t now_us, const struct feed_sink sinks[2],
		     const struct feed_position *resume, struct err *e)
{
	struct replay_args a = {
		.files = f->config->recording, .speed = f->config->replay_speed,
		.loop = f->config->replay_loop, .warm_up_s = WARM_UP_S,
		.futures = sinks[true],
	};
	int rc;

	memcpy(f->sinks, sinks, sizeof(f->sinks));
	f->opened_us = now_us;
	if (f->replay) {
		if (resume)
			a.resume = *resume;
		return replay_open(&a, &sinks[false], &f->feeds[0], e);
	}
	rc = open_synthetic(f, false, now_us, e);
	if (rc == 0)
		rc = open_synthetic(f, true, now_us, e);
	return rc;
}

struct feed *feed_choice_feed(const struct feed_choice *f, size_t index)
{
	for (size_t i = 0; i < FEEDS_MAX; i++)
		if (f->feeds[i] && index-- == 0)
			return f->feeds[i];
	return NULL;
}
