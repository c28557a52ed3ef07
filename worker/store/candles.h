/*
 * candles.h - stores closed candles, and which of them form an unbroken run.
 *
 * Table candles holds what charts show. Table candle_runs says for each series from when to
 * when no candle is missing, and what made it (a seed, a recording). Only candles of the
 * series' run may fill a window; rows outside it are older, or of a clock that was set back.
 */
#ifndef WORKER_STORE_CANDLES_H
#define WORKER_STORE_CANDLES_H

#include "common/db/db.h"
#include "common/registry/market_source.h"
#include "worker/trade/report.h"

#define CANDLES_KEPT 86400		/* of each series: a day of seconds, 60 days of minutes */
#define MADE_BY_MAX 1024

struct candle_key {
	char source[MARKET_SOURCE_MAX], symbol[SYMBOL_MAX], interval[8];
};

struct candle_row {
	struct candle_key key;
	int64_t length_us;
	struct candle candle;
};
/*
 * Stores a candle. Also deletes some candles of the series that are more than CANDLES_KEPT
 * lengths older than this one; but only those that are so much older than now_us as well,
 * because this candle's time may be wrong, and none when now_us is 0.
 */
MUST_CHECK int store_candle_tx(struct db *db, const struct candle_row *r, int64_t now_us,
			       struct err *e);

struct candle_run {
	struct candle_key key;
	int64_t since_us, until_us;	/* begin of the first candle, end of the newest */
};
MUST_CHECK int store_candle_run_tx(struct db *db, const struct candle_run *r, const char *made_by,
				   struct err *e);
/*
 * The run of r->key that made_by made: 0 <= since_us < until_us. ERR_NOT_FOUND: there is none.
 * ERR_CORRUPT: its row holds impossible values.
 */
MUST_CHECK int store_candle_run(struct db *db, struct candle_run *r, const char *made_by,
				struct err *e);
/*
 * The newest candles of a run, at most max, oldest first. ERR_CORRUPT: a candle is missing or
 * impossible, because somebody edited it; the message names it.
 */
MUST_CHECK int store_candles_load(struct db *db, const struct candle_run *r, int64_t length_us,
				  struct candle *out, size_t max, size_t *n, struct err *e);
/*
 * Deletes at most CANDLES_FORGOTTEN candles of a source that were not made by made_by; *left:
 * there may be more.
 */
#define CANDLES_FORGOTTEN 5000
MUST_CHECK int store_candles_forget_tx(struct db *db, const char *source, const char *made_by,
				       bool *left, struct err *e);

#endif
