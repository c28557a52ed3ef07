#include "common/registry/configs.h"

#include "common/json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Parameters of the two statements below that are no config keys. */
enum { P_BOT = 1, P_VERSION, P_BY, P_TIME, P_EXPECT, P_KEYS };

static const char SQL_LOAD[] = "SELECT * FROM trading_configs WHERE bot_id = ?1";
static const char SQL_VERSION[] = "SELECT version FROM trading_configs WHERE bot_id = ?1";
static const char SQL_PAST[] = "SELECT config, version FROM trading_config_history WHERE bot_id = "
			       "?1 ORDER BY version DESC";
static const char SQL_PAST_ONE[] =
	"SELECT config FROM trading_config_history WHERE bot_id = ?1 AND version = ?2";
static const char SQL_HISTORY[] =
	"INSERT INTO trading_config_history(bot_id, version, config, changed_us, changed_by) "
	"VALUES (?1, ?2, ?3, ?4, ?5)";

/*
 * These two statements are built once from bot_keys[], because the keys are the names of the
 * columns and must be listed in one place only.
 */
static struct buf sql_insert, sql_update;

static void add_names(struct buf *sql)
{
	for (size_t i = 0; i < bot_keys_count; i++)
		buf_printf(sql, ", %s", bot_keys[i].name);
}

/* A secret that is NULL stays as it is; in a new row there is none. */
static void add_parameters(struct buf *sql, bool is_new)
{
	for (size_t i = 0; i < bot_keys_count; i++) {
		const struct bot_key *k = &bot_keys[i];

		if (k->type == BOT_SECRET)
			buf_printf(sql, ", coalesce(?%zu, %s)", P_KEYS + i,
				   is_new ? "''" : k->name);
		else
			buf_printf(sql, ", ?%zu", P_KEYS + i);
	}
}

static void build_sql(void)
{
	if (sql_insert.len > 0)
		return;
	buf_puts(&sql_update, "UPDATE trading_configs SET (version, updated_by, updated_us");
	add_names(&sql_update);
	buf_puts(&sql_update, ") = (?2, ?3, ?4");
	add_parameters(&sql_update, false);
	buf_puts(&sql_update, ") WHERE bot_id = ?1 AND version = ?5");

	buf_puts(&sql_insert,
		 "INSERT INTO trading_configs(bot_id, version, updated_by, updated_us");
	add_names(&sql_insert);
	buf_puts(&sql_insert, ") SELECT ?1, ?2, ?3, ?4");
	add_parameters(&sql_insert, true);
	buf_puts(&sql_insert, " WHERE ?5 = 0 AND EXISTS (SELECT 1 FROM bots WHERE id = ?1) "
		 "ON CONFLICT(bot_id) DO NOTHING");
}

/* ---- reading ---- */

const char *store_config_aad(char aad[STORE_CONFIG_AAD_MAX], int64_t bot_id, const char *key)
{
	snprintf(aad, STORE_CONFIG_AAD_MAX, "bot %lld %s", (long long)bot_id, key);
	return aad;
}

/* What is no JSON stays a text, which is then refused. */
static cJSON *json_or_text(const char *text)
{
	cJSON *v = NULL;

	if (text && json_read(text, strlen(text), &v, NULL) == 0)
		return v;
	return cJSON_CreateString(text ? text : "");
}

/* One column as JSON, so that it passes the same checks as a request's body. */
static cJSON *json_of(struct stmt *s, int col, const struct bot_key *k)
{
	const char *text;

	switch (k->type) {
	case BOT_INT:
	case BOT_REAL:
	case BOT_MONEY:
		return cJSON_CreateNumber(stmt_double(s, col));
	case BOT_BOOL:
		/* Neither 0 nor 1 stays a number, which is then refused. */
		if (stmt_int(s, col) == 0 || stmt_int(s, col) == 1)
			return cJSON_CreateBool(stmt_int(s, col) == 1);
		return cJSON_CreateNumber(stmt_double(s, col));
	case BOT_JSON:
		return json_or_text(stmt_text(s, col));
	case BOT_TEXT:
	case BOT_SECRET:
	case BOT_CHOICE:
		break;
	}
	text = stmt_text(s, col);
	return cJSON_CreateString(text ? text : "");
}

static int check_row(int64_t bot_id, struct bot_config *c, const cJSON *patch, struct err *e)
{
	struct field_errors f = { 0 };

	if (bot_config_read(c, patch, &f) == 0)
		return 0;
	ASSERT(f.n > 0);
	return err_set(e, ERR_INVALID, "bot %lld: trading_configs.%s: %s%s", (long long)bot_id,
		       f.list[0].field, f.list[0].message, f.n > 1 ? " (and other columns)" : "");
}

static bool is_secret(const char *column, enum bot_secret *which)
{
	for (int i = 0; i < BOT_SECRETS; i++)
		if (strcmp(bot_secret_name((enum bot_secret)i), column) == 0) {
			*which = (enum bot_secret)i;
			return true;
		}
	return false;
}

/* secrets NULL: only to see that it opens. */
static int open_secret(const char *sealed, const struct master_key *k, int64_t bot_id,
		       enum bot_secret which, struct bot_secrets *secrets, struct err *e)
{
	char aad[STORE_CONFIG_AAD_MAX], plain[BOT_SECRET_LENGTH_MAX + 1];
	const char *name = bot_secret_name(which);
	int rc;

	if (!sealed || !*sealed)
		return 0;
	rc = crypto_open(k, store_config_aad(aad, bot_id, name), sealed, plain, sizeof(plain), e);
	if (rc)
		err_prefix(e, "bot %lld: trading_configs.%s", (long long)bot_id, name);
	else if (secrets)
		bot_secret_set(secrets, which, plain);
	crypto_wipe(plain, sizeof(plain));
	return rc;
}

static int read_row(struct stmt *s, const struct master_key *k, int64_t bot_id,
		    struct bot_config *c, struct bot_secrets *secrets, struct err *e)
{
	cJSON *patch = cJSON_CreateObject();
	int rc = 0;

	ASSERT(patch != NULL);
	bot_config_defaults(c);
	for (int col = 0; col < stmt_columns(s) && !rc; col++) {
		const char *name = stmt_column_name(s, col), *text;
		const struct bot_key *key = bot_key_find(name);
		enum bot_secret which;

		if (strcmp(name, "version") == 0) {
			c->version = stmt_int(s, col);
		} else if (is_secret(name, &which)) {
			text = stmt_text(s, col);
			*(bool *)((char *)c + key->offset) = text && *text;
			rc = open_secret(text, k, bot_id, which, secrets, e);
		} else if (key) {
			ASSERT(cJSON_AddItemToObject(patch, name, json_of(s, col, key)));
		}
	}
	if (!rc)
		rc = check_row(bot_id, c, patch, e);
	cJSON_Delete(patch);
	return rc;
}

static int load_with(struct db *db, const struct master_key *k, int64_t bot_id,
		     struct bot_config *out, struct bot_secrets *secrets, struct err *e)
{
	struct bot_config c;
	struct stmt *s;
	int rc = db_stmt(db, SQL_LOAD, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		rc = read_row(s, k, bot_id, &c, secrets, e);
		if (!rc)
			*out = c;
	} else if (rc == STMT_END) {
		rc = err_set(e, ERR_NOT_FOUND, "there is no bot %lld, or it has no config",
			     (long long)bot_id);
	}
	stmt_done(s);
	if (rc && secrets)
		bot_secrets_wipe(secrets);
	return rc;
}

int store_config_load(struct db *db, const struct master_key *k, int64_t bot_id,
		      struct bot_config *out, struct bot_secrets *secrets, struct err *e)
{
	char next_path[MASTER_KEY_PATH_MAX + 8];
	struct master_key other = { 0 };
	int rc = load_with(db, k, bot_id, out, secrets, e);

	if (rc != ERR_CORRUPT || !k->path[0])
		return rc;
	/* The key was rotated meanwhile: try its file, or the file that is about to replace it. */
	if (!master_key_current(k, &other, NULL))
		rc = load_with(db, &other, bot_id, out, secrets, e);
	if (rc == ERR_CORRUPT &&
	    !master_key_read(master_key_next_path(k->path, next_path), &other, NULL))
		rc = load_with(db, &other, bot_id, out, secrets, e);
	crypto_wipe(&other, sizeof(other));
	return rc;
}

/* ---- writing ---- */

/* In place of those that the change does not name stands NULL. */
static int bind_secrets(struct stmt *s, const struct master_key *k,
			const struct config_change *change, struct err *e)
{
	char sealed[SEALED_MAX(BOT_SECRET_LENGTH_MAX)], aad[STORE_CONFIG_AAD_MAX];
	int rc = 0;

	for (int i = 0; i < BOT_SECRETS && change->secrets && !rc; i++) {
		const char *name = bot_secret_name((enum bot_secret)i);
		const char *text = change->secrets->text[i];

		if (!text)
			continue;
		store_config_aad(aad, change->bot_id, name);
		rc = crypto_seal(k, aad, text, sealed, sizeof(sealed), e);
		if (!rc)
			stmt_bind_text(s, P_KEYS + (int)(bot_key_find(name) - bot_keys), sealed);
	}
	return rc;
}

static void bind_json(struct stmt *s, int index, const struct bot_key *key,
		      const struct bot_config *c)
{
	struct buf text = { 0 };

	bot_key_json_text(c, key, &text);
	ASSERT(text.len < BOT_JSON_MAX);
	stmt_bind_text(s, index, buf_text(&text));
	buf_free(&text);
}

static void bind_key(struct stmt *s, int index, const struct bot_key *key,
		     const struct bot_config *c)
{
	const void *p = (const char *)c + key->offset;

	switch (key->type) {
	case BOT_TEXT:
	case BOT_CHOICE:
		stmt_bind_text(s, index, p);
		break;
	case BOT_SECRET:
		break; /* bind_secrets */
	case BOT_INT:
		stmt_bind_int(s, index, *(const int64_t *)p);
		break;
	case BOT_REAL:
		stmt_bind_double(s, index, *(const double *)p);
		break;
	case BOT_MONEY:
		stmt_bind_money(s, index, *(const struct money *)p);
		break;
	case BOT_BOOL:
		stmt_bind_int(s, index, *(const bool *)p);
		break;
	case BOT_JSON:
		bind_json(s, index, key, c);
		break;
	}
}

static int add_history_tx(struct db *db, const struct config_change *change,
			  const struct bot_config *c, struct err *e)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };
	struct stmt *s;
	int rc = db_stmt(db, SQL_HISTORY, &s, e);

	if (rc)
		return rc;
	json_object(&j, NULL);
	bot_config_json(c, &j);
	json_object_end(&j);
	stmt_bind_int(s, 1, change->bot_id);
	stmt_bind_int(s, 2, c->version);
	stmt_bind_text(s, 3, buf_text(&b));
	stmt_bind_int(s, 4, change->now_us);
	stmt_bind_text(s, 5, change->by);
	rc = stmt_run(s, e);
	buf_free(&b);
	return rc;
}

/* Why no row was written. */
static int version_conflict(struct db *db, int64_t bot_id, int64_t expect, struct err *e)
{
	int64_t version = 0;
	int rc = store_config_version(db, bot_id, &version, e);

	if (rc)
		return rc;
	if (version == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no bot %lld%s", (long long)bot_id,
			       expect ? ", or it has no config" : "");
	return err_set(e, ERR_CONFLICT, "the config of bot %lld is at version %lld, not %lld: "
		       "somebody changed it meanwhile; read it again", (long long)bot_id,
		       (long long)version, (long long)expect);
}

/*
 * The key to seal with; ERR_BUSY while a rotation is not finished. A rotation makes the next
 * key's file before it takes the write lock, and the file stays until it replaces the key's
 * own. The caller holds that lock, so the old key never seals a secret after the rotation.
 */
static int key_for_sealing(const struct master_key *k, struct master_key *out, struct err *e)
{
	char next_path[MASTER_KEY_PATH_MAX + 8];

	if (k->path[0] && !access(master_key_next_path(k->path, next_path), F_OK))
		return err_set(e, ERR_BUSY,
			       "the master key is being changed (%s is there): try again; if it "
			       "stays, run trading-bot rotate-key, which finishes it",
			       next_path);
	return master_key_current(k, out, e);
}

int store_config_save_tx(struct db *db, const struct master_key *k,
			 const struct config_change *change, struct bot_config *c, struct err *e)
{
	struct bot_config next = *c;
	struct master_key now_key = { 0 };
	struct stmt *s;
	int rc;

	build_sql();
	next.version = change->expect + 1;
	if ((rc = key_for_sealing(k, &now_key, e)))
		return rc;
	if ((rc = db_stmt(db, buf_text(change->expect ? &sql_update : &sql_insert), &s, e)))
		goto out;
	stmt_bind_int(s, P_BOT, change->bot_id);
	stmt_bind_int(s, P_VERSION, next.version);
	stmt_bind_text(s, P_BY, change->by);
	stmt_bind_int(s, P_TIME, change->now_us);
	stmt_bind_int(s, P_EXPECT, change->expect);
	for (size_t i = 0; i < bot_keys_count; i++)
		bind_key(s, P_KEYS + (int)i, &bot_keys[i], c);
	rc = bind_secrets(s, &now_key, change, e);
	if (!rc)
		rc = stmt_run(s, e);
	if (!rc && db_changes(db) == 0)
		rc = version_conflict(db, change->bot_id, change->expect, e);
	if (!rc)
		rc = add_history_tx(db, change, &next, e);
	if (!rc)
		c->version = next.version;
out:
	crypto_wipe(&now_key, sizeof(now_key));
	return rc;
}

/* False: this version is not usable either. */
static bool past_config(const char *text, int64_t version, struct bot_config *out)
{
	struct field_errors f = { 0 };
	struct bot_config c;
	cJSON *patch = NULL;
	bool good = false;

	bot_config_defaults(&c);
	if (json_read(text, strlen(text), &patch, NULL) == 0)
		good = bot_config_read(&c, patch, &f) == 0;
	cJSON_Delete(patch);
	c.version = version;
	if (good)
		*out = c;
	return good;
}

int store_config_last_good(struct db *db, int64_t bot_id, struct bot_config *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_PAST, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	while ((rc = stmt_step(s, e)) == STMT_ROW)
		if (past_config(stmt_text(s, 0), stmt_int(s, 1), out))
			break;
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "bot %lld: no version of its config is usable",
			       (long long)bot_id);
	return rc == STMT_ROW ? 0 : rc;
}

int store_config_past(struct db *db, int64_t bot_id, int64_t version, struct bot_config *out,
		      struct err *e)
{
	struct stmt *s;
	bool good = false;
	int rc = db_stmt(db, SQL_PAST_ONE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_int(s, 2, version);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		good = past_config(stmt_text(s, 0), version, out);
	stmt_done(s);
	if (rc < 0)
		return rc;
	return good ? 0 : err_set(e, ERR_NOT_FOUND, "bot %lld: version %lld of its config is not "
				  "usable", (long long)bot_id, (long long)version);
}

int store_config_version(struct db *db, int64_t bot_id, int64_t *out, struct err *e)
{
	return db_number(db, SQL_VERSION, &bot_id, out, e);
}
