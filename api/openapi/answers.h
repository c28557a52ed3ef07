/*
 * answers.h - what each handler answers, for the API's description. What
 * every route answers (400, 401, 403, 429, 500 ...) is not in this table.
 */
#ifndef API_OPENAPI_ANSWERS_H
#define API_OPENAPI_ANSWERS_H

#include "api/http/route.h"

enum openapi_flag {
	OPENAPI_NOT_FOUND = 1,		/* 404 without a number in the path */
	OPENAPI_CONFLICT = 2,		/* 409 */
	OPENAPI_UNAVAILABLE = 4,	/* 503 though it needs no database */
	OPENAPI_ETAG = 8,		/* the answer's version */
	OPENAPI_IF_MATCH = 16,		/* takes If-Match */
	OPENAPI_IDEMPOTENT = 32,	/* takes Idempotency-Key */
	OPENAPI_LOCATION = 64,		/* 201 and 202 say where it is */
	OPENAPI_UPGRADE = 128,		/* 426 */
	OPENAPI_RESUME = 256,		/* takes Last-Event-ID */
	OPENAPI_CHECKS = 512		/* what is wrong with the body is its answer, not 422 */
};

struct openapi_answer {
	int (*handler)(struct request *r, struct err *e);
	struct {
		int code;		/* HTTP; 0 ends */
		const char *type;	/* a type word of schema.h; NULL: no body */
	} gives[3];
	unsigned flags;			/* bits of enum openapi_flag */
	const char *media;		/* NULL: application/json */
	const char *example;		/* of the body, JSON; NULL: takes none */
};

/* NULL: nothing is said about this handler, which is a mistake unless the route is a later one. */
const struct openapi_answer *openapi_answer_find(const struct route *r);

#endif
