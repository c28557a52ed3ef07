/*
 * openapi.h - the API's description, OpenAPI 3.1, made from the tables that the
 * API itself works with:
 *
 *	the rows of the routes (api/routes/)	paths, roles, parameters, bodies, answers
 *	the parts beside them			the objects in the answers, from rows.h's tables
 *	bot_keys[] (common/)			a bot's settings with ranges and defaults
 */
#ifndef API_OPENAPI_OPENAPI_H
#define API_OPENAPI_OPENAPI_H

#include "api/http/route.h"
#include "common/buf.h"

/* Appends the whole document. */
void openapi_write(struct buf *out);

/* "getBotsByIdStatus": unique, and the same as long as the route is. */
#define OPENAPI_ID_MAX 80
void openapi_operation_id(const struct route *r, char out[OPENAPI_ID_MAX]);
/* "/api/v1/bots/{id}/status" */
#define OPENAPI_PATH_MAX 120
void openapi_path(const struct route *r, char out[OPENAPI_PATH_MAX]);

#endif
