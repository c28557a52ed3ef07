#include "worker/trade/bot_state.h"

#include "common/names.h"

#define REFUSED (-1)

static const char *const status_names[BOT_STATUSES] = {
	[BOT_STOPPED] = "STOPPED", [BOT_RUNNING] = "RUNNING", [BOT_PAUSED] = "PAUSED",
	[BOT_ERROR] = "ERROR",
};

static const char *const event_names[BOT_EVENTS] = {
	[EVENT_START] = "start", [EVENT_STOP] = "stop", [EVENT_PAUSE] = "pause",
	[EVENT_RESUME] = "resume", [EVENT_EMERGENCY_STOP] = "emergency-stop",
	[EVENT_FAILURE] = "failure",
};

/* clang-format off */
static const int arrows[BOT_STATUSES][BOT_EVENTS] = {
	/*        start        stop         pause       resume       emergency    failure */
	[BOT_STOPPED] =
		{ BOT_RUNNING, BOT_STOPPED, REFUSED,    REFUSED,     BOT_STOPPED, BOT_STOPPED },
	[BOT_RUNNING] =
		{ BOT_RUNNING, BOT_STOPPED, BOT_PAUSED, BOT_RUNNING, BOT_STOPPED, BOT_ERROR },
	[BOT_PAUSED] =
		{ BOT_RUNNING, BOT_STOPPED, BOT_PAUSED, BOT_RUNNING, BOT_STOPPED, BOT_ERROR },
	[BOT_ERROR] =
		{ BOT_RUNNING, BOT_STOPPED, REFUSED,    REFUSED,     BOT_STOPPED, BOT_ERROR },
};
/* clang-format on */

int bot_state_next(enum bot_status from, enum bot_event event, enum bot_status *to, struct err *e)
{
	int next = arrows[from][event];

	if (next == REFUSED)
		return err_set(e, ERR_CONFLICT, "can't %s: the bot is %s; start it first",
			       event_names[event], status_names[from]);
	*to = (enum bot_status)next;
	return 0;
}

const char *bot_status_name(enum bot_status s)
{
	return status_names[s];
}

NAME_PARSER(bot_status_parse, enum bot_status, status_names)

const char *bot_event_name(enum bot_event v)
{
	return event_names[v];
}
