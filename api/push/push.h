/*
 * push.h - the hub of live push: topics, clients, numbered messages, and a ring
 * of the newest ones for clients that come back.
 *
 *	push_source --push_publish--> ring, --> every client that listens
 *	                                \-----> push_resume: what a client missed
 *
 * {"seq":17,"topic":"order","type":"change","data":{...},"timestamp":"..."}
 *
 * seq grows by one or more per change, also across restarts, because it starts at the
 * clock's microseconds; a snapshot carries the seq of the change before it. The hub knows
 * neither sockets nor the database.
 *
 * Memory is bounded twice. A client whose unsent output is over its limit when a new look begins
 * is dropped. And all messages that live, with what each client's output takes beside them, may
 * take total_bytes: over it, those who have most unread are dropped, because one reader holds
 * little, but each of hundreds may hold another snapshot.
 */
#ifndef API_PUSH_PUSH_H
#define API_PUSH_PUSH_H

#include "common/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum push_topic {
	PUSH_STATUS,	/* what a bot is doing */
	PUSH_PRICE,	/* a bot's last price and equity */
	PUSH_ORDER,	/* trades from decision to close */
	PUSH_POSITION,	/* what is held, with its value */
	PUSH_SIGNAL,	/* decisions */
	PUSH_STATS,	/* today's totals of a bot */
	PUSH_JOB,	/* backtests, trainings, downloads */
	PUSH_LOG,	/* log lines */
	PUSH_TOPICS
};

#define PUSH_BIT(topic) (1u << (topic))
#define PUSH_ALL (PUSH_BIT(PUSH_TOPICS) - 1)

const char *push_topic_name(enum push_topic t);
/* false: no topic has this name. */
bool push_topic_parse(const char *name, size_t len, enum push_topic *out);

/* Shared by the ring and by every client's output; never changed once made. */
struct push_message {
	unsigned refs;
	struct push_memory *memory;	/* in which its bytes are counted */
	int64_t seq;
	enum push_topic topic;
	int64_t bot_id;		/* 0: concerns no single bot */
	struct buf frame;	/* a WebSocket frame; the JSON text is its end */
	size_t text_at;		/* where the JSON text begins */
};

struct push_message *push_message_ref(struct push_message *m);
void push_message_unref(struct push_message *m);
const char *push_message_text(const struct push_message *m, size_t *len);

/* How a message reaches a client. */
struct push_link {
	/* Returns the bytes of memory that it takes beside the message, until it is read. */
	size_t (*send)(void *ctx, struct push_message *m);
	/* Bytes that were sent to the client and that it has not read yet. */
	size_t (*pending)(void *ctx);
	/* Ends a client that is too slow, but not inside this call. It gets no more messages. */
	void (*drop)(void *ctx);
};

struct push_limits {
	size_t ring_messages, ring_bytes;	/* kept for clients that come back */
	size_t pending_bytes;			/* unsent output of one client, snapshots aside */
	size_t total_bytes;			/* of memory: all messages and outputs */
};

struct push;
struct push_client;

/* first_seq: larger than any number an earlier hub gave. */
struct push *push_new(int64_t first_seq, const struct push_limits *l);
/* After its clients. */
void push_free(struct push *p);
int64_t push_seq(const struct push *p);		/* of the newest change */
size_t push_clients(const struct push *p);	/* (tests) */
unsigned push_wanted(const struct push *p);	/* topics that somebody listens to */
uint64_t push_dropped(const struct push *p);	/* slow clients so far (tests) */
/* Bytes of all messages that live, and of what outputs take beside them. */
size_t push_memory(const struct push *p);

/* Before each look: drops the clients that are over the limit. */
void push_sweep(struct push *p);
/* One JSON value as a change: into the ring, and to every client that listens. */
void push_publish(struct push *p, enum push_topic t, int64_t bot_id, const char *json);
/*
 * Call it when a topic was not followed for a while or begins anew: a client can't resume
 * from a seq before this call.
 */
void push_break(struct push *p, enum push_topic t);
/* A message outside the ring, with the current seq. The caller owns one reference. */
struct push_message *push_snapshot(struct push *p, enum push_topic t, int64_t bot_id,
				   const char *json);

/* link is borrowed for the client's life. It listens to nothing yet. */
struct push_client *push_client_new(struct push *p, const struct push_link *link, void *ctx);
void push_client_free(struct push_client *c);
/* Sets what the client gets from now on; bot_id 0: all bots. Messages of no bot always pass. */
void push_listen(struct push_client *c, unsigned topics, int64_t bot_id);
void push_unlisten(struct push_client *c, unsigned topics);
unsigned push_topics(const struct push_client *c);
int64_t push_filter(const struct push_client *c, enum push_topic t);
/*
 * Call it before snapshots or a resume, because they may be larger than the limit. False: the
 * client has not read earlier output (PUSH_READY_LIMITS times the limit) and is dropped.
 */
#define PUSH_READY_LIMITS 4
bool push_ready(struct push_client *c);
/* Sends a snapshot; its bytes don't count as unsent until the client has read everything once. */
void push_send_snapshot(struct push_client *c, struct push_message *m);
/* The client has read everything (its output is empty). */
void push_drained(struct push_client *c);
/*
 * Sends the changes of these topics after last_seq that pass the filter of push_listen.
 * false: the ring does not hold them any more, so the client needs a snapshot.
 */
bool push_resume(struct push_client *c, unsigned topics, int64_t last_seq);

#endif
