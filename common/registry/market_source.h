/*
 * market_source.h - the name of the source of a market's prices. A market is the pair
 * (source, symbol); rows of a market carry both.
 *
 *	spot		futures
 *	binance		binance_futures		each also with _testnet and _demo
 *	synthetic	synthetic_futures	made up
 *	replay		replay_futures		of a recording
 */
#ifndef COMMON_REGISTRY_MARKET_SOURCE_H
#define COMMON_REGISTRY_MARKET_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#define MARKET_SOURCE_MAX 32		/* with NUL */
/* After a pause of at most this length, the made-up market plays the missed time as well. */
#define MADE_UP_MOST_US INT64_C(86400000000)

/* market_data: "binance", "synthetic", "replay" (worker_heartbeat.market_data). Returns out. */
const char *market_source(const char *market_data, bool futures, char out[MARKET_SOURCE_MAX]);
/* Is it the source of the spot or of the futures markets of market_data? */
bool market_source_of(const char *market_data, const char *source);

#endif
