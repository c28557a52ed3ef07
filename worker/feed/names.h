/*
 * names.h - splits a list of file names, such as the setting RECORDING.
 *
 *	one.gz two.gz			separated by blanks or line breaks
 *	"my tape.gz" 'your tape.gz'	a name with blanks in quotes of either kind
 *	my tape.gz			one name, if a file with this whole name exists
 */
#ifndef WORKER_FEED_NAMES_H
#define WORKER_FEED_NAMES_H

#include "common/buf.h"

#include <stddef.h>

struct names { char **list; size_t n; };

/* Free with names_free. */
struct names names_split(const char *text);
void names_free(struct names *n);
/* Appends one name, in quotes if it needs them. The name must not hold both kinds of quotes. */
void names_add(struct buf *text, const char *name);

#endif
