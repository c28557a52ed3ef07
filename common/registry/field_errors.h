/* field_errors.h - what is wrong with the fields of a request or a row, one sentence each. */
#ifndef COMMON_REGISTRY_FIELD_ERRORS_H
#define COMMON_REGISTRY_FIELD_ERRORS_H

#include "common/err.h"

#include <stddef.h>

#define FIELD_ERRORS_MAX 64
struct field_errors {
	size_t n;
	struct { char field[48]; char message[200]; } list[FIELD_ERRORS_MAX];
};
/* Adds an error if there is space; f may be NULL. The message continues the name: "must be ...". */
void field_error(struct field_errors *f, const char *field, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

#endif
