/*
 * stats.h - what closed trades add up to on a UTC day.
 *
 * A day may be traded more than once (a recording that is played again): the table's
 * totals go on from what they are, so each closed trade is reported as what it adds.
 */
#ifndef WORKER_ENGINE_STATS_H
#define WORKER_ENGINE_STATS_H

#include "worker/trade/report.h"

/* A closed trade alone. */
void stats_of(const struct order *o, int64_t now_us, struct day_stats *trade);
/*
 * Add one closed trade to the totals of its day; totals of another day begin anew. A sum
 * that no amount can hold stays as it was.
 */
void stats_add(struct day_stats *day, const struct day_stats *trade);
void day_text(int64_t us, char out[DAY_TEXT_MAX]);	/* UTC day of a time, by arithmetic */

#endif
