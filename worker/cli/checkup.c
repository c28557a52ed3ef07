#include "worker/cli/checkup.h"

#include <stdarg.h>
#include <stdio.h>

static void line(const char *word, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
static void line(const char *word, const char *fmt, va_list ap)
{
	printf("%-4s  ", word);
	vprintf(fmt, ap);
	putchar('\n');
}

void checkup_ok(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("ok", fmt, ap);
	va_end(ap);
}

void checkup_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("note", fmt, ap);
	va_end(ap);
}

void checkup_bad(struct checkup *d, const char *what_to_do, const char *fmt, ...)
{
	va_list ap;

	d->bad++;
	va_start(ap, fmt);
	line("FAIL", fmt, ap);
	va_end(ap);
	printf("      do: %s\n", what_to_do);
}
