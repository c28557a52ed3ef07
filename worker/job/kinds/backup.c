/*
 * backup: makes a backup of database and models in BACKUP_DIR and removes old ones.
 */
#include "worker/backup/backup.h"
#include "worker/job/job.h"

static bool on_progress(void *ctx, double done, const char *what)
{
	(void)ctx;
	job_progress(done, "%s", what);
	return true;
}

static int run(struct job *job, struct err *e)
{
	struct backup_args args = { .config = job->config, .progress = on_progress };
	struct backup_made made;
	int rc = backup_make(&args, &made, e);

	if (rc == 0)
		backup_report(&made, job->result);
	return rc;
}

const struct job_kind job_backup = {
	.name = "backup", .help = "database and models into BACKUP_DIR, old backups away",
	.memory_mb = 1024, .time_s = 6 * 3600, .run = run,
};
