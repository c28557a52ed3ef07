/*
 * stats_json.h - totals and ratios as members of an answer.
 */
#ifndef API_STATS_JSON_H
#define API_STATS_JSON_H

#include "api/stats.h"
#include "common/json.h"

/* capital: what the trades began with, quote asset. */
void stats_json(struct json *j, const struct stats *s, double capital);

#endif
