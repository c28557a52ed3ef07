/*
 * notify_kind.h - the kinds of messages that go out to people and programs.
 *
 * Names are freqtrade's where the meaning is the same. A new kind: its row here, its
 * TELEGRAM_NOTIFY_ key in config.c, its line in docs/TELEGRAM.md.
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
 * Names separated by blanks or commas: is k's among them? ERR_INVALID names one that is
 * none (wanted untouched). No name at all: every kind is.
 */
MUST_CHECK int notify_kinds_parse(const char *names, bool wanted[NOTIFY_KINDS], struct err *e);

#endif
