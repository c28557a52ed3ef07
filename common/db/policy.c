#include "common/db/policy.h"

#include <string.h>
#include <strings.h>

/*
 * A table that is not listed belongs to the worker. "columns" limits updates to
 * those names, each between blanks; NULL means any.
 */
struct rule {
	const char *table;
	bool cli;		/* the command line too, else the API only */
	bool insert, update, remove;
	const char *columns;
};

static const struct rule rules[] = {
	{ "api_tokens", true, true, true, true, NULL },
	{ "audit_log", true, true, true, true, NULL },
	{ "bots", false, true, true, true, NULL },
	{ "clock_watch", true, false, true, false, " accepted_us " },
	{ "commands", true, true, false, false, NULL },
	{ "confirmations", false, false, true, false, " answer answered_by answered_us " },
	{ "exchange_accounts", true, true, true, true, NULL },
	{ "idempotency_keys", false, true, true, true, NULL },
	{ "jobs", true, true, true, false, " cancel_requested " },
	{ "logs", false, true, true, true, NULL },
	{ "model_assignments", false, true, true, true, NULL },
	{ "models", false, true, true, true, NULL },
	{ "reported_orders", false, true, true, true, NULL },
	{ "reported_stats", false, true, true, true, NULL },
	{ "trading_config_history", false, true, true, true, NULL },
	{ "trading_configs", false, true, true, true, NULL },
	{ "training_schedules", false, true, true, true, NULL },
};

#define SECRET_COLUMNS " api_key secret_key telegram_token "	/* of trading_configs */

static const struct rule *find_rule(const char *table)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcasecmp(rules[i].table, table) == 0)
			return &rules[i];
	return NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; (p = strcasestr(p, word)); p++)
		if (p > words && p[-1] == ' ' && p[n] == ' ')
			return true;
	return false;
}

bool db_policy_write(enum db_role role, enum db_write what, const char *table, const char *column)
{
	const struct rule *r;

	switch (role) {
	case DB_WORKER:
	case DB_TOOL:
	case DB_ALONE:
		return true;
	case DB_READ:
		return false;
	case DB_COMMAND:
		return what == DB_INSERT && strcasecmp(table, "commands") == 0;
	case DB_SECRETS:
		if (what == DB_UPDATE && strcasecmp(table, "trading_configs") == 0)
			return column && has_word(SECRET_COLUMNS, column);
		break;
	case DB_API:
	case DB_CLI:
		break;
	}
	r = find_rule(table);
	if (!r || (role != DB_API && !r->cli))
		return false;
	switch (what) {
	case DB_INSERT: return r->insert;
	case DB_DELETE: return r->remove;
	case DB_UPDATE: break;
	}
	return r->update && (!r->columns || (column && has_word(r->columns, column)));
}

bool db_policy_cascade(const char *from, const char *table)
{
	/* The others that reference bots are the API's own. */
	return strcasecmp(from, "bots") == 0 && strcasecmp(table, "bot_state") == 0;
}

bool db_policy_pragma(const char *name, const char *arg)
{
	static const char *const plain[] = {
		"application_id", "data_version", "freelist_count", "journal_mode", "page_count",
		"page_size", "schema_version", "user_version",
	};
	static const char *const asking[] = {	/* the argument is a name or a limit */
		"foreign_key_check", "foreign_key_list", "index_info", "index_list",
		"integrity_check", "quick_check", "table_info", "table_list", "table_xinfo",
	};

	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
		if (strcasecmp(name, asking[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcasecmp(name, plain[i]) == 0)
			return arg == NULL;
	return false;
}
