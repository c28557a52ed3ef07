/*
 * stats_json.h - totals and ratios as members of an answer.
 */
#ifndef API_VIEW_STATS_JSON_H
#define API_VIEW_STATS_JSON_H

#include "api/store/trade_stats.h"
#include "common/json.h"

/* capital: what the trades began with, quote asset. */
void stats_json(struct json *j, const struct stats *s, double capital);

#endif
