#include "worker/store/backup.h"

#include "common/clock.h"
#include "common/db/check.h"
#include "worker/store/installation.h"
#include "worker/store/orders.h"

#include <stdlib.h>
#include <string.h>

/* More than all bots together could have sent: MAX_ORDERS_PER_MIN is 120 for each. */
#define ORDERS_GAP INT64_C(1000000)
#define ORDERS_PER_S INT64_C(1000)
#define SCHEMA_OUTBOX 2			/* 0002_notifications.sql */
#define SCHEMA_INSTALLATIONS 8		/* 0008_house.sql */

#define ROWS_OF(table) "SELECT '" table "', count(*) FROM " table
#define AND_OF(table) " UNION ALL " ROWS_OF(table)

static const char SQL_ROWS[] =
	ROWS_OF("bots") AND_OF("trading_configs") AND_OF("trading_config_history")
	AND_OF("commands") AND_OF("bot_state") AND_OF("bot_events") AND_OF("models")
	AND_OF("model_assignments") AND_OF("trading_orders") AND_OF("exchange_orders")
	AND_OF("fills") AND_OF("signals") AND_OF("trading_stats") AND_OF("equity")
	AND_OF("sim_accounts") AND_OF("sim_ledger") AND_OF("reported_orders") AND_OF("jobs")
	AND_OF("api_tokens") AND_OF("audit_log");
static const char SQL_MODELS[] = "SELECT path, sha256 FROM models ORDER BY id";
static const char SQL_LEDGER[] = "SELECT entry_id FROM v_ledger_errors LIMIT 1";
static const char SQL_EVENTS[] =
	"INSERT INTO bot_events(bot_id, from_status, to_status, event, reason, requested_by, at_us)"
	" SELECT bot_id, status, 'PAUSED', 'restore', 'restored from a backup of '"
	" || strftime('%Y-%m-%d %H:%M:%S UTC', ?1 / 1000000, 'unixepoch'), 'trading-bot restore',"
	" ?2 FROM bot_state WHERE status = 'RUNNING'";
static const char SQL_PAUSE[] =
	"UPDATE bot_state SET status = 'PAUSED', updated_us = ?1 WHERE status = 'RUNNING'";
static const char SQL_EXPIRE[] =
	"UPDATE commands SET status = 'expired', answered_us = ?1, message = 'it waited in a backup"
	" that was restored' WHERE status = 'queued' AND kind <> 'emergency-stop'";
static const char SQL_CANCEL[] =
	"UPDATE jobs SET state = 'cancelled', pid = NULL, ended_us = ?1, error = 'it was not done"
	" in the backup that was restored' WHERE state IN ('queued', 'running')";
static const char SQL_UNSENT[] =
	"UPDATE notifications SET state = 'failed', done_us = ?1, error = 'it waited in a backup"
	" that was restored' WHERE state = 'queued'";
static const char SQL_REVOKED[] =
	"SELECT hash, revoked_us FROM api_tokens WHERE revoked_us IS NOT NULL";
static const char SQL_REVOKE[] =
	"UPDATE api_tokens SET revoked_us = ?2 WHERE hash = ?1 AND revoked_us IS NULL";
static const char SQL_NEXT_ORDER[] =
	"INSERT INTO counters(name, value) VALUES ('order', ?1)"
	" ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)";

int store_backup_rows(struct db *db, struct backup_rows *out, struct err *e)
{
	struct backup_rows r = { 0 };
	struct stmt *s;
	int rc = db_stmt(db, SQL_ROWS, &s, e);

	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		ASSERT(r.n < BACKUP_TABLES_MAX);
		stmt_copy(s, 0, r.tables[r.n].table, sizeof(r.tables[r.n].table));
		r.tables[r.n++].rows = stmt_int(s, 1);
	}
	stmt_done(s);
	if (rc == 0)
		*out = r;
	return rc;
}

int store_backup_models(struct db *db, struct backup_models *out, struct err *e)
{
	struct backup_models m = { 0 };
	struct stmt *s;
	int rc = db_stmt(db, SQL_MODELS, &s, e);

	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		m.list = xrealloc(m.list, (m.n + 1) * sizeof(*m.list));
		stmt_copy(s, 0, m.list[m.n].path, sizeof(m.list[m.n].path));
		stmt_copy(s, 1, m.list[m.n].sha256, sizeof(m.list[m.n].sha256));
		m.n++;
	}
	stmt_done(s);
	if (rc)
		free(m.list);
	else
		*out = m;
	return rc;
}

static int check_ledger(struct db *db, struct err *e)
{
	int64_t id = 0;
	int rc = db_number(db, SQL_LEDGER, NULL, &id, e);

	if (rc == 0 && id)
		return err_set(e, ERR_CORRUPT, "%s: booking %lld of the paper ledger does not sum "
			       "to zero", db_path(db), (long long)id);
	return rc;
}

int store_backup_check(struct db *db, struct err *e)
{
	int rc = db_check_whole(db, e);

	if (!rc)
		rc = db_check_references(db, e);
	return rc ? rc : check_ledger(db, e);
}

static int next_order(struct db *db, int64_t *out, struct err *e)
{
	struct next_ids ids;
	int rc = store_next_ids(db, &ids, e);

	if (!rc)
		*out = ids.order;
	return rc;
}

int store_backup_since(struct db *db, struct backup_since *out, struct err *e)
{
	struct backup_since since = { 0 };
	struct stmt *s;
	int rc = next_order(db, &since.next_order, e);

	if (!rc)
		rc = db_stmt(db, SQL_REVOKED, &s, e);
	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		struct backup_revoked *r;

		since.revoked = xrealloc(since.revoked, (since.revoked_n + 1) * sizeof(*r));
		r = &since.revoked[since.revoked_n++];
		stmt_copy(s, 0, r->hash, sizeof(r->hash));
		r->revoked_us = stmt_int(s, 1);
	}
	stmt_done(s);
	if (rc)
		free(since.revoked);
	else
		*out = since;
	return rc;
}

static int revoke_again(struct db *db, const struct backup_since *since, int64_t *changed,
			struct err *e)
{
	struct stmt *s;
	int rc = 0;

	for (size_t i = 0; i < since->revoked_n && !rc; i++) {
		rc = db_stmt(db, SQL_REVOKE, &s, e);
		if (rc)
			return rc;
		stmt_bind_text(s, 1, since->revoked[i].hash);
		stmt_bind_int(s, 2, since->revoked[i].revoked_us);
		rc = stmt_run(s, e);
		if (!rc)
			*changed += db_changes(db);
	}
	return rc;
}

static int change(struct db *db, const char *sql, const int64_t values[2], int n, int64_t *changed,
		  struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	for (int i = 0; i < n; i++)
		stmt_bind_int(s, i + 1, values[i]);
	rc = stmt_run(s, e);
	if (!rc)
		*changed = db_changes(db);
	return rc;
}

int store_backup_settle_tx(struct db *db, int64_t made_us, int64_t now_us,
			   const struct backup_since *since, struct backup_settled *out,
			   struct err *e)
{
	int64_t age_s = now_us > made_us ? (now_us - made_us) / US_PER_S : 0;
	int64_t next = 0, unused = 0;
	struct backup_settled s = { 0 };
	int rc = next_order(db, &next, e);

	if (rc)
		return rc;
	next += ORDERS_GAP + age_s * ORDERS_PER_S;
	s.next_order = next > since->next_order ? next : since->next_order;
	rc = change(db, SQL_EVENTS, (int64_t[]){ made_us, now_us }, 2, &unused, e);
	if (!rc)
		rc = change(db, SQL_PAUSE, (int64_t[]){ now_us, 0 }, 1, &s.bots, e);
	if (!rc)
		rc = change(db, SQL_EXPIRE, (int64_t[]){ now_us, 0 }, 1, &s.commands, e);
	if (!rc)
		rc = change(db, SQL_CANCEL, (int64_t[]){ now_us, 0 }, 1, &s.jobs, e);
	if (!rc && db_schema_version(db) >= SCHEMA_OUTBOX)
		rc = change(db, SQL_UNSENT, (int64_t[]){ now_us, 0 }, 1, &unused, e);
	if (!rc)
		rc = revoke_again(db, since, &s.tokens, e);
	if (!rc)
		rc = change(db, SQL_NEXT_ORDER, (int64_t[]){ s.next_order, 0 }, 1, &unused, e);
	if (!rc && db_schema_version(db) >= SCHEMA_INSTALLATIONS)
		rc = store_installation_new_tx(db, now_us, e);
	if (!rc)
		*out = s;
	return rc;
}
