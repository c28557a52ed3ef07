/*
 * stop_signal.h - the emergency stop of all bots when the database takes no command: SIGUSR1
 * to the worker, and its stop file (stop_mark.h) for one that is away or out of reach of signals.
 */
#ifndef COMMON_DB_STOP_SIGNAL_H
#define COMMON_DB_STOP_SIGNAL_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stop_signal {
	int64_t pid;			/* of the worker that holds the database, 0 none */
	bool kept, sent;		/* in the stop file, as a signal */
	struct err why;			/* why it is not kept */
};

/*
 * Asks for the stop of all bots; does not wait. path: the database as the worker calls it,
 * that is its real path.
 */
void stop_signal_ask(const char *path, struct stop_signal *out);
/* Has the worker told its engine since? */
bool stop_signal_told(const char *path);
enum stop_heard {
	STOP_ASKED,			/* not waited for: the worker looks 5 times a second */
	STOP_HEARD,			/* stop_signal_told */
	STOP_IN_VAIN			/* it was waited for */
};
/*
 * What became of it, for a person. Returns false when it can't be relied on that the bots
 * stop.
 */
bool stop_signal_text(const struct stop_signal *s, const char *path, enum stop_heard heard,
		      char *out, size_t size);

#endif
