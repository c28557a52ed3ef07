/*
 * lightgbm_internal.h - shared by the sources that read a LightGBM text model: lightgbm_line.c
 * (lines, numbers, lists), lightgbm_tree.c (a tree), lightgbm.c (the file).
 */
#ifndef WORKER_MODEL_FORMAT_LIGHTGBM_INTERNAL_H
#define WORKER_MODEL_FORMAT_LIGHTGBM_INTERNAL_H

#include "worker/model/format/lightgbm.h"

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

/*
 * Reads the tree whose first line "Tree=.." is *first and adds it to m; *next is the line after
 * it. *size: its bytes as its writer counted them.
 */
MUST_CHECK int lightgbm_tree_read(struct lightgbm_lines *in, const struct lightgbm_line *first,
				  struct lightgbm *m, struct lightgbm_line *next, bool *more,
				  size_t *size);

#endif
