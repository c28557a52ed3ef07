#include "common/config.h"

#include "common/config_value.h"
#include "common/crypto.h"
#include "common/dotenv.h"
#include "common/file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOTENV_PATH ".env"
#define NAME_MAX_LEN 64
#define SECRET_FILE_MAX 4096
#define DIGITS "0123456789"

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * How many letters must be added, dropped, changed or swapped with a neighbour to make a
 * into b, ignoring case: the "optimal string alignment" distance, computed row by row with
 * three rows in memory.
 */
static int typing_errors(const char *a, const char *b)
{
	int rows[3][NAME_MAX_LEN + 1];
	int *before = rows[0], *above = rows[1], *row = rows[2], *spare;
	int la = (int)strlen(a), lb = (int)strlen(b);

	if (la > NAME_MAX_LEN || lb > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (int j = 0; j <= lb; j++)
		above[j] = j;
	for (int i = 1; i <= la; i++) {
		row[0] = i;
		for (int j = 1; j <= lb; j++) {
			int differ = toupper((unsigned char)a[i - 1]) != b[j - 1];

			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ);
			if (i > 1 && j > 1 && toupper((unsigned char)a[i - 1]) == b[j - 2] &&
			    toupper((unsigned char)a[i - 2]) == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[lb];
}

static const struct config_key *key_find(const char *name)
{
	for (size_t i = 0; i < config_keys_count; i++)
		if (strcmp(config_keys[i].name, name) == 0)
			return &config_keys[i];
	return NULL;
}

/*
 * A file may hold other programs' keys, so only a key that is close to one of ours is
 * refused. Short names must be closer, because they are alike by chance more often.
 */
static int refuse_misspelt(const struct dotenv_entry *entry, struct err *e)
{
	if (key_find(entry->key))
		return 0;
	for (size_t i = 0; i < config_keys_count; i++) {
		const char *name = config_keys[i].name;
		int allowed = strlen(name) >= 10 ? 2 : 1;

		if (typing_errors(entry->key, name) <= allowed)
			return err_set(e, ERR_INVALID,
				       "%s, line %d: there is no key %.64s; "
				       "did you mean %s?",
				       DOTENV_PATH, entry->line, entry->key, name);
	}
	return 0;
}

static int read_key(struct config *c, const struct config_key *k, const struct dotenv *file,
		    struct err *e)
{
	const struct dotenv_entry *entry = dotenv_get(file, k->name);
	const char *text = getenv(k->name);
	char where[64] = "the environment";

	if (!text && entry) {
		text = entry->value;
		snprintf(where, sizeof(where), "%s line %d", DOTENV_PATH, entry->line);
	}
	if (!text || !*text)
		return 0;
	return config_value_set(c, k, text, where, e);
}

/* Reads the first line of a file into the field of a secret; "" leaves the field. */
static int read_secret_file(struct config *c, const struct config_key *k, const char *path,
			    struct err *e)
{
	struct buf text = { 0 };
	int rc = file_read(path, SECRET_FILE_MAX, &text, e);
	size_t n = rc ? 0 : strcspn(buf_text(&text), "\r\n");

	if (n < text.len && !text.data[n])	/* a NUL would hide what is behind it */
		rc = err_set(e, ERR_INVALID, "%s (from %s) can't be used: its file holds a NUL "
					     "byte",
			     k->name, path);
	if (!rc && n) {
		text.data[n] = '\0';
		rc = config_value_set(c, k, text.data, path, e);
	}
	if (text.data)
		crypto_wipe(text.data, text.cap);
	buf_free(&text);
	return rc;
}

int config_secret_file(const char *key, const char *path, char *out, size_t size, struct err *e)
{
	const struct config_key *k = key_find(key);
	struct config *c = xcalloc(1, sizeof(*c));
	int rc;

	ASSERT(k && k->type == CONFIG_SECRET && size >= k->size);
	rc = read_secret_file(c, k, path, e);
	if (!rc)
		memcpy(out, (const char *)c + k->offset, k->size);
	crypto_wipe(c, sizeof(*c));
	free(c);
	return rc;
}

/* Reads a secret that has no value from its file in SECRETS_DIR, if any. */
static int read_secret(struct config *c, const struct config_key *k, struct err *e)
{
	char path[CONFIG_PATH_MAX + NAME_MAX_LEN];
	size_t n;
	int rc;

	if (k->type != CONFIG_SECRET || !c->secrets_dir[0] || ((const char *)c)[k->offset])
		return 0;
	n = (size_t)snprintf(path, sizeof(path), "%s/%s", c->secrets_dir, k->name);
	for (size_t i = n - strlen(k->name); i < n && i < sizeof(path); i++)
		path[i] = (char)tolower((unsigned char)path[i]);
	rc = read_secret_file(c, k, path, e);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static void default_text(char *field, size_t size, const char *value)
{
	if (!*field)
		snprintf(field, size, "%s", value);
}

static int default_path(char field[CONFIG_PATH_MAX], const char *folder, const char *name,
			struct err *e)
{
	int n;

	if (*field)
		return 0;
	n = snprintf(field, CONFIG_PATH_MAX, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
	if (n < 0 || n >= CONFIG_PATH_MAX)
		return err_set(e, ERR_INVALID, "DATA_DIR=%.100s... is too long a path", folder);
	return 0;
}

/* "[::1]", as addresses stand in links, is the address ::1. */
static void unbracket(char *address)
{
	size_t n = strlen(address);

	if (n < 3 || address[0] != '[' || address[n - 1] != ']')
		return;
	memmove(address, address + 1, n - 2);
	address[n - 2] = '\0';
}

static int derive(struct config *c, struct err *e)
{
	bool futures = strcmp(c->exchange, "binance_futures") == 0;
	int rc;

	rc = default_path(c->db_path, c->data_dir, "app.db", e);
	if (!rc)
		rc = default_path(c->master_key_file, c->data_dir, "master.key", e);
	if (!rc)
		rc = default_path(c->backup_dir, c->data_dir, "backups", e);
	default_text(c->ws_url, sizeof(c->ws_url),
		     futures ? "wss://fstream.binance.com/ws" : "wss://stream.binance.com:9443/ws");
	default_text(c->rest_url, sizeof(c->rest_url),
		     futures ? "https://fapi.binance.com" : "https://api.binance.com");
	unbracket(c->api_bind);
	if (c->debug_mode)
		c->log_level = LOG_DEBUG;
	return rc;
}

static bool has_scheme(const char *url, const char *plain, const char *tls)
{
	size_t n = strncmp(url, tls, strlen(tls)) == 0 ? strlen(tls) : strlen(plain);

	if (n == strlen(plain) && strncmp(url, plain, n) != 0)
		return false;
	return url[n] && !strpbrk(url, " \"<>\\");
}

static int check_live(const struct config *c, struct err *e)
{
	if (c->trading_mode != MODE_LIVE)
		return 0;
	if (!c->trading_approved)
		return err_set(e, ERR_INVALID,
			       "TRADING_MODE=live trades real money and needs "
			       "TRADING_APPROVED=true as well; set both, or use "
			       "TRADING_MODE=simulation");
	if (c->market_data == MARKET_REPLAY || c->market_data == MARKET_SYNTHETIC)
		return err_set(e, ERR_INVALID,
			       "TRADING_MODE=live needs the real market: set "
			       "MARKET_DATA=binance, or use TRADING_MODE=simulation");
	return 0;
}

/* A number of up to 19 digits, or a channel's @name. */
static bool is_id(const char *text, size_t n)
{
	size_t sign = *text == '-';

	if (*text == '@')
		return n > 1 && n <= 33;
	return n > sign && n - sign <= 19 && sign + strspn(text + sign, DIGITS) >= n;
}

/* Ids separated by blanks or commas. */
static int check_ids(const char *key, const char *list, struct err *e)
{
	for (const char *p = list + strspn(list, " ,"); *p; p += strspn(p, " ,")) {
		size_t n = strcspn(p, " ,");

		if (!is_id(p, n))
			return err_set(e, ERR_INVALID,
				       "%s: \"%.*s\" is no number of Telegram; separate several by "
				       "blanks or commas",
				       key, (int)(n < 40 ? n : 40), p);
		p += n;
	}
	return 0;
}

static int check_messages(const struct config *c, struct err *e)
{
	bool wanted[NOTIFY_KINDS];
	int rc;

	if (c->telegram_enabled &&
	    (!c->telegram_bot_token[0] || !c->telegram_chat_id[strspn(c->telegram_chat_id, " ,")]))
		return err_set(e, ERR_INVALID,
			       "TELEGRAM_ENABLED=true needs TELEGRAM_BOT_TOKEN and "
			       "TELEGRAM_CHAT_ID");
	if (!has_scheme(c->telegram_api_url, "http://", "https://"))
		return err_set(e, ERR_INVALID,
			       "TELEGRAM_API_URL=%.200s can't be used: it must begin with "
			       "https:// or http:// and name a host",
			       c->telegram_api_url);
	if (*c->webhook_url && !has_scheme(c->webhook_url, "http://", "https://"))
		return err_set(e, ERR_INVALID,
			       "WEBHOOK_URL can't be used: it must begin with https:// or http:// "
			       "and name a host");
	rc = check_ids("TELEGRAM_CHAT_ID", c->telegram_chat_id, e);
	if (!rc)
		rc = check_ids("TELEGRAM_USERS", c->telegram_users, e);
	if (rc)
		return rc;
	rc = notify_kinds_parse(c->webhook_events, wanted, e);
	if (rc)
		err_prefix(e, "WEBHOOK_EVENTS");
	return rc;
}

/* Rules over several keys. */
static int check(const struct config *c, struct err *e)
{
	int rc;

	if (!has_scheme(c->ws_url, "ws://", "wss://"))
		return err_set(e, ERR_INVALID,
			       "WS_URL=%.200s can't be used: it must begin with "
			       "wss:// or ws:// and name a host",
			       c->ws_url);
	if (!has_scheme(c->rest_url, "http://", "https://"))
		return err_set(e, ERR_INVALID,
			       "REST_URL=%.200s can't be used: it must begin with "
			       "https:// or http:// and name a host",
			       c->rest_url);
	if (c->market_data == MARKET_REPLAY && !c->recording[strspn(c->recording, " ")])
		return err_set(e, ERR_INVALID,
			       "MARKET_DATA=replay needs RECORDING: the names of "
			       "the recorded files, separated by blanks");
	if (!c->api_tls_cert[0] != !c->api_tls_key[0])
		return err_set(e, ERR_INVALID,
			       "API_TLS_CERT and API_TLS_KEY belong together: set both for "
			       "HTTPS, or neither for plain HTTP");
	if (c->api_public_url[0] && !has_scheme(c->api_public_url, "http://", "https://"))
		return err_set(e, ERR_INVALID,
			       "API_PUBLIC_URL=%.200s can't be used: it must begin with "
			       "https:// or http:// and name a host",
			       c->api_public_url);
	rc = check_messages(c, e);
	return rc ? rc : check_live(c, e);
}

static void set_defaults(struct config *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < config_keys_count; i++)
		if (*config_keys[i].def)
			ASSERT(!config_value_set(c, &config_keys[i], config_keys[i].def, "", NULL));
}

int config_load_place(struct config *c, struct err *doubt, struct err *e)
{
	static const char *const names[] = { "DATA_DIR", "DB_PATH" };
	struct config *fresh = xcalloc(1, sizeof(*fresh));
	struct dotenv file = { 0 };
	int rc = dotenv_read(DOTENV_PATH, &file, doubt);

	if (rc == ERR_NOT_FOUND)
		doubt->msg[0] = '\0';
	set_defaults(fresh);
	rc = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !rc; i++)
		rc = read_key(fresh, key_find(names[i]), &file, e);
	if (!rc)
		rc = default_path(fresh->db_path, fresh->data_dir, "app.db", e);
	if (!rc)
		*c = *fresh;
	dotenv_free(&file);
	free(fresh);
	return rc;
}

int config_load(struct config *c, struct err *e)
{
	struct config *fresh = xcalloc(1, sizeof(*fresh));
	struct dotenv file = { 0 };
	int rc;

	set_defaults(fresh);
	rc = dotenv_read(DOTENV_PATH, &file, e);
	if (rc == ERR_NOT_FOUND)
		rc = 0;
	for (size_t i = 0; i < file.n && !rc; i++)
		rc = refuse_misspelt(&file.list[i], e);
	for (size_t i = 0; i < config_keys_count && !rc; i++)
		rc = read_key(fresh, &config_keys[i], &file, e);
	for (size_t i = 0; i < config_keys_count && !rc; i++)
		rc = read_secret(fresh, &config_keys[i], e);
	if (!rc)
		rc = derive(fresh, e);
	if (!rc)
		rc = check(fresh, e);
	if (!rc)
		*c = *fresh;
	dotenv_free(&file);
	crypto_wipe(fresh, sizeof(*fresh));
	free(fresh);
	return rc;
}

void config_print(const struct config *c, struct buf *out)
{
	for (size_t i = 0; i < config_keys_count; i++) {
		buf_printf(out, "%s=", config_keys[i].name);
		config_value_text(c, &config_keys[i], out);
		buf_putc(out, '\n');
	}
}

void config_defaults(struct config *c)
{
	set_defaults(c);
	ASSERT(!derive(c, NULL));
}
