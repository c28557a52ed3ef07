/*
 * recording_file.h - reads the beginning of a recording: which markets it holds, and their
 * rules.
 *
 * A file holds spot or USD-M futures, not both. The frames show which: USD-M's are a depth
 * with "pu", a bookTicker or snapshot with times, a trade with "X", an aggTrade with "nq" and
 * a mark price; spot's are a trade with "M" and the others without these keys. An exchangeInfo
 * line shows it as well. The user can also say it in the name: binance:FILE or
 * binance_futures:FILE. COIN-M (BTCUSD_PERP, BTCUSD_240927) is refused by its name, because
 * its contracts are counted differently.
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
 * Reads the beginning of a file, named as above. ERR_CORRUPT without a market's frame;
 * ERR_INVALID when it holds COIN-M, both spot and USD-M, or frames that could be either;
 * ERR_NOT_FOUND, ERR_IO.
 */
MUST_CHECK int recording_file_open(const char *name, struct recording_file *out, struct err *e);
/*
 * Call it after all files were opened: sets the rules of each market from an exchangeInfo
 * line of any file, or else from all recorded prices and quantities of the market.
 */
void recording_files_rules(struct recording_file *files, size_t n);
void recording_file_fini(struct recording_file *t);

#endif
