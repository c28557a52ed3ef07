/*
 * delivery.h - sends the messages of the outbox (table notifications): each at least once, in
 * order within a lane, and no lane waits for another.
 *
 *	            send            answer         commit
 *	 waiting ----------> sent ----------> told -------> waiting, or idle when empty
 *	    ^                                  |
 *	    `--- back-off, retry-after, limit --'
 *
 * The result of a message is written in the loop's next transaction, and only then the lane's
 * next message is sent. So a worker that is killed in between sends the message again. A
 * message that the other side refuses is marked failed. If several joined messages are
 * refused, each is tried alone, so that only the bad one fails.
 */
#ifndef WORKER_NOTIFY_DELIVERY_H
#define WORKER_NOTIFY_DELIVERY_H

#include "common/buf.h"
#include "common/db/db.h"
#include "worker/net/http_client.h"
#include "worker/notify/send_limit.h"
#include "worker/store/notify.h"

#define DELIVERY_BATCH_MAX 50		/* rows that one message may join */
#define DELIVERY_HEADERS_MAX 6
#define DELIVERY_BACKOFF_MAX_US (300 * INT64_C(1000000))

enum outcome {
	OUTCOME_DELIVERED,
	OUTCOME_RETRY,			/* later: network, 429, 5xx, a wrong token or address */
	OUTCOME_REFUSED			/* this message never will be taken */
};

struct verdict {			/* what an answer means */
	enum outcome outcome;
	int64_t wait_us;		/* RETRY: as the other side asks; 0 our back-off */
	char error[NOTE_ERROR_MAX];
};

struct post {				/* a message ready to go; zeroed, freed by delivery */
	struct buf url, body;
	struct buf headers[DELIVERY_HEADERS_MAX];	/* "Name: value" */
	size_t headers_n;
	size_t rows;			/* how many of the notes are in it, at least 1 */
};

struct sender {				/* one for each channel; a NULL prepare: there is none */
	void *ctx;
	/*
	 * Makes one message of the first note, or of several of the n. untold: how many before
	 * them were dropped; the message says so. ERR_INVALID: the first note can't be sent.
	 * Another error: this lane can't be used any more, so nothing of it will be sent.
	 */
	int (*prepare)(void *ctx, const struct note *notes, size_t n, int64_t untold,
		       struct post *out, struct err *e);
	void (*judge)(void *ctx, const struct lane_key *lane, const struct http_answer *a,
		      struct verdict *v);
	/* Limits of the lane: n 0 means none. */
	void (*paces)(void *ctx, const struct lane_key *lane, struct send_limit *each,
		      struct send_limit *slow, struct send_limit *account);
	int64_t timeout_ms;
};

struct delivery;

struct delivery_args {
	struct sender senders[CHANNELS];
	int64_t queue_max;		/* queued rows of a lane */
	void (*wake)(void *ctx);	/* an answer came: take a turn */
	void *wake_ctx;
};

struct delivery *delivery_new(const struct delivery_args *a);
void delivery_free(struct delivery *d);
/* Sends messages from now on. client is borrowed. */
void delivery_open(struct delivery *d, struct http_client *client);
/* Looks for rows that were not added here: of earlier runs, or made by hand in a shell. */
MUST_CHECK int delivery_look(struct delivery *d, struct db *db, struct err *e);

/* Writes a row; drops the oldest rows of a full lane. */
MUST_CHECK int delivery_add_tx(struct delivery *d, struct db *db, const struct note *n,
			       struct err *e);
/* Sends what may be sent. *next_us: when to call again (monotonic); INT64_MAX: no time is due. */
MUST_CHECK int delivery_turn(struct delivery *d, struct db *db, int64_t mono_us, int64_t *next_us,
			     struct err *e);
bool delivery_pending(const struct delivery *d);	/* results wait to be written */
MUST_CHECK int delivery_write_tx(struct delivery *d, struct db *db, struct err *e);
void delivery_clear(struct delivery *d);		/* after the commit */
/* Nothing is being sent and nothing waits, except in lanes that failed. */
bool delivery_idle(const struct delivery *d);

/* 1 s, doubled with each failure in a row, at most DELIVERY_BACKOFF_MAX_US. */
int64_t delivery_backoff(int64_t failures);
/* Seconds of a Retry-After header as microseconds, 0 without a usable one; at most an hour. */
int64_t delivery_retry_after(const struct http_answer *a);

#endif
