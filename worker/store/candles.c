#include "worker/store/candles.h"

#include "common/clock.h"

#include <string.h>

#define PRUNE_EVERY 60			/* candles of a series */
#define PRUNE_ROWS 500			/* at once: more than come between two times */

static const char SQL_CANDLE[] =
	"INSERT OR REPLACE INTO candles(source, symbol, interval, open_us, open, high, low, close,"
	" volume, buy_volume, trades) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char SQL_PRUNE[] =
	"DELETE FROM candles WHERE (source, symbol, interval, open_us) IN"
	" (SELECT source, symbol, interval, open_us FROM candles WHERE source = ?1 AND symbol = ?2"
	" AND interval = ?3 AND open_us < ?4 ORDER BY open_us LIMIT ?5)";
static const char SQL_RUN[] =
	"INSERT INTO candle_runs(source, symbol, interval, made_by, since_us, until_us)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(source, symbol, interval) DO UPDATE SET"
	" made_by = excluded.made_by, since_us = excluded.since_us, until_us = excluded.until_us";
static const char SQL_RUN_GET[] =
	"SELECT since_us, until_us FROM candle_runs WHERE source = ?1 AND symbol = ?2"
	" AND interval = ?3 AND made_by = ?4";
static const char SQL_LOAD[] =
	"SELECT open_us, open, high, low, close, volume, buy_volume, trades FROM candles"
	" WHERE source = ?1 AND symbol = ?2 AND interval = ?3 AND open_us >= ?4 AND open_us < ?5"
	" ORDER BY open_us";
static const char SQL_OTHERS[] =
	"SELECT source, symbol, interval FROM candle_runs WHERE source = ?1 AND made_by != ?2"
	" LIMIT 1";
static const char SQL_RUN_GONE[] =
	"DELETE FROM candle_runs WHERE source = ?1 AND symbol = ?2 AND interval = ?3";

static void bind_key(struct stmt *s, const struct candle_key *k)
{
	stmt_bind_text(s, 1, k->source);
	stmt_bind_text(s, 2, k->symbol);
	stmt_bind_text(s, 3, k->interval);
}

/* *n: rows that went. */
static int prune(struct db *db, const struct candle_key *k, int64_t before_us, int64_t rows,
		 int *n, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_PRUNE, &s, e);

	if (rc)
		return rc;
	bind_key(s, k);
	stmt_bind_int(s, 4, before_us);
	stmt_bind_int(s, 5, rows);
	rc = stmt_run(s, e);
	if (rc == 0)
		*n = db_changes(db);
	return rc;
}

int store_candle_tx(struct db *db, const struct candle_row *r, int64_t now_us, struct err *e)
{
	const struct candle *c = &r->candle;
	struct stmt *s;
	int n, rc = db_stmt(db, SQL_CANDLE, &s, e);

	if (rc)
		return rc;
	bind_key(s, &r->key);
	stmt_bind_int(s, 4, c->open_us);
	stmt_near_price(s, 5, c->open);
	stmt_near_price(s, 6, c->high);
	stmt_near_price(s, 7, c->low);
	stmt_near_price(s, 8, c->close);
	stmt_near_qty(s, 9, c->volume);
	stmt_near_qty(s, 10, c->buy_volume);
	stmt_bind_int(s, 11, c->trades);
	rc = stmt_run(s, e);
	if (c->open_us < now_us)
		now_us = c->open_us;
	if (rc == 0 && now_us && c->open_us % (PRUNE_EVERY * r->length_us) == 0)
		rc = prune(db, &r->key, now_us - CANDLES_KEPT * r->length_us, PRUNE_ROWS, &n, e);
	return rc;
}

/* ---- runs ---- */

int store_candle_run_tx(struct db *db, const struct candle_run *r, const char *made_by,
			struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_RUN, &s, e);

	if (rc)
		return rc;
	bind_key(s, &r->key);
	stmt_bind_text(s, 4, made_by);
	stmt_bind_int(s, 5, r->since_us);
	stmt_bind_int(s, 6, r->until_us);
	return stmt_run(s, e);
}

/* Checks the row, because it may be edited by hand and sums with it must not overflow. */
static bool run_possible(const struct candle_run *r)
{
	return r->since_us >= 0 && r->since_us < r->until_us;
}

static int no_run(const struct candle_run *r, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "the row of %s %s in candle_runs is impossible",
		       r->key.symbol, r->key.interval);
}

int store_candle_run(struct db *db, struct candle_run *r, const char *made_by, struct err *e)
{
	struct candle_run found = *r;
	struct stmt *s;
	int rc = db_stmt(db, SQL_RUN_GET, &s, e);

	if (rc)
		return rc;
	bind_key(s, &r->key);
	stmt_bind_text(s, 4, made_by);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		found.since_us = stmt_int(s, 0);
		found.until_us = stmt_int(s, 1);
	}
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "no candles of %s %s are stored", r->key.symbol,
			       r->key.interval);
	if (rc < 0)
		return rc;
	if (!run_possible(&found))
		return no_run(r, e);
	*r = found;
	return 0;
}

/* Reads a candle; false when it is impossible, because rows may be edited by hand. */
static bool read_candle(struct stmt *s, struct candle *c)
{
	int64_t trades = stmt_int(s, 7);

	c->open_us = stmt_int(s, 0);
	if (price_from_real(stmt_double(s, 1), &c->open) ||
	    price_from_real(stmt_double(s, 2), &c->high) ||
	    price_from_real(stmt_double(s, 3), &c->low) ||
	    price_from_real(stmt_double(s, 4), &c->close) ||
	    qty_from_real(stmt_double(s, 5), &c->volume) ||
	    qty_from_real(stmt_double(s, 6), &c->buy_volume) || trades < 0 || trades > UINT32_MAX)
		return false;
	c->trades = (uint32_t)trades;
	return price_sign(c->low) > 0 && price_cmp(c->low, c->open) <= 0 &&
	       price_cmp(c->low, c->close) <= 0 && price_cmp(c->open, c->high) <= 0 &&
	       price_cmp(c->close, c->high) <= 0 && qty_sign(c->buy_volume) >= 0 &&
	       qty_cmp(c->buy_volume, c->volume) <= 0;
}

static int corrupt(const struct candle_run *r, int64_t open_us, const char *why, struct err *e)
{
	char text[CLOCK_TEXT_MAX];

	return err_set(e, ERR_CORRUPT, "the stored candle of %s %s at %s %s", r->key.symbol,
		       r->key.interval, clock_text(open_us, text), why);
}

static int load(struct stmt *s, const struct candle_run *r, int64_t length_us, struct candle *out,
		size_t want, struct err *e)
{
	int64_t next_us = r->until_us - (int64_t)want * length_us;
	size_t n = 0;
	int rc = STMT_END;

	while (n < want && (rc = stmt_step(s, e)) == STMT_ROW) {
		struct candle c = { 0 };

		if (!read_candle(s, &c))
			return corrupt(r, c.open_us, "can't be", e);
		if (c.open_us != next_us)
			return corrupt(r, next_us, "is missing", e);
		out[n++] = c;
		next_us += length_us;
	}
	if (rc < 0)
		return rc;
	return n == want ? 0 : corrupt(r, next_us, "is missing", e);
}

int store_candles_load(struct db *db, const struct candle_run *r, int64_t length_us,
		       struct candle *out, size_t max, size_t *n, struct err *e)
{
	struct stmt *s;
	int64_t have;
	size_t want;
	int rc;

	if (!run_possible(r) || r->until_us % length_us || r->since_us % length_us)
		return no_run(r, e);
	have = (r->until_us - r->since_us) / length_us;
	want = have > (int64_t)max ? max : (size_t)have;
	rc = db_stmt(db, SQL_LOAD, &s, e);
	if (rc)
		return rc;
	bind_key(s, &r->key);
	stmt_bind_int(s, 4, r->until_us - (int64_t)want * length_us);
	stmt_bind_int(s, 5, r->until_us);
	rc = load(s, r, length_us, out, want, e);
	stmt_done(s);
	if (rc == 0)
		*n = want;
	return rc;
}

/* ---- another maker ---- */

static int run_gone(struct db *db, const struct candle_key *k, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_RUN_GONE, &s, e);

	if (rc)
		return rc;
	bind_key(s, k);
	return stmt_run(s, e);
}

int store_candles_forget_tx(struct db *db, const char *source, const char *made_by, bool *left,
			    struct err *e)
{
	struct candle_key k = { 0 };
	struct stmt *s;
	int n = 0, rc = db_stmt(db, SQL_OTHERS, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, source);
	stmt_bind_text(s, 2, made_by);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, k.source, sizeof(k.source));
		stmt_copy(s, 1, k.symbol, sizeof(k.symbol));
		stmt_copy(s, 2, k.interval, sizeof(k.interval));
	}
	stmt_done(s);
	*left = rc == STMT_ROW;
	if (rc != STMT_ROW)
		return rc;
	rc = prune(db, &k, INT64_MAX, CANDLES_FORGOTTEN, &n, e);
	return rc == 0 && n < CANDLES_FORGOTTEN ? run_gone(db, &k, e) : rc;
}
