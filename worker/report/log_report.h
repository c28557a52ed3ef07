/*
 * log_report.h - reports what happens to bots and orders as log lines for a person.
 */
#ifndef WORKER_REPORT_LOG_REPORT_H
#define WORKER_REPORT_LOG_REPORT_H

#include "worker/trade/report.h"

struct reporter log_reporter(void);

#endif
