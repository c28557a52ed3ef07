/*
 * streams.h - all live connections, and what drives them: the hub, the source, and
 * when to look into the database.
 *
 *	inotify on the -wal --> look, at once or when STREAMS_LOOK_US have passed since
 *	                        the last one (ten times its duration, if that is more);
 *	                        nothing there yet: again after 2, 8, 32 and 128 ms
 *	every second        --> look, pings, revoked tokens
 *
 * Nothing is watched and nothing is read while there is no client; a topic is
 * followed STREAMS_LINGER_US longer than somebody listens, for who comes back.
 */
#ifndef API_PUSH_STREAMS_H
#define API_PUSH_STREAMS_H

#include "api/app.h"
#include "api/push/push.h"

#define STREAMS_LOOK_US INT64_C(100000)
#define STREAMS_MORE_US INT64_C(10000)	/* when a look could not tell everything */
#define STREAMS_GLANCE_US INT64_C(2000)
#define STREAMS_GLANCES 4
#define STREAMS_LINGER_US INT64_C(60000000)
#define STREAMS_RING_MESSAGES 4096
#define STREAMS_RING_BYTES ((size_t)4 << 20)
#define STREAMS_PENDING_BYTES ((size_t)1 << 20)	/* unsent: more is a slow reader */

struct stream;
struct streams;

struct streams *streams_new(struct app *a);
/* Says goodbye to every client (the loop runs once more for that) and frees all. */
void streams_free(struct streams *all);

struct push *streams_push(struct streams *all);
struct app *streams_app(struct streams *all);
/* Follows these topics and looks, so that snapshots and changes fit together. */
MUST_CHECK int streams_ready(struct streams *all, unsigned topics, struct err *e);
/* As push_source_snapshot. */
MUST_CHECK int streams_snapshot(struct streams *all, enum push_topic t, int64_t bot_id,
				struct push_message **out, struct err *e);

/* For stream.c. ERR_LIMIT: no more, or the server is stopping. */
MUST_CHECK int streams_may_add(struct streams *all, struct err *e);
void streams_add(struct streams *all, struct stream *s);
void streams_remove(struct streams *all, struct stream *s);
/* Frees those that are gone, soon. */
void streams_reap(struct streams *all);

#endif
