/*
 * cli.h - the command line "trading-bot": one file and one table entry per command.
 */
#ifndef WORKER_CLI_CLI_H
#define WORKER_CLI_CLI_H

#include "common/config.h"
#include "common/db/db.h"
#include "common/registry/audit.h"

struct cli_command {
	const char *name;
	const char *arguments;		/* for the usage line; "" none */
	const char *help;		/* one sentence */
	bool place_only;		/* needs no setting but where the database is */
	/* argv[0] is the command's name. Returns the exit code; prints its own errors. */
	int (*run)(const struct config *c, int argc, char **argv);
};

extern const struct cli_command cli_status, cli_start, cli_stop, cli_pause, cli_resume,
	cli_emergency_stop, cli_token, cli_doctor, cli_clock, cli_healthcheck, cli_replay,
	cli_backup,
	cli_restore, cli_rotate_key, cli_job, cli_job_run, cli_model_check, cli_model_predict;

/*
 * The only way in which a command opens the bot's database. ERR_NOT_FOUND: there is none; no
 * database, folder or lock file is made, because an emergency stop in the wrong folder must not
 * look as if a worker had received it. The role (db.h) is the least that the command needs:
 *
 *	DB_READ		only reads (status, doctor, healthcheck). Never changes the schema: reads
 *			an older one as far as it goes, refuses a newer one (ERR_NEWER).
 *	DB_COMMAND	reads, and inserts into commands, whatever the schema's version: those
 *			columns stay (docs/DATABASE.md). For start, stop, ..., emergency-stop.
 *	DB_CLI		writes tokens, jobs, audit rows. Needs this program's schema: an older one
 *			is brought up to it when nothing runs on it, else ERR_BUSY says so.
 *	DB_SECRETS	as DB_CLI, and seals the stored secrets anew.
 */
MUST_CHECK int cli_db_open(const struct config *c, enum db_role role, struct db **out,
			   struct err *e);
/* A row for audit_log with this machine's user and the time. target 0: none. */
struct audit_row cli_audit_row(const char *action, int64_t target);
/* Reads a number of at least 1; -1: it is none. */
long long cli_number(const char *text);

#endif
