/* names.h - words of an enum, as they stand in the database, turned back into its values. */
#ifndef COMMON_NAMES_H
#define COMMON_NAMES_H

#include "common/err.h"

#include <stddef.h>
#include <string.h>

/* 0 and its index, or ERR_INVALID: no such name. */
static inline int names_find(const char *const *names, size_t n, const char *name, size_t *out)
{
	for (size_t i = 0; i < n; i++) {
		if (names[i] && strcmp(names[i], name) == 0) {
			*out = i;
			return 0;
		}
	}
	return ERR_INVALID;
}

/* Defines int function(const char *name, type *out) over an array of names. */
#define NAME_PARSER(function, type_out, names)                                             \
	int function(const char *name, type_out *out)                                      \
	{                                                                                  \
		size_t i;                                                                  \
                                                                                           \
		if (names_find(names, sizeof(names) / sizeof((names)[0]), name, &i))       \
			return ERR_INVALID;                                                \
		*out = (type_out)i;                                                        \
		return 0;                                                                  \
	}

#endif
