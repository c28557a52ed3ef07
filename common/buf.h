/*
 * buf.h - a growing byte buffer, always NUL-terminated.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include "common/err.h"

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;		/* NULL until the first byte; NUL-terminated after it */
	size_t len, cap;
};

/* Gives back the room behind the text: for one that is kept for long. */
void buf_shrink(struct buf *b);
/*
 * Room for n more bytes at the end: write at most so many there, then say with buf_wrote how
 * many they were. For writers of many small pieces.
 */
char *buf_room(struct buf *b, size_t n);
void buf_wrote(struct buf *b, size_t n);
void buf_free(struct buf *b);		/* leaves it empty and usable */
void buf_clear(struct buf *b);		/* keeps the memory */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* The text; "" while empty. Borrowed until the next change. */
const char *buf_text(const struct buf *b);

#endif
