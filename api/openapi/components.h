/*
 * components.h - what the description's paths refer to: errors, headers,
 * parameters, and all objects.
 */
#ifndef API_OPENAPI_COMPONENTS_H
#define API_OPENAPI_COMPONENTS_H

#include "api/http/route.h"
#include "common/json.h"

/* Which routes can answer with an error. */
enum openapi_when {
	OPENAPI_ALWAYS,
	OPENAPI_WITH_TOKEN,	/* a role is needed */
	OPENAPI_WITH_ROW,	/* it looks for a row */
	OPENAPI_WITH_CONFLICT,
	OPENAPI_WITH_BODY,
	OPENAPI_WITH_MEMBERS,	/* of the body that it checks */
	OPENAPI_WITH_UPGRADE,
	OPENAPI_WITH_DB,
	OPENAPI_LATER,		/* it has no work behind it yet */
	OPENAPI_NEVER		/* only a path that has no such method */
};

struct openapi_error {
	int http;
	enum openapi_when when;
	const char *name;	/* below components/responses */
	const char *code;	/* of its example */
	const char *help;
	const char *header;	/* NULL: none but X-Correlation-Id */
};
extern const struct openapi_error openapi_errors[];	/* by number */
extern const size_t openapi_errors_count;

bool openapi_error_can(const struct openapi_error *e, const struct route *r);
/* key: { "$ref": "#/components/kind/name" } */
void openapi_put_ref(struct json *j, const char *key, const char *kind, const char *name);
/* "components": { ... } */
void openapi_components(struct json *j);

#endif
