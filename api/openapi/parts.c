/* The objects that answers of several resources have: errors, and answers to commands. */
#include "api/openapi/parts.h"

#include "api/http/route.h"
#include "api/routes/table.h"

#include <string.h>

static const struct part_field command_answer[] = {
	OK, { "message", "text", "What happened, for a person." },
	{ "status", "text?",
	  "The bot's status after it, in lower case; null when all bots were meant and differ." },
	NOW, { "command_id", "id", "GET /commands/:id shows it again." },
	F("correlation_id", "text"), { NULL, NULL, NULL },
};

static const struct part shared[] = {
	OBJECT("Error", "Every answer that is not a success.",
	       { "success", "false", "Always false." }, F("error", "ErrorBody"),
	       { "status", BOT_STATE "-", "A bot's status, when that is the reason." },
	       F("correlation_id", "text"), NOW),
	OBJECT("ErrorBody", "What went wrong.",
	       { "code", "text", "A word for programs, such as not_found." },
	       { "message", "text", "A sentence for people." },
	       { "fields", "[FieldMessage]", "Which members or parameters; else empty." }),
	OBJECT("FieldMessage", "A remark about one member.",
	       { "field", "text", "Its name." },
	       { "message", "text", "Goes on from the name: \"must be ...\"." }),
	{ "CommandAnswer", "The worker's answer to a command.", NULL,
	  FIELDS({ "result", "object?", "What the worker adds." }), command_answer },
	OBJECT("CommandQueued", "The worker has not answered yet.",
	       OK, { "message", "text", "What happened, for a person." },
	       { "status", "text", "Always \"queued\"." }, NOW,
	       { "command_id", "id-",
		 "GET /commands/:id shows it again. Missing after an emergency stop that the "
		 "worker was told without the database, which took no command." },
	       F("correlation_id", "text"), { "link", "text-", "Where the answer will be." }),
	OBJECT("Command", "A command and what became of it.",
	       F("id", "id"),
	       { "kind", "start|stop|pause|resume|emergency-stop|close-position|close-all|"
		 "simulation-reset", "What was asked for." },
	       { "bot_id", "id?", "Null: every bot." }, { "args", "object", "Its details." },
	       F("requested_by", "text"), F("correlation_id", "text"), F("created", "time"),
	       { "expires", "time?", "When it is given up; null: never." },
	       { "status", "queued|done|failed|expired", NULL },
	       { "code", "text?", "Why it failed, as in errors." },
	       { "message", "text", "What happened, for a person." },
	       { "result", "object?", "What the worker adds." },
	       { "answered", "time?", "When; null: not yet." }),
};
#define SHARED (sizeof(shared) / sizeof(shared[0]))

const struct part *openapi_part_at(size_t i)
{
	if (i < SHARED)
		return &shared[i];
	i -= SHARED;
	for (const struct route_group *const *g = route_groups; *g; g++) {
		if (i < (*g)->parts_n)
			return &(*g)->parts[i];
		i -= (*g)->parts_n;
	}
	return NULL;
}

const struct part *openapi_part_find(const char *name)
{
	const struct part *p;

	for (size_t i = 0; (p = openapi_part_at(i)) != NULL; i++) {
		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}
