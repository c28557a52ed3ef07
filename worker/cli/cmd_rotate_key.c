/*
 * rotate-key: makes a new master key and seals every stored secret again with it.
 */
#include "common/db/db.h"
#include "common/registry/rotate_key.h"
#include "worker/cli/cli.h"

#include <stdio.h>

static void report(const struct config *c, const struct rotation *r)
{
	if (r->resumed)
		printf("an interrupted rotation is finished: %zu of %zu secrets were to seal\n",
		       r->resealed, r->secrets);
	else
		printf("%zu secrets are sealed with the new key in %s\n", r->secrets,
		       c->master_key_file);
	puts("the programs that run have noticed; older backups of the database need the old key");
}

static int run(const struct config *c, int argc, char **argv)
{
	struct rotation r = { 0 };
	struct db *db = NULL;
	struct err e = { 0 };
	int rc;

	(void)argv;
	if (argc != 1) {
		fputs("Usage: trading-bot rotate-key\n", stderr);
		return 2;
	}
	rc = cli_db_open(c, DB_SECRETS, &db, &e);
	if (rc == 0)
		rc = store_rotate_key(db, c->master_key_file, &r, &e);
	if (rc == 0) {
		struct audit_row row = cli_audit_row("rotate-key", 0);

		rc = store_audit_add(db, &row, 1, &e);
	}
	if (rc)
		fprintf(stderr, "trading-bot: %s\n", e.msg);
	else
		report(c, &r);
	db_close(db);
	return rc ? 1 : 0;
}

const struct cli_command cli_rotate_key = {
	.name = "rotate-key", .arguments = "",
	.help = "new master key for the stored exchange keys", .run = run,
};
