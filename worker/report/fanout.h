/*
 * fanout.h - a reporter that passes each report on to several reporters.
 */
#ifndef WORKER_REPORT_FANOUT_H
#define WORKER_REPORT_FANOUT_H

#include "worker/trade/report.h"

#define FANOUT_MAX 4

struct fanout {
	size_t n;
	struct reporter list[FANOUT_MAX];
};

/* Reports to every member, in order. f must live as long as the result is used. */
struct reporter fanout_reporter(struct fanout *f);
void fanout_add(struct fanout *f, const struct reporter *r);

#endif
