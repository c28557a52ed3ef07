/*
 * param.h - what a route accepts in its query or its JSON body, as a table, and
 * the check of a request against it.
 */
#ifndef API_HTTP_PARAM_H
#define API_HTTP_PARAM_H

#include "common/json.h"
#include "common/registry/bot_config.h"

#include <sys/queue.h>
#include <event2/keyvalq_struct.h>
#include <stdbool.h>
#include <stdint.h>

enum param_type {
	/* min..max: length in bytes; text.h. min 0: may have several lines; else one */
	PARAM_TEXT,
	PARAM_INT,	/* min..max */
	PARAM_NUMBER,	/* min..max */
	PARAM_AMOUNT,	/* min..max; stored with 8 decimals, and as a double (money.h) */
	PARAM_BOOL,	/* in a query: true or false */
	PARAM_TIME,	/* RFC 3339, or YYYY-MM-DD */
	PARAM_DAY,	/* YYYY-MM-DD */
	PARAM_CHOICE,	/* one of "a|b|c" */
	PARAM_OBJECT,	/* JSON object, checked by the handler */
	PARAM_LIST,	/* JSON array, checked by the handler */
	PARAM_FILE	/* of a multipart form, checked by the handler */
};

struct param {
	const char *name;	/* NULL ends a list */
	enum param_type type;
	bool required;
	bool nullable;		/* null in a body means "not given" */
	double min, max;
	const char *choices;
	const char *holds;	/* of an object or list: JSON Schema of its values; NULL: any */
	const char *help;	/* one sentence with the unit */
};

/*
 * One field error per unknown member, missing member, wrong type or value out of
 * range. list may be NULL: nothing is accepted. Returns 0 or ERR_INVALID.
 */
MUST_CHECK int param_check_body(const struct param *list, const cJSON *body,
				struct field_errors *f);
MUST_CHECK int param_check_query(const struct param *list, const struct evkeyvalq *query,
				 struct field_errors *f);

bool param_choice(const char *choices, const char *text);

#endif
