/*
 * look.h - when live push looks into the database: the hub, the source, and the clock of
 * the looks.
 *
 *	inotify on the -wal --> look, at once or when LOOK_US have passed since
 *	                        the last one (ten times its duration, if that is more);
 *	                        nothing there yet: again after 2, 8, 32 and 128 ms
 *	every second        --> look_tick
 *
 * Nothing is watched and nothing is read while there is no client; a topic is
 * followed LOOK_LINGER_US longer than somebody listens, for who comes back.
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

struct look;

/* renewed: the file is another one, so each client needs snapshots. */
struct look *look_new(struct app *a, void (*renewed)(void *ctx), void *ctx);
void look_free(struct look *l);		/* after the hub's last client */

struct push *look_push(struct look *l);
/* Somebody listens from now on: the database is watched. */
void look_begin(struct look *l);
/*
 * Once a second: forgets topics that nobody wants any more, and looks. false: nobody is
 * left (clients is 0) and nothing is followed; it has stopped watching.
 */
bool look_tick(struct look *l, size_t clients);
/* Follows these topics and looks, so that snapshots and changes fit together. */
MUST_CHECK int look_ready(struct look *l, unsigned topics, struct err *e);
/* As push_source_snapshot. */
MUST_CHECK int look_snapshot(struct look *l, enum push_topic t, int64_t bot_id,
			     struct push_message **out, struct err *e);

#endif
