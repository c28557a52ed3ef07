/*
 * restore: replaces the database by a backup, while no program runs.
 */
#include "common/clock.h"
#include "worker/backup/restore.h"
#include "worker/cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int usage(void)
{
	fputs("Usage: trading-bot restore FILE [--yes]\n", stderr);
	return 2;
}

static bool agreed(const struct config *c, const char *file)
{
	char answer[16] = "";

	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "trading-bot: this replaces %s; say --yes if that is wanted\n",
			c->db_path);
		return false;
	}
	printf("Replace %s by %s? The old database is kept. [y/N] ", c->db_path, file);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin) || (answer[0] != 'y' && answer[0] != 'Y')) {
		puts("nothing was changed");
		return false;
	}
	return true;
}

static void describe(const struct config *c, const struct restore_result *r)
{
	const struct manifest *m = &r->checked.manifest;
	char when[CLOCK_TEXT_MAX];

	if (r->checked.plain)
		printf("restored %s from a plain copy", c->db_path);
	else
		printf("restored %s as it was at %s", c->db_path, clock_text(m->made_us, when));
	printf(", schema version %d, %zu model files written\n", m->schema_version, r->models);
	if (r->kept[0])
		printf("the old database is kept as %s\n", r->kept);
	printf("%lld bots that ran are PAUSED: look at them, then start them; "
	       "%lld waiting commands expired, %lld unfinished jobs cancelled\n",
	       (long long)r->settled.bots, (long long)r->settled.commands,
	       (long long)r->settled.jobs);
	if (r->settled.tokens)
		printf("%lld API tokens that were revoked since stay revoked\n",
		       (long long)r->settled.tokens);
	if (r->other_key)
		printf("WARNING: stored exchange keys were sealed with another master key than %s: "
		       "put the one of that time there, or enter the keys again\n",
		       c->master_key_file);
}

static int run(const struct config *c, int argc, char **argv)
{
	struct restore_result result;
	const char *file = NULL;
	struct err e = { 0 };
	bool yes = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--yes") == 0)
			yes = true;
		else if (argv[i][0] == '-' || file)
			return usage();
		else
			file = argv[i];
	}
	if (!file)
		return usage();
	if (!yes && !agreed(c, file))
		return 1;
	if (restore_run(c, file, &result, &e)) {
		fprintf(stderr, "trading-bot: %s\n", e.msg);
		return 1;
	}
	describe(c, &result);
	manifest_free(&result.checked.manifest);
	return 0;
}

const struct cli_command cli_restore = {
	.name = "restore", .arguments = "FILE [--yes]",
	.help = "put a backup in the database's place (nothing may run)", .run = run,
};
