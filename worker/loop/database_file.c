#include "worker/loop/loop_internal.h"

#include "common/log.h"
#include "worker/store/jobs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define WAL_MUCH_BYTES (INT64_C(256) << 20)	/* grown so far it is told to people */

static int64_t wal_bytes(const struct worker *w)
{
	char path[CONFIG_PATH_MAX + 8];
	struct stat st;

	snprintf(path, sizeof(path), "%s-wal", w->config->db_path);
	return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

static void tell_failing(struct worker *w, const char *why)
{
	struct machine_file *f = &w->file;

	f->failing_us = clock_now_us();
	snprintf(f->failing, sizeof(f->failing), "%.255s", why);
	log_warn("database", NULL, "%s", why);
}

void worker_file_look(struct worker *w)
{
	struct machine_file *f = &w->file;
	struct checkpoint_state c;
	int64_t before = f->wal_bytes;

	checkpoint_state(w->checkpoint, &c);
	f->checkpoints = (int64_t)c.made;
	f->checkpoint_failures = (int64_t)c.failed;
	f->wal_bytes = wal_bytes(w);
	if (c.failing && !f->failing_us) {
		tell_failing(w, c.why);
	} else if (c.failing) {
		snprintf(f->failing, sizeof(f->failing), "%s", c.why);
	} else if (c.made && f->failing_us) {
		f->failing_us = 0;
		f->failing[0] = '\0';
		log_info("database", NULL, "pages of the -wal file are moved again");
	}
	if (f->failing_us && before <= WAL_MUCH_BYTES && f->wal_bytes > WAL_MUCH_BYTES)
		notifier_tell(w->notifier, NOTIFY_WARNING, f->failing);
}

static void tell_damage(struct worker *w, const char *what)
{
	struct machine_file *f = &w->file;
	char text[400];

	if (!f->damaged_us)
		f->damaged_us = clock_now_us();
	snprintf(f->damage, sizeof(f->damage), "%.255s", what);
	snprintf(text, sizeof(text), "the database is damaged\n%s", f->damage);
	log_error("database", NULL, "%s", f->damage);
	notifier_tell(w->notifier, NOTIFY_WARNING, text);
}

void worker_file_checked(struct worker *w, const struct job_row *row)
{
	bool check = strcmp(row->kind, "check") == 0;

	if (!check && strcmp(row->kind, "backup") != 0)
		return;
	if (strcmp(row->state, "failed") == 0 && strstr(row->error, "damaged")) {
		tell_damage(w, row->error);
	} else if (check && strcmp(row->state, "done") == 0) {
		if (!strstr(row->result, "\"ok\":true")) {
			tell_damage(w, row->result);
			return;
		}
		w->file.scrubbed_us = clock_now_us();
		w->file.damaged_us = 0;
		w->file.damage[0] = '\0';
	}
}
