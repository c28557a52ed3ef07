/*
 * schema.h - JSON Schemas (dialect 2020-12, as OpenAPI 3.1 takes them) of
 * what the API takes and gives.
 * The words of types: api/http/part.h.
 */
#ifndef API_OPENAPI_SCHEMA_H
#define API_OPENAPI_SCHEMA_H

#include "api/http/param.h"
#include "api/http/part.h"
#include "common/json.h"

/* The members of part p, one by one; false after the last. Begin with a zeroed struct. */
struct openapi_member {
	const char *name, *help;	/* help "": none */
	char type[200];			/* never NULL or "?" */
	bool of_repeat;			/* only in the answer to a repeated request */
	size_t at;			/* where the next one is looked for */
};
bool openapi_member_next(const struct part *p, struct openapi_member *m);

/* "name": { the schema of part p, with an example } */
void openapi_part_schema(struct json *j, const struct part *p);
/* key: { the schema of a type word } */
void openapi_type_schema(struct json *j, const char *key, const char *type, const char *help);
/* "BotConfig": the settings as they are shown; "BotConfigChange": as a request may have them. */
void openapi_config_schemas(struct json *j);
/* key: { the schema of one parameter or member of a body } */
void openapi_param_schema(struct json *j, const char *key, const struct param *p);
/* key: { the schema of a body with these members; NULL: none } */
void openapi_body_schema(struct json *j, const char *key, const struct param *list);

/* "type": type, or [type, "null"] */
void openapi_put_type(struct json *j, const char *type, bool null);
/* "type" and "enum" of the texts "a|b|c" */
void openapi_put_choices(struct json *j, const char *choices, bool null);

#endif
