/*
 * healthcheck.h - asks the running API for its health, for a container's health check.
 *
 * Sends a request over HTTP (or HTTPS) to the address that an API with the same configuration
 * listens on, so it tests the way that other callers take.
 */
#ifndef API_HEALTHCHECK_H
#define API_HEALTHCHECK_H

#include "common/config.h"

/*
 * Sends one GET /api/v1/health; each step takes at most timeout_s. Returns 0 when the status
 * is 200: the API serves and its database answers. (A missing worker is not the API's fault;
 * only *answer mentions it.) ERR_UNAVAILABLE: no answer, or another status.
 */
MUST_CHECK int healthcheck_ask(const struct config *cfg, int timeout_s, struct buf *answer,
			       struct err *e);

#endif
