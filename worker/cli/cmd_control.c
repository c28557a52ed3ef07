/*
 * start, stop, pause, resume, emergency-stop: a row in table commands, and its answer.
 */
#include "common/clock.h"
#include "common/json.h"
#include "common/store_commands.h"
#include "common/watch.h"
#include "worker/cli/cli.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define WAIT_US COMMAND_EXPIRES_US	/* later nobody does it any more */

static int wait_for_answer(struct db *db, struct watch *w, struct command *c, struct err *e)
{
	int64_t until_us = clock_mono_us() + WAIT_US;
	int64_t id = c->id;
	int rc;

	do {
		struct pollfd p = { .fd = watch_fd(w), .events = POLLIN };

		rc = store_command_get(db, id, c, e);
		if (rc || strcmp(c->status, "queued") != 0)
			return rc;
		(void)poll(&p, 1, 50);
		(void)watch_drain(w);
	} while (clock_mono_us() < until_us);
	return 0;
}

static int show(const struct command *c)
{
	if (strcmp(c->status, "done") == 0) {
		printf("%s\n", c->message);
		return 0;
	}
	if (strcmp(c->status, "queued") == 0) {
		printf("%s is queued as command %lld: the worker has not answered yet and does it "
		       "first when it starts\n", c->kind, (long long)c->id);
		return strcmp(c->kind, "emergency-stop") == 0 ? 0 : 1;
	}
	fprintf(stderr, "trading-bot: %s %s: %s\n", c->kind, c->status, c->message);
	return 1;
}

static int parse(int argc, char **argv, struct command *c)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--all") == 0)
			c->bot_id = 0;
		else if (strcmp(argv[i], "--close") == 0 && strcmp(c->kind, "stop") == 0)
			snprintf(c->args, sizeof(c->args), "{\"positions\":\"close\"}");
		else if (cli_number(argv[i]) > 0)
			c->bot_id = cli_number(argv[i]);
		else
			return -1;
	}
	return 0;
}

static int control(const struct config *config, int argc, char **argv)
{
	struct command c = { .bot_id = 1, .args = "{}", .requested_by = "command line" };
	struct db *db = NULL;
	struct watch *w = NULL;
	struct err e = { 0 };
	int64_t now_us = clock_now_us();
	int code = 1;

	snprintf(c.kind, sizeof(c.kind), "%s", argv[0]);
	if (parse(argc, argv, &c)) {
		fprintf(stderr, "Usage: trading-bot %s [BOT-ID | --all]%s\n", argv[0],
			strcmp(argv[0], "stop") == 0 ? " [--close]" : "");
		return 2;
	}
	correlation_id_new(c.correlation_id);
	c.created_us = now_us;
	c.expires_us = strcmp(c.kind, "emergency-stop") == 0 ? 0 : now_us + COMMAND_EXPIRES_US;
	if (cli_db_open(config, DB_COMMAND, &db, &e) || watch_open(db_path(db), &w, &e) ||
	    store_command_queue(db, &c, &c.id, &e) || wait_for_answer(db, w, &c, &e))
		fprintf(stderr, "trading-bot: %s\n", e.msg);
	else
		code = show(&c);
	watch_close(w);
	db_close(db);
	return code;
}

#define CONTROL(variable, word, text)                                       \
	const struct cli_command variable = {                               \
		.name = word, .arguments = "[BOT-ID | --all]", .help = text, .run = control }

CONTROL(cli_start, "start", "start a bot (default: bot 1)");
CONTROL(cli_stop, "stop", "stop a bot; --close also closes its positions");
CONTROL(cli_pause, "pause", "no new entries; open positions stay protected");
CONTROL(cli_resume, "resume", "let a paused bot trade again");
CONTROL(cli_emergency_stop, "emergency-stop",
	"cancel and close everything now; also queued for a worker that is away");
