/*
 * stdout_report.h - orders, fills and status changes as JSON lines on stdout, for
 * scripts that read them from a pipe.
 *
 *	{"event":"order","bot_id":1,"order_id":7,"status":"active",...}
 */
#ifndef WORKER_REPORT_STDOUT_REPORT_H
#define WORKER_REPORT_STDOUT_REPORT_H

#include "worker/trade/report.h"

struct reporter stdout_reporter(void);

#endif
