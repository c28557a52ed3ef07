/*
 * trading-bot: controls and inspects the bot through the database, without the API.
 */
#include "common/clock.h"
#include "common/log.h"
#include "common/number.h"
#include "common/process.h"
#include "worker/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_command *const commands[] = {
	&cli_status, &cli_start, &cli_stop, &cli_pause, &cli_resume, &cli_emergency_stop,
	&cli_token, &cli_doctor, &cli_clock, &cli_healthcheck, &cli_replay, &cli_backup,
	&cli_restore, &cli_rotate_key, &cli_job, &cli_job_run, &cli_model_check,
	&cli_model_predict,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fputs("Usage: trading-bot COMMAND [...]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-15s %-28s %s\n", commands[i]->name, commands[i]->arguments,
			commands[i]->help);
	fputs("\nThe database is DATA_DIR/app.db (default ./data/app.db).\n", out);
}

long long cli_number(const char *text)
{
	int64_t n;

	return number_int(text, 1, INT64_MAX, &n) ? n : -1;
}

int cli_db_open(const struct config *c, enum db_role role, struct db **out, struct err *e)
{
	if (access(c->db_path, F_OK) && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "there is no database %s: go to the folder that "
			       "the bot was started in, or set DATA_DIR", c->db_path);
	return db_open_existing(c->db_path, role, out, e);
}

struct audit_row cli_audit_row(const char *action, int64_t target)
{
	struct audit_row row = { .at_us = clock_now_us(), .actor = "command line" };

	snprintf(row.action, sizeof(row.action), "%s", action);
	if (target)
		snprintf(row.target, sizeof(row.target), "%lld", (long long)target);
	snprintf(row.address, sizeof(row.address), "uid %ld", (long)getuid());
	return row;
}

/*
 * A reader that went away (| head) is no error, because the command did its work. A disk that
 * takes no output is an error.
 */
static int finish(int code)
{
	bool failed = fflush(stdout) != 0 || ferror(stdout);

	if (!failed || errno == EPIPE)
		return code;
	fprintf(stderr, "trading-bot: the output could not be written: %s\n", strerror(errno));
	return code ? code : 1;
}

/* A mistake in unrelated settings must not keep a user from stopping a bot. */
static int run(const struct cli_command *c, int argc, char **argv)
{
	static struct config config;
	struct err e = { 0 }, doubt = { 0 };

	if (c->place_only ? config_load_place(&config, &doubt, &e) : config_load(&config, &e))
		die("trading-bot: %s", e.msg);
	if (doubt.msg[0])
		fprintf(stderr, "trading-bot: %s; the database is taken to be %s\n", doubt.msg,
			config.db_path);
	return c->run(&config, argc, argv);
}

int main(int argc, char **argv)
{
	process_begin();
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return finish(0);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("trading-bot " VERSION);
		return finish(0);
	}
	log_init("trading-bot", LOG_WARN);
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i]->name) == 0)
			return finish(run(commands[i], argc - 1, argv + 1));
	fprintf(stderr, "trading-bot: there is no command \"%s\"\n\n", argv[1]);
	usage(stderr);
	return 2;
}
