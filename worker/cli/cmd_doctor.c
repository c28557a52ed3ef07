/*
 * doctor: checks everything that can be checked now, and says what to do.
 */
#include "common/clock.h"
#include "common/db/check.h"
#include "common/db/migrate.h"
#include "common/db/reserve.h"
#include "common/file.h"
#include "common/registry/machine.h"
#include "worker/backup/rotation.h"
#include "worker/cli/checkup.h"
#include "worker/cli/cli.h"
#include "worker/store/clock_watch.h"
#include "worker/store/future.h"
#include "worker/store/growth.h"

#include <stdio.h>
#include <stdlib.h>

#define MEGABYTE (1024 * 1024)
#define DISK_YEARS_SHOWN 10
#define DISK_DAYS_WANTED 60
#define FUTURE_US (60 * US_PER_S)	/* two programs of one machine may differ by little */
#define DAMAGED "end both programs, keep a copy of the database's three files, restore the " \
		"newest backup that trading-bot backup verify finds good, and look at the disk"
#define REPORT_IT "trading-bot pause --all, then report it with these lines: it is a bug, or " \
		  "rows were changed by hand"

static const char SQL_LEDGER[] = "SELECT count(*) FROM v_ledger_errors";
static const char SQL_UNEQUAL[] = "SELECT count(*) FROM trading_orders o WHERE abs(o.filled - "
				  "(SELECT coalesce(sum(f.quantity), 0)"
				  " FROM fills f JOIN exchange_orders x USING (client_order_id)"
				  " WHERE x.order_id = o.id AND x.leg = 'e')) > 5e-9"
				  " AND (o.status != 'closed' OR EXISTS (SELECT 1" /* thinned */
				  " FROM exchange_orders x WHERE x.order_id = o.id))";

static void check_reserve(struct checkup *d)
{
	const char *path = d->config->db_path;

	if (reserve_there(path))
		checkup_ok("the reserve of %lld MiB for a full disk is there (%s.reserve)",
			   RESERVE_BYTES >> 20, path);
	else
		checkup_bad(d, "free some space; the worker makes it as soon as there is room",
			    "the reserve of %lld MiB for a full disk is missing (%s.reserve)",
			    RESERVE_BYTES >> 20, path);
}

static void check_count(struct checkup *d, const char *sql, const char *good, const char *bad)
{
	struct err e = { 0 };
	int64_t n = 0;

	if (db_number(d->db, sql, NULL, &n, &e))
		checkup_bad(d, DAMAGED, "the database can't be asked: %s", e.msg);
	else if (n)
		checkup_bad(d, REPORT_IT, "%lld %s", (long long)n, bad);
	else
		checkup_ok("%s", good);
}

static void check_database(struct checkup *d)
{
	struct err e = { 0 };

	if (cli_db_open(d->config, DB_READ, &d->db, &e)) {
		checkup_bad(d, "start trading-bot-worker if there was never a database; else put "
			       "the file back, give the rights back, or restore a backup", "%s",
			    e.msg);
		return;
	}
	checkup_ok("database %s opens, schema version %d%s, SQLite %s", d->config->db_path,
		   db_schema_version(d->db), db_schema_version(d->db) < (int)migrations_count ?
		   " (an older one: the programs bring it up to date when they start)" : "",
		   db_library_version());
	if (db_check(d->db, &e))
		checkup_bad(d, DAMAGED, "the database is damaged: %s", e.msg);
	else
		checkup_ok("database is whole");
	check_count(d, SQL_LEDGER, "every ledger booking sums to zero",
		    "ledger bookings don't sum to zero (view v_ledger_errors)");
	check_count(d, SQL_UNEQUAL, "every position equals its fills",
		    "positions differ from the sum of their fills");
}

static void check_key(struct checkup *d)
{
	struct err e = { 0 };

	if (master_key_read(d->config->master_key_file, &d->key, &e))
		checkup_bad(d, "put your copy of master.key there; without it the stored exchange "
			    "keys must be entered again", "%s", e.msg);
}

static void check_file(struct checkup *d)
{
	char when[CLOCK_TEXT_MAX];
	struct machine_file f;
	struct err e = { 0 };

	if (store_machine_file(d->db, &f, &e)) {
		checkup_bad(d, DAMAGED, "the database's file: %s", e.msg);
		return;
	}
	if (f.failing_us)
		checkup_bad(d, "end the program that it names, or free some space",
			    "the -wal file has %lld MB and grows, %lld of %lld moves of its pages "
			    "failed: %s", (long long)(f.wal_bytes / MEGABYTE),
			    (long long)f.checkpoint_failures, (long long)f.checkpoints, f.failing);
	else
		checkup_ok("the -wal file has %lld MB, %lld of %lld moves of its pages failed%s%s",
			   (long long)(f.wal_bytes / MEGABYTE), (long long)f.checkpoint_failures,
			   (long long)f.checkpoints, f.failing[0] ? ": " : "", f.failing);
	if (f.damaged_us)
		checkup_bad(d, DAMAGED, "the worker found damage at %s: %s",
			    clock_text(f.damaged_us, when), f.damage);
	else
		checkup_ok("the worker looked at every page: %s", f.scrubbed_us
			   ? clock_text(f.scrubbed_us, when) : "not yet (SCRUB_INTERVAL)");
}

/* The free space, less the space that backups on the same disk may still take. */
static double room(const struct config *c)
{
	double bytes = (double)file_free_bytes(c->data_dir) - (double)c->backup_max_bytes;
	struct rotation_file *list = NULL;
	size_t n = 0;

	if (rotation_list(c->backup_dir, &list, &n, NULL) == 0)
		for (size_t i = 0; i < n; i++)
			bytes += (double)list[i].bytes;
	free(list);
	return bytes > 0 ? bytes : 0;
}

static void check_growth(struct checkup *d)
{
	struct growth g;
	struct err e = { 0 };
	double days;

	if (store_growth(d->db, d->config, clock_now_us(), &g, &e)) {
		checkup_note("how fast the database grows can't be measured: %s", e.msg);
		return;
	}
	if (g.days == 0) {
		checkup_ok("how fast the database grows is known after an hour of samples");
		return;
	}
	days = growth_days_left(&g, room(d->config));
	if (days > DISK_YEARS_SHOWN * 365)
		checkup_ok("the database grows by %.1f MB a day, %.1f MB of it for good: the disk "
			   "lasts more than %d years", g.per_day / MEGABYTE,
			   g.lasting_per_day / MEGABYTE, DISK_YEARS_SHOWN);
	else if (days > DISK_DAYS_WANTED)
		checkup_ok("the database grows by %.1f MB a day, %.1f MB of it for good: the "
			   "disk is full in %.0f days", g.per_day / MEGABYTE,
			   g.lasting_per_day / MEGABYTE, days);
	else
		checkup_bad(d, "free some space, or keep less: KEEP_..._DAYS, BACKUP_MAX_BYTES",
			    "the database grows by %.1f MB a day, %.1f MB of it for good: the "
			    "disk is full in %.0f days (%d are wanted)", g.per_day / MEGABYTE,
			    g.lasting_per_day / MEGABYTE, days, DISK_DAYS_WANTED);
}

/* Looks for rows with future times, which a clock that was ahead has left. */
static void check_future(struct checkup *d)
{
	int64_t n = 0, newest_us = 0;
	char when[CLOCK_TEXT_MAX], table[32];
	struct err e = { 0 };

	if (store_future(d->db, clock_now_us() + FUTURE_US, &n, &newest_us, table, &e))
		checkup_bad(d, DAMAGED, "rows of the future: %s", e.msg);
	else if (n)
		checkup_bad(d, "set the clock right if it is not; the rows stay until their time "
			       "is old, and keep no others from being deleted",
			    "%lld rows are of a time to come, the newest, in %s, of %s: the "
			    "clock was ahead when they were written", (long long)n, table,
			    clock_text(newest_us, when));
	else
		checkup_ok("no rows of a time to come");
}

/* What the worker says about the clock. */
static void check_watch(struct checkup *d)
{
	struct clock_watch w;
	struct err e = { 0 };
	char when[CLOCK_TEXT_MAX];

	if (clock_watch_load(d->db, &w, &e)) {
		checkup_bad(d, DAMAGED, "the clock: %s", e.msg);
		return;
	}
	if (w.settles_us && w.jump_us)
		checkup_bad(d, "set the clock right (timedatectl); if it is right: trading-bot "
			       "clock accept",
			    "the machine's clock is in doubt until %s, nothing is deleted: it "
			    "went %s by %lld s at once (trading-bot clock)",
			    clock_text(w.settles_us, when), w.jump_us < 0 ? "back" : "ahead",
			    (long long)((w.jump_us < 0 ? -w.jump_us : w.jump_us) / US_PER_S));
	else
		checkup_ok("the machine's clock is %s, steps noticed: %lld",
			   w.settles_us ? "looked at: nobody ran for a while, nothing is deleted "
					  "yet" : "settled",
			   (long long)w.jumps);
}

static int run(const struct config *c, int argc, char **argv)
{
	static struct checkup d;

	(void)argv;
	if (argc > 1) {
		fputs("Usage: trading-bot doctor\n", stderr);
		return 2;
	}
	d.config = c;
	checkup_machine(&d);
	check_database(&d);
	if (d.db) {
		check_key(&d);
		check_file(&d);
		check_growth(&d);
		check_watch(&d);
		check_future(&d);
		check_reserve(&d);
		checkup_worker(&d);
		db_close(d.db);
	}
	crypto_wipe(&d.key, sizeof(d.key));
	if (d.bad)
		printf("%d checks failed\n", d.bad);
	else
		puts("all checks passed");
	return d.bad ? 1 : 0;
}

const struct cli_command cli_doctor = {
	.name = "doctor",
	.arguments = "",
	.help = "check config, database, worker, bots and models",
	.run = run,
};
