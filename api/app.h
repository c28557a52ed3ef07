/*
 * app.h - what every part of the API process shares.
 *
 *	evhttp -> server (limits, dispatch) -> routes (one table) -> route_<resource>
 *	                                                                |
 *	       wait (parked commands) <- store_<resource>, common/store_* <-'
 */
#ifndef API_APP_H
#define API_APP_H

#include "api/http/proxy.h"
#include "common/buf.h"
#include "common/config.h"
#include "common/crypto.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct app_db;
struct audit;
struct auth;
struct batch;
struct conns;
struct helpers;
struct rate;
struct request;
struct retries;
struct slow;
struct status_cache;
struct streams;
struct tls;
struct trade_sums;
struct traffic;
struct uploads;
struct wait;

#define APP_BUSY_MS 2000	/* how long a person's write waits for another program's */
#define APP_TRY_MS 0		/* how long the loop itself does: see retry.h */

struct app {
	const struct config *cfg;
	struct event_base *base;
	struct app_db *database;	/* the loop's connection: app_db.h */
	struct master_key key;		/* seals the secrets of bot configs */
	struct audit *audit;
	struct auth *auth;
	struct proxies proxies;		/* API_TRUSTED_PROXIES */
	struct rate *rate;
	struct retries *retries;
	struct batch *batch;
	struct wait *wait;
	struct slow *slow;
	struct trade_sums *sums;	/* of the slow thread */
	struct conns *conns;
	struct traffic *traffic;
	struct tls *tls;		/* NULL: plain HTTP */
	struct status_cache *status;
	struct streams *streams;	/* live push */
	struct helpers *helpers;	/* helpers that run */
	struct uploads *uploads;	/* model files under way */
	int64_t started_us;		/* wall clock */
	int64_t started_mono_us;
	int64_t data_version;		/* of the database, as last seen; -1 unknown */
	bool looked;			/* data_version was read in this turn of the loop */
	struct event *looked_end;	/* ends that; NULL: each look is a new one */
	uint64_t writes;		/* grows when a request may have changed the database */
	uint64_t correlation_seed;	/* random at the start; see request.c */
	uint64_t requests;		/* answered since the start */
	uint64_t errors;		/* of these with a 5xx */
	int64_t busy_ms;		/* APP_TRY_MS while the loop runs, else APP_BUSY_MS */
	bool lost;			/* the -wal file was removed: we end, see app_db_check */
	bool stopping;			/* what comes now is answered with 503 */
	struct request *spare;		/* request.c; NULL none */
	char date[32];			/* of a Date header, as of date_s */
	int64_t date_s;
	struct buf openapi;		/* the description of this API, made when first asked for */
	void (*describe)(struct buf *out);	/* writes it: openapi_write */
};

/* Why the database can't be used, for a person. From the loop only. */
const char *app_db_trouble(const struct app *a);

#endif
