/*
 * feed_choice.h - chooses the market data that the worker runs on, and knows its symbols.
 */
#ifndef WORKER_LOOP_FEED_CHOICE_H
#define WORKER_LOOP_FEED_CHOICE_H

#include "common/config.h"
#include "common/registry/bot_config.h"
#include "worker/feed/feed.h"

struct feed_choice;

/*
 * Reads what is known before the feed runs, such as a recording's symbols. "auto" means
 * synthetic as long as there is no binance feed; the message says so. ERR_INVALID,
 * ERR_NOT_FOUND and ERR_CORRUPT name the setting.
 */
MUST_CHECK int feed_choice_new(const struct config *c, struct feed_choice **out, struct err *e);
void feed_choice_free(struct feed_choice *f);

const char *feed_choice_name(const struct feed_choice *f);	/* "synthetic", "replay" */
/* What makes the prices: "seed 7", or the recordings' names. Stored candles must match it. */
const char *feed_choice_made_by(const struct feed_choice *f);
bool feed_choice_made_up(const struct feed_choice *f);	/* by us: any time can be made */
/* Before opening: makes this market begin at begin_us. Only for the made-up market. */
void feed_choice_begin(struct feed_choice *f, const struct symbol_info *market, int64_t begin_us);
const char *feed_choice_message(const struct feed_choice *f);	/* for status and log; "" */
/* Key of feed_positions; NULL when a restart starts anew (everything but replay at "max"). */
const char *feed_choice_resumes(const struct feed_choice *f);
/* Does the time come from the frames alone (replay at "max") and not from the clock? */
bool feed_choice_unpaced(const struct feed_choice *f);
/*
 * Does the market have a time of its own, which stands, or runs faster or slower than the
 * machine's (any replay except at REPLAY_SPEED=1)? Ages of its rows then count from its own now.
 */
bool feed_choice_own_time(const struct feed_choice *f);
/*
 * Converts a time of the clock to the market's own time, and back. They differ when a recording
 * plays slower than it was recorded: its candles and deadlines then fall behind the clock. For
 * other feeds both are equal; a faster replay takes its time from its events.
 */
int64_t feed_choice_market_us(const struct feed_choice *f, int64_t wall_us);
int64_t feed_choice_wall_us(const struct feed_choice *f, int64_t market_us);
/* Is it a recording? Its times then say something about the recorder's clock, not about ours. */
bool feed_choice_recorded(const struct feed_choice *f);
/* The market that the first bot should trade: one of EXCHANGE if a recording has one. */
void feed_choice_first(const struct feed_choice *f, struct symbol_info *out);

/* The markets known so far by index, with the exchange's fees. NULL after the last. */
const struct symbol_info *feed_choice_market(const struct feed_choice *f, size_t index);

/* The filters of the config's symbol. ERR_NOT_FOUND: not available; the message lists what is. */
MUST_CHECK int feed_choice_symbol(struct feed_choice *f, const struct bot_config *config,
				  struct symbol_info *out, struct err *e);

/*
 * Opens the feeds for the symbols asked for so far; call it once. resume: NULL, or where to go
 * on: the frames before it only warm up. The first sink gets spot markets, the second futures.
 */
MUST_CHECK int feed_choice_open(struct feed_choice *f, int64_t now_us,
				const struct feed_sink sinks[2],
				const struct feed_position *resume, struct err *e);
/* The open feeds by index (synthetic: spot and futures). NULL after the last. */
struct feed *feed_choice_feed(const struct feed_choice *f, size_t index);

#endif
