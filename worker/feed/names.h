/*
 * names.h - a list of file names in one text, as RECORDING holds them.
 *
 *	one.gz two.gz			separated by blanks or line breaks
 *	"my tape.gz" 'your tape.gz'	a name with blanks stands in quotes of either kind
 *	my tape.gz			a text that is itself the name of a file is one name
 */
#ifndef WORKER_FEED_NAMES_H
#define WORKER_FEED_NAMES_H

#include "common/buf.h"

#include <stddef.h>

struct names { char **list; size_t n; };

/* Free with names_free. */
struct names names_split(const char *text);
void names_free(struct names *n);
/* Append one name to a text, in quotes where it needs them (not with both kinds inside). */
void names_add(struct buf *text, const char *name);

#endif
