/*
 * market_source.h - the name of where a market's prices come from: a market is (source,
 * symbol), and what is stored of one is stored under both.
 *
 *	spot		futures
 *	binance		binance_futures
 *	synthetic	synthetic_futures	made up
 *	replay		replay_futures		of a recording
 */
#ifndef COMMON_MARKET_SOURCE_H
#define COMMON_MARKET_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#define MARKET_SOURCE_MAX 32		/* with NUL */
/* The made-up market goes through a time in which no worker ran, when it was not longer. */
#define MADE_UP_MOST_US INT64_C(86400000000)

/* market_data: "binance", "synthetic", "replay" (worker_heartbeat.market_data). Returns out. */
const char *market_source(const char *market_data, bool futures, char out[MARKET_SOURCE_MAX]);

#endif
