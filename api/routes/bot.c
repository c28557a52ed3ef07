/* Start, stop, pause, resume and emergency stop; and what became of a command. */
#include "api/pending/command.h"
#include "api/pending/command_reply.h"
#include "api/routes/table.h"
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

static int handle_bot_command(struct request *r, struct err *e)
{
	int64_t id = 1;
	char args[64];
	int rc = 0;

	if (request_path_value(r, "id"))
		rc = request_id(r, "id", &id, e);
	if (!rc)
		rc = store_bots_check_ours(r->db, id, e);
	if (rc)
		return rc;
	args_of(r, args, sizeof(args));
	return command_send(r, r->route->arg, id, args, e);
}

static int handle_all_bots_command(struct request *r, struct err *e)
{
	return command_send(r, r->route->arg, 0, "{}", e);
}

static int handle_command_get(struct request *r, struct err *e)
{
	struct command c;
	int64_t id;
	int rc;

	rc = request_id(r, "id", &id, e);
	if (!rc)
		rc = store_command_get(r->db, id, &c, e);
	if (!rc)
		command_members(&r->json, &c);
	return rc;
}

/* ---- the routes ---- */

static const struct param b_stop[] = {
	{ .name = "positions", .type = PARAM_CHOICE, .choices = "keep|close",
	  .help = "what happens to open positions, keep unless given" },
	END
};

static const struct route rows[] = {
	{ R(POST, "/bot/start"), T, DO(bot_command, "Start the default bot"), .arg = "start",
	  COMMAND(0) },
	{ R(POST, "/bot/stop"), T, DO(bot_command, "Stop the default bot"), .arg = "stop",
	  .body = b_stop, COMMAND(0), .example = "{\"positions\":\"close\"}" },
	{ R(POST, "/bot/pause"), T, DO(bot_command, "Pause the default bot"), .arg = "pause",
	  COMMAND(0) },
	{ R(POST, "/bot/resume"), T, DO(bot_command, "Resume the default bot"), .arg = "resume",
	  COMMAND(0) },
	{ R(POST, "/bot/emergency-stop"), T,
	  DO(bot_command, "Cancel all orders and close all positions of the default bot"),
	  .arg = "emergency-stop", COMMAND(0) },
	{ R(POST, "/bots/:id/start"), T, DO(bot_command, "Start a bot"), .arg = "start",
	  COMMAND(0) },
	{ R(POST, "/bots/:id/stop"), T, DO(bot_command, "Stop a bot"), .arg = "stop",
	  .body = b_stop, COMMAND(0), .example = "{\"positions\":\"close\"}" },
	{ R(POST, "/bots/:id/pause"), T, DO(bot_command, "Pause a bot"), .arg = "pause",
	  COMMAND(0) },
	{ R(POST, "/bots/:id/resume"), T, DO(bot_command, "Resume a bot"), .arg = "resume",
	  COMMAND(0) },
	{ R(POST, "/bots/:id/emergency-stop"), T,
	  DO(bot_command, "Cancel all orders and close all positions of a bot"),
	  .arg = "emergency-stop", COMMAND(0) },
	{ R(POST, "/bots/emergency-stop"), T, .no_db = true,
	  DO(all_bots_command, "Cancel all orders and close all positions of every bot"),
	  .arg = "emergency-stop", COMMAND(0) },
	{ R(GET, "/commands/:id"), V, DO(command_get, "What became of a command"),
	  ONE("Command") },
};
const struct route_group bot_routes = { "Commands", ROWS_OF(rows), NULL, 0 };
