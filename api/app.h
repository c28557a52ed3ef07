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
#include "common/db/db.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct audit;
struct auth;
struct batch;
struct checkpoint;
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
	struct db *db;			/* NULL while the file can't be opened */
	struct checkpoint *checkpoint;	/* of db; NULL: in its commits */
	char db_trouble[480];		/* why db is NULL, for a person */
	ino_t db_inode;			/* of the open file; if the name has another, reopen */
	dev_t db_device;
	unsigned db_generation;		/* grows each time db is opened */
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

/* Opens the database as DB_API and notes which file it is. */
MUST_CHECK int app_db_open(struct app *a, struct err *e);
/*
 * Called once a second, and before each request that changes something. Reopens a replaced
 * database file. When the file is missing it closes ours, because nobody would find what we
 * write; the database is opened again as soon as it is back. When -wal or -shm was removed
 * (a->lost) it ends the loop, because a process that has the old ones open, in any thread,
 * can't use new ones.
 */
void app_db_check(struct app *a);
void app_db_close(struct app *a);
/* How long a->db waits for locks, also after it was opened again. */
void app_db_patience(struct app *a, int64_t ms);
/*
 * PRAGMA data_version, read once per turn of the loop. All requests of a turn arrived before
 * the turn began, so each may be answered from what was committed before it began. Negative
 * on failure. a->db must be open.
 */
int64_t app_data_version(struct app *a);
/* Makes app_data_version read once per turn instead of in each call. Needs a->base. */
void app_turn_init(struct app *a);
void app_turn_fini(struct app *a);

#endif
