#include "worker/store/installation.h"

#include "common/crypto.h"

static const char SQL_NEWEST[] = "SELECT id FROM installations ORDER BY n DESC LIMIT 1";
static const char SQL_ADD[] = "INSERT INTO installations(id, created_us) VALUES (?1, ?2)";
static const char SQL_OURS[] =
	"SELECT ?1 GLOB 'tb1-*' OR EXISTS (SELECT 1 FROM installations WHERE ?1 GLOB"
	" 'tb' || id || '-*')";

static void make(char out[INSTALLATION_MAX])
{
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char random[INSTALLATION_MAX - 1];

	crypto_random(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		out[i] = base32[random[i] % 32];
	out[sizeof(random)] = '\0';
}

int store_installation_new_tx(struct db *db, int64_t now_us, struct err *e)
{
	char id[INSTALLATION_MAX];
	struct stmt *s;
	int rc = db_stmt(db, SQL_ADD, &s, e);

	if (rc)
		return rc;
	make(id);
	stmt_bind_text(s, 1, id);
	stmt_bind_int(s, 2, now_us);
	return stmt_run(s, e);
}

/* 0, or ERR_NOT_FOUND. */
static int newest(struct db *db, char out[INSTALLATION_MAX], struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_NEWEST, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		stmt_copy(s, 0, out, INSTALLATION_MAX);
	stmt_done(s);
	return rc == STMT_ROW ? 0 : rc == STMT_END ? ERR_NOT_FOUND : rc;
}

int store_installation(struct db *db, int64_t now_us, char out[INSTALLATION_MAX], struct err *e)
{
	int rc = newest(db, out, e);

	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = store_installation_new_tx(db, now_us, e);
	rc = db_end(db, rc, e);
	return rc ? rc : newest(db, out, e);
}

int store_installation_ours(struct db *db, const char *client_order_id, bool *ours, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_OURS, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, client_order_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		*ours = stmt_int(s, 0) != 0;
	stmt_done(s);
	return rc < 0 ? rc : 0;
}
