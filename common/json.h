/*
 * json.h - writing JSON into a buffer, and reading it strictly.
 *
 * The writer adds commas and escapes; the caller pairs begin and end.
 * The reader is cJSON behind a check that refuses what cJSON accepts: trailing bytes,
 * duplicate keys, depth over JSON_DEPTH_MAX, invalid UTF-8, control characters in strings,
 * numbers that are not JSON (01, .5, +1, NaN) or overflow a double, and lone surrogates. An
 * escaped NUL (\u0000) is read as U+FFFD, because a C string would end there.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include "common/buf.h"
#include "common/err.h"
#include "common/money.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 32

struct json {			/* a writer; zero it, set out */
	struct buf *out;
	bool comma;		/* the next value needs one before it */
};

/* key NULL inside arrays and at the top. */
void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);
void json_string(struct json *j, const char *key, const char *value);	/* NULL: null */
void json_int(struct json *j, const char *key, int64_t value);
/* The shortest text (15 to 17 digits) that reads back as the same double; not finite: null. */
void json_double(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
void json_price(struct json *j, const char *key, struct price v);	/* exact number */
void json_qty(struct json *j, const char *key, struct qty v);
void json_money(struct json *j, const char *key, struct money v);
void json_time(struct json *j, const char *key, int64_t us);	/* RFC 3339; 0: null */
/* Text that is JSON already; NULL or "": null. */
void json_raw(struct json *j, const char *key, const char *json_text);

/* Adds text with JSON's escapes, without quotes. Bytes that are not UTF-8 become U+FFFD. */
void json_escape(struct buf *out, const char *text);

/*
 * Reads len bytes (no NUL needed). 0 and *out (cJSON_Delete it), or ERR_INVALID with
 * line and column.
 */
MUST_CHECK int json_read(const char *text, size_t len, cJSON **out, struct err *e);

#endif
