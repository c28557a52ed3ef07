#include "worker/store/retention.h"

#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

#define DAY_US (INT64_C(86400) * US_PER_S)
#define HOUR_US (INT64_C(3600) * US_PER_S)
#define WALK_ROWS 100
#define NAME_MAX_BYTES 16

/* Samples before this time are thinned; it is stored, so that a restart misses none. */
static const char SQL_EQUITY_DONE[] = "SELECT value FROM counters WHERE name = 'equity_thinned_us'";
static const char SQL_EQUITY_DONE_SET[] =
	"INSERT OR REPLACE INTO counters(name, value) VALUES ('equity_thinned_us', ?1)";
/* Samples that have an older one of their bot in the same hour. */
static const char SQL_EQUITY_THIN[] =
	"DELETE FROM equity WHERE rowid IN (SELECT q.rowid FROM equity q INDEXED BY equity_time"
	" WHERE q.at_us >= ?1 AND q.at_us < ?2 AND EXISTS (SELECT 1 FROM equity p"
	" WHERE p.bot_id = q.bot_id AND p.at_us >= q.at_us - q.at_us % ?4 AND p.at_us < q.at_us)"
	" ORDER BY q.at_us LIMIT ?3)";
static const char SQL_LEDGER_OLDEST[] =
	"SELECT id, entry_id, bot_id, epoch, account, asset, amount, at_us FROM sim_ledger"
	" WHERE id > 0 ORDER BY id LIMIT ?1";
static const char SQL_LEDGER_CUT[] = "DELETE FROM sim_ledger WHERE id <= ?1";
static const char SQL_LEDGER_CARRY[] =
	"INSERT INTO sim_ledger(entry_id, bot_id, epoch, account, asset, amount, kind, at_us)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'carried', ?7)";
static const char SQL_COMMANDS_OLDEST[] =
	"SELECT id, created_us, iif(status = 'queued', 0, created_us) FROM commands WHERE id > ?1"
	" ORDER BY id LIMIT ?2";
static const char SQL_COMMAND_CUT[] = "DELETE FROM commands WHERE id = ?1";
static const char SQL_AUDIT_OLDEST[] =
	"SELECT id, at_us, at_us FROM audit_log WHERE id > ?1 ORDER BY id LIMIT ?2";
static const char SQL_AUDIT_CUT[] = "DELETE FROM audit_log WHERE id = ?1";
/* The newest event of each bot stays, because it explains the bot's state. */
static const char SQL_EVENTS_OLDEST[] =
	"SELECT id, at_us, iif(EXISTS (SELECT 1 FROM bot_events n WHERE n.bot_id = o.bot_id"
	" AND n.id > o.id), at_us, 0) FROM bot_events o WHERE id > ?1 ORDER BY id LIMIT ?2";
static const char SQL_EVENT_CUT[] = "DELETE FROM bot_events WHERE id = ?1";
/* The newest job of each kind and state stays, and jobs whose results are still stored. */
static const char SQL_JOBS_OLDEST[] =
	"SELECT id, created_us, iif(state IN ('done', 'failed', 'cancelled')"
	" AND NOT EXISTS (SELECT 1 FROM backtests b WHERE b.id = o.id)"
	" AND NOT EXISTS (SELECT 1 FROM trainings t WHERE t.id = o.id)"
	" AND EXISTS (SELECT 1 FROM jobs n WHERE n.state = o.state AND n.id > o.id"
	" AND n.kind = o.kind), coalesce(ended_us, 0), 0) FROM jobs o WHERE id > ?1"
	" ORDER BY id LIMIT ?2";
/* Keeps the count of deleted jobs, because a counter of the metrics must not go back. */
static const char SQL_JOB_COUNT[] =
	"INSERT INTO counters(name, value)"
	" SELECT 'backup_failures', 1 FROM jobs WHERE id = ?1 AND kind = 'backup'"
	" AND state = 'failed' ON CONFLICT (name) DO UPDATE SET value = value + 1";
static const char SQL_JOB_CUT[] = "DELETE FROM jobs WHERE id = ?1";
static const char SQL_ORDERS_OLDEST[] =
	"SELECT id, created_us, coalesce(closed_us, 0) FROM trading_orders WHERE id > ?1"
	" ORDER BY id LIMIT ?2";
/* Rows of paper trades; the newest trade's rows stay, so that no id is used twice. */
static const char SQL_DETAILS_OLDEST[] =
	"SELECT id, created_us, iif(mode = 'simulation' AND id < (SELECT max(id) FROM"
	" trading_orders) AND EXISTS (SELECT 1 FROM exchange_orders x WHERE x.order_id = o.id),"
	" coalesce(closed_us, 0), 0) FROM trading_orders o WHERE id > ?1 ORDER BY id LIMIT ?2";
/* Paper entries that never filled are no trades. */
static const char SQL_UNFILLED_OLDEST[] =
	"SELECT id, created_us, iif(mode = 'simulation' AND status = 'closed' AND filled = 0"
	" AND id < (SELECT max(id) FROM trading_orders), coalesce(closed_us, 0), 0)"
	" FROM trading_orders WHERE id > ?1 ORDER BY id LIMIT ?2";
static const char SQL_FILLS_CUT[] = "DELETE FROM fills WHERE order_id = ?1";
static const char SQL_LEGS_CUT[] = "DELETE FROM exchange_orders WHERE order_id = ?1";
static const char SQL_MOVES_CUT[] = "DELETE FROM order_events WHERE order_id = ?1";
static const char SQL_ORDER_CUT[] = "DELETE FROM trading_orders WHERE id = ?1";

/* Runs a query that returns one number; *out is 0 when there is no row. */

/* ---- equity ---- */

static int retention_equity(struct db *db, const struct retention *k, int64_t *n, struct err *e)
{
	int64_t until_us = k->engine_us - DAY_US, done_us = 0;
	struct stmt *s;
	int rc = db_number(db, SQL_EQUITY_DONE, NULL, &done_us, e);

	/* A clock that was ahead may have set done_us too far; thin the samples since then too. */
	if (done_us > k->engine_us)
		done_us = 0;
	if (rc || until_us <= done_us)
		return rc;
	rc = db_stmt(db, SQL_EQUITY_THIN, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, done_us);
	stmt_bind_int(s, 2, until_us);
	stmt_bind_int(s, 3, KEEP_ROWS);
	stmt_bind_int(s, 4, HOUR_US);
	rc = stmt_run(s, e);
	if (rc)
		return rc;
	*n = db_changes(db);
	if (*n == KEEP_ROWS)
		return 0; /* there is more */
	rc = db_stmt(db, SQL_EQUITY_DONE_SET, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, until_us);
	return stmt_run(s, e);
}

/* ---- the paper ledger ---- */

struct carried {			/* the sum of one account's old rows */
	int64_t entry_id, bot_id, epoch;
	char account[NAME_MAX_BYTES], asset[NAME_MAX_BYTES];
	struct money sum;
	bool written;			/* with the first of its bot and epoch */
};

struct old_rows {
	struct carried list[KEEP_ROWS];
	size_t n;
	int64_t rows, last_id;		/* whole entries only */
};

/* Adds a row to its account's sum. False: the sum does not fit. */
static bool add_row(struct old_rows *old, const struct carried *row)
{
	size_t i = 0;

	for (; i < old->n; i++)
		if (old->list[i].bot_id == row->bot_id && old->list[i].epoch == row->epoch &&
		    strcmp(old->list[i].account, row->account) == 0 &&
		    strcmp(old->list[i].asset, row->asset) == 0)
			break;
	if (i < old->n)
		return money_add(old->list[i].sum, row->sum, &old->list[i].sum) == 0;
	old->list[old->n++] = *row;
	return true;
}

static void read_row(struct stmt *s, struct carried *row)
{
	memset(row, 0, sizeof(*row));
	row->entry_id = stmt_int(s, 1);
	row->bot_id = stmt_int(s, 2);
	row->epoch = stmt_int(s, 3);
	stmt_copy(s, 4, row->account, sizeof(row->account));
	stmt_copy(s, 5, row->asset, sizeof(row->asset));
	row->sum = stmt_money(s, 6);
}

/* True also for a booking with a future date: that date is wrong, and only the date is lost. */
static bool is_old(const struct retention *k, int64_t at_us)
{
	return at_us < k->engine_us - k->details_days * DAY_US || at_us > k->engine_us + DAY_US;
}

/* The id of the last row of the oldest complete entries that are old enough; 0: none. */
static int last_whole(struct db *db, const struct retention *k, int64_t *last_id, struct err *e)
{
	int64_t rows = 0, entry = 0, id = 0;
	struct stmt *s;
	int rc = db_stmt(db, SQL_LEDGER_OLDEST, &s, e);

	*last_id = 0;
	if (rc)
		return rc;
	stmt_bind_int(s, 1, KEEP_ROWS);
	while ((rc = stmt_step(s, e)) == STMT_ROW && is_old(k, stmt_int(s, 7))) {
		if (rows++ && stmt_int(s, 1) != entry)
			*last_id = id;
		entry = stmt_int(s, 1);
		id = stmt_int(s, 0);
	}
	if (rc == STMT_ROW && stmt_int(s, 1) != entry)
		*last_id = id; /* the next entry is a young one */
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

/* If a sum does not fit, old->rows is 0 and the rows stay, because trading must go on. */
static int read_old(struct db *db, struct old_rows *old, struct err *e)
{
	struct carried row;
	bool fits = true;
	struct stmt *s;
	int rc = db_stmt(db, SQL_LEDGER_OLDEST, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, KEEP_ROWS);
	while (fits && (rc = stmt_step(s, e)) == STMT_ROW && stmt_int(s, 0) <= old->last_id) {
		read_row(s, &row);
		fits = add_row(old, &row);
		old->rows++;
	}
	stmt_done(s);
	if (!fits)
		old->rows = 0;
	return rc < 0 ? rc : 0;
}

static bool same_books(const struct carried *a, const struct carried *b)
{
	return a->bot_id == b->bot_id && a->epoch == b->epoch;
}

/* The id of a bot's carried entry: the smallest of the deleted ones. */
static int64_t entry_of(const struct old_rows *old, const struct carried *c)
{
	int64_t entry_id = c->entry_id;

	for (size_t i = 0; i < old->n; i++)
		if (same_books(&old->list[i], c) && old->list[i].entry_id < entry_id)
			entry_id = old->list[i].entry_id;
	return entry_id;
}

static int write_row(struct db *db, const struct carried *c, int64_t entry_id, int64_t at_us,
		     struct err *e)
{
	struct stmt *s;
	int rc;

	if (money_sign(c->sum) == 0)
		return 0;
	rc = db_stmt(db, SQL_LEDGER_CARRY, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, entry_id);
	stmt_bind_int(s, 2, c->bot_id);
	stmt_bind_int(s, 3, c->epoch);
	stmt_bind_text(s, 4, c->account);
	stmt_bind_text(s, 5, c->asset);
	stmt_near_money(s, 6, c->sum);
	stmt_bind_int(s, 7, at_us);
	return stmt_run(s, e);
}

/* One entry for each bot and epoch, its rows together. */
static int write_carried(struct db *db, struct old_rows *old, int64_t at_us, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < old->n; i++) {
		const struct carried *first = &old->list[i];
		int64_t entry_id = entry_of(old, first);

		for (size_t j = i; j < old->n && !first->written && rc == 0; j++) {
			if (j > i && !same_books(&old->list[j], first))
				continue;
			rc = write_row(db, &old->list[j], entry_id, at_us, e);
			if (j > i)
				old->list[j].written = true;
		}
	}
	return rc;
}

static int retention_ledger(struct db *db, struct retention *k, int64_t *n, struct err *e)
{
	struct old_rows *old;
	int64_t last_id = 0;
	struct stmt *s;
	int rc = last_whole(db, k, &last_id, e);

	if (rc || last_id == 0)
		return rc;
	old = xcalloc(1, sizeof(*old));
	old->last_id = last_id;
	rc = read_old(db, old, e);
	if (rc || old->rows == 0)
		goto out;
	rc = db_stmt(db, SQL_LEDGER_CUT, &s, e);
	if (rc == 0) {
		stmt_bind_int(s, 1, last_id);
		rc = stmt_run(s, e);
	}
	if (rc == 0)
		rc = write_carried(db, old, k->engine_us, e);
	*n = old->rows;
out:
	free(old);
	return rc;
}

/* ---- all others: commands, the audit log, events, jobs, closed trades ---- */

#define CUTS_MAX 4
struct passed {				/* old rows among which some stay: all are walked through */
	const char *oldest;		/* ?1 after this id, ?2 rows: id, begun us, ended us or 0 */
	const char *cut[CUTS_MAX];	/* in this order, ?1 id */
	int64_t at_once;
};

static const struct passed commands = { SQL_COMMANDS_OLDEST, { SQL_COMMAND_CUT }, WALK_ROWS };
static const struct passed audit = { SQL_AUDIT_OLDEST, { SQL_AUDIT_CUT }, WALK_ROWS };
static const struct passed events = { SQL_EVENTS_OLDEST, { SQL_EVENT_CUT }, WALK_ROWS };
static const struct passed jobs = { SQL_JOBS_OLDEST, { SQL_JOB_COUNT, SQL_JOB_CUT }, 20 };
static const struct passed orders = { SQL_ORDERS_OLDEST,
	{ SQL_FILLS_CUT, SQL_MOVES_CUT, SQL_LEGS_CUT, SQL_ORDER_CUT }, 20 };
static const struct passed details = { SQL_DETAILS_OLDEST, 
	{ SQL_FILLS_CUT, SQL_MOVES_CUT, SQL_LEGS_CUT }, 40 };
static const struct passed unfilled = { SQL_UNFILLED_OLDEST,
	{ SQL_MOVES_CUT, SQL_LEGS_CUT, SQL_ORDER_CUT }, 40 };

static int cut(struct db *db, const struct passed *p, int64_t id, struct err *e)
{
	struct stmt *s;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < CUTS_MAX && p->cut[i]; i++) {
		rc = db_stmt(db, p->cut[i], &s, e);
		if (rc)
			break;
		stmt_bind_int(s, 1, id);
		rc = stmt_run(s, e);
	}
	return rc;
}

/*
 * Walks through old rows. *after: the id looked at last; 0 begins again. Skips a row with a
 * future time (the clock was wrong when it was written), so that it does not protect the rows
 * behind it.
 */
static int retention_walk(struct db *db, const struct passed *p, int64_t now_us, int64_t days,
			  int64_t *after, int64_t *n, struct err *e)
{
	int64_t ids[WALK_ROWS], before_us = now_us - days * DAY_US, seen = 0;
	bool young = false;
	struct stmt *s;
	int rc;

	if (days == 0)
		return 0;
	rc = db_stmt(db, p->oldest, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, *after);
	stmt_bind_int(s, 2, p->at_once);
	while (!young && (rc = stmt_step(s, e)) == STMT_ROW) {
		young = stmt_int(s, 1) >= before_us && stmt_int(s, 1) <= now_us + DAY_US;
		*after = stmt_int(s, 0);
		seen++;
		if (stmt_int(s, 2) && stmt_int(s, 2) < before_us)
			ids[(*n)++] = stmt_int(s, 0);
	}
	stmt_done(s);
	if (young || seen < p->at_once)
		*after = 0; /* from the beginning: what had to stay may go by now */
	for (int64_t i = 0; rc >= 0 && i < *n; i++)
		rc = cut(db, p, ids[i], e);
	return rc < 0 ? rc : 0;
}

/* ---- whose turn it is ---- */

static int retention_small(struct db *db, struct retention *k, int turn, int64_t *n, struct err *e)
{
	switch (turn) {
	case 0:
		return retention_walk(db, &commands, k->clock_us, k->details_days,
				      &k->after_command, n, e);
	case 1:
		return retention_walk(db, &audit, k->clock_us, k->audit_days, &k->after_audit, n,
				      e);
	case 2:
		return retention_walk(db, &events, k->engine_us, k->details_days, &k->after_event,
				      n, e);
	default:
		return retention_walk(db, &jobs, k->clock_us, k->details_days, &k->after_job, n, e);
	}
}

static int retention_trades(struct db *db, struct retention *k, int turn, int64_t *n, struct err *e)
{
	switch (turn) {
	case 0:
		return retention_walk(db, &orders, k->engine_us, k->orders_days, &k->after_order, n,
				      e);
	case 1:
		return retention_walk(db, &unfilled, k->engine_us, k->fills_days,
				      &k->after_unfilled, n, e);
	default:
		return retention_walk(db, &details, k->engine_us, k->fills_days, &k->after_detail,
				      n, e);
	}
}

int retention_tx(struct db *db, struct retention *k, int64_t *n, struct err *e)
{
	int turn = k->turn;

	*n = 0;
	if (!k->clock_us || !k->engine_us)
		return 0;
	k->turn = (turn + 1) % KEEP_TURNS;
	switch (turn % 4) {
	case 0:
		return retention_equity(db, k, n, e);
	case 1:
		return k->details_days ? retention_ledger(db, k, n, e) : 0;
	case 2:
		return retention_small(db, k, turn / 4, n, e);
	default:
		return retention_trades(db, k, turn / 4, n, e);
	}
}
