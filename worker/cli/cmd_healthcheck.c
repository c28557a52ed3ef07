/*
 * healthcheck: checks that the trading loop runs and stores its rows. For containers and
 * supervisors; "doctor" checks everything.
 */
#include "common/clock.h"
#include "common/db/db.h"
#include "common/registry/commands.h"
#include "common/registry/worker_blocked.h"
#include "worker/cli/cli.h"

#include <stdio.h>

/* The loop commits a beat each second, so an old beat means that it hangs or can't write. */
static int judge(const char *path, const struct heartbeat *h)
{
	char why[WORKER_BLOCKED_TEXT];
	int64_t now_us = clock_now_us();
	long long age_ms = (now_us - h->beat_us) / US_PER_MS;

	if (!heartbeat_alive(h, now_us) && worker_blocked(path, h->stopped_us ? 0 : h->pid, why)) {
		printf("unhealthy: the worker runs, but has stored nothing for %lld ms: %s\n",
		       age_ms, why);
		return 1;
	}
	if (h->stopped_us) {
		puts("unhealthy: the worker was stopped");
		return 1;
	}
	if (!heartbeat_alive(h, now_us)) {
		printf("unhealthy: the trading loop's last beat is %lld ms old\n", age_ms);
		return 1;
	}
	printf("healthy: last beat %lld ms ago, loop p99 %lld us, market data %s %s\n", age_ms,
	       (long long)h->loop_p99_us, h->market_data, h->feed_state);
	return 0;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct heartbeat h = { 0 };
	struct db *db = NULL;
	struct err e = { 0 };
	int rc;

	(void)argv;
	if (argc > 1) {
		fputs("Usage: trading-bot healthcheck\n", stderr);
		return 2;
	}
	rc = cli_db_open(c, DB_READ, &db, &e);
	if (rc == 0)
		rc = store_heartbeat_get(db, &h, &e);
	if (rc == 0)
		rc = judge(db_path(db), &h);
	else
		printf("unhealthy: %s\n", e.msg);
	db_close(db);
	return rc ? 1 : 0;
}

const struct cli_command cli_healthcheck = {
	.name = "healthcheck",
	.arguments = "",
	.help = "exit code 0 while the trading loop turns",
	.place_only = true,
	.run = run,
};
