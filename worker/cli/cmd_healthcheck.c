/*
 * healthcheck: checks that the trading loop runs and stores its rows. For containers and
 * supervisors; "doctor" checks everything.
 */
#include "common/clock.h"
#include "common/db/db.h"
#include "common/registry/heartbeat.h"
#include "worker/cli/cli.h"

#include <stdio.h>

/* The loop commits a beat each second, so an old beat means that it hangs or can't write. */
static int judge(const struct worker_look *w, const char *path)
{
	long long age_ms = w->age_us / US_PER_MS;

	switch (w->state) {
	case WORKER_NEVER:
		printf("unhealthy: a worker has never run on %s\n", path);
		break;
	case WORKER_BLOCKED:
		printf("unhealthy: the worker runs, but has stored nothing for %lld ms: %s\n",
		       age_ms, w->blocked);
		break;
	case WORKER_STOPPED:
		puts("unhealthy: the worker was stopped");
		break;
	case WORKER_AWAY:
		printf("unhealthy: the trading loop's last beat is %lld ms old\n", age_ms);
		break;
	case WORKER_RUNNING:
		printf("healthy: last beat %lld ms ago, loop p99 %lld us, market data %s %s\n",
		       age_ms, (long long)w->beat.loop_p99_us, w->beat.market_data,
		       w->beat.feed_state);
		return 0;
	}
	return 1;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct worker_look w;
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
		rc = heartbeat_look(db, clock_now_us(), &w, &e);
	if (rc == 0)
		rc = judge(&w, db_path(db));
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
