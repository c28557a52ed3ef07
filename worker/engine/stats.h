/*
 * stats.h - what closed trades add up to on a UTC day.
 *
 * A day may be traded more than once (a recording that is played again). The table's totals
 * continue then, so each closed trade is also reported alone, as an amount to add.
 */
#ifndef WORKER_ENGINE_STATS_H
#define WORKER_ENGINE_STATS_H

#include "worker/trade/report.h"

/* What one closed trade adds. */
void stats_of(const struct order *o, int64_t now_us, struct day_stats *trade);
/*
 * Adds one closed trade to the totals of its day; on another day the totals begin anew. A sum
 * that would overflow stays as it was.
 */
void stats_add(struct day_stats *day, const struct day_stats *trade);
void day_text(int64_t us, char out[DAY_TEXT_MAX]);	/* UTC day of a time: "2026-12-01" */

#endif
