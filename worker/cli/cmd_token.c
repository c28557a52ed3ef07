/*
 * token: makes, lists and revokes tokens of the HTTP API.
 */
#include "common/clock.h"
#include "common/crypto.h"
#include "common/registry/tokens.h"
#include "worker/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US (INT64_C(86400) * US_PER_S)

static const char USAGE[] =
	"Usage: trading-bot token                       show the first token (DATA_DIR/api_token)\n"
	"       trading-bot token create NAME viewer|trader|admin [DAYS]\n"
	"       trading-bot token list\n"
	"       trading-bot token revoke ID|NAME\n";

static int show(const struct config *c, struct err *e)
{
	char path[CONFIG_PATH_MAX + 16];
	char token[sizeof(c->api_token)] = "";
	int rc;

	if (c->api_token[0]) {
		puts("the token is the one in API_TOKEN");
		return 0;
	}
	snprintf(path, sizeof(path), "%s", c->api_token_file);
	if (!path[0])
		snprintf(path, sizeof(path), "%s/api_token", c->data_dir);
	rc = config_secret_file("API_TOKEN", path, token, sizeof(token), e);
	if (rc == 0 && !token[0])
		rc = err_set(e, ERR_INVALID, "%s is empty", path);
	if (rc == 0)
		puts(token);
	else if (rc == ERR_NOT_FOUND)
		err_prefix(e, "no token file (the first start of trading-bot-api makes it)");
	crypto_wipe(token, sizeof(token));
	return rc;
}

/* Commits the change together with its audit row, or neither. */
static int commit(struct db *db, int rc, const char *action, const struct token *t, struct err *e)
{
	struct audit_row row = cli_audit_row(action, t->id);

	snprintf(row.detail, sizeof(row.detail), "%s, %s", t->name, t->role);
	if (rc == 0)
		rc = store_audit_add_tx(db, &row, e);
	return db_end(db, rc, e);
}

static int create(struct db *db, int argc, char **argv, struct err *e)
{
	struct token t = { 0 };
	char secret[48];
	long long days = argc == 5 ? cli_number(argv[4]) : 0;
	int rc;

	if (days < 0 || (strcmp(argv[3], "viewer") != 0 && strcmp(argv[3], "trader") != 0 &&
			 strcmp(argv[3], "admin") != 0) || strlen(argv[2]) >= sizeof(t.name))
		return err_set(e, ERR_INVALID,
			       "role is viewer, trader or admin; DAYS a number from 1; "
			       "NAME up to %zu characters",
			       sizeof(t.name) - 1);
	crypto_token(secret);
	snprintf(t.name, sizeof(t.name), "%s", argv[2]);
	snprintf(t.role, sizeof(t.role), "%s", argv[3]);
	crypto_sha256_hex(secret, strlen(secret), t.hash);
	t.created_us = clock_now_us();
	t.expires_us = days ? t.created_us + days * DAY_US : 0;
	rc = db_begin(db, e);
	if (rc == 0)
		rc = commit(db, store_token_add_tx(db, &t, &t.id, e), "token create", &t, e);
	if (rc == 0)
		printf("%s\n(%s, %s; it is shown this once)\n", secret, t.name, t.role);
	crypto_wipe(secret, sizeof(secret));
	return rc;
}

static int list(struct db *db, struct err *e)
{
	struct token *all = NULL;
	char made[CLOCK_TEXT_MAX];
	size_t n = 0;
	int rc = store_tokens_load(db, &all, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		printf("%4lld  %-24s %-8s %s  %s\n", (long long)all[i].id, all[i].name, all[i].role,
		       clock_text(all[i].created_us, made),
		       token_usable(&all[i], clock_now_us()) ? "usable" : "revoked or expired");
	free(all);
	return rc;
}

static int revoke(struct db *db, const char *which, struct err *e)
{
	struct token *all = NULL, found = { 0 };
	size_t n = 0;
	int rc = store_tokens_load(db, &all, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) /* a name that is a number wins */
		if (strcmp(all[i].name, which) == 0 ||
		    (!found.id && all[i].id == cli_number(which)))
			found = all[i];
	free(all);
	if (rc == 0 && !found.id)
		rc = err_set(e, ERR_NOT_FOUND, "there is no token \"%s\"", which);
	if (rc == 0)
		rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = commit(db, store_token_revoke_tx(db, found.id, clock_now_us(), e), "token revoke",
		    &found, e);
	if (rc == 0)
		printf("%s is revoked\n", which);
	return rc;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct db *db = NULL;
	struct err e = { 0 };
	int rc;

	if (argc == 1) {
		rc = show(c, &e);
		goto out;
	}
	if (!(argc == 2 && strcmp(argv[1], "list") == 0) &&
	    !((argc == 4 || argc == 5) && strcmp(argv[1], "create") == 0) &&
	    !(argc == 3 && strcmp(argv[1], "revoke") == 0)) {
		fputs(USAGE, stderr);
		return 2;
	}
	rc = cli_db_open(c, argv[1][0] == 'l' ? DB_READ : DB_CLI, &db, &e);
	if (rc == 0 && argv[1][0] == 'l')
		rc = list(db, &e);
	else if (rc == 0 && argv[1][0] == 'c')
		rc = create(db, argc, argv, &e);
	else if (rc == 0)
		rc = revoke(db, argv[2], &e);
out:
	if (rc)
		fprintf(stderr, "trading-bot: %s\n", e.msg);
	db_close(db);
	return rc ? 1 : 0;
}

const struct cli_command cli_token = {
	.name = "token", .arguments = "[create | list | revoke]",
	.help = "show, make, list or revoke API tokens", .run = run,
};
