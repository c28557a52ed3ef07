#include "common/registry/field_errors.h"

#include <stdarg.h>
#include <stdio.h>

void field_error(struct field_errors *f, const char *field, const char *fmt, ...)
{
	va_list ap;

	if (!f || f->n == FIELD_ERRORS_MAX)
		return;
	snprintf(f->list[f->n].field, sizeof(f->list[0].field), "%s", field);
	va_start(ap, fmt);
	vsnprintf(f->list[f->n].message, sizeof(f->list[0].message), fmt, ap);
	va_end(ap);
	f->n++;
}
