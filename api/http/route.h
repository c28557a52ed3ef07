/*
 * route.h - one entry per method and path. Every list of routes (405's Allow, OPTIONS, HEAD,
 * docs/API.md's check, OpenAPI) derives from this table.
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

struct route {
	enum evhttp_cmd_type method;
	const char *path;
	enum role role;			/* the least that may call it */
	/*
	 * Writes the members of the answer into r->json and returns 0 (r->code is
	 * 200 unless set), or a negative code with e; or parks the request.
	 */
	int (*handler)(struct request *r, struct err *e);
	const char *summary;		/* one sentence */
	const struct param *query;	/* NULL: takes none */
	const struct param *body;
	enum route_body body_kind;
	const char *arg;		/* for handlers that serve several routes */
	bool root;			/* not under /api */
	bool metrics;			/* needs no role with METRICS_PUBLIC */
	bool no_db;			/* works without the database */
	bool later;			/* answers 501 until its part exists */
	bool slow;			/* reads much: see slow.h */
	void (*prepare)(struct request *r);	/* of a slow one: runs in the loop before it */
};

extern const struct route routes[];
extern const size_t routes_count;

#define ROUTE_PARAMS_MAX 3
#define ROUTE_VALUE_MAX 64

struct route_match {
	const struct route *route;	/* NULL: see allowed */
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
