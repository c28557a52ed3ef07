#include "common/money.h"

#include <math.h>
#include <string.h>

#define E8 INT64_C(100000000)
#define DECIMALS 8
#define REAL_MAX_E8 (INT64_C(92233720368) * E8)	/* the largest whole number that reads back */

static const int64_t pow10_table[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
};

/* INT64_MIN is out of range, so that every value can be negated. */
static int narrow(__int128 v, int64_t *out)
{
	if (v > INT64_MAX || v < -(__int128)INT64_MAX)
		return ERR_RANGE;
	*out = (int64_t)v;
	return 0;
}

/* Appends the digits at s to *acc; sets *over when they do not fit. Returns the place after. */
static const char *take_digits(const char *s, const char *end, uint64_t *acc, bool *over)
{
	for (; s < end && *s >= '0' && *s <= '9'; s++) {
		if (*acc > (UINT64_MAX - 9) / 10)
			*over = true;
		else
			*acc = *acc * 10 + (uint64_t)(*s - '0');
	}
	return s;
}

static int parse(const char *s, size_t len, int64_t *out)
{
	const char *end = s + len, *start, *limit;
	uint64_t acc = 0;
	size_t decimals = 0;
	bool negative = len > 0 && *s == '-', over = false;
	int64_t v;

	start = s += negative;
	s = take_digits(s, end, &acc, &over);
	if (s == start)
		return ERR_INVALID;
	if (s < end && *s == '.') {
		start = ++s;
		limit = end - s > DECIMALS ? s + DECIMALS : end;
		s = take_digits(s, limit, &acc, &over);
		if (s == start)
			return ERR_INVALID;
		decimals = (size_t)(s - start);
		while (decimals == DECIMALS && s < end && *s == '0')
			s++;
	}
	if (s != end)
		return ERR_INVALID;
	if (over || narrow((__int128)acc * pow10_table[DECIMALS - decimals], &v))
		return ERR_RANGE;
	*out = negative ? -v : v;
	return 0;
}

static const char *text(int64_t e8, char buf[MONEY_TEXT_MAX])
{
	uint64_t u = e8 < 0 ? -(uint64_t)e8 : (uint64_t)e8;
	uint64_t whole = u / E8, fraction = u % E8;
	char tmp[MONEY_TEXT_MAX];
	char *p = tmp + sizeof(tmp);
	int digits = DECIMALS;

	*--p = '\0';
	if (fraction) {
		for (; fraction % 10 == 0; digits--)
			fraction /= 10;
		for (; digits > 0; digits--, fraction /= 10)
			*--p = (char)('0' + fraction % 10);
		*--p = '.';
	}
	do {
		*--p = (char)('0' + whole % 10);
		whole /= 10;
	} while (whole);
	if (e8 < 0)
		*--p = '-';
	memcpy(buf, p, (size_t)(tmp + sizeof(tmp) - p));
	return buf;
}

/* v * scale to the nearest integer, ties away from zero, without a second rounding. */
static int nearest(double v, double scale, int64_t *out)
{
	double p, n, rest;

	if (!(fabs(v) * scale < 0x1p63))
		return ERR_RANGE;
	p = v * scale;
	n = round(p);
	rest = (p - n) + fma(v, scale, -p);
	if (rest > 0.5)
		n += 1;
	if (rest < -0.5)
		n -= 1;
	if (!(fabs(n) < 0x1p63))
		return ERR_RANGE;
	*out = (int64_t)n;
	return 0;
}

/* Nearest double of n / 10^decimals for |n| <= 2^53: one division of exact operands. */
static double real_of(int64_t n, int decimals)
{
	for (; decimals > 0 && n % 10 == 0; decimals--)
		n /= 10;
	if (n >= -(INT64_C(1) << 53) && n <= INT64_C(1) << 53)
		return (double)n / (double)pow10_table[decimals];
	return (double)((long double)n / (long double)pow10_table[decimals]);
}

/*
 * From 2^26 on neighbouring doubles are more than 1e-8 apart, so several decimals share one
 * double. Takes the decimal of at most 15 significant digits, because only one such decimal
 * can belong to a double (DBL_DIG is 15).
 */
static int from_real(double v, int64_t *out)
{
	double size = fabs(v), limit = 1e8;
	int decimals = 7;
	int64_t n;

	if (!isfinite(v))
		return ERR_RANGE;
	if (size >= 0x1p26) {
		while (size >= limit) {
			limit *= 10;
			decimals--;
		}
		if (decimals >= 0 && !nearest(v, (double)pow10_table[decimals], &n) &&
		    real_of(n, decimals) == v)
			return narrow((__int128)n * pow10_table[DECIMALS - decimals], out);
	}
	return nearest(v, (double)E8, out);
}

static int to_real(int64_t e8, double *out)
{
	double v = real_of(e8, DECIMALS);
	int64_t back;

	if (from_real(v, &back) || back != e8)
		return ERR_RANGE;
	*out = v;
	return 0;
}

static double near_real(int64_t e8)
{
	if (e8 > REAL_MAX_E8)
		e8 = REAL_MAX_E8;
	if (e8 < -REAL_MAX_E8)
		e8 = -REAL_MAX_E8;
	return real_of(e8, DECIMALS);
}

/* a * b / den, den > 0 */
static int mul_div(int64_t a, int64_t b, int64_t den, enum rounding r, int64_t *out)
{
	__int128 n, q, rest;

	if (den <= 0)
		return ERR_RANGE;
	n = (__int128)a * b;
	if (n >= INT64_MIN && n <= INT64_MAX) { /* the division that hardware has */
		q = (int64_t)n / den;
		rest = (int64_t)n % den;
	} else {
		q = n / den;
		rest = n % den;
	}
	switch (r) {
	case ROUND_DOWN: q -= rest < 0; break;
	case ROUND_UP: q += rest > 0; break;
	case ROUND_NEAREST: q += (2 * rest >= den) - (-2 * rest >= den); break;
	}
	return narrow(q, out);
}

static int sum(int64_t a, int64_t b, int64_t *out)
{
	return narrow((__int128)a + b, out);
}

static int difference(int64_t a, int64_t b, int64_t *out)
{
	return narrow((__int128)a - b, out);
}

static int64_t negative_of(int64_t a)
{
	ASSERT(a != INT64_MIN);
	return -a;
}

static int cmp(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int64_t to_multiple(int64_t v, int64_t step, enum rounding r)
{
	int64_t n, out;

	ASSERT(step >= 0);
	if (step == 0)
		return v;
	if (mul_div(v, 1, step, r, &n))
		n = v / step;
	if (narrow((__int128)n * step, &out))
		out = v / step * step;
	return out;
}

int price_parse(const char *s, struct price *out)
{
	return parse(s, strlen(s), &out->e8);
}

int qty_parse(const char *s, struct qty *out)
{
	return parse(s, strlen(s), &out->e8);
}

int money_parse(const char *s, struct money *out)
{
	return parse(s, strlen(s), &out->e8);
}

int price_parse_n(const char *s, size_t len, struct price *out)
{
	return parse(s, len, &out->e8);
}

int qty_parse_n(const char *s, size_t len, struct qty *out)
{
	return parse(s, len, &out->e8);
}

const char *price_text(struct price p, char buf[MONEY_TEXT_MAX])
{
	return text(p.e8, buf);
}

const char *qty_text(struct qty q, char buf[MONEY_TEXT_MAX])
{
	return text(q.e8, buf);
}

const char *money_text(struct money m, char buf[MONEY_TEXT_MAX])
{
	return text(m.e8, buf);
}

int price_to_real(struct price p, double *out)
{
	return to_real(p.e8, out);
}

int qty_to_real(struct qty q, double *out)
{
	return to_real(q.e8, out);
}

int money_to_real(struct money m, double *out)
{
	return to_real(m.e8, out);
}

int price_from_real(double v, struct price *out)
{
	return from_real(v, &out->e8);
}

int qty_from_real(double v, struct qty *out)
{
	return from_real(v, &out->e8);
}

int money_from_real(double v, struct money *out)
{
	return from_real(v, &out->e8);
}

double price_near_real(struct price p)
{
	return near_real(p.e8);
}

double qty_near_real(struct qty q)
{
	return near_real(q.e8);
}

double money_near_real(struct money m)
{
	return near_real(m.e8);
}

double price_double(struct price p)
{
	return (double)p.e8 / (double)E8;
}

double qty_double(struct qty q)
{
	return (double)q.e8 / (double)E8;
}

double money_double(struct money m)
{
	return (double)m.e8 / (double)E8;
}

int64_t price_units(struct price p)
{
	return p.e8;
}

int64_t qty_units(struct qty q)
{
	return q.e8;
}

int64_t money_units(struct money m)
{
	return m.e8;
}

struct price price_of_units(int64_t e8)
{
	return (struct price){ e8 };
}

struct qty qty_of_units(int64_t e8)
{
	return (struct qty){ e8 };
}

struct money money_of_units(int64_t e8)
{
	return (struct money){ e8 };
}

int price_cmp(struct price a, struct price b)
{
	return cmp(a.e8, b.e8);
}

int qty_cmp(struct qty a, struct qty b)
{
	return cmp(a.e8, b.e8);
}

int money_cmp(struct money a, struct money b)
{
	return cmp(a.e8, b.e8);
}

int price_sign(struct price p)
{
	return cmp(p.e8, 0);
}

int qty_sign(struct qty q)
{
	return cmp(q.e8, 0);
}

int money_sign(struct money m)
{
	return cmp(m.e8, 0);
}

int price_add(struct price a, struct price b, struct price *out)
{
	return sum(a.e8, b.e8, &out->e8);
}

int price_sub(struct price a, struct price b, struct price *out)
{
	return difference(a.e8, b.e8, &out->e8);
}

int qty_add(struct qty a, struct qty b, struct qty *out)
{
	return sum(a.e8, b.e8, &out->e8);
}

int qty_sub(struct qty a, struct qty b, struct qty *out)
{
	return difference(a.e8, b.e8, &out->e8);
}

int money_add(struct money a, struct money b, struct money *out)
{
	return sum(a.e8, b.e8, &out->e8);
}

int money_sub(struct money a, struct money b, struct money *out)
{
	return difference(a.e8, b.e8, &out->e8);
}

struct money money_neg(struct money a)
{
	return (struct money){ negative_of(a.e8) };
}

struct qty qty_neg(struct qty a)
{
	return (struct qty){ negative_of(a.e8) };
}

struct qty qty_min(struct qty a, struct qty b)
{
	return a.e8 < b.e8 ? a : b;
}

int money_notional(struct price p, struct qty q, enum rounding r, struct money *out)
{
	return mul_div(p.e8, q.e8, E8, r, &out->e8);
}

int qty_for_money(struct money m, struct price p, enum rounding r, struct qty *out)
{
	return mul_div(m.e8, E8, p.e8, r, &out->e8);
}

int price_average(struct money m, struct qty q, enum rounding r, struct price *out)
{
	return mul_div(m.e8, E8, q.e8, r, &out->e8);
}

int price_scale(struct price p, int64_t rate_e8, enum rounding r, struct price *out)
{
	return mul_div(p.e8, rate_e8, E8, r, &out->e8);
}

int qty_scale(struct qty q, int64_t rate_e8, enum rounding r, struct qty *out)
{
	return mul_div(q.e8, rate_e8, E8, r, &out->e8);
}

int money_scale(struct money m, int64_t rate_e8, enum rounding r, struct money *out)
{
	return mul_div(m.e8, rate_e8, E8, r, &out->e8);
}

int rate_from_double(double v, int64_t *rate_e8)
{
	if (!(fabs(v) <= 1e9))
		return ERR_RANGE;
	return nearest(v, (double)E8, rate_e8);
}

int money_share(struct money m, struct qty num, struct qty den, enum rounding r, struct money *out)
{
	return mul_div(m.e8, num.e8, den.e8, r, &out->e8);
}

struct price price_to_tick(struct price p, struct price tick, enum rounding r)
{
	return (struct price){ to_multiple(p.e8, tick.e8, r) };
}

struct qty qty_to_step(struct qty q, struct qty step, enum rounding r)
{
	return (struct qty){ to_multiple(q.e8, step.e8, r) };
}
