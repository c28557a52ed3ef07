#include "common/registry/tokens.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char SQL_ALL[] =
	"SELECT id, name, role, hash, created_us, expires_us, revoked_us, last_used_us"
	" FROM api_tokens ORDER BY id";
static const char SQL_BY_NAME[] =
	"SELECT id, expires_us, revoked_us FROM api_tokens WHERE name = ?1";
static const char SQL_DELETE[] = "DELETE FROM api_tokens WHERE id = ?1";
static const char SQL_INSERT[] =
	"INSERT INTO api_tokens(name, role, hash, created_us, expires_us)"
	" VALUES (?1, ?2, ?3, ?4, ?5)";
static const char SQL_GET[] = "SELECT role, expires_us, revoked_us FROM api_tokens WHERE id = ?1";
static const char SQL_OTHER_ADMINS[] =
	"SELECT count(*) FROM api_tokens WHERE role = 'admin' AND id != ?1 AND revoked_us IS NULL"
	" AND (expires_us IS NULL OR expires_us > ?2)";
static const char SQL_REVOKE[] = "UPDATE api_tokens SET revoked_us = ?2 WHERE id = ?1";
static const char SQL_TOUCH[] =
	"UPDATE api_tokens SET last_used_us = ?2 WHERE id = ?1"
	" AND (last_used_us IS NULL OR last_used_us < ?2)";

bool token_usable(const struct token *t, int64_t now_us)
{
	return !t->revoked_us && (!t->expires_us || t->expires_us > now_us);
}

int store_tokens_load(struct db *db, struct token **out, size_t *n, struct err *e)
{
	struct token *list = NULL;
	size_t len = 0;
	struct stmt *s;
	int rc;

	rc = db_stmt(db, SQL_ALL, &s, e);
	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		list = xrealloc(list, (len + 1) * sizeof(*list));
		struct token *t = &list[len++];

		t->id = stmt_int(s, 0);
		stmt_copy(s, 1, t->name, sizeof(t->name));
		stmt_copy(s, 2, t->role, sizeof(t->role));
		stmt_copy(s, 3, t->hash, sizeof(t->hash));
		t->created_us = stmt_int(s, 4);
		t->expires_us = stmt_int(s, 5);
		t->revoked_us = stmt_int(s, 6);
		t->last_used_us = stmt_int(s, 7);
	}
	stmt_done(s);
	if (rc) {
		free(list);
		return rc;
	}
	*out = list;
	*n = len;
	return 0;
}

/* Removes an old row of that name. */
static int clear_name_tx(struct db *db, const struct token *t, bool replace, struct err *e)
{
	struct token old = { 0 };
	struct stmt *s;
	int rc;

	rc = db_stmt(db, SQL_BY_NAME, &s, e);
	if (rc)
		return rc;
	stmt_bind_text(s, 1, t->name);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		old.id = stmt_int(s, 0);
		old.expires_us = stmt_int(s, 1);
		old.revoked_us = stmt_int(s, 2);
	}
	stmt_done(s);
	if (rc <= 0)
		return rc;
	if (!replace && token_usable(&old, t->created_us))
		return err_set(e, ERR_CONFLICT,
			       "a token named %s exists already: revoke it first or take another "
			       "name",
			       t->name);
	rc = db_stmt(db, SQL_DELETE, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, old.id);
	return stmt_run(s, e);
}

/* Refuses names that logs use for actors which are no tokens. */
static int check_name(const char *name, struct err *e)
{
	static const char *const taken[] = { TOKEN_ENVIRONMENT, "command line", "shell" };

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (!strcasecmp(name, taken[i]))
			return err_set(e, ERR_CONFLICT,
				       "the name %s is reserved: take another one",
				       name);
	}
	return 0;
}

static int add_tx(struct db *db, const struct token *t, bool replace, int64_t *id, struct err *e)
{
	struct stmt *s;
	int rc = replace ? 0 : check_name(t->name, e);

	if (!rc)
		rc = clear_name_tx(db, t, replace, e);
	if (!rc)
		rc = db_stmt(db, SQL_INSERT, &s, e);
	if (rc)
		return rc;
	stmt_bind_text(s, 1, t->name);
	stmt_bind_text(s, 2, t->role);
	stmt_bind_text(s, 3, t->hash);
	stmt_bind_int(s, 4, t->created_us);
	stmt_bind_nonzero(s, 5, t->expires_us);
	rc = stmt_run(s, e);
	if (!rc)
		*id = db_last_id(db);
	return rc;
}

static int add(struct db *db, const struct token *t, bool replace, int64_t *id, struct err *e)
{
	int64_t new_id = 0;
	int rc;

	rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = add_tx(db, t, replace, &new_id, e);
	rc = db_end(db, rc, e);
	if (!rc)
		*id = new_id;
	return rc;
}

int store_token_add(struct db *db, const struct token *t, int64_t *id, struct err *e)
{
	return add(db, t, false, id, e);
}

int store_token_add_tx(struct db *db, const struct token *t, int64_t *id, struct err *e)
{
	return add_tx(db, t, false, id, e);
}

int store_token_put(struct db *db, const struct token *t, int64_t *id, struct err *e)
{
	return add(db, t, true, id, e);
}

int store_token_revoke_tx(struct db *db, int64_t id, int64_t now_us, struct err *e)
{
	struct token t = { 0 };
	int64_t others = 0;
	struct stmt *s;
	int rc;

	rc = db_stmt(db, SQL_GET, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, t.role, sizeof(t.role));
		t.expires_us = stmt_int(s, 1);
		t.revoked_us = stmt_int(s, 2);
	}
	stmt_done(s);
	if (rc < 0)
		return rc;
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no token %lld", (long long)id);
	if (t.revoked_us)
		return 0;
	rc = db_number(db, SQL_OTHER_ADMINS, (const int64_t[]){ id, now_us }, &others, e);
	if (rc)
		return rc;
	if (!others && !strcmp(t.role, "admin") && token_usable(&t, now_us))
		return err_set(e, ERR_CONFLICT,
			       "token %lld is the last admin token: make another one before "
			       "revoking it",
			       (long long)id);
	rc = db_stmt(db, SQL_REVOKE, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	stmt_bind_int(s, 2, now_us);
	return stmt_run(s, e);
}

int store_token_revoke(struct db *db, int64_t id, int64_t now_us, struct err *e)
{
	int rc;

	rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = store_token_revoke_tx(db, id, now_us, e);
	return db_end(db, rc, e);
}

int store_tokens_touch(struct db *db, const struct token *list, size_t n, struct err *e)
{
	struct stmt *s;
	int rc;

	rc = db_begin(db, e);
	for (size_t i = 0; !rc && i < n; i++) {
		rc = db_stmt(db, SQL_TOUCH, &s, e);
		if (rc)
			break;
		stmt_bind_int(s, 1, list[i].id);
		stmt_bind_int(s, 2, list[i].last_used_us);
		rc = stmt_run(s, e);
	}
	return db_end(db, rc, e);
}
