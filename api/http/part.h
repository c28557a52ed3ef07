/*
 * part.h - the objects in the API's answers, described: for OpenAPI, and for who reads the code.
 * They stand beside the routes that answer with them (api/routes/).
 *
 * The type of a field is a word:
 *
 *	int number bool text time day	as in JSON; times and days are texts
 *	false				the one value
 *	count id			int from 0, from 1
 *	amount				number, exact to 8 decimals
 *	binary				bytes, of a medium that is not JSON
 *	object any			with whatever members; whatever
 *	a|b|c				one of these texts
 *	Order				another part (they begin with a capital)
 *	[Order] [int]			a list
 *
 * with "?" behind it when it may be null, and "-" at the end when it may be missing.
 */
#ifndef API_HTTP_PART_H
#define API_HTTP_PART_H

struct column;

struct part_field {
	const char *name;	/* NULL ends a list */
	const char *type;	/* over a column: NULL as its table says, "?" and may be null */
	const char *help;	/* NULL: the word's usual meaning, see api/openapi/words.h */
};

struct part {
	const char *name, *help;
	/*
	 * The object's members: the columns (NULL: none) with what "fields" says about
	 * them, then the other fields, then "more" (NULL: none).
	 */
	const struct column *columns;
	const struct part_field *fields, *more;
};

#endif
