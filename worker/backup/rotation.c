#include "worker/backup/rotation.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "trading-bot-"
#define ENDING ".tar.gz"
#define STAMP_LEN (ROTATION_STAMP_MAX - 1)
#define DAY_US (INT64_C(86400) * US_PER_S)
#define MONDAY_DAYS 3			/* 1970-01-01 was a Thursday */
#define PATH_BYTES (CONFIG_PATH_MAX + 300)

static int64_t day_of(int64_t us)
{
	return us / DAY_US;
}

static int64_t week_of(int64_t us)
{
	return (day_of(us) + MONDAY_DAYS) / 7;
}

/* Keeps the first of each period, until "most" periods had one. */
static void keep_periods(int64_t (*period)(int64_t us), int64_t most, const int64_t *us, size_t n,
			 bool *keep)
{
	int64_t seen = 0, last = INT64_MAX;

	for (size_t i = 0; i < n && seen < most; i++) {
		if (period(us[i]) == last)
			continue;
		last = period(us[i]);
		keep[i] = true;
		seen++;
	}
}

void rotation_choose(const struct rotation_rule *rule, const int64_t *us, size_t n, bool *keep)
{
	for (size_t i = 0; i < n; i++)
		keep[i] = (int64_t)i < rule->newest;
	keep_periods(day_of, rule->days, us, n, keep);
	keep_periods(week_of, rule->weeks, us, n, keep);
}

void rotation_bound(int64_t most_bytes, const int64_t *bytes, size_t n, bool *keep)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (!keep[i])
			continue;
		keep[i] = i == 0 || bytes[i] <= most_bytes - sum;
		/* Once one does not fit, all older ones go as well. */
		sum = keep[i] && bytes[i] < most_bytes - sum ? sum + bytes[i] : most_bytes;
	}
}

/* 2026-07-25T03:00:00.000000Z without its signs. */
void rotation_stamp(int64_t us, char out[ROTATION_STAMP_MAX])
{
	char text[CLOCK_TEXT_MAX];
	size_t n = 0;

	clock_text(us, text);
	for (const char *p = text; *p && *p != '.'; p++)
		if (*p != '-' && *p != ':')
			out[n++] = *p;
	out[n++] = 'Z';
	out[n] = '\0';
}

void rotation_name(const char *dir, int64_t us, char *out, size_t size)
{
	char when[ROTATION_STAMP_MAX];

	rotation_stamp(us, when);
	snprintf(out, size, "%s/" PREFIX "%s" ENDING, dir, when);
	for (int i = 1; access(out, F_OK) == 0; i++)
		snprintf(out, size, "%s/" PREFIX "%s-%d" ENDING, dir, when, i);
}

bool rotation_parse(const char *name, int64_t *us)
{
	size_t n = strlen(name), from = strlen(PREFIX), ending = strlen(ENDING);
	const char *s = name + from;
	char text[CLOCK_TEXT_MAX];
	size_t extra;

	if (n < from + STAMP_LEN + ending || strncmp(name, PREFIX, from) != 0 ||
	    strcmp(name + n - ending, ENDING) != 0 || s[8] != 'T' || s[15] != 'Z')
		return false;
	extra = n - from - STAMP_LEN - ending;
	if (extra && (s[STAMP_LEN] != '-' || extra < 2 ||
		      strspn(s + STAMP_LEN + 1, "0123456789") != extra - 1))
		return false;
	snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s, s + 4, s + 6, s + 9,
		 s + 11, s + 13);
	return clock_parse(text, us) == 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct rotation_file *x = a, *y = b;

	if (x->us != y->us)
		return x->us < y->us ? 1 : -1;
	if (strlen(x->name) != strlen(y->name))
		return strlen(x->name) < strlen(y->name) ? 1 : -1;
	return strcmp(y->name, x->name);
}

int rotation_list(const char *dir, struct rotation_file **out, size_t *n, struct err *e)
{
	struct rotation_file *list = NULL;
	DIR *d = opendir(dir);
	struct dirent *entry;
	size_t found = 0;

	if (!d && errno != ENOENT)
		return file_error(e, "read", dir);
	while (d && (entry = readdir(d)) != NULL) {
		char path[PATH_BYTES];
		struct stat st;
		int64_t us;

		if (!rotation_parse(entry->d_name, &us) || strlen(entry->d_name) >= 64)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (stat(path, &st))
			continue;
		list = xrealloc(list, (found + 1) * sizeof(*list));
		snprintf(list[found].name, sizeof(list[found].name), "%s", entry->d_name);
		list[found].bytes = st.st_size;
		list[found++].us = us;
	}
	if (d)
		closedir(d);
	if (found)
		qsort(list, found, sizeof(*list), newest_first);
	*out = list;
	*n = found;
	return 0;
}

/* keep[i]: is the i-th kept? "made" always is, even if its name has a past date. */
static void choose(const struct config *c, const char *made, const struct rotation_file *list,
		   size_t n, bool *keep)
{
	struct rotation_rule rule = { c->backup_keep, c->backup_keep_daily, c->backup_keep_weekly };
	const char *slash = strrchr(made, '/'), *name = slash ? slash + 1 : made;
	int64_t *us = xcalloc(n + 1, sizeof(*us)), *bytes = xcalloc(n + 1, sizeof(*bytes));

	for (size_t i = 0; i < n; i++) {
		us[i] = list[i].us;
		bytes[i] = list[i].bytes;
	}
	rotation_choose(&rule, us, n, keep);
	rotation_bound(c->backup_max_bytes, bytes, n, keep);
	for (size_t i = 0; i < n; i++)
		keep[i] |= strcmp(list[i].name, name) == 0;
	free(bytes);
	free(us);
}

size_t rotation_remove(const struct config *c, const char *made)
{
	struct rotation_file *list = NULL;
	struct err e = { 0 };
	size_t n = 0, removed = 0;
	bool *keep;

	if (rotation_list(c->backup_dir, &list, &n, &e)) {
		log_warn("backup", NULL, "old backups stay: %s", e.msg);
		return 0;
	}
	keep = xcalloc(n + 1, sizeof(*keep));
	choose(c, made, list, n, keep);
	for (size_t i = 0; i < n; i++) {
		char path[PATH_BYTES];

		if (keep[i])
			continue;
		snprintf(path, sizeof(path), "%s/%s", c->backup_dir, list[i].name);
		if (unlink(path) == 0)
			removed++;
		else
			log_warn("backup", NULL, "%s stays: %s", path, strerror(errno));
	}
	free(keep);
	free(list);
	return removed;
}

void rotation_clean(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)) != NULL) {
		char path[PATH_BYTES];

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
		    !strstr(entry->d_name, ENDING ".") || !strstr(entry->d_name, ".part"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		(void)unlink(path);
	}
	if (d)
		closedir(d);
}
