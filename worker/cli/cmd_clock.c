/*
 * clock: shows whether the worker trusts the machine's clock; "accept" says that it is right.
 */
#include "common/clock.h"
#include "worker/cli/cli.h"
#include "worker/store/clock_watch.h"

#include <stdio.h>
#include <string.h>

static void print_watch(const struct clock_watch *w)
{
	char when[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];

	if (!w->seen_us) {
		puts("clock: no worker has looked at it yet");
		return;
	}
	if (!w->settles_us) {
		printf("clock: settled; the worker saw %s; steps noticed so far: %lld\n",
		       clock_text(w->seen_us, when), (long long)w->jumps);
		return;
	}
	printf("clock: in doubt since %s: ", clock_text(w->jumped_us, when));
	if (w->jump_us)
		printf("it went %s by %lld s at once\n", w->jump_us < 0 ? "back" : "ahead",
		       (long long)((w->jump_us < 0 ? -w->jump_us : w->jump_us) / US_PER_S));
	else
		puts("no worker ran for a while before that");
	printf("  no old rows are deleted until %s; if the clock is right now:\n"
	       "  trading-bot clock accept\n", clock_text(w->settles_us, until));
}

static int accept_clock(struct db *db, struct err *e)
{
	struct audit_row row = cli_audit_row("clock accept", 0);
	int rc = db_begin(db, e);

	if (rc)
		return rc;
	rc = clock_watch_accept_tx(db, row.at_us, e);
	if (rc == 0)
		rc = store_audit_add_tx(db, &row, e);
	rc = db_end(db, rc, e);
	if (rc == 0)
		puts("clock: accepted; from its next look on the worker deletes old rows again");
	return rc;
}

static int run(const struct config *c, int argc, char **argv)
{
	bool accept = argc == 2 && strcmp(argv[1], "accept") == 0;
	struct clock_watch w;
	struct db *db = NULL;
	struct err e = { 0 };
	int rc;

	if (argc > 1 && !accept) {
		fputs("Usage: trading-bot clock [accept]\n", stderr);
		return 2;
	}
	rc = cli_db_open(c, accept ? DB_CLI : DB_READ, &db, &e);
	if (rc == 0 && accept)
		rc = accept_clock(db, &e);
	else if (rc == 0) {
		rc = clock_watch_load(db, &w, &e);
		if (rc == 0)
			print_watch(&w);
	}
	if (rc)
		fprintf(stderr, "trading-bot: %s\n", e.msg);
	db_close(db);
	return rc ? 1 : 0;
}

const struct cli_command cli_clock = {
	.name = "clock", .arguments = "[accept]",
	.help = "is the machine's clock in doubt? accept: it is right", .run = run,
};
