/*
 * route.h - one row per method and path, which says all about it; every list of routes (405's
 * Allow, OPTIONS, HEAD, the checks of docs/API.md and of roles, OpenAPI) derives from the rows.
 *
 * All paths are under /api/v1, and the same under /api; entries with "root" are at the top
 * instead. ":name" in a path takes one segment.
 */
#ifndef API_HTTP_ROUTE_H
#define API_HTTP_ROUTE_H

#include "api/http/param.h"
#include "api/http/role.h"

#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>

struct request;

enum route_body {
	BODY_PARAMS,	/* the members in "body"; none when that is NULL */
	BODY_CONFIG,	/* the keys of a bot's config (bot_keys[]) */
	BODY_UPLOAD	/* "body" as a multipart form, read by the handler as it comes */
};

/* What an answer can be beside what every route's can (400, 401, 403, 429, 500 ...). */
enum route_says {
	SAYS_NOT_FOUND = 1,	/* 404 without a number in the path */
	SAYS_CONFLICT = 2,	/* 409 */
	SAYS_UNAVAILABLE = 4,	/* 503 though it needs no database */
	SAYS_ETAG = 8,		/* the answer's version */
	SAYS_IF_MATCH = 16,	/* takes If-Match */
	SAYS_IDEMPOTENT = 32,	/* takes Idempotency-Key */
	SAYS_LOCATION = 64,	/* 201 and 202 say where it is */
	SAYS_UPGRADE = 128,	/* 426 */
	SAYS_RESUME = 256,	/* takes Last-Event-ID */
	SAYS_CHECKS = 512,	/* what is wrong with the body is its answer, not 422 */
	SAYS_COMMAND = 1024	/* its work is a command of the worker */
};
#define ROUTE_GIVES_MAX 3

struct route {
	enum evhttp_cmd_type method;
	const char *path;
	enum role role;			/* the least that may call it */
	/*
	 * Writes the members of the answer into r->json and returns 0 (r->code is
	 * 200 unless set), or a negative code with e; or parks the request. NULL: later.
	 */
	int (*handler)(struct request *r, struct err *e);
	const char *summary;		/* one sentence */
	const struct param *query;	/* NULL: takes none */
	const struct param *body;
	enum route_body body_kind;
	const char *example;		/* of the body, JSON; NULL: takes none */
	const char *arg;		/* for handlers that serve several routes */
	bool root;			/* not under /api */
	bool metrics;			/* needs no role with METRICS_PUBLIC */
	bool no_db;			/* works without the database */
	bool later;			/* answers 501 until its part exists */
	bool slow;			/* reads much: see slow.h */
	void (*prepare)(struct request *r);	/* of a slow one: runs in the loop before it */
	struct {
		int code;		/* HTTP, of an answer that is no error form; 0 ends */
		const char *type;	/* a type word of part.h; NULL: no body */
	} gives[ROUTE_GIVES_MAX];
	unsigned says;			/* bits of enum route_says */
	const char *media;		/* of what it gives; NULL: application/json */
};

/* The routes of one resource (api/routes/). */
struct part;
struct route_group {
	const char *tag;		/* its heading in the description */
	const struct route *rows;
	size_t n;
	const struct part *parts;	/* the objects of their answers */
	size_t parts_n;
};
extern const struct route_group *const route_groups[];	/* NULL ends */

/* All rows, one behind the other. */
size_t route_count(void);
const struct route *route_at(size_t i);

#define ROUTE_PARAMS_MAX 3
#define ROUTE_VALUE_MAX 64

struct route_match {
	const struct route *route;	/* NULL: see allowed */
	size_t number;			/* as route_at counts */
	unsigned allowed;		/* bits of evhttp_cmd_type that the path has; 0: no path */
	size_t n;
	char values[ROUTE_PARAMS_MAX][ROUTE_VALUE_MAX];	/* of the ":name"s, in order */
};

/* HEAD matches GET's entry. path is the request's, without its query. */
void route_find(enum evhttp_cmd_type method, const char *path, struct route_match *out);
/* The value of ":name"; NULL when the path has no such part. */
const char *route_value(const struct route_match *m, const char *name);
/* "GET, HEAD, OPTIONS" */
void route_allow(unsigned allowed, char *out, size_t size);
/* "GET"; "?" for what is none of ours. */
const char *route_method_name(enum evhttp_cmd_type method);

#endif
