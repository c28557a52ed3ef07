#include "common/notify_kind.h"

#include <stddef.h>
#include <string.h>

static const char *const NAMES[NOTIFY_KINDS] = {
	[NOTIFY_STARTUP] = "startup", [NOTIFY_STATUS] = "status", [NOTIFY_WARNING] = "warning",
	[NOTIFY_ENTRY] = "entry", [NOTIFY_ENTRY_FILL] = "entry_fill",
	[NOTIFY_ENTRY_CANCEL] = "entry_cancel", [NOTIFY_EXIT_FILL] = "exit_fill",
	[NOTIFY_EMERGENCY] = "emergency", [NOTIFY_FEED] = "feed", [NOTIFY_SUMMARY] = "summary",
	[NOTIFY_RELOAD] = "reload",
};

const char *notify_kind_name(enum notify_kind k)
{
	ASSERT(k < NOTIFY_KINDS);
	return NAMES[k];
}

static int find(const char *name, size_t len)
{
	for (int i = 0; i < NOTIFY_KINDS; i++)
		if (strlen(NAMES[i]) == len && strncmp(NAMES[i], name, len) == 0)
			return i;
	return -1;
}

int notify_kinds_parse(const char *names, bool wanted[NOTIFY_KINDS], struct err *e)
{
	bool list[NOTIFY_KINDS] = { false };
	bool any = false;

	for (names += strspn(names, " ,"); *names; names += strspn(names, " ,")) {
		size_t len = strcspn(names, " ,");
		int i = find(names, len);

		if (i < 0)
			return err_set(e, ERR_INVALID, "\"%.*s\" is no kind of message; there are "
				       "startup, status, warning, entry, entry_fill, entry_cancel, "
				       "exit_fill, emergency, feed, summary, reload",
				       (int)(len < 40 ? len : 40), names);
		list[i] = any = true;
		names += len;
	}
	for (int i = 0; i < NOTIFY_KINDS; i++)
		wanted[i] = !any || list[i];
	return 0;
}
