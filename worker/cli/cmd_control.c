/*
 * start, stop, pause, resume, emergency-stop: rows in table commands, and their answers.
 *
 * A command for several bots is several rows in one transaction, so that a mistake in one does
 * not hinder the others. An emergency stop without a bot is one row for all bots, because the
 * worker also knows bots that were deleted from the database.
 */
#include "common/clock.h"
#include "common/db/reserve.h"
#include "common/db/stop_signal.h"
#include "common/db/watch.h"
#include "common/json.h"
#include "common/registry/bot_answers.h"
#include "common/registry/commands.h"
#include "worker/cli/cli.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_US COMMAND_EXPIRES_US	/* later nobody does it any more */
#define MARK_LOOK_MS 20
#define DEFAULT_BOT 1			/* as in the API's routes without a number */

struct control {
	const struct config *config;
	const char *kind;
	bool all, close, by_default;
	struct command *commands;	/* one for each bot; bot_id 0: for all */
	size_t n;
	int code;			/* of our exit: the worst that happened */
};

static bool is_emergency(const struct control *c)
{
	return strcmp(c->kind, COMMAND_EMERGENCY_STOP) == 0;
}

/* ---- the words behind the command ---- */

static void add(struct control *c, int64_t bot_id)
{
	struct command *one;

	for (size_t i = 0; i < c->n; i++)
		if (c->commands[i].bot_id == bot_id)
			return;
	c->commands = xrealloc(c->commands, (c->n + 1) * sizeof(*c->commands));
	one = &c->commands[c->n++];
	memset(one, 0, sizeof(*one));
	snprintf(one->kind, sizeof(one->kind), "%s", c->kind);
	snprintf(one->requested_by, sizeof(one->requested_by), "command line");
	one->bot_id = bot_id;
}

static int usage(const struct control *c)
{
	fprintf(stderr, "Usage: trading-bot %s [BOT-ID ... | --all]%s\n", c->kind,
		strcmp(c->kind, "stop") == 0 ? " [--close]" : "");
	return 2;
}

/*
 * A word that can't be read makes the whole command fail, except for an emergency stop: a typing
 * error must not keep the other bots running.
 */
static int parse(struct control *c, int argc, char **argv)
{
	bool named = false;

	for (int i = 1; i < argc; i++) {
		long long id = cli_number(argv[i]);

		named = named || argv[i][0] != '-';
		if (strcmp(argv[i], "--all") == 0) {
			c->all = true;
		} else if (strcmp(argv[i], "--close") == 0 && strcmp(c->kind, "stop") == 0) {
			c->close = true;
		} else if (id > 0) {
			add(c, id);
		} else if (argv[i][0] != '-' && is_emergency(c)) {
			fprintf(stderr, "trading-bot: \"%s\" is not the number of a bot\n",
				argv[i]);
			c->code = 2;
		} else {
			return usage(c);
		}
	}
	if (c->all || (!named && is_emergency(c))) {
		c->n = 0;
		add(c, 0);
	} else if (!named) {
		c->by_default = true;
		add(c, DEFAULT_BOT);
	}
	return c->n ? 0 : usage(c);
}

/* ---- queued, and answered ---- */

static int queue(struct control *c, struct db *db, struct err *e)
{
	int64_t now_us = clock_now_us();
	int rc = db_begin(db, e);

	for (size_t i = 0; rc == 0 && i < c->n; i++) {
		struct command *one = &c->commands[i];

		if (c->close)
			snprintf(one->args, sizeof(one->args), "{\"positions\":\"close\"}");
		correlation_id_new(one->correlation_id);
		one->created_us = now_us;
		one->expires_us = is_emergency(c) ? 0 : now_us + COMMAND_EXPIRES_US;
		rc = store_command_queue_tx(db, one, &one->id, e);
	}
	return db_in_transaction(db) ? db_end(db, rc, e) : rc;
}

static int read_answers(struct control *c, struct db *db, bool *all, struct err *e)
{
	*all = true;
	for (size_t i = 0; i < c->n; i++) {
		int rc = store_command_get(db, c->commands[i].id, &c->commands[i], e);

		if (rc)
			return rc;
		*all = *all && strcmp(c->commands[i].status, "queued") != 0;
	}
	return 0;
}

/* Waits until all are answered or the time is up; unanswered commands then stay "queued". */
static int wait_for_answers(struct control *c, struct db *db, struct watch *w, struct err *e)
{
	int64_t until_us = clock_mono_us() + WAIT_US;
	bool all = false;
	int rc;

	do {
		struct pollfd p = { .fd = w ? watch_fd(w) : -1, .events = POLLIN };

		rc = read_answers(c, db, &all, e);
		if (rc || all)
			return rc;
		(void)poll(&p, 1, 50);
		if (w)
			(void)watch_drain(w);
	} while (clock_mono_us() < until_us);
	return 0;
}

/* ---- one line for each bot ---- */

static void line(struct control *c, int64_t bot_id, bool done, const char *message)
{
	char name[40];
	FILE *out = done ? stdout : stderr;

	snprintf(name, sizeof(name), "bot %lld:", (long long)bot_id);
	if (!done && c->code == 0)
		c->code = 1;
	if (!done)
		fputs("trading-bot: ", out);
	if (bot_id && strncmp(message, name, strlen(name)) != 0)
		fprintf(out, "bot %lld%s: ", (long long)bot_id,
			c->by_default ? " (the default bot)" : "");
	fprintf(out, "%s\n", message);
}

static void bot_line(void *ctx, const struct bot_answer *a)
{
	line(ctx, a->bot_id, a->done, a->message);
}

/* An emergency stop also waits for a worker that does not run, which can't check the bot yet. */
static void show_queued(struct control *c, struct db *db, const struct command *one)
{
	char text[200];
	bool exists = true;

	if (one->bot_id && store_command_bot_exists(db, one->bot_id, &exists, NULL) == 0 &&
	    !exists) {
		snprintf(text, sizeof(text), "there is no bot %lld", (long long)one->bot_id);
		line(c, one->bot_id, false, text);
		return;
	}
	snprintf(text, sizeof(text), "%s%s is queued as command %lld: the worker has not answered "
		 "yet and does it first when it starts", one->kind,
		 one->bot_id ? "" : " of all bots", (long long)one->id);
	line(c, one->bot_id, is_emergency(c), text);
}

static void show(struct control *c, struct db *db, const struct command *one)
{
	int64_t more = 0;
	char text[600];

	if (strcmp(one->status, "queued") == 0) {
		show_queued(c, db, one);
	} else if (bot_answers_each(one->result, bot_line, c, &more)) {
		if (more)
			printf("... and %lld more bots: trading-bot status shows them\n",
			       (long long)more);
	} else if (strcmp(one->status, "done") == 0) {
		line(c, one->bot_id, true, one->message);
	} else {
		snprintf(text, sizeof(text), "%s %s: %s", one->kind, one->status, one->message);
		line(c, one->bot_id, false, text);
	}
}

static int queue_in(struct control *c, const char *path, struct db **db, struct err *e)
{
	int rc = *db ? 0 : cli_db_open(c->config, DB_COMMAND, db, e);

	if (rc == 0)
		rc = queue(c, *db, e);
	if (rc != ERR_FULL || !reserve_give(path))
		return rc;
	fputs("trading-bot: the disk is full: the reserve was given up for this command; free "
	      "some space\n", stderr);
	db_close(*db);	/* it may have been opened half */
	*db = NULL;
	rc = cli_db_open(c->config, DB_COMMAND, db, e);
	return rc ? rc : queue(c, *db, e);
}

/* Nothing of this process may have the database open. */
static int stop_without(const char *path, const char *why)
{
	int64_t until_us = clock_mono_us() + WAIT_US;
	struct stop_signal s;
	char text[600];
	bool ok;

	fprintf(stderr, "trading-bot: the database takes no command: %s\n", why);
	stop_signal_ask(path, &s);
	while (s.kept && s.pid && !stop_signal_told(path) && clock_mono_us() < until_us)
		(void)poll(NULL, 0, MARK_LOOK_MS);
	ok = stop_signal_text(&s, path, stop_signal_told(path) ? STOP_HEARD : STOP_IN_VAIN, text,
			      sizeof(text));
	if (ok || s.sent)
		printf("%s\n", text);
	else
		fprintf(stderr, "trading-bot: %s\n", text);
	return ok ? 0 : 1;
}

/* Nothing was queued. */
static int refused(struct control *c, const char *path, int rc, const struct err *e)
{
	if (rc != ERR_NOT_FOUND && is_emergency(c) && c->commands[0].bot_id == 0)
		return stop_without(path, e->msg);
	fprintf(stderr, "trading-bot: %s: %s\n", c->kind, e->msg);
	if (rc != ERR_NOT_FOUND && is_emergency(c))
		fputs("trading-bot: no bot was told. Without a number all bots are stopped by a "
		      "signal to the worker, which needs no database\n", stderr);
	return 1;
}

static void answers(struct control *c, struct db *db)
{
	struct watch *w = NULL;
	struct err e = { 0 };

	if (watch_open(db_path(db), &w, NULL))
		w = NULL;	/* no inotify: the answer is looked for every 50 ms */
	if (wait_for_answers(c, db, w, &e)) {
		fprintf(stderr, "trading-bot: %s is queued, but its answer can't be read: %s\n",
			c->kind, e.msg);
		c->code = 1;
	} else {
		for (size_t i = 0; i < c->n; i++)
			show(c, db, &c->commands[i]);
	}
	watch_close(w);
}

static int control(const struct config *config, int argc, char **argv)
{
	struct control c = { .kind = argv[0], .config = config };
	struct db *db = NULL;
	struct err e = { 0 };
	char *path = realpath(config->db_path, NULL);	/* as the worker calls it */
	int rc = parse(&c, argc, argv);

	if (rc) {
		c.code = rc;
	} else {
		rc = queue_in(&c, path ? path : config->db_path, &db, &e);
		if (rc == 0) {
			answers(&c, db);
		} else {
			db_close(db);
			db = NULL;
			c.code = refused(&c, path ? path : config->db_path, rc, &e);
		}
	}
	db_close(db);
	free(path);
	free(c.commands);
	return c.code;
}

#define CONTROL(variable, word, text)                                              \
	const struct cli_command variable = {                                      \
		.name = word, .arguments = "[BOT-ID ... | --all]", .help = text,   \
		.place_only = true, .run = control }

CONTROL(cli_start, "start", "start bots; without BOT-ID bot 1, the default bot");
CONTROL(cli_stop, "stop", "stop bots (without BOT-ID bot 1); --close also closes their positions");
CONTROL(cli_pause, "pause", "no new entries (without BOT-ID of bot 1); positions stay protected");
CONTROL(cli_resume, "resume", "let paused bots trade again (without BOT-ID bot 1)");
CONTROL(cli_emergency_stop, "emergency-stop",
	"cancel and close everything of these bots, without BOT-ID of all, now; also queued for "
	"a worker that is away");
