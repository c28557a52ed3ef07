/*
 * look.h - decides when live push reads the database, and owns the hub and the source.
 *
 *	inotify on the -wal --> look, at once or when LOOK_US have passed since
 *	                        the last one (ten times its duration, if that is more);
 *	                        nothing there yet: again after 2, 8, 32 and 128 ms
 *	every second        --> look_tick
 *
 * Without a client nothing is watched and nothing is read. A topic is followed for
 * LOOK_LINGER_US after its last listener left, because that client may come back.
 */
#ifndef API_PUSH_LOOK_H
#define API_PUSH_LOOK_H

#include "api/app.h"
#include "api/push/push.h"

#define LOOK_US INT64_C(100000)
#define LOOK_MORE_US INT64_C(10000)	/* when a look could not tell everything */
#define LOOK_GLANCE_US INT64_C(2000)
#define LOOK_GLANCES 4
#define LOOK_LINGER_US INT64_C(60000000)
#define LOOK_RING_MESSAGES 4096
#define LOOK_RING_BYTES ((size_t)4 << 20)
#define LOOK_PENDING_BYTES ((size_t)1 << 20)	/* unsent: more is a slow reader */
#define LOOK_TOTAL_BYTES ((size_t)16 << 20)	/* of all readers and the ring */

struct look;

/* renewed: called when the database is another file, because each client then needs snapshots. */
struct look *look_new(struct app *a, void (*renewed)(void *ctx), void *ctx);
void look_free(struct look *l);		/* after the hub's last client */

struct push *look_push(struct look *l);
/* A client listens from now on: begins to watch the database. */
void look_begin(struct look *l);
/*
 * Called once a second: stops following topics that nobody wants any more, and looks. false:
 * no client is left (clients is 0) and no topic is followed, so watching has stopped.
 */
bool look_tick(struct look *l, size_t clients);
/* Follows these topics and looks, so that snapshots and changes fit together. */
MUST_CHECK int look_ready(struct look *l, unsigned topics, struct err *e);
/* As push_source_snapshot. */
MUST_CHECK int look_snapshot(struct look *l, enum push_topic t, int64_t bot_id,
			     struct push_message **out, struct err *e);

#endif
