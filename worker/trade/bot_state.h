/*
 * bot_state.h - the status of a bot and what may change it.
 *
 *            start                    pause
 * STOPPED ----------> RUNNING  <----------------> PAUSED
 *    ^  ^               |  |         resume          |
 *    |  |     failure   |  `--- stop ----------------|--> STOPPED
 *    |  `- stop -- ERROR <---------- failure --------'
 *    `------------------- emergency-stop from any state
 *
 * A command for the status that a bot has already succeeds and changes nothing. A failure
 * doesn't change STOPPED, because only a start may undo an emergency stop.
 */
#ifndef WORKER_ENGINE_BOT_STATE_H
#define WORKER_ENGINE_BOT_STATE_H

#include "common/err.h"

enum bot_status { BOT_STOPPED, BOT_RUNNING, BOT_PAUSED, BOT_ERROR };
#define BOT_STATUSES 4
enum bot_event {
	EVENT_START, EVENT_STOP, EVENT_PAUSE, EVENT_RESUME, EVENT_EMERGENCY_STOP, EVENT_FAILURE
};
#define BOT_EVENTS 6

/* An emergency stop: none, its orders are being closed, done and in force until a start. */
enum emergency { EMERGENCY_NONE, EMERGENCY_FLATTENING, EMERGENCY_LATCHED };

/* 0 and *to (may equal from), or ERR_CONFLICT and a sentence. */
MUST_CHECK int bot_state_next(enum bot_status from, enum bot_event event, enum bot_status *to,
			      struct err *e);

/* "RUNNING" as in the database, and back. */
const char *bot_status_name(enum bot_status s);
MUST_CHECK int bot_status_parse(const char *name, enum bot_status *out);
const char *bot_event_name(enum bot_event v);	/* "emergency-stop" */

#endif
