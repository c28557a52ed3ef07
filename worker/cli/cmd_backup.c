/*
 * backup: a consistent copy of the database while everything runs.
 */
#include "common/db.h"
#include "worker/cli/cli.h"

#include <stdio.h>

static int run(const struct config *c, int argc, char **argv)
{
	struct db *db = NULL;
	struct err e = { 0 };
	int rc;

	if (argc != 2) {
		fputs("Usage: trading-bot backup FILE\n", stderr);
		return 2;
	}
	rc = db_open(c->db_path, DB_TOOL, &db, &e);
	if (rc == 0)
		rc = db_backup(db, argv[1], &e);
	if (rc)
		fprintf(stderr, "trading-bot: %s\n", e.msg);
	else
		printf("copied %s to %s\n", c->db_path, argv[1]);
	db_close(db);
	return rc ? 1 : 0;
}

const struct cli_command cli_backup = {
	.name = "backup", .arguments = "FILE", .help = "copy the database while it is in use",
	.run = run,
};
