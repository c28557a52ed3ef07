#include "common/registry/rotate_key.h"

#include "common/file.h"
#include "common/registry/bot_config.h"
#include "common/registry/bot_secrets.h"
#include "common/registry/configs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One statement per secret column. */
static const char SQL_API_KEY[] =
	"SELECT bot_id, api_key FROM trading_configs WHERE api_key != ''";
static const char SQL_SECRET_KEY[] =
	"SELECT bot_id, secret_key FROM trading_configs WHERE secret_key != ''";
static const char SQL_TELEGRAM[] =
	"SELECT bot_id, telegram_token FROM trading_configs WHERE telegram_token != ''";
static const char SQL_SET_API_KEY[] =
	"UPDATE trading_configs SET api_key = ?2 WHERE bot_id = ?1";
static const char SQL_SET_SECRET_KEY[] =
	"UPDATE trading_configs SET secret_key = ?2 WHERE bot_id = ?1";
static const char SQL_SET_TELEGRAM[] =
	"UPDATE trading_configs SET telegram_token = ?2 WHERE bot_id = ?1";

static const struct {
	const char *select, *update;
} columns[BOT_SECRETS] = {
	[BOT_API_KEY] = { SQL_API_KEY, SQL_SET_API_KEY },
	[BOT_SECRET_KEY] = { SQL_SECRET_KEY, SQL_SET_SECRET_KEY },
	[BOT_TELEGRAM_TOKEN] = { SQL_TELEGRAM, SQL_SET_TELEGRAM },
};

struct sealed {
	int64_t bot_id;
	char text[SEALED_MAX(BOT_SECRET_LENGTH_MAX)];
};

/* All sealed texts of a column; *list is the caller's. */
static int read_column(struct db *db, enum bot_secret column, struct sealed **list, size_t *n,
		       struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, columns[column].select, &s, e);

	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		*list = xrealloc(*list, (*n + 1) * sizeof(**list));
		(*list)[*n].bot_id = stmt_int(s, 0);
		stmt_copy(s, 1, (*list)[*n].text, sizeof((*list)[*n].text));
		(*n)++;
	}
	stmt_done(s);
	return rc;
}

static int write_secret(struct db *db, enum bot_secret column, const struct sealed *s,
			struct err *e)
{
	struct stmt *stmt;
	int rc = db_stmt(db, columns[column].update, &stmt, e);

	if (rc)
		return rc;
	stmt_bind_int(stmt, 1, s->bot_id);
	stmt_bind_text(stmt, 2, s->text);
	return stmt_run(stmt, e);
}

/* Seals one secret again. *changed: it was under the old key. */
static int reseal(enum bot_secret column, const struct master_key *from,
		  const struct master_key *to, struct sealed *s, bool *changed, struct err *e)
{
	char aad[STORE_CONFIG_AAD_MAX], plain[BOT_SECRET_LENGTH_MAX + 1];
	int rc;

	store_config_aad(aad, s->bot_id, bot_secret_name(column));
	*changed = crypto_open(to, aad, s->text, plain, sizeof(plain), NULL) != 0;
	rc = *changed ? crypto_open(from, aad, s->text, plain, sizeof(plain), e) : 0;
	if (rc)
		err_prefix(e, "bot %lld: trading_configs.%s", (long long)s->bot_id,
			   bot_secret_name(column));
	else if (*changed)
		rc = crypto_seal(to, aad, plain, s->text, sizeof(s->text), e);
	crypto_wipe(plain, sizeof(plain));
	return rc;
}

static int reseal_column_tx(struct db *db, enum bot_secret column, const struct master_key *from,
			    const struct master_key *to, struct rotation *out, struct err *e)
{
	struct sealed *list = NULL;
	size_t n = 0;
	int rc = read_column(db, column, &list, &n, e);

	for (size_t i = 0; i < n && !rc; i++) {
		bool changed;

		rc = reseal(column, from, to, &list[i], &changed, e);
		if (!rc && changed)
			rc = write_secret(db, column, &list[i], e);
		out->secrets++;
		out->resealed += !rc && changed;
	}
	free(list);
	return rc;
}

/* The new key: the one that an interrupted rotation left, or a fresh one. */
static int next_key(const char *path, struct master_key *out, bool *resumed, struct err *e)
{
	int rc = master_key_read(path, out, e);

	*resumed = rc == 0;
	if (rc == ERR_CORRUPT) /* not ours: a rotation's file is whole or not there */
		return err_set(e, rc, "%s exists but holds no key: remove it", path);
	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = master_key_make(path, e);
	return rc ? rc : master_key_read(path, out, e);
}

/* Runs under the write lock, so that two rotations take turns and nobody seals meanwhile. */
static int reseal_tx(struct db *db, const char *key_file, const char *next_path,
		     struct master_key *to, struct rotation *out, struct err *e)
{
	struct master_key from = { 0 };
	int rc = master_key_read(key_file, &from, e);

	if (!rc)
		rc = next_key(next_path, to, &out->resumed, e);
	for (int c = 0; c < BOT_SECRETS && !rc; c++)
		rc = reseal_column_tx(db, (enum bot_secret)c, &from, to, out, e);
	/* The fresh key has sealed nothing that stays. */
	if (rc && !out->resumed && to->path[0])
		(void)unlink(next_path);
	crypto_wipe(&from, sizeof(from));
	return rc;
}

static int replace_file(const char *key_file, const char *next_path, const struct master_key *to,
			struct err *e)
{
	struct master_key now = { 0 };
	bool there;

	if (!rename(next_path, key_file)) {
		file_sync_folder(key_file);
		return 0;
	}
	/* Another rotation was waiting for the lock, and has finished ours. */
	if (errno == ENOENT && !master_key_read(key_file, &now, NULL)) {
		there = !memcmp(now.bytes, to->bytes, sizeof(now.bytes));
		crypto_wipe(&now, sizeof(now));
		if (there)
			return 0;
		errno = ENOENT;
	}
	return file_error(e, "replace the master key file by", next_path);
}

int store_rotate_key(struct db *db, const char *key_file, struct rotation *out, struct err *e)
{
	char next_path[MASTER_KEY_PATH_MAX + 8];
	struct master_key to = { 0 };
	struct rotation done = { 0 };
	int rc;

	master_key_next_path(key_file, next_path);
	rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = reseal_tx(db, key_file, next_path, &to, &done, e);
	/* If this fails the next key's file stays, and the next call goes on with it. */
	rc = db_end(db, rc, e);
	if (!rc)
		rc = replace_file(key_file, next_path, &to, e);
	if (!rc)
		*out = done;
	crypto_wipe(&to, sizeof(to));
	return rc;
}
