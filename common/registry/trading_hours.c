#include "common/registry/trading_hours.h"

#include "common/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONE_FILES "/usr/share/zoneinfo/"
#define ZONE_FILE_MOST 65536
#define DAY_S 86400
#define HOUR_S 3600

/* ---- days since 1970 ---- */

/* Gregorian; source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t year_of(int64_t days)
{
	int64_t year = 1970 + floor_div(days, 366);

	while (days_of(year + 1, 1, 1) <= days)
		year++;
	return year;
}

/* 0 Monday ... 6 Sunday; 1970-01-01 was a Thursday. */
static int weekday_of(int64_t days)
{
	int64_t d = (days + 3) % 7;

	return (int)(d < 0 ? d + 7 : d);
}

/* ---- POSIX TZ text: std offset [dst [offset] , Mm.w.d[/time] , Mm.w.d[/time]] ---- */

struct change {				/* day of the week-th week (5: the last) of the month */
	int month, week, day;		/* day 0 Sunday, as POSIX has it */
	int64_t time_s;			/* local time of day, may be negative or over a day */
};

struct zone_rule {
	int64_t std_s, dst_s;		/* ahead of UTC */
	bool has_dst;
	struct change begins, ends;	/* summer time */
};

/* "CET", or "<+03>": at least three characters. NULL: it is none. */
static const char *skip_name(const char *p)
{
	const char *from = p;

	if (*p == '<') {
		while (*p && *p != '>')
			p++;
		return *p == '>' && p - from >= 4 ? p + 1 : NULL;
	}
	while (isalpha((unsigned char)*p))
		p++;
	return p - from >= 3 ? p : NULL;
}

static const char *number(const char *p, int64_t most, int64_t *out)
{
	int64_t v = 0;

	if (!isdigit((unsigned char)*p))
		return NULL;
	for (; isdigit((unsigned char)*p) && v <= most; p++)
		v = v * 10 + (*p - '0');
	*out = v;
	return v <= most ? p : NULL;
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. */
static const char *clock_time(const char *p, int64_t hours_most, int64_t *out)
{
	int64_t parts[3] = { 0 }, sign = *p == '-' ? -1 : 1;

	if (*p == '-' || *p == '+')
		p++;
	p = number(p, hours_most, &parts[0]);
	for (int i = 1; p && i < 3 && *p == ':'; i++)
		p = number(p + 1, 59, &parts[i]);
	*out = sign * (parts[0] * HOUR_S + parts[1] * 60 + parts[2]);
	return p;
}

static const char *change_read(const char *p, struct change *c)
{
	int64_t month = 0, week = 0, day = 0;

	if (*p++ != 'M')
		return NULL;
	p = number(p, 12, &month);
	p = p && *p == '.' ? number(p + 1, 5, &week) : NULL;
	p = p && *p == '.' ? number(p + 1, 6, &day) : NULL;
	c->time_s = 2 * HOUR_S;
	if (p && *p == '/')
		p = clock_time(p + 1, 167, &c->time_s);
	c->month = (int)month;
	c->week = (int)week;
	c->day = (int)day;
	return p && month >= 1 && week >= 1 ? p : NULL;
}

static bool rule_read(const char *text, struct zone_rule *r)
{
	const char *p = skip_name(text);
	int64_t west;

	*r = (struct zone_rule){ 0 };
	p = p ? clock_time(p, 24, &west) : NULL;
	if (!p)
		return false;
	r->std_s = r->dst_s = -west;
	if (!*p)
		return true;
	r->has_dst = true;
	r->dst_s = r->std_s + HOUR_S;
	p = skip_name(p);
	if (p && *p && *p != ',') {
		p = clock_time(p, 24, &west);
		r->dst_s = -west;
	}
	p = p && *p == ',' ? change_read(p + 1, &r->begins) : NULL;
	p = p && *p == ',' ? change_read(p + 1, &r->ends) : NULL;
	return p && !*p;
}

bool trading_hours_rule_usable(const char *rule)
{
	struct zone_rule r;

	return rule_read(rule, &r);
}

/* UTC of a change in a year; before_s is the offset that is in force before it. */
static int64_t change_at(const struct change *c, int64_t year, int64_t before_s)
{
	int64_t first = days_of(year, c->month, 1);
	int64_t next = c->month == 12 ? days_of(year + 1, 1, 1) : days_of(year, c->month + 1, 1);
	int ahead = ((c->day + 6) % 7 - weekday_of(first) + 7) % 7;
	int64_t day = first + ahead + 7 * (c->week - 1);

	while (day >= next)
		day -= 7;
	return day * DAY_S + c->time_s - before_s;
}

static int64_t offset_at(const struct zone_rule *r, int64_t utc_s)
{
	int64_t year, begins, ends;
	bool summer;

	if (!r->has_dst)
		return r->std_s;
	year = year_of(floor_div(utc_s + r->std_s, DAY_S));
	begins = change_at(&r->begins, year, r->std_s);
	ends = change_at(&r->ends, year, r->dst_s);
	if (begins < ends)
		summer = utc_s >= begins && utc_s < ends;
	else
		summer = utc_s >= begins || utc_s < ends;
	return summer ? r->dst_s : r->std_s;
}

int64_t trading_hours_offset_s(const char *rule, int64_t utc_s)
{
	struct zone_rule r;

	ASSERT(rule_read(rule, &r));
	return offset_at(&r, utc_s);
}

/* ---- inside or not ---- */

static bool day_set(const struct trading_hours *h, int64_t days)
{
	return h->days >> weekday_of(days) & 1;
}

bool trading_hours_inside(const struct trading_hours *h, int64_t time_us)
{
	int64_t utc_s = floor_div(time_us, US_PER_S), local_s, days;
	int minute;

	if (!h->days)
		return true;
	local_s = utc_s + trading_hours_offset_s(h->rule, utc_s);
	days = floor_div(local_s, DAY_S);
	minute = (int)((local_s - days * DAY_S) / 60);
	if (h->from_min == h->to_min)
		return day_set(h, days);
	if (h->from_min < h->to_min)
		return day_set(h, days) && minute >= h->from_min && minute < h->to_min;
	return minute >= h->from_min ? day_set(h, days) :
	       minute < h->to_min && day_set(h, days - 1);
}

/* ---- zones ---- */

/* "+02:00", "-0330", "+5": the same as POSIX text, whose sign is the other way round. */
static bool rule_of_offset(const char *zone, char rule[HOURS_RULE_MAX])
{
	int64_t offset_s;
	const char *end;

	if (*zone != '+' && *zone != '-')
		return false;
	end = clock_time(zone, 14, &offset_s);
	if (!end || *end || offset_s % 60)
		return false;
	snprintf(rule, HOURS_RULE_MAX, "OFF%c%02lld:%02lld", *zone == '+' ? '-' : '+',
		 (long long)(llabs(offset_s) / HOUR_S), (long long)(llabs(offset_s) / 60 % 60));
	return true;
}

/* Letters, digits, "_", "+", "-" and "/": nothing that leads out of the folder. */
static bool name_safe(const char *zone)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-/";
	size_t n = strspn(zone, allowed);

	return n > 0 && !zone[n] && zone[0] != '/' && n < HOURS_ZONE_MAX;
}

/* The last line of a zone's file (RFC 8536, version 2 and later). */
static bool rule_of_file(const char *zone, char rule[HOURS_RULE_MAX])
{
	char path[sizeof(ZONE_FILES) + HOURS_ZONE_MAX], *data, *line;
	size_t n;
	FILE *f;
	bool found = false;

	snprintf(path, sizeof(path), ZONE_FILES "%s", zone);
	f = fopen(path, "re");
	if (!f)
		return false;
	data = xcalloc(1, ZONE_FILE_MOST + 1);
	n = fread(data, 1, ZONE_FILE_MOST, f);
	if (n > 8 && memcmp(data, "TZif", 4) == 0 && data[4] >= '2' && data[n - 1] == '\n') {
		data[n - 1] = '\0';
		line = memrchr(data, '\n', n - 1);
		if (line && strlen(line + 1) < HOURS_RULE_MAX) {
			snprintf(rule, HOURS_RULE_MAX, "%s", line + 1);
			found = true;
		}
	}
	free(data);
	(void)fclose(f);
	return found;
}

int trading_hours_rule(const char *zone, char rule[HOURS_RULE_MAX], struct err *e)
{
	char found[HOURS_RULE_MAX];

	if (strcmp(zone, "UTC") == 0)
		snprintf(found, sizeof(found), "UTC0");
	else if (!rule_of_offset(zone, found) && !(name_safe(zone) && rule_of_file(zone, found)))
		return err_set(e, ERR_INVALID, "\"%.*s\" is no zone that is known here: use UTC, "
			       "an offset such as \"+02:00\", or a name in " ZONE_FILES
			       " such as \"Europe/Berlin\"", HOURS_ZONE_MAX, zone);
	if (!trading_hours_rule_usable(found))
		return err_set(e, ERR_INVALID, "the rule of zone \"%s\", \"%s\", can't be computed "
			       "with: use an offset", zone, found);
	snprintf(rule, HOURS_RULE_MAX, "%s", found);
	return 0;
}
