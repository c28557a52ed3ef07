/*
 * dotenv.h - reads a .env file: KEY=value lines, as shells and compose take them.
 *
 *	# a comment
 *	export KEY=value          # the blank before this comment ends the value
 *	KEY="with # and \" in it"
 *	KEY='taken as it is'
 *
 * A later line for the same key wins. Variables ($X) are not expanded.
 */
#ifndef COMMON_DOTENV_H
#define COMMON_DOTENV_H

#include "common/err.h"

#include <stddef.h>

struct dotenv_entry {
	char *key, *value;
	int line;		/* from 1 */
};

struct dotenv {			/* zero it before reading */
	struct dotenv_entry *list;
	size_t n;
};

/* ERR_NOT_FOUND when there is no such file; ERR_INVALID names the line. */
MUST_CHECK int dotenv_read(const char *path, struct dotenv *out, struct err *e);
/* The last line that sets key, or NULL. */
const struct dotenv_entry *dotenv_get(const struct dotenv *d, const char *key);
void dotenv_free(struct dotenv *d);	/* wipes the values: some are secrets */

#endif
