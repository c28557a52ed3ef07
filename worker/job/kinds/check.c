/*
 * check: checks the database's pages, the books' balance and the models' files.
 */
#include "common/db/check.h"
#include "worker/job/job.h"

static const struct {
	const char *name;
	const char *sql;		/* one number: how many exceptions */
} checks[] = {
	{ "ledger_unbalanced", "SELECT count(*) FROM v_ledger_errors" },
	{ "balances_off",
	  "SELECT count(*) FROM sim_balances b WHERE abs(b.amount - (SELECT sum(l.amount)"
	  " FROM sim_ledger l WHERE l.bot_id = b.bot_id AND l.epoch = b.epoch"
	  " AND l.account = b.account AND l.asset = b.asset)) > 5e-7" },
	{ "entries_off",
	  "SELECT count(*) FROM trading_orders o WHERE abs(o.filled - (SELECT"
	  " coalesce(sum(f.quantity), 0) FROM fills f JOIN exchange_orders x USING "
	  "(client_order_id)"
	  " WHERE x.order_id = o.id AND x.leg = 'e')) > 5e-9 AND (o.status != 'closed' OR EXISTS"
	  " (SELECT 1 FROM exchange_orders x WHERE x.order_id = o.id))" },
	{ "foreign_keys", "SELECT count(*) FROM pragma_foreign_key_check" },
};
#define CHECKS (sizeof(checks) / sizeof(checks[0]))

static int check(struct db *db, struct job *job, struct err *e)
{
	int64_t total = 0, n = 0;
	int rc;

	job_progress(0, "looking at every page of the database");
	rc = db_check_whole(db, e);
	for (size_t i = 0; rc == 0 && i < CHECKS; i++) {
		job_progress((double)(i + 1) / (CHECKS + 1), "%s", checks[i].name);
		rc = db_number(db, checks[i].sql, NULL, &n, e);
		json_int(job->result, checks[i].name, n);
		total += n;
	}
	if (rc == 0)
		json_bool(job->result, "ok", total == 0);
	return rc;
}

static int run(struct job *job, struct err *e)
{
	struct db *db = NULL;
	int rc = db_open_existing(job->config->db_path, DB_READ, &db, e);

	if (rc == 0)
		rc = check(db, job, e);
	db_close(db);
	return rc;
}

const struct job_kind job_check = {
	.name = "check", .help = "database, ledger and positions agree with themselves",
	.memory_mb = 1024, .time_s = 600, .run = run,
};
