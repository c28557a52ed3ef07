/*
 * lightgbm_line.h - lines, numbers and lists of a LightGBM text model.
 */
#ifndef WORKER_MODEL_FORMAT_LIGHTGBM_LINE_H
#define WORKER_MODEL_FORMAT_LIGHTGBM_LINE_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

/* A line "key=value" without its end; value NULL when it has no '='. Points into the file. */
struct lightgbm_line {
	const char *text;
	size_t len;
	const char *value;
	size_t key_len, value_len;
	size_t number;		/* from 1 */
};

struct lightgbm_lines {
	const char *at, *end;
	size_t number;		/* of the line that was given last */
	struct err *e;
};

/* A list of numbers; reused from tree to tree. */
struct lightgbm_list {
	double *v;
	size_t n, cap;
};

enum lightgbm_kind {
	LIGHTGBM_REAL,		/* a finite number */
	LIGHTGBM_WHOLE,		/* a whole number of 32 bits with sign */
	LIGHTGBM_WORD,		/* a whole number of 32 bits without sign */
	LIGHTGBM_SIZE,		/* a whole number below 2^53 */
	LIGHTGBM_ANY		/* statistics: also inf and nan; only counted */
};

/* False at the end of the file. */
bool lightgbm_line_next(struct lightgbm_lines *in, struct lightgbm_line *out);
bool lightgbm_line_is(const struct lightgbm_line *l, const char *text);
bool lightgbm_line_starts(const struct lightgbm_line *l, const char *text);
bool lightgbm_key_is(const struct lightgbm_line *l, const char *key);
/* ERR_CORRUPT: "line 7: what" */
MUST_CHECK int lightgbm_damaged(struct lightgbm_lines *in, size_t line, const char *what);

/* One number of len bytes, without blanks. False when it is none of this kind. */
bool lightgbm_number(const char *text, size_t len, enum lightgbm_kind kind, double *out);
/* The line's value as a list of numbers parted by single blanks. */
MUST_CHECK int lightgbm_list_read(struct lightgbm_lines *in, const struct lightgbm_line *l,
				  enum lightgbm_kind kind, struct lightgbm_list *out);
/* The next part of *text up to "sep"; both are moved on. False when nothing is left. */
bool lightgbm_part(const char **text, size_t *len, char sep, const char **part, size_t *part_len);

#endif
