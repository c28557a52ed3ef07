/*
 * schema.h - JSON Schemas of the API's requests and answers (dialect 2020-12, which OpenAPI
 * 3.1 uses).
 *
 * The type of a field is a word:
 *
 *	int number bool text time day	as in JSON; times and days are texts
 *	count id			int from 0, from 1
 *	amount				number, exact to 8 decimals
 *	object any			with whatever members; whatever
 *	a|b|c				one of these texts
 *	Order				another part (they begin with a capital)
 *	[Order] [int]			a list
 *
 * with "?" behind it when it may be null, and "-" at the end when it may be missing.
 */
#ifndef API_OPENAPI_SCHEMA_H
#define API_OPENAPI_SCHEMA_H

#include "api/http/param.h"
#include "api/store/rows.h"
#include "common/json.h"

struct openapi_field {
	const char *name;	/* NULL ends a list */
	const char *type;	/* over a column: NULL as its table says, "?" and may be null */
	const char *help;	/* NULL: the word's usual meaning, see openapi_word */
};

struct openapi_part {
	const char *name, *help;
	/*
	 * The object's members: the columns (NULL: none) with what "fields" says about
	 * them, then the other fields, then "more" (NULL: none).
	 */
	const struct column *columns;
	const struct openapi_field *fields, *more;
};

extern const struct openapi_part openapi_parts[];
extern const size_t openapi_parts_count;

/* What a member of this name means wherever it stands, and an example (JSON). */
struct openapi_word {
	const char *name, *example, *help;
};
extern const struct openapi_word openapi_words[];
extern const size_t openapi_words_count;

/* The members of part p, one by one; false after the last. Begin with a zeroed struct. */
struct openapi_member {
	const char *name, *help;	/* help "": none */
	char type[200];			/* never NULL or "?" */
	size_t at;			/* where the next one is looked for */
};
bool openapi_member_next(const struct openapi_part *p, struct openapi_member *m);

/* "name": { the schema of part p, with an example } */
void openapi_part_schema(struct json *j, const struct openapi_part *p);
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
