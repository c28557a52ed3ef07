/* Start, stop, pause, resume and emergency stop; and what became of a command. */
#include "api/pending/command.h"
#include "api/routes/handlers.h"
#include "api/store/bots.h"

#include <stdio.h>
#include <string.h>

/* {"positions":"close"} of a stop; "{}" for the others. */
static void args_of(struct request *r, char *out, size_t size)
{
	const char *positions = request_text(r, "positions", NULL);

	if (positions)
		snprintf(out, size, "{\"positions\":\"%s\"}", positions);
	else
		snprintf(out, size, "{}");
}

int handle_bot_command(struct request *r, struct err *e)
{
	int64_t id = 1;
	char args[64];
	int rc = 0;

	if (request_path_value(r, "id"))
		rc = request_id(r, "id", &id, e);
	if (!rc)
		rc = store_bots_check_ours(r->app->db, id, e);
	if (rc)
		return rc;
	args_of(r, args, sizeof(args));
	return command_send(r, r->route->arg, id, args, e);
}

int handle_all_bots_command(struct request *r, struct err *e)
{
	return command_send(r, r->route->arg, 0, "{}", e);
}

int handle_command_get(struct request *r, struct err *e)
{
	struct command c;
	int64_t id;
	int rc;

	rc = request_id(r, "id", &id, e);
	if (!rc)
		rc = store_command_get(r->app->db, id, &c, e);
	if (!rc)
		command_members(&r->json, &c);
	return rc;
}
