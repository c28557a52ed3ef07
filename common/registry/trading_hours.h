/*
 * trading_hours.h - the days and hours in which a bot may enter, in a zone with its summer time.
 *
 * A zone is an offset ("UTC", "+02:00") or a name of the system's zone database. Of a name the
 * rule in force (the POSIX text at the end of its file, "CET-1CEST,M3.5.0,M10.5.0/3") is
 * taken when the setting is made and stored with it: deciding needs no file, two machines
 * decide the same, and a later database changes no running bot. For times before that rule
 * (a backtest of the distant past) it is taken all the same.
 */
#ifndef COMMON_REGISTRY_TRADING_HOURS_H
#define COMMON_REGISTRY_TRADING_HOURS_H

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

#define HOURS_ZONE_MAX 40		/* with NUL */
#define HOURS_RULE_MAX 64		/* with NUL */
#define HOURS_ALL_DAYS 0x7f

struct trading_hours {
	unsigned days;			/* bit 0 Monday ... bit 6 Sunday; 0: no setting, always */
	int from_min, to_min;		/* minutes of the day, to is not inside; equal: all day */
	char zone[HOURS_ZONE_MAX];
	char rule[HOURS_RULE_MAX];	/* POSIX TZ text */
};

/*
 * May a bot enter at this time? An interval over midnight (22:00 to 06:00) belongs to the day
 * on which it begins.
 */
bool trading_hours_inside(const struct trading_hours *h, int64_t time_us);
/*
 * The rule of a zone. ERR_INVALID: there is no such zone, or none is known on this machine;
 * e says which names are.
 */
MUST_CHECK int trading_hours_rule(const char *zone, char rule[HOURS_RULE_MAX], struct err *e);
/* Is it a rule that can be computed with? */
bool trading_hours_rule_usable(const char *rule);
/* Seconds that local time is ahead of UTC at a time of UTC, by a usable rule. */
int64_t trading_hours_offset_s(const char *rule, int64_t utc_s);	/* (tests) */

#endif
