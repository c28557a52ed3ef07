/*
 * status_cache.h - the last GET status answer of a few bots, for pollers.
 *
 * An answer is reused as long as no other connection has committed (PRAGMA data_version), we
 * have written nothing, and it is younger than STATUS_CACHE_US; the last limit is there
 * because the answer holds ages and an uptime.
 */
#ifndef API_VIEW_STATUS_CACHE_H
#define API_VIEW_STATUS_CACHE_H

#include "common/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define STATUS_CACHE_US INT64_C(100000)

struct status_cache;

struct status_key {
	int64_t bot_id;
	int64_t data_version;
	uint64_t writes;
	int64_t mono_us;	/* now */
};

struct status_cache *status_cache_new(void);
void status_cache_free(struct status_cache *c);
/* Borrowed until the next put; NULL: look into the database. */
const struct buf *status_cache_get(const struct status_cache *c, const struct status_key *k);
void status_cache_put(struct status_cache *c, const struct status_key *k, const struct buf *body);

#endif
