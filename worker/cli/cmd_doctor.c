/*
 * doctor: checks everything that can be checked now, and says what to do.
 */
#include "common/clock.h"
#include "common/crypto.h"
#include "common/db/check.h"
#include "common/db/db.h"
#include "common/db/fs_kind.h"
#include "common/db/migrate.h"
#include "common/db/reserve.h"
#include "common/db/watch.h"
#include "common/file.h"
#include "common/registry/configs.h"
#include "common/registry/heartbeat.h"
#include "common/registry/machine.h"
#include "common/registry/markets.h"
#include "worker/backup/rotation.h"
#include "worker/cli/cli.h"
#include "worker/feed/feed.h"
#include "worker/feed/symbol.h"
#include "worker/session/predictors.h"
#include "worker/store/clock_watch.h"
#include "worker/store/future.h"
#include "worker/store/growth.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEGABYTE (1024 * 1024)
#define LEAST_FREE_BYTES (200LL * MEGABYTE)
#define SYMBOLS_MAX 64
#define DISK_YEARS_SHOWN 10
#define DISK_DAYS_WANTED 60
#define FUTURE_US (60 * US_PER_S)	/* two programs of one machine may differ by little */

static const char SQL_LEDGER[] = "SELECT count(*) FROM v_ledger_errors";
static const char SQL_UNEQUAL[] = "SELECT count(*) FROM trading_orders o WHERE abs(o.filled - "
				  "(SELECT coalesce(sum(f.quantity), 0)"
				  " FROM fills f JOIN exchange_orders x USING (client_order_id)"
				  " WHERE x.order_id = o.id AND x.leg = 'e')) > 5e-9"
				  " AND (o.status != 'closed' OR EXISTS (SELECT 1" /* thinned */
				  " FROM exchange_orders x WHERE x.order_id = o.id))";
static const char SQL_BOTS[] =
	"SELECT b.id, b.name, coalesce(c.model_id, 0) FROM bots b LEFT JOIN trading_configs c"
	" ON c.bot_id = b.id WHERE b.bot_type = 'trading' ORDER BY b.id";

struct checkup {
	const struct config *config;
	struct db *db;
	struct master_key key;
	int bad;
};

static void PRINTF_LIKE(3, 4) say(struct checkup *d, bool good, const char *fmt, ...)
{
	va_list ap;

	if (!good)
		d->bad++;
	fputs(good ? "ok    " : "FAIL  ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* Without inotify the programs are slower, but nothing is wrong. */
static void check_wakeups(const struct checkup *d)
{
	struct watch *w = NULL;
	struct err e = { 0 };

	if (access(d->config->data_dir, F_OK))
		return;
	if (watch_open(d->config->db_path, &w, &e))
		printf("note  the worker looks for commands every 50 ms only: %s\n", e.msg);
	else
		watch_close(w);
}

static void check_folder(struct checkup *d)
{
	const char *dir = d->config->data_dir;
	long long free_bytes = file_free_bytes(dir);
	struct err e = { 0 };
	struct stat st;

	if (fs_kind_check(d->config->db_path, &e))
		say(d, false, "%s", e.msg);
	if (stat(dir, &st)) {
		say(d, false, "data directory %s is missing; the first start makes it", dir);
		return;
	}
	say(d, access(dir, W_OK) == 0, "data directory %s is writable", dir);
	say(d, free_bytes > LEAST_FREE_BYTES, "%lld MB free on its disk (200 MB are wanted)",
	    free_bytes / MEGABYTE);
	if (stat(d->config->master_key_file, &st) == 0)
		say(d, (st.st_mode & 077) == 0, "master key %s is readable by its owner only",
		    d->config->master_key_file);
}

static void check_reserve(struct checkup *d)
{
	const char *path = d->config->db_path;
	bool there = reserve_there(path);

	say(d, there, there ? "the reserve of %lld MiB for a full disk is there (%s.reserve)"
			    : "the reserve of %lld MiB for a full disk is missing (%s.reserve): "
			      "the worker makes it as soon as there is room",
	    RESERVE_BYTES >> 20, path);
}

static void check_count(struct checkup *d, const char *sql, const char *good)
{
	struct err e = { 0 };
	int64_t n = 0;

	if (db_number(d->db, sql, NULL, &n, &e))
		say(d, false, "%s: %s", good, e.msg);
	else
		say(d, n == 0, "%s (%lld exceptions)", good, (long long)n);
}

static void check_database(struct checkup *d)
{
	struct err e = { 0 };

	if (cli_db_open(d->config, DB_READ, &d->db, &e)) {
		say(d, false, "%s", e.msg);
		return;
	}
	say(d, true, "database %s opens, schema version %d%s, SQLite %s", d->config->db_path,
	    db_schema_version(d->db), db_schema_version(d->db) < (int)migrations_count ?
	    " (an older one: the programs bring it up to date when they start)" : "",
	    db_library_version());
	say(d, db_check(d->db, &e) == 0, "database is whole%s%s", e.msg[0] ? ": " : "", e.msg);
	check_count(d, SQL_LEDGER, "every ledger booking sums to zero");
	check_count(d, SQL_UNEQUAL, "every position equals its fills");
}

static void check_file(struct checkup *d)
{
	char when[CLOCK_TEXT_MAX];
	struct machine_file f;
	struct err e = { 0 };

	if (store_machine_file(d->db, &f, &e)) {
		say(d, false, "the database's file: %s", e.msg);
		return;
	}
	say(d, !f.failing_us, "the -wal file has %lld MB, %lld of %lld moves of its pages failed"
	    "%s%s", (long long)(f.wal_bytes / MEGABYTE), (long long)f.checkpoint_failures,
	    (long long)f.checkpoints, f.failing[0] ? ": " : "", f.failing);
	if (f.damaged_us)
		say(d, false, "the worker found damage at %s: %s", clock_text(f.damaged_us, when),
		    f.damage);
	else
		say(d, true, "the worker looked at every page: %s", f.scrubbed_us
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
		say(d, true, "how fast the database grows can't be measured: %s", e.msg);
		return;
	}
	if (g.days == 0) {
		say(d, true, "how fast the database grows is known after an hour of samples");
		return;
	}
	days = growth_days_left(&g, room(d->config));
	if (days > DISK_YEARS_SHOWN * 365)
		say(d, true, "the database grows by %.1f MB a day, %.1f MB of it for good: the "
		    "disk lasts more than %d years", g.per_day / MEGABYTE,
		    g.lasting_per_day / MEGABYTE, DISK_YEARS_SHOWN);
	else
		say(d, days > DISK_DAYS_WANTED, "the database grows by %.1f MB a day, %.1f MB of "
		    "it for good: the disk is full in %.0f days (%d are wanted)",
		    g.per_day / MEGABYTE, g.lasting_per_day / MEGABYTE, days, DISK_DAYS_WANTED);
}

/* Lost and repeated trades, which the worker counts, are no reason to fail. */
static void check_trades(struct checkup *d, const struct heartbeat *h)
{
	say(d, true, "since the worker's start %lld trades came late, %lld twice, %lld were "
	    "refused (of %lld frames); %lld gaps, the order book was out of step %lld times%s%s",
	    (long long)h->trades_late, (long long)h->trades_repeated, (long long)h->trades_refused,
	    (long long)h->decode_errors, (long long)h->feed_gaps, (long long)h->book_breaks,
	    h->feed_problem[0] ? "; the newest: " : "", h->feed_problem);
}

static void check_worker(struct checkup *d)
{
	struct worker_look w;
	const struct heartbeat *h = &w.beat;
	struct err e = { 0 };
	bool runs;

	if (heartbeat_look(d->db, clock_now_us(), &w, &e)) {
		say(d, false, "%s", e.msg);
		return;
	}
	runs = w.state == WORKER_RUNNING;
	if (w.state == WORKER_NEVER) {
		say(d, false, "the worker never ran on this database; start trading-bot-worker");
		return;
	}
	if (w.state == WORKER_BLOCKED)
		say(d, false, "worker: alive, but it has stored nothing for %lld s: %s",
		    (long long)(w.age_us / US_PER_S), w.blocked);
	else
		say(d, runs, "worker: last beat %lld ms ago", (long long)(w.age_us / US_PER_MS));
	if (runs)
		say(d, strcmp(h->feed_state, "failed") != 0 && strcmp(h->feed_state, "stale") != 0,
		    "market data %s: %s %s", h->market_data, h->feed_state, h->feed_message);
	check_trades(d, h);
}

static void say_market(void *ctx, const struct symbol_info *info)
{
	char text[SYMBOL_RULES_MAX];

	say(ctx, true, "market (%s) %s", info->source, symbol_rules_text(info, text));
}

static void check_markets(struct checkup *d)
{
	struct err e = { 0 };

	if (store_markets_each(d->db, say_market, d, &e))
		say(d, false, "the worker's markets: %s", e.msg);
}

static void check_bots(struct checkup *d)
{
	struct predictors *p = predictors_new(d->config->data_dir);
	struct err e = { 0 };
	struct stmt *s;

	if (db_stmt(d->db, SQL_BOTS, &s, &e) == 0) {
		while (stmt_step(s, &e) == STMT_ROW) {
			int64_t id = stmt_int(s, 0), model = stmt_int(s, 2);
			struct bot_config c;
			struct predictor unused;

			e.msg[0] = '\0';
			say(d, store_config_load(d->db, &d->key, id, &c, NULL, &e) == 0,
			    "bot %lld (%s): config can be used%s%s", (long long)id, stmt_text(s, 1),
			    e.msg[0] ? ": " : "", e.msg);
			e.msg[0] = '\0';
			if (model)
				say(d, predictors_take(p, d->db, model, true, &unused, &e) == 0,
				    "bot %lld: model %lld loads%s%s", (long long)id,
				    (long long)model, e.msg[0] ? ": " : "", e.msg);
		}
		stmt_done(s);
	}
	predictors_free(p);
}

static void check_feed(struct checkup *d)
{
	struct symbol_info symbols[SYMBOLS_MAX];
	char text[SYMBOL_RULES_MAX];
	struct err e = { 0 };
	size_t n = 0;

	if (d->config->market_data != MARKET_REPLAY)
		return;
	say(d, replay_symbols(d->config->recording, symbols, SYMBOLS_MAX, &n, &e) == 0,
	    "recording can be read, %zu markets%s%s", n, e.msg[0] ? ": " : "", e.msg);
	for (size_t i = 0; i < n; i++)
		say(d, true, "%s", symbol_rules_text(&symbols[i], text));
}

static void check_backups(struct checkup *d)
{
	const struct config *c = d->config;
	struct rotation_file *list = NULL;
	struct err e = { 0 };
	double age_h = 0;
	bool late;
	size_t n = 0;

	if (rotation_list(c->backup_dir, &list, &n, &e)) {
		say(d, false, "%s", e.msg);
		return;
	}
	if (n)
		age_h = (double)(clock_now_us() - list[0].us) / (double)(3600 * US_PER_S);
	late = c->backup_interval_s > 0 && age_h * 3600 > 2 * c->backup_interval_s;
	if (n)
		say(d, !late, "newest of %zu backups in %s is %.1f h old%s", n, c->backup_dir,
		    age_h,
		    late ? ", over twice BACKUP_INTERVAL; trading-bot backup says why" : "");
	else
		say(d, true, "no backup in %s yet; %s", c->backup_dir, c->backup_interval_s > 0
		    ? "the worker makes the first one some minutes after its start"
		    : "BACKUP_INTERVAL=0: make them by trading-bot backup");
	free(list);
}

static void check_clock(struct checkup *d)
{
	/* A clock before this program was written can't be right; drift against the exchange
	 * is checked where the exchange can be reached. */
	int64_t oldest;

	ASSERT(clock_parse("2026-01-01", &oldest) == 0);
	say(d, clock_now_us() > oldest, "the machine's clock is plausible");
	say(d, true, clock_synchronised()
		     ? "the machine's clock is kept right by the system (NTP)"
		     : "the system does not say that it keeps the clock right (NTP): look at "
		       "timedatectl");
}

/* Looks for rows with future times, which a clock that was ahead has left. */
static void check_future(struct checkup *d)
{
	int64_t n = 0, newest_us = 0;
	char when[CLOCK_TEXT_MAX], table[32];
	struct err e = { 0 };

	if (store_future(d->db, clock_now_us() + FUTURE_US, &n, &newest_us, table, &e))
		say(d, false, "rows of the future: %s", e.msg);
	else if (n)
		say(d, false, "%lld rows are of a time to come, the newest, in %s, of %s: the "
		    "clock was ahead when they were written", (long long)n, table,
		    clock_text(newest_us, when));
	else
		say(d, true, "no rows of a time to come");
}

/* What the worker says about the clock. */
static void check_watch(struct checkup *d)
{
	struct clock_watch w;
	struct err e = { 0 };
	char when[CLOCK_TEXT_MAX];

	if (clock_watch_load(d->db, &w, &e)) {
		say(d, false, "the clock: %s", e.msg);
		return;
	}
	if (w.settles_us && w.jump_us)
		say(d, false, "the machine's clock is in doubt until %s, nothing is deleted: it "
		    "went %s by %lld s at once (trading-bot clock)",
		    clock_text(w.settles_us, when), w.jump_us < 0 ? "back" : "ahead",
		    (long long)((w.jump_us < 0 ? -w.jump_us : w.jump_us) / US_PER_S));
	else
		say(d, true, "the machine's clock is %s, steps noticed: %lld", w.settles_us
		    ? "looked at: nobody ran for a while, nothing is deleted yet" : "settled",
		    (long long)w.jumps);
}

static int run(const struct config *c, int argc, char **argv)
{
	static struct checkup d;
	struct err e = { 0 };

	(void)argv;
	if (argc > 1) {
		fputs("Usage: trading-bot doctor\n", stderr);
		return 2;
	}
	d.config = c;
	say(&d, true, "configuration is valid (trading-bot-worker --check-config shows it)");
	check_clock(&d);
	check_folder(&d);
	check_wakeups(&d);
	check_feed(&d);
	check_backups(&d);
	check_database(&d);
	if (d.db) {
		if (master_key_read(c->master_key_file, &d.key, &e))
			say(&d, false, "%s", e.msg);
		check_file(&d);
		check_growth(&d);
		check_watch(&d);
		check_future(&d);
		check_reserve(&d);
		check_worker(&d);
		check_markets(&d);
		check_bots(&d);
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
