/*
 * notify_kind.h - the kinds of messages that the worker sends to people and programs.
 *
 * Names are freqtrade's where the meaning is the same. A new kind needs a row here, a key
 * TELEGRAM_NOTIFY_... in config.c and a line in docs/TELEGRAM.md.
 */
#ifndef COMMON_NOTIFY_KIND_H
#define COMMON_NOTIFY_KIND_H

#include "common/err.h"

#include <stdbool.h>

enum notify_kind {
	NOTIFY_STARTUP,			/* the worker started or ends */
	NOTIFY_STATUS,			/* a bot's status changed */
	NOTIFY_WARNING,			/* somebody should look */
	NOTIFY_ENTRY,			/* an entry order was placed */
	NOTIFY_ENTRY_FILL,		/* a position was opened */
	NOTIFY_ENTRY_CANCEL,		/* an entry ended without a fill */
	NOTIFY_EXIT_FILL,		/* a position was closed */
	NOTIFY_EMERGENCY,		/* an emergency stop, and how it goes on */
	NOTIFY_FEED,			/* market data is stale, or back */
	NOTIFY_SUMMARY,			/* results of the UTC day that ended */
	NOTIFY_RELOAD			/* a bot's new settings are in force, or refused */
};
#define NOTIFY_KINDS 11

enum notify_level { NOTIFY_OFF, NOTIFY_SILENT, NOTIFY_ON };

const char *notify_kind_name(enum notify_kind k);	/* "entry_fill" */
/*
 * Reads names separated by blanks or commas: wanted[k] says whether k is among them. An
 * empty list wants every kind. ERR_INVALID names the word that is no kind; wanted is then
 * untouched.
 */
MUST_CHECK int notify_kinds_parse(const char *names, bool wanted[NOTIFY_KINDS], struct err *e);

#endif
