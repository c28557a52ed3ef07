/*
 * symbol.h - what is known of a symbol without asking the exchange: its filters
 * and a price to start a made-up market from.
 */
#ifndef WORKER_FEED_SYMBOL_H
#define WORKER_FEED_SYMBOL_H

#include "worker/market/market.h"

#include <stdbool.h>

/* Near the real one of 2024-08 for known symbols, from the name for others. Never 0. */
struct price symbol_start_price(const char *symbol);
/*
 * The rules of a recorded market, from the values that were recorded of it. Where they are
 * too few for a derivation and fit a row of our table, those; out->note says it. Without
 * any price or quantity everything is left to the smallest unit of 1e-8.
 */
struct grid;
void symbol_info_recorded(const char *symbol, bool futures, const struct grid *g,
			  struct symbol_info *out);
/* A number that only the text decides (FNV-1a); the same on every machine. */
uint64_t symbol_hash(const char *symbol);

#endif
