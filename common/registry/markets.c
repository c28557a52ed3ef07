#include "common/registry/markets.h"

#include <math.h>
#include <string.h>

#define SCHEMA_SINCE 7		/* that has the table */

#define COLUMNS \
	"symbol, exchange, base, quote, tick, step, min_quantity, max_quantity, min_notional," \
	" fee_maker, fee_taker, origin, note, source"

static const char SQL_PUT[] =
	"INSERT OR REPLACE INTO markets(" COLUMNS ", updated_us)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
static const char SQL_TRIM[] = "DELETE FROM markets WHERE updated_us != ?1";
static const char SQL_GET[] =
	"SELECT " COLUMNS " FROM markets WHERE symbol = ?1 AND exchange = ?2"
	" ORDER BY updated_us DESC LIMIT 1";
static const char SQL_ALL[] = "SELECT " COLUMNS " FROM markets ORDER BY symbol, source";

/* What a bot's setting exchange names. */
static const char *market_exchange(bool futures)
{
	return futures ? "binance_futures" : "binance";
}

static double rate(int64_t e8)
{
	return (double)e8 / (double)RATE_ONE;
}

int store_market_put_tx(struct db *db, const struct symbol_info *info, int64_t now_us,
			struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_PUT, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, info->symbol);
	stmt_bind_text(s, 2, market_exchange(info->futures));
	stmt_bind_text(s, 3, info->base);
	stmt_bind_text(s, 4, info->quote);
	stmt_near_price(s, 5, info->tick);
	stmt_near_qty(s, 6, info->step);
	stmt_near_qty(s, 7, info->min_qty);
	if (qty_units(info->max_qty) < QTY_UNLIMITED_E8)
		stmt_near_qty(s, 8, info->max_qty);
	else
		stmt_bind_null(s, 8);
	stmt_near_money(s, 9, info->min_notional);
	stmt_bind_double(s, 10, rate(info->fees.maker_e8));
	stmt_bind_double(s, 11, rate(info->fees.taker_e8));
	stmt_bind_text(s, 12, symbol_origin_name(info->origin));
	stmt_bind_text(s, 13, info->note);
	stmt_bind_text(s, 14, info->source);
	stmt_bind_int(s, 15, now_us);
	return stmt_run(s, e);
}

int store_markets_trim_tx(struct db *db, int64_t now_us, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_TRIM, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, now_us);
	return stmt_run(s, e);
}

static void read_market(struct stmt *s, struct symbol_info *out)
{
	memset(out, 0, sizeof(*out));
	stmt_copy(s, 0, out->symbol, sizeof(out->symbol));
	out->futures = strcmp(stmt_text(s, 1), market_exchange(true)) == 0;
	stmt_copy(s, 2, out->base, sizeof(out->base));
	stmt_copy(s, 3, out->quote, sizeof(out->quote));
	out->tick = stmt_price(s, 4);
	out->step = stmt_qty(s, 5);
	out->min_qty = stmt_qty(s, 6);
	out->max_qty = stmt_is_null(s, 7) ? qty_of_units(QTY_UNLIMITED_E8) : stmt_qty(s, 7);
	out->min_notional = stmt_money(s, 8);
	out->fees.maker_e8 = llround(stmt_double(s, 9) * (double)RATE_ONE);
	out->fees.taker_e8 = llround(stmt_double(s, 10) * (double)RATE_ONE);
	if (!symbol_origin_parse(stmt_text(s, 11), &out->origin))
		out->origin = ORIGIN_MADE_UP; /* of a newer version: the note says what it is */
	stmt_copy(s, 12, out->note, sizeof(out->note));
	stmt_copy(s, 13, out->source, sizeof(out->source));
}

int store_market_get(struct db *db, const char *symbol, bool futures, struct symbol_info *out,
		     struct err *e)
{
	bool older = db_schema_version(db) < SCHEMA_SINCE;
	struct stmt *s;
	int rc = older ? 0 : db_stmt(db, SQL_GET, &s, e);

	if (!older && !rc) {
		stmt_bind_text(s, 1, symbol);
		stmt_bind_text(s, 2, market_exchange(futures));
		rc = stmt_step(s, e);
		if (rc == STMT_ROW)
			read_market(s, out);
		stmt_done(s);
	}
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "the worker has no market %s of %s", symbol,
			       market_exchange(futures));
	return rc < 0 ? rc : 0;
}

int store_markets_each(struct db *db, store_market_fn *fn, void *ctx, struct err *e)
{
	struct symbol_info info;
	struct stmt *s;
	int rc;

	if (db_schema_version(db) < SCHEMA_SINCE)
		return 0;
	rc = db_stmt(db, SQL_ALL, &s, e);
	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		read_market(s, &info);
		fn(ctx, &info);
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}
