#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef err_set
int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return code;
}

void err_prefix(struct err *e, const char *fmt, ...)
{
	char head[sizeof(e->msg)];
	char old[sizeof(e->msg)];
	va_list ap;

	if (!e)
		return;
	va_start(ap, fmt);
	vsnprintf(head, sizeof(head), fmt, ap);
	va_end(ap);
	memcpy(old, e->msg, sizeof(old));
	if (snprintf(e->msg, sizeof(e->msg), "%s: %s", head, old) < 0)
		e->msg[0] = '\0';
}

const char *err_name(int code)
{
	switch ((enum err_code)code) {
	case ERR_NONE: return "none";
	case ERR_INVALID: return "invalid";
	case ERR_NOT_FOUND: return "not_found";
	case ERR_CONFLICT: return "conflict";
	case ERR_RANGE: return "out_of_range";
	case ERR_BUSY: return "busy";
	case ERR_FULL: return "disk_full";
	case ERR_READONLY: return "read_only";
	case ERR_CORRUPT: return "corrupt";
	case ERR_NEWER: return "newer_version";
	case ERR_IO: return "io";
	case ERR_DENIED: return "denied";
	case ERR_UNAVAILABLE: return "unavailable";
	case ERR_LIMIT: return "limit";
	case ERR_END: return "end";
	}
	return "unknown";
}

_Noreturn void err_assert_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, cond);
	abort();
}

_Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *xcalloc(unsigned long n, unsigned long size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	ASSERT(p != NULL);
	return p;
}

void *xrealloc(void *p, unsigned long size)
{
	p = realloc(p, size ? size : 1);
	ASSERT(p != NULL);
	return p;
}

char *xstrdup(const char *s)
{
	char *p = strdup(s);

	ASSERT(p != NULL);
	return p;
}
