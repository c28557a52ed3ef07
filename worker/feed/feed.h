/*
 * feed.h - market data: one interface of the feeds synthetic, replay and (later) binance.
 *
 * Every feed produces Binance's own frames, and every frame passes frame_decode
 * (frame.h) and the local book (book.h) before the consumer sees plain structs.
 * The worker polls a feed for the events that are due; no feed has a thread.
 */
#ifndef WORKER_FEED_FEED_H
#define WORKER_FEED_FEED_H

#include "common/err.h"
#include "worker/market/market.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who hears a feed. One sink is one source, so that a market of it is known by its symbol; it is
 * named once, and every event carries the handle that the sink gave it.
 */
struct feed_sink {
	void *ctx;
	/*
	 * The sink's handle of a market, which stays; below 0: its events are not wanted. Called
	 * once per symbol, before its first event. NULL: every market is 0.
	 */
	int (*market)(void *ctx, const char *symbol);
	/* now_us: receive time, never smaller than the one before. */
	void (*trade)(void *ctx, int market, const struct trade *t, int64_t now_us);
	void (*book)(void *ctx, int market, const struct book_top *b, int64_t now_us);
	/* The market's time moved: a depth event carries a time, but no trade. */
	void (*time)(void *ctx, int market, int64_t exchange_us, int64_t now_us);
	/* Frames are missing (a looped recording begins again, a reconnect): windows start anew. */
	void (*gap)(void *ctx, int market, int64_t now_us);
	/* The local book is out of step (valid false) or in step again. */
	void (*book_valid)(void *ctx, int market, bool valid, int64_t now_us);
	/*
	 * true: what comes now was handed on before a restart already and only fills state; false:
	 * that is over. NULL: such events are not handed on.
	 */
	void (*warm)(void *ctx, bool on);
};

struct feed_stats {
	uint64_t frames, trades, tops, depths, snapshots;
	uint64_t decode_errors;		/* lines or frames refused */
	uint64_t trades_refused;	/* of decode_errors: trades stamped after they came */
	uint64_t repeated;		/* trades that had come before */
	uint64_t gaps;			/* of a market: frames are missing, windows start anew */
	uint64_t passed;		/* lines that an overlapping file had already */
	uint64_t set_back;		/* how often the recorder's clock was set back */
	uint64_t book_gaps, book_crossed;
	char last_error[200];		/* newest refused frame: what and where */
	int64_t last_now_us;		/* receive time of the newest event, 0 none */
	int64_t clock_drift_us;		/* receive time minus exchange time of the newest event */
};

struct feed_position {			/* of a replay; stored together with what it caused */
	int64_t loop, frame, offset_us;
};

struct feed;

struct feed_ops {
	const char *name;		/* "synthetic", "replay" */
	/*
	 * Hands on the events due at or before now_us (wall clock), at most max frames.
	 * *next_us: when the next one is due, which is before now_us when the feed is behind;
	 * INT64_MAX after the last event. A feed without a pace (replay at "max") hands on max
	 * frames each time and returns now_us. ERR_END: the feed will never have events again.
	 */
	MUST_CHECK int (*poll)(struct feed *f, int64_t now_us, size_t max, int64_t *next_us,
			       struct err *e);
	/* A feed without a pace: the receive time of the event that comes next. */
	int64_t (*first_us)(const struct feed *f);
	/*
	 * Drops the events due before now_us, because nobody polled for a long time, and goes
	 * on at now_us after a gap. Does nothing in a feed without a pace.
	 */
	void (*skip)(struct feed *f, int64_t now_us);
	void (*position)(const struct feed *f, struct feed_position *out);
	void (*free)(struct feed *f);
};

struct feed {			/* embed as the first member */
	const struct feed_ops *ops;
	struct feed_sink sink;
	struct feed_stats stats;
	/* The caller of poll keeps these three: */
	bool failed;			/* its newest poll failed */
	int64_t heard_us;		/* clock at the newest poll that gave frames */
	int64_t next_us;		/* what the newest poll answered */
	int64_t paced_from_us;	/* paced replay: since when its speed counts; 0 not yet */
};

/* The symbols of a feed and their filters, for the simulation venue and the engine. */
struct feed_symbols { struct symbol_info *list; size_t n; };

struct replay_args {
	const char *files;		/* as in names.h */
	double speed; /* 1 recorded speed, 10 ten times; 0 as fast as asked ("max") */
	bool loop;
	int64_t warm_up_s; /* recorded seconds handed on at once at the start of a paced replay */
	struct feed_position resume;	/* all 0: from the start; frames before it only warm up */
	struct feed_sink futures; /* for USD-M markets when its ctx is set; else the sink is */
};
/*
 * A paced replay moves the recorded times: the first frame (after the warm-up) happens "now",
 * and receive times and exchange times move by the same amount. At speed 10 the market's time
 * runs ten times as fast as the wall clock, so that candles and time limits are the same as
 * at speed 1. At speed 0 the recorded times stay. A further round begins 1 s after the last.
 *
 * Files of one symbol are played in the order of their first receive time; several symbols
 * are merged by time. When no symbol has a line for more than 60 s, this is a gap if the next
 * trade's id shows that trades are missing, or if it lasts more than a day (Binance ends each
 * connection after a day); a paced replay does not wait for a gap. Any other silence is part
 * of the market.
 *
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
	 * NULL, or for each symbol a time before the history at which its market begins. From
	 * there to the history only trades are handed on and no frames are made, so that a day
	 * takes seconds. 0: the market begins with the history.
	 */
	const int64_t *begin_us;
};
/* Never ends. BTC, ETH and SOL start near real prices, other symbols at one from their name. */
MUST_CHECK int synthetic_open(const struct synthetic_args *a, const struct feed_sink *sink,
			      struct feed **out, struct err *e);
/* Adds a symbol while the feed runs, because a bot was added. Does nothing when it exists. */
MUST_CHECK int synthetic_add(struct feed *f, const char *symbol, struct err *e);

/* Filters for a symbol: known ones as Binance has them (2024-08), others by price. */
void symbol_info_default(const char *symbol, bool futures, struct symbol_info *out);

/*
 * The markets in the first 20,000 lines of each recording, in order of first appearance, with
 * their rules; BTCUSDT spot and BTCUSDT USD-M are two. Errors as replay_open.
 */
MUST_CHECK int replay_symbols(const char *files, struct symbol_info *out, size_t max, size_t *n,
			      struct err *e);

#endif
