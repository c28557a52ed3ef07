/*
 * stop_signal.h - the emergency stop of all bots when the database can't take a command.
 * Sends SIGUSR1 to the worker, and writes its stop file (stop_mark.h) for a worker that does
 * not run or that signals can't reach.
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
 * Asks for the stop of all bots; does not wait. path: the database's real path, because the
 * worker's stop file is named after it.
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
 * The outcome as text for a person. Returns false when it is not certain that the bots stop.
 */
bool stop_signal_text(const struct stop_signal *s, const char *path, enum stop_heard heard,
		      char *out, size_t size);

#endif
