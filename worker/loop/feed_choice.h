/*
 * feed_choice.h - which market data the worker runs on, and what symbols it has.
 */
#ifndef WORKER_LOOP_FEED_CHOICE_H
#define WORKER_LOOP_FEED_CHOICE_H

#include "common/config.h"
#include "common/registry/bot_config.h"
#include "worker/feed/feed.h"

struct feed_choice;

/*
 * Reads what can be known before the feed runs (a recording's symbols). auto is
 * synthetic until the binance feed is there; the message says so.
 * ERR_INVALID, ERR_NOT_FOUND, ERR_CORRUPT name the setting.
 */
MUST_CHECK int feed_choice_new(const struct config *c, struct feed_choice **out, struct err *e);
void feed_choice_free(struct feed_choice *f);

const char *feed_choice_name(const struct feed_choice *f);	/* "synthetic", "replay" */
/* What makes its prices: "seed 7", the recordings' names. Candles of another one are not ours. */
const char *feed_choice_made_by(const struct feed_choice *f);
bool feed_choice_made_up(const struct feed_choice *f);	/* by us: any time can be made */
/* Make this market from so long ago on, before it is opened. Made up ones only. */
void feed_choice_begin(struct feed_choice *f, const struct symbol_info *market, int64_t begin_us);
const char *feed_choice_message(const struct feed_choice *f);	/* for status and log; "" */
/* Key of feed_positions; NULL when a restart starts anew (everything but replay at "max"). */
const char *feed_choice_resumes(const struct feed_choice *f);
/* Time comes from the frames alone (replay at "max"), not from the clock. */
bool feed_choice_unpaced(const struct feed_choice *f);
/*
 * The market's time isn't the machine's: it stands, runs faster or slower (any replay but at
 * REPLAY_SPEED=1). What is measured from its times to now counts from its own now.
 */
bool feed_choice_own_time(const struct feed_choice *f);
/*
 * The market's own time at a time of the clock, and back: a recording that plays slower than it
 * was recorded falls behind the clock, and its candles and deadlines with it. Elsewhere the
 * same; what plays faster makes its time by its events.
 */
int64_t feed_choice_market_us(const struct feed_choice *f, int64_t wall_us);
int64_t feed_choice_wall_us(const struct feed_choice *f, int64_t market_us);
/* Recordings: what their times say of a clock, they say of the recorder's. */
bool feed_choice_recorded(const struct feed_choice *f);
/* The market that a first bot should trade here: of EXCHANGE, where a recording has one. */
void feed_choice_first(const struct feed_choice *f, struct symbol_info *out);

/* The markets that it has so far, one by one, with the exchange's fees. NULL behind the last. */
const struct symbol_info *feed_choice_market(const struct feed_choice *f, size_t index);

/* Is the config's symbol to be had, and with which filters? ERR_NOT_FOUND says what there is. */
MUST_CHECK int feed_choice_symbol(struct feed_choice *f, const struct bot_config *config,
				  struct symbol_info *out, struct err *e);

/*
 * Open it for the symbols asked for so far. resume: NULL or where to go on;
 * warm hears the frames before it. Of both sinks the first hears spot markets, the second
 * futures. Once.
 */
MUST_CHECK int feed_choice_open(struct feed_choice *f, int64_t now_us,
				const struct feed_sink sinks[2], const struct feed_sink warm[2],
				const struct feed_position *resume, struct err *e);
/* The open feeds, one by one (synthetic: spot and futures). NULL behind the last. */
struct feed *feed_choice_feed(const struct feed_choice *f, size_t index);

#endif
