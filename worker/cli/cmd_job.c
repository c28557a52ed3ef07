/*
 * job: queues a job by hand; job-run: runs one, started by the worker.
 */
#include "common/clock.h"
#include "worker/cli/cli.h"
#include "worker/job/job.h"
#include "worker/store/jobs.h"

#include <stdio.h>
#include <string.h>

static int queue(const struct config *c, const char *kind, const char *args, struct err *e)
{
	struct db *db = NULL;
	int64_t id = 0;
	int rc = cli_db_open(c, DB_CLI, &db, e);

	if (rc == 0)
		rc = db_begin(db, e);
	if (rc == 0) {
		rc = job_row_insert_tx(db, kind, args, "command line", clock_now_us(), &id, e);
		rc = db_end(db, rc, e);
	}
	db_close(db);
	if (rc == 0)
		printf("job %lld is queued\n", (long long)id);
	return rc;
}

static int check_args(const char *text, struct err *e)
{
	cJSON *args = NULL;
	int rc = json_read(text, strlen(text), &args, e);

	if (rc)
		err_prefix(e, "ARGS-JSON");
	else if (!cJSON_IsObject(args))
		rc = err_set(e, ERR_INVALID, "ARGS-JSON must be a JSON object");
	else if (strlen(text) >= sizeof(((struct job_row *)NULL)->args))
		rc = err_set(e, ERR_RANGE, "ARGS-JSON has %zu bytes, %zu are possible",
			     strlen(text), sizeof(((struct job_row *)NULL)->args) - 1);
	cJSON_Delete(args);
	return rc;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct err e = { 0 };

	if (argc < 2 || argc > 3 || !job_kind_find(argv[1])) {
		fputs("Usage: trading-bot job KIND [ARGS-JSON]\n", stderr);
		for (size_t i = 0; job_kinds[i]; i++)
			fprintf(stderr, "  %-10s %s\n", job_kinds[i]->name, job_kinds[i]->help);
		return 2;
	}
	if (check_args(argc == 3 ? argv[2] : "{}", &e) ||
	    queue(c, argv[1], argc == 3 ? argv[2] : "{}", &e)) {
		fprintf(stderr, "trading-bot: %s\n", e.msg);
		return 1;
	}
	return 0;
}

static int run_child(const struct config *c, int argc, char **argv)
{
	if (argc != 2 || cli_number(argv[1]) < 1) {
		fputs("Usage: trading-bot job-run ID (the worker starts it)\n", stderr);
		return 2;
	}
	return job_run(c, cli_number(argv[1]));
}

const struct cli_command cli_job = {
	.name = "job", .arguments = "KIND [ARGS-JSON]", .help = "queue a job for the worker",
	.run = run,
};
const struct cli_command cli_job_run = {
	.name = "job-run", .arguments = "ID", .help = "(used by the worker)", .run = run_child,
};
