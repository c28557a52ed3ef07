/*
 * money.h - exact decimals: prices, quantities and amounts of money.
 *
 * Each is its own one-field struct, so that the compiler refuses to add a price
 * to a quantity. The unit is 1e-8, the finest that Binance uses. Arithmetic is checked: a
 * result that does not fit is ERR_RANGE, every rounding names its direction, and products
 * are 128 bits wide. Only money.c touches ".e8".
 *
 * In the database these are REAL columns, because people read them there.
 * _to_real gives a value only if it comes back exactly: every one up to 67,108,864
 * (2^26, from where doubles lie more than 1e-8 apart) does, and above it every
 * one of at most 15 significant digits (tests/unit/test_money.c proves both).
 */
#ifndef COMMON_MONEY_H
#define COMMON_MONEY_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct price { int64_t e8; };	/* quote asset per one base asset */
struct qty { int64_t e8; };	/* base asset (or contracts' base amount) */
struct money { int64_t e8; };	/* quote asset, signed */

/* down/up: toward -inf/+inf; nearest: ties away from zero */
enum rounding { ROUND_DOWN, ROUND_UP, ROUND_NEAREST };

#define MONEY_TEXT_MAX 24	/* longest text with its NUL */

/*
 * Exact decimal text: optional '-', digits, optional '.' and up to 8 digits.
 * No exponent, no plus sign, no blanks, no more decimals than 8 unless they are
 * zeros. Returns 0, ERR_INVALID (not such a text) or ERR_RANGE (beyond
 * +-92233720368.54775807).
 * The _n forms read len bytes that need no NUL.
 */
MUST_CHECK int price_parse(const char *text, struct price *out);	/* (tests) */
MUST_CHECK int qty_parse(const char *text, struct qty *out);	/* (tests) */
MUST_CHECK int money_parse(const char *text, struct money *out);
MUST_CHECK int price_parse_n(const char *text, size_t len, struct price *out);
MUST_CHECK int qty_parse_n(const char *text, size_t len, struct qty *out);

/* Shortest exact text ("61837.63", "0.1", "-3"); returns buf. */
const char *price_text(struct price p, char buf[MONEY_TEXT_MAX]);
const char *qty_text(struct qty q, char buf[MONEY_TEXT_MAX]);
const char *money_text(struct money m, char buf[MONEY_TEXT_MAX]);

/* For a database column. ERR_RANGE when the double would not come back exactly. */
MUST_CHECK int price_to_real(struct price p, double *out);
MUST_CHECK int qty_to_real(struct qty q, double *out);	/* (tests) */
MUST_CHECK int money_to_real(struct money m, double *out);
/* From a database column: nearest 1e-8. ERR_RANGE for NaN and what does not fit. */
MUST_CHECK int price_from_real(double v, struct price *out);
MUST_CHECK int qty_from_real(double v, struct qty *out);
MUST_CHECK int money_from_real(double v, struct money *out);
/*
 * The nearest double, even when that loses the last digit, and at most 92,233,720,368, so
 * that _from_real can read it. Equals _to_real wherever _to_real succeeds.
 */
double price_near_real(struct price p);
double qty_near_real(struct qty q);
double money_near_real(struct money m);

/* For features, statistics and plots only: nearest double, never back into a ledger. */
double price_double(struct price p);
double qty_double(struct qty q);
double money_double(struct money m);

/* Raw 1e-8 units, for hashing, storage in integers and generators. */
int64_t price_units(struct price p);
int64_t qty_units(struct qty q);
int64_t money_units(struct money m);
struct price price_of_units(int64_t e8);
struct qty qty_of_units(int64_t e8);
struct money money_of_units(int64_t e8);

/* -1, 0, 1 as a < b, a == b, a > b. */
int price_cmp(struct price a, struct price b);
int qty_cmp(struct qty a, struct qty b);
int money_cmp(struct money a, struct money b);
int price_sign(struct price p);
int qty_sign(struct qty q);
int money_sign(struct money m);

MUST_CHECK int price_add(struct price a, struct price b, struct price *out);
MUST_CHECK int price_sub(struct price a, struct price b, struct price *out);
MUST_CHECK int qty_add(struct qty a, struct qty b, struct qty *out);
MUST_CHECK int qty_sub(struct qty a, struct qty b, struct qty *out);
MUST_CHECK int money_add(struct money a, struct money b, struct money *out);
MUST_CHECK int money_sub(struct money a, struct money b, struct money *out);
struct money money_neg(struct money a);
struct qty qty_neg(struct qty a);
struct qty qty_min(struct qty a, struct qty b);

/* price x quantity, rounded to 1e-8. */
MUST_CHECK int money_notional(struct price p, struct qty q, enum rounding r, struct money *out);
/* amount / price = quantity; p must be positive (ERR_RANGE otherwise). */
MUST_CHECK int qty_for_money(struct money m, struct price p, enum rounding r, struct qty *out);
/* amount / quantity = average price; q must be positive. */
MUST_CHECK int price_average(struct money m, struct qty q, enum rounding r, struct price *out);

/*
 * Times a factor given in 1e-8 units (rate_e8 100000 = 0.001 = 10 bps).
 * Rates come from config doubles through rate_from_double.
 */
MUST_CHECK int price_scale(struct price p, int64_t rate_e8, enum rounding r, struct price *out);
MUST_CHECK int qty_scale(struct qty q, int64_t rate_e8, enum rounding r, struct qty *out);
MUST_CHECK int money_scale(struct money m, int64_t rate_e8, enum rounding r, struct money *out);
#define RATE_ONE INT64_C(100000000)
/* Nearest 1e-8; ERR_RANGE for NaN, infinite or |v| > 1e9. */
MUST_CHECK int rate_from_double(double v, int64_t *rate_e8);

/* part / whole as a fraction of whole: (part * num / den), rounded; den > 0. */
MUST_CHECK int money_share(struct money m, struct qty num, struct qty den, enum rounding r,
			   struct money *out);

/*
 * Rounds to a multiple of tick or step; with step 0 the value comes back unchanged. If that
 * multiple does not fit, the result is the next multiple towards zero.
 */
struct price price_to_tick(struct price p, struct price tick, enum rounding r);
struct qty qty_to_step(struct qty q, struct qty step, enum rounding r);

#endif
