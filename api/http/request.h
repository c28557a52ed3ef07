/*
 * request.h - one request on its way: who asks, what for, and the answer so far.
 *
 *	evhttp request -> checks (host, rate, route, token, role, origin, query, body)
 *	               -> handler -> answer           (reply_send)
 *	                          \-> parked (room.h) -> answer
 *
 * A handler writes members of the answer into r->json, or returns an error that
 * becomes the error form. It never touches evhttp.
 */
#ifndef API_HTTP_REQUEST_H
#define API_HTTP_REQUEST_H

#include "api/app.h"
#include "api/http/role.h"
#include "api/http/route.h"
#include "common/crypto.h"
#include "common/json.h"

#include <stdbool.h>
#include <stdint.h>

struct evhttp_request;

struct identity {
	int64_t token_id;	/* api_tokens.id, 0 nobody */
	char name[64];
	enum role role;
};

struct request {
	struct app *app;
	struct db *db;			/* of the thread that the handler runs on; NULL: none */
	unsigned db_generation;		/* of slow.h's: another file is another one */
	struct evhttp_request *ev;
	enum evhttp_cmd_type method;
	const struct route *route;	/* NULL until found */
	struct route_match match;
	struct identity who;
	char address[64];
	char correlation_id[CORRELATION_ID_MAX];
	int64_t begin_us;		/* monotonic */
	struct evkeyvalq query;
	cJSON *body;			/* NULL when there was none */

	/* the answer */
	struct buf out;
	struct json json;
	int code;			/* HTTP status of success; 200 unless set */
	const char *content_type;	/* NULL: JSON; else out is sent as it is */
	const char *file_policy;	/* Content-Security-Policy of a page */
	bool has_file;			/* instead of out: an open file, from its begin */
	int file;
	int64_t file_bytes;
	bool parked;			/* answered later, by reply_send */
	bool taken;			/* its connection is no longer HTTP (stream.h) */
	bool answered;
	bool close;			/* the connection ends with the answer */

	/* the answer, when it is an error */
	int error_http;			/* 0: from the error's code */
	bool error_db;			/* the database did not do it */
	const char *error_code;		/* NULL: from the error's code */
	char error_status[16];		/* "status" of a 409: the bot's, lower case */
	int64_t command_id;		/* 0 none */
	int64_t replayed_us;		/* it was answered before, at this time; 0 not */
	struct field_errors *fields;	/* NULL until needed */

	/* of pending/idempotency.h */
	struct idempotency *idempotency;	/* freed with the request; NULL: no key */
	void (*complete)(struct request *r);	/* the answer is written, and not yet sent */
};

struct request *request_new(struct app *a, struct evhttp_request *ev);
/* Call it after the answer was sent (reply.h) or the connection was taken over. */
void request_free(struct request *r);
/* Frees the request that is kept for reuse; at the end of the program. */
void request_free_spare(struct app *a);

/* Resets the answer for a handler; drops what an earlier call of it wrote or set. */
void request_begin_answer(struct request *r);
/* An error with its own HTTP status and code word. Returns ERR_DENIED. */
int request_error(struct request *r, struct err *e, int http, const char *code,
		  const char *fmt, ...) PRINTF_LIKE(5, 6);
/* The list of field errors; the first call makes it. */
struct field_errors *request_fields(struct request *r);
/* 422 (body) or 400 (query) when there are field errors, else 0. */
MUST_CHECK int request_fields_check(struct request *r, int http, struct err *e);

/* Reads the body (when there is one) into r->body: 400 malformed, 413, 415. */
MUST_CHECK int request_read_body(struct request *r, struct err *e);

/* Headers. value may not hold line ends. */
const char *request_header(const struct request *r, const char *name);
void request_add_header(struct request *r, const char *name, const char *value);
void request_add_header_int(struct request *r, const char *name, int64_t value);
/* ETag of a row's version, and If-Match compared with it: ERR_CONFLICT on a mismatch. */
void request_etag(struct request *r, int64_t version);
/* Has the caller of a GET this very answer already (If-None-Match)? Call it when it is written. */
bool request_not_modified(const struct request *r);
MUST_CHECK int request_if_match(struct request *r, int64_t version, struct err *e);

/* A ":name" of the path as a row id; anything else is ERR_NOT_FOUND. */
MUST_CHECK int request_id(struct request *r, const char *name, int64_t *id, struct err *e);
const char *request_path_value(const struct request *r, const char *name);

/* Query values, checked against the route's table before. NULL or def: not given. */
const char *request_query(const struct request *r, const char *name);
/* The same in capitals, as symbols are written; changes the query. */
const char *request_query_symbol(struct request *r, const char *name);
int64_t request_query_int(const struct request *r, const char *name, int64_t def);
int64_t request_query_time(const struct request *r, const char *name, int64_t def);

/* Body members, checked before. */
const cJSON *request_member(const struct request *r, const char *name);
const char *request_text(const struct request *r, const char *name, const char *def);
int64_t request_int(const struct request *r, const char *name, int64_t def);
bool request_bool(const struct request *r, const char *name, bool def);

#endif
