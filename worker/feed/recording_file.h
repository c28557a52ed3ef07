/*
 * recording_file.h - one recording, as its beginning tells: which markets it holds, and
 * their rules.
 *
 * A file holds spot or USD-M futures, not both. Frames tell which: a depth with "pu", a
 * bookTicker or snapshot with times, a trade with "X", an aggTrade with "nq", a mark price
 * are USD-M's; "M" in a trade and the others without these are spot's. An exchangeInfo line
 * tells as well, and so can who names the file: binance:FILE and binance_futures:FILE.
 * COIN-M (BTCUSD_PERP, BTCUSD_240927) is refused by name: its contracts are counted
 * differently.
 */
#ifndef WORKER_FEED_RECORDING_FILE_H
#define WORKER_FEED_RECORDING_FILE_H

#include "worker/feed/grid.h"
#include "worker/market/market.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording_file_market {
	struct symbol_info info;	/* symbol and kind; the rest by recording_files_rules */
	struct grid grid;
};

struct recording_file {
	char *path;
	int64_t first_us;
	bool futures;			/* USD-M; otherwise spot */
	bool told_futures, told_spot;	/* what the frames, or who named the file, said */
	struct recording_file_market *markets;	/* by appearance; the first is the file's */
	size_t markets_n;
	bool snapshot;		/* it has one, so the first market's book becomes valid */
	struct symbol_info *stated;	/* by exchangeInfo lines */
	size_t stated_n;
};

/*
 * Look into a file, named as above. ERR_CORRUPT without a frame of a market, ERR_INVALID when
 * it is COIN-M's, both spot and USD-M, or tells neither; ERR_NOT_FOUND, ERR_IO.
 */
MUST_CHECK int recording_file_open(const char *name, struct recording_file *out, struct err *e);
/*
 * After all were opened: the rules of each market, from an exchangeInfo line of any file, or
 * else from what all files recorded of it.
 */
void recording_files_rules(struct recording_file *files, size_t n);
void recording_file_fini(struct recording_file *t);

#endif
