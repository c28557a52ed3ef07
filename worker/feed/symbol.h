/*
 * symbol.h - what is known of a symbol without asking the exchange: its filters
 * and a price to start a made-up market from.
 */
#ifndef FEED_SYMBOL_H
#define FEED_SYMBOL_H

#include "worker/engine/market.h"

/* Near the real one of 2024-08 for known symbols, from the name for others. Never 0. */
struct price symbol_start_price(const char *symbol);
/* A number that only the text decides (FNV-1a); the same on every machine. */
uint64_t symbol_hash(const char *symbol);

#endif
