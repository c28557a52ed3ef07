#include "worker/cli/checkup.h"

#include "common/clock.h"
#include "common/db/fs_kind.h"
#include "common/db/watch.h"
#include "common/file.h"
#include "worker/backup/rotation.h"
#include "worker/feed/feed.h"
#include "worker/feed/symbol.h"
#include "worker/session/supported.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEGABYTE (1024 * 1024)
#define LEAST_FREE_BYTES (200LL * MEGABYTE)
#define SYMBOLS_MAX 64

static void check_settings(struct checkup *d)
{
	struct err e = { 0 };
	int bad = d->bad;

	if (supported_mode(d->config, &e))
		checkup_bad(d, "set TRADING_MODE=simulation; the worker does not start with live",
			    "TRADING_MODE=live: %s", e.msg);
	if (supported_market(d->config, &e))
		checkup_bad(d, "set MARKET_DATA=auto or synthetic, or replay with RECORDING",
			    "market data: %s", e.msg);
	if (bad == d->bad)
		checkup_ok("configuration is valid (trading-bot-worker --check-config shows it)");
	if (d->config->market_data == MARKET_AUTO)
		checkup_note("MARKET_DATA=auto is the built-in market in this version: its prices "
			     "are made up");
}

static void check_clock(struct checkup *d)
{
	/* A clock before this program was written can't be right; drift against the exchange
	 * is checked where the exchange can be reached. */
	int64_t oldest;
	char now[CLOCK_TEXT_MAX];

	ASSERT(clock_parse("2026-01-01", &oldest) == 0);
	if (clock_now_us() > oldest)
		checkup_ok("the machine's clock is plausible");
	else
		checkup_bad(d, "set it (timedatectl set-ntp true)",
			    "the machine's clock says %s, which is long ago",
			    clock_text(clock_now_us(), now));
	if (clock_synchronised())
		checkup_ok("the machine's clock is kept right by the system (NTP)");
	else
		checkup_note("the system does not say that it keeps the clock right (NTP): look "
			     "at timedatectl");
}

static void check_key(struct checkup *d)
{
	const char *path = d->config->master_key_file;
	struct stat st;

	if (stat(path, &st))
		return;
	if (st.st_mode & 077)
		checkup_bad(d, "chmod 600 that file, so that it is readable by its owner only",
			    "master key %s can be read or changed by others (mode %03o)", path,
			    (unsigned)(st.st_mode & 0777));
	else
		checkup_ok("master key %s is readable by its owner only", path);
}

static void check_folder(struct checkup *d)
{
	const char *dir = d->config->data_dir;
	long long free_bytes = file_free_bytes(dir);
	struct err e = { 0 };
	struct stat st;

	if (fs_kind_check(d->config->db_path, &e))
		checkup_bad(d, "move DATA_DIR (or DB_PATH) to a local disk", "%s", e.msg);
	if (stat(dir, &st)) {
		checkup_bad(d, "start trading-bot-worker, which makes it, or set DATA_DIR to the "
			    "folder of your bot", "data directory %s is missing", dir);
		return;
	}
	if (access(dir, W_OK) == 0)
		checkup_ok("data directory %s is writable", dir);
	else
		checkup_bad(d, "run this as the bot's user, or give that user the folder (chown)",
			    "data directory %s can't be written by user %ld", dir, (long)geteuid());
	if (free_bytes > LEAST_FREE_BYTES)
		checkup_ok("%lld MB free on its disk (200 MB are wanted)", free_bytes / MEGABYTE);
	else
		checkup_bad(d, "free some space: old recordings, app.db.before-*, app.db.v*.bak; "
			       "or move BACKUP_DIR to another disk",
			    "only %lld MB are free on its disk, 200 MB are wanted",
			    free_bytes / MEGABYTE);
	check_key(d);
}

/* Without inotify the programs are slower, but nothing is wrong. */
static void check_wakeups(const struct checkup *d)
{
	struct watch *w = NULL;
	struct err e = { 0 };

	if (access(d->config->data_dir, F_OK))
		return;
	if (watch_open(d->config->db_path, &w, &e))
		checkup_note("the worker looks for commands every 50 ms only: %s", e.msg);
	else
		watch_close(w);
}

static void check_recording(struct checkup *d)
{
	struct symbol_info symbols[SYMBOLS_MAX];
	char text[SYMBOL_RULES_MAX];
	struct err e = { 0 };
	size_t n = 0;

	if (d->config->market_data != MARKET_REPLAY)
		return;
	if (replay_symbols(d->config->recording, symbols, SYMBOLS_MAX, &n, &e)) {
		checkup_bad(d, "correct RECORDING, or put the file back", "recording: %s", e.msg);
		return;
	}
	checkup_ok("recording can be read, %zu markets", n);
	for (size_t i = 0; i < n; i++)
		checkup_ok("%s", symbol_rules_text(&symbols[i], text));
}

static void check_backups(struct checkup *d)
{
	const struct config *c = d->config;
	struct rotation_file *list = NULL;
	struct err e = { 0 };
	double age_h = 0;
	size_t n = 0;

	if (rotation_list(c->backup_dir, &list, &n, &e)) {
		checkup_bad(d, "mount or make the folder of BACKUP_DIR, readable for the bot's "
			       "user", "backups: %s", e.msg);
		return;
	}
	if (n)
		age_h = (double)(clock_now_us() - list[0].us) / (double)(3600 * US_PER_S);
	if (!n)
		checkup_ok("no backup in %s yet; %s", c->backup_dir, c->backup_interval_s > 0
			   ? "the worker makes the first one some minutes after its start"
			   : "BACKUP_INTERVAL=0: make them by trading-bot backup");
	else if (c->backup_interval_s > 0 && age_h * 3600 > 2 * c->backup_interval_s)
		checkup_bad(d, "trading-bot backup, which says why it fails",
			    "newest of %zu backups in %s is %.1f h old, over twice BACKUP_INTERVAL",
			    n, c->backup_dir, age_h);
	else
		checkup_ok("newest of %zu backups in %s is %.1f h old", n, c->backup_dir, age_h);
	free(list);
}

void checkup_machine(struct checkup *d)
{
	check_settings(d);
	check_clock(d);
	check_folder(d);
	check_wakeups(d);
	check_recording(d);
	check_backups(d);
}
