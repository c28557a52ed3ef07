/*
 * feed.h - market data in: one interface over synthetic, replay and (later) binance.
 *
 * Every feed produces Binance's own frames, and every frame passes frame_decode
 * (frame.h) and the local book (book.h) before the consumer sees plain structs.
 * Feeds are pulled: the worker asks for what is due and no feed owns a thread.
 */
#ifndef WORKER_FEED_FEED_H
#define WORKER_FEED_FEED_H

#include "common/err.h"
#include "worker/market/market.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feed_sink {
	void *ctx;
	/* now_us: receive time, never smaller than the one before. */
	void (*trade)(void *ctx, const char *symbol, const struct trade *t, int64_t now_us);
	void (*book)(void *ctx, const char *symbol, const struct book_top *b, int64_t now_us);
	/* The market's own time moved (a depth event carries one but no trade). */
	void (*time)(void *ctx, const char *symbol, int64_t exchange_us, int64_t now_us);
	/* Frames are missing (seam of a looped recording, reconnect): windows start anew. */
	void (*gap)(void *ctx, const char *symbol, int64_t now_us);
	/* The local book is out of step (valid false) or in step again. */
	void (*book_valid)(void *ctx, const char *symbol, bool valid, int64_t now_us);
};

struct feed_stats {
	uint64_t frames, trades, tops, depths, snapshots;
	uint64_t decode_errors;		/* lines or frames refused */
	uint64_t trades_refused;	/* of decode_errors: trades stamped after they came */
	uint64_t repeated;		/* trades that had come before */
	uint64_t gaps;			/* of a market: frames are missing, windows start anew */
	uint64_t passed;		/* lines of a file that the one before it had already */
	uint64_t set_back;		/* times that the recorder's clock was */
	uint64_t book_gaps, book_crossed;
	char last_error[200];		/* newest refused frame: what and where */
	int64_t last_now_us;		/* receive time of the newest event, 0 none */
	int64_t clock_drift_us;		/* receive time minus exchange time of the newest event */
};

struct feed_position {			/* where a replay stands: store it with what it caused */
	int64_t loop, frame, offset_us;
};

struct feed;

struct feed_ops {
	const char *name;		/* "synthetic", "replay" */
	/*
	 * Hand on events due at or before now_us (wall clock), at most max frames.
	 * *next_us: when the next one is due (before now_us when the feed is behind);
	 * INT64_MAX at the end of a feed that ends. A feed without a pace (replay at
	 * "max") hands on max frames each time and answers now_us. ERR_END when nothing
	 * will ever come again.
	 */
	MUST_CHECK int (*poll)(struct feed *f, int64_t now_us, size_t max, int64_t *next_us,
			       struct err *e);
	/* A feed without a pace: the receive time of what the next poll hands on first. */
	int64_t (*first_us)(const struct feed *f);
	/*
	 * What is due before now_us is not wanted any more (nobody polled for long): go on
	 * at now_us, after a gap. Nothing in a feed without a pace.
	 */
	void (*skip)(struct feed *f, int64_t now_us);
	void (*position)(const struct feed *f, struct feed_position *out);
	void (*free)(struct feed *f);
};

struct feed {			/* embed as the first member */
	const struct feed_ops *ops;
	struct feed_sink sink;
	struct feed_stats stats;
	bool failed;			/* by its newest poll; kept by who polls */
	int64_t heard_us;	/* clock at the newest poll that gave frames; by who polls */
	int64_t next_us;	/* what the newest poll answered: for who polls several */
	int64_t paced_from_us;	/* paced replay: since when its speed counts; 0 not yet */
};

/* Symbols and filters a feed's venue has, for sim venue and engine. */
struct feed_symbols { struct symbol_info *list; size_t n; };

struct replay_args {
	const char *files;		/* as in names.h */
	double speed; /* 1 recorded speed, 10 ten times; 0 as fast as asked ("max") */
	bool loop;
	int64_t warm_up_s; /* recorded seconds handed on at once at the start of a paced replay */
	struct feed_position resume;	/* all 0: from the start */
	/*
	 * Frames before "resume" are decoded and handed to "warm" (market state only),
	 * not to the sink. NULL fields are skipped.
	 */
	struct feed_sink warm;
	/* Hear USD-M markets where their ctx is set; otherwise sink and warm hear all. */
	struct feed_sink futures, warm_futures;
};
/*
 * Paced replays are rebased: the first frame (after the warm-up) happens "now", the
 * exchange's times are moved as the receive times are. The market keeps its own
 * pace in its own time: at speed 10 both run ten times as fast as the wall clock, so
 * candles and time limits are what they are at speed 1. At speed 0 the recorded
 * times are kept. Further rounds follow 1 s after the last.
 * Files of one symbol follow each other in the order of their first receive time,
 * several symbols are merged by time. A silence of all for more than 60 s is a gap when
 * the next trade's id tells that trades are missing, or when it lasts more than a day (no
 * connection to Binance lives longer); a paced replay does not wait for it. Any other
 * silence is a part of the market.
 * ERR_NOT_FOUND, ERR_IO, ERR_CORRUPT (not gzip, no frame at all), ERR_INVALID (no
 * name, the same recording twice, see recording_file.h), ERR_CONFLICT (the
 * resume position is not in these files) name the file and what a recording looks
 * like. A broken line is counted and skipped, not fatal.
 */
MUST_CHECK int replay_open(const struct replay_args *a, const struct feed_sink *sink,
			   struct feed **out, struct err *e);

struct synthetic_args {
	const char (*symbols)[SYMBOL_MAX];
	size_t symbols_n;
	bool futures;			/* USD-M frames and steps */
	uint64_t seed;
	int64_t start_us;		/* wall clock of the first live frame */
	int64_t history_s;		/* seconds before start_us handed on at once (no wait) */
	/*
	 * NULL, or of each symbol where its market begins, before that: until then trades
	 * alone are handed on, without their frames (a day takes seconds). 0: with the history.
	 */
	const int64_t *begin_us;
};
/* Never ends. Unknown symbols get a price from their name; BTC, ETH, SOL start near real ones. */
MUST_CHECK int synthetic_open(const struct synthetic_args *a, const struct feed_sink *sink,
			      struct feed **out, struct err *e);
/* Add a symbol while running (a bot was added). No-op when it exists. */
MUST_CHECK int synthetic_add(struct feed *f, const char *symbol, struct err *e);

/* Filters for a symbol: known ones as Binance has them (2024-08), others by price. */
void symbol_info_default(const char *symbol, bool futures, struct symbol_info *out);

/*
 * The markets that recordings hold (seen in the first 20,000 lines of each file), in order
 * of first appearance, with their rules; BTCUSDT spot and USD-M are two. Errors as
 * replay_open.
 */
MUST_CHECK int replay_symbols(const char *files, struct symbol_info *out, size_t max, size_t *n,
			      struct err *e);

#endif
