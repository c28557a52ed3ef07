#include "common/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
	struct timespec ts;

	ASSERT(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int64_t clock_now_us(void)
{
	return read_ns(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_us(void)
{
	return read_ns(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_boot_us(void)
{
	return read_ns(CLOCK_BOOTTIME) / 1000;
}

/* Whole seconds toward -inf, so that times before 1970 read right too. */
static int64_t split_us(int64_t us, struct tm *tm)
{
	int64_t s = us / US_PER_S, rest = us % US_PER_S;
	time_t t;

	if (rest < 0) {
		rest += US_PER_S;
		s--;
	}
	t = (time_t)s;
	ASSERT(gmtime_r(&t, tm) != NULL);
	return rest;
}

/* v as n digits; returns the place behind them. */
static char *put_digits(char *p, int n, int v)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

/* Lists have hundreds of times: printf took a quarter of their time. */
static char *put_day(char *p, const struct tm *tm)
{
	long year = tm->tm_year + 1900L;

	if (year < 0 || year > 9999)
		return p + snprintf(p, CLOCK_TEXT_MAX, "%04ld-%02d-%02d", year, tm->tm_mon + 1,
				    tm->tm_mday);
	p = put_digits(p, 4, (int)year);
	*p++ = '-';
	p = put_digits(p, 2, tm->tm_mon + 1);
	*p++ = '-';
	p = put_digits(p, 2, tm->tm_mday);
	*p = '\0';
	return p;
}

const char *clock_day(int64_t us, char buf[CLOCK_TEXT_MAX])
{
	struct tm tm;

	split_us(us, &tm);
	put_day(buf, &tm);
	return buf;
}

bool clock_synchronised(void)
{
	struct timex t = { .modes = 0 };

	return adjtimex(&t) != TIME_ERROR && !(t.status & STA_UNSYNC);
}

const char *clock_text(int64_t us, char buf[CLOCK_TEXT_MAX])
{
	struct tm tm;
	int64_t rest = split_us(us, &tm);
	char *p = put_day(buf, &tm);

	*p++ = 'T';
	p = put_digits(p, 2, tm.tm_hour);
	*p++ = ':';
	p = put_digits(p, 2, tm.tm_min);
	*p++ = ':';
	p = put_digits(p, 2, tm.tm_sec);
	*p++ = '.';
	p = put_digits(p, 6, (int)rest);
	*p++ = 'Z';
	*p = '\0';
	return buf;
}

/* Exactly n digits at *p, as a number up to max; moves *p behind them. */
static bool take_digits(const char **p, int n, int max, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (!isdigit((unsigned char)(*p)[i]))
			return false;
		v = v * 10 + ((*p)[i] - '0');
	}
	if (v > max)
		return false;
	*p += n;
	*out = v;
	return true;
}

static bool take_char(const char **p, char c)
{
	if (toupper((unsigned char)**p) != c)
		return false;
	(*p)++;
	return true;
}

static bool take_day(const char **p, struct tm *tm)
{
	struct tm back;
	time_t t;

	if (!take_digits(p, 4, 9999, &tm->tm_year) || !take_char(p, '-') ||
	    !take_digits(p, 2, 12, &tm->tm_mon) || !take_char(p, '-') ||
	    !take_digits(p, 2, 31, &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	if (tm->tm_mon < 0 || tm->tm_mday < 1)
		return false;
	/* A day that the month does not have comes back as another one. */
	back = *tm;
	t = timegm(&back);
	return gmtime_r(&t, &back) && back.tm_mon == tm->tm_mon;
}

/* ".123456789": digits after the sixth are dropped. */
static bool take_fraction(const char **p, int64_t *us)
{
	int64_t unit = US_PER_S / 10;

	*us = 0;
	if (**p != '.')
		return true;
	(*p)++;
	if (!isdigit((unsigned char)**p))
		return false;
	for (; isdigit((unsigned char)**p); (*p)++) {
		*us += unit * (**p - '0');
		unit /= 10;
	}
	return true;
}

/* "Z" or "+01:30", as seconds to take away. */
static bool take_offset(const char **p, int *seconds)
{
	int sign = **p == '-' ? -1 : 1, h, m;

	*seconds = 0;
	if (take_char(p, 'Z'))
		return true;
	if (!take_char(p, '+') && !take_char(p, '-'))
		return false;
	if (!take_digits(p, 2, 23, &h) || !take_char(p, ':') || !take_digits(p, 2, 59, &m))
		return false;
	*seconds = sign * (h * 3600 + m * 60);
	return true;
}

int clock_parse(const char *text, int64_t *us)
{
	struct tm tm = { 0 };
	const char *p = text;
	int64_t fraction = 0;
	int offset = 0;

	if (!take_day(&p, &tm))
		return ERR_INVALID;
	if (*p) {
		if (!take_char(&p, 'T') && !take_char(&p, ' '))
			return ERR_INVALID;
		if (!take_digits(&p, 2, 23, &tm.tm_hour) || !take_char(&p, ':') ||
		    !take_digits(&p, 2, 59, &tm.tm_min) || !take_char(&p, ':') ||
		    !take_digits(&p, 2, 59, &tm.tm_sec) || !take_fraction(&p, &fraction) ||
		    !take_offset(&p, &offset) || *p)
			return ERR_INVALID;
	}
	*us = ((int64_t)timegm(&tm) - offset) * US_PER_S + fraction;
	return 0;
}

int64_t clock_steady_us(struct clock_steady *s, int64_t wall_us, int64_t boot_us)
{
	int64_t step_us = wall_us - boot_us - s->ahead_us;
	bool follow = !s->begun || (step_us > 0 && step_us <= CLOCK_STEP_US);

	if (!follow && step_us > 0 && !s->held_us)
		s->held_us = boot_us;
	else if (!follow && step_us > 0)
		follow = boot_us - s->held_us >= CLOCK_HOLD_US;
	if (follow)
		s->ahead_us += step_us;
	if (follow || step_us <= 0)
		s->held_us = 0;
	s->begun = true;
	return boot_us + s->ahead_us;
}
