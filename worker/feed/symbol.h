/*
 * symbol.h - facts about a symbol that are known without asking the exchange: its filters,
 * and a price to start a made-up market from.
 */
#ifndef WORKER_FEED_SYMBOL_H
#define WORKER_FEED_SYMBOL_H

#include "worker/market/market.h"

#include <stdbool.h>

/* Known symbols: near the real price of 2024-08; others: derived from the name. Never 0. */
struct price symbol_start_price(const char *symbol);
/*
 * Derives the rules of a recorded market from its recorded values. If these are too few and
 * fit a row of our table, it takes that row's rules; out->note says which. Without any price
 * or quantity the rules allow every multiple of 1e-8.
 */
struct grid;
void symbol_info_recorded(const char *symbol, bool futures, const struct grid *g,
			  struct symbol_info *out);
/* A hash of the text (FNV-1a); the same on every machine. */
uint64_t symbol_hash(const char *symbol);

#endif
