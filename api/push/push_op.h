/*
 * push_op.h - parses a client's request to live push: a WebSocket message, or a query.
 *
 *	{"op":"subscribe","topics":["order","status"],"bot":1,"last_event_id":17}
 *	{"op":"unsubscribe","topics":["order"]}
 *	{"op":"ping"}
 */
#ifndef API_PUSH_PUSH_OP_H
#define API_PUSH_PUSH_OP_H

#include "api/push/push.h"

enum push_op_kind { PUSH_SUBSCRIBE, PUSH_UNSUBSCRIBE, PUSH_PING };

struct push_op {
	enum push_op_kind kind;
	unsigned topics;	/* bits; subscribe and unsubscribe have at least one */
	int64_t bot_id;		/* 0: all bots */
	int64_t last_seq;	/* -1: a snapshot is wanted */
};

/* ERR_INVALID: the message says what is wrong; unknown members are refused. */
MUST_CHECK int push_op_read(const char *text, size_t len, struct push_op *out, struct err *e);
/* "status,order" or "all"; ERR_INVALID names the word that is no topic. */
MUST_CHECK int push_op_topics(const char *list, unsigned *out, struct err *e);
/* The names as a JSON array. */
struct json;
void push_op_topics_json(struct json *j, const char *key, unsigned topics);

#endif
