/*
 * telegram_text.h - writes plain text as Telegram's HTML (Bot API, "HTML style"): escapes text
 * of people and exchanges, and keeps each message within its limit.
 */
#ifndef WORKER_NOTIFY_TELEGRAM_TEXT_H
#define WORKER_NOTIFY_TELEGRAM_TEXT_H

#include "common/buf.h"

#include <stddef.h>

/*
 * sendMessage takes 4096 characters, counted without the tags. We count bytes with the tags,
 * which are never fewer.
 */
#define TELEGRAM_TEXT_MAX 4096
#define TELEGRAM_PAGE_MAX 3800	/* of one row, so that a note may be put before it */

/* Text with & < > " escaped; not more than "room" bytes, cut between two characters with "...". */
void telegram_escape(struct buf *out, const char *text, size_t room);
/* The first line bold, after prefix (HTML); the others as they are. At most TELEGRAM_PAGE_MAX. */
void telegram_message(struct buf *out, const char *prefix, const char *text);
/*
 * Lines in a fixed-width block: as many whole lines of text as one page holds (part of a
 * line, if one alone is too long). Returns what is left, "" at the end.
 */
const char *telegram_page(struct buf *out, const char *text);

#endif
