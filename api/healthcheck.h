/*
 * healthcheck.h - asks the running API how it is, as a container's health check does.
 *
 * A request over HTTP (or HTTPS) to the address that the API of the same configuration
 * listens on: what answers here answers to others, too.
 */
#ifndef API_HEALTHCHECK_H
#define API_HEALTHCHECK_H

#include "common/config.h"

/*
 * One GET /api/v1/health, at most timeout_s for each step. Returns 0 when it is answered
 * with 200: the API serves and its database answers (a missing worker is not the API's
 * fault and is said in *answer only). ERR_UNAVAILABLE: no answer, or another one.
 */
MUST_CHECK int healthcheck_ask(const struct config *cfg, int timeout_s, struct buf *answer,
			       struct err *e);

#endif
