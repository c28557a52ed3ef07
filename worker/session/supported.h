/*
 * supported.h - what this version can't trade yet, in one place for the worker's start, which
 * ends with it, and for doctor, which says so before.
 */
#ifndef WORKER_SESSION_SUPPORTED_H
#define WORKER_SESSION_SUPPORTED_H

#include "common/config.h"

/* ERR_UNAVAILABLE: TRADING_MODE is one that this version has no venue for. */
MUST_CHECK int supported_mode(const struct config *c, struct err *e);
/* ERR_UNAVAILABLE: MARKET_DATA is one that this version has no feed for. */
MUST_CHECK int supported_market(const struct config *c, struct err *e);

#endif
