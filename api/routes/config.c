/* A bot's settings: read, change (hot reload by the worker), check, history, back. */
#include "api/routes/table.h"
#include "api/store/data.h"
#include "api/store/history.h"
#include "api/store/models.h"
#include "api/store/sim.h"
#include "api/view/status_json.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/registry/accounts.h"
#include "common/registry/configs.h"
#include "common/registry/markets.h"
#include "common/registry/quote_asset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITS_MAX 400

static void fields_json(struct json *j, const char *key, const struct field_errors *f)
{
	json_array(j, key);
	for (size_t i = 0; i < f->n; i++) {
		json_object(j, NULL);
		json_string(j, "field", f->list[i].field);
		json_string(j, "message", f->list[i].message);
		json_object_end(j);
	}
	json_array_end(j);
}

/*
 * How many candles a window with these settings begins with: those of a running worker, or
 * those that the next start will find. An error is ignored, because the number is only used
 * in a warning.
 */
static int64_t candles_stored(struct request *r, const struct bot_config *c,
			      const struct bot_view *b)
{
	int64_t length_us = bot_interval_s(c->interval) * US_PER_S, now_us = clock_now_us();
	char source[MARKET_SOURCE_MAX];
	struct candle_series series = {
		bot_config_source(c, b->worker.beat.market_data, source), c->symbol,
		c->interval,
	};
	int64_t after_us = now_us - 2 * length_us, n = 0;

	if (strcmp(b->worker.beat.market_data, "synthetic") == 0)
		after_us = now_us - MADE_UP_MOST_US - length_us;
	else if (strcmp(b->worker.beat.market_data, "replay") == 0)
		after_us = 0;	/* it has a time of its own */
	return store_data_unbroken(r->db, &series, after_us, &n, NULL) ? 0 : n;
}

/* Warns about settings that would never trade. The model may come from an assignment. */
static void warnings_json(struct request *r, const struct bot_config *c,
			  const struct bot_view *b)
{
	const struct config *cfg = r->app->cfg;
	struct bot_config_limits limits = {
		.min_risk_reward = cfg->min_risk_reward_ratio,
		.max_risk_per_trade_pct = cfg->max_risk_per_trade_pct,
		.max_notional = cfg->max_notional,
		.equity = b->equity,
	};
	struct field_errors *w = xcalloc(1, sizeof(*w));
	struct bot_config used = *c;
	struct symbol_info market;

	if (store_market_get(r->db, c->symbol, bot_config_futures(c), &market, NULL) == 0)
		limits.market = &market;
	if (strcmp(b->worker.beat.market_data, "replay") == 0 && b->worker.beat.feed_message[0])
		limits.recorded = b->worker.beat.feed_message;
	ASSERT(!fees_with(cfg->sim_commission, bot_config_futures(c), &limits.fees));
	if (!used.model_id)
		used.model_id = b->model_wanted;
	limits.candles = candles_stored(r, c, b);
	bot_config_warnings(&used, &limits, w);
	fields_json(&r->json, "warnings", w);
	free(w);
}

static int load(struct request *r, int64_t *id, struct bot_config *c, struct bot_view *b,
		struct err *e)
{
	int rc;

	rc = request_id(r, "id", id, e);
	if (!rc)
		rc = bot_view_get(r->db, *id, clock_now_us(), b, e);
	if (!rc)
		rc = store_config_load(r->db, &r->app->key, *id, c, NULL, e);
	if (rc == ERR_INVALID) /* the row, not the request */
		return request_error(r, e, 409, "broken_config",
				     "%s: repair it in the sqlite3 shell", e->msg);
	return rc;
}

static const char *quote_of(const struct bot_config *c)
{
	const char *quote = quote_asset_of(c->symbol);

	return quote ? quote : "";
}

/* What the fractions mean, beside them. */
static void meaning_json(struct request *r, const struct bot_config *c)
{
	json_object(&r->json, "meaning");
	bot_config_meaning(c, quote_of(c), &r->json);
	json_object_end(&r->json);
}

static void config_json(struct request *r, const struct bot_config *c, const struct bot_view *b)
{
	struct json *j = &r->json;

	json_int(j, "bot_id", b->bot_id);
	json_int(j, "version", c->version);
	json_int(j, "applied_version", b->config_applied);
	json_string(j, "config_error", b->config_error[0] ? b->config_error : NULL);
	json_object(j, "config");
	bot_config_json(c, j);
	json_object_end(j);
	meaning_json(r, c);
	warnings_json(r, c, b);
	json_time(j, "timestamp", clock_now_us());
	request_etag(r, c->version);
}

static int handle_config_get(struct request *r, struct err *e)
{
	struct bot_config c = { 0 };
	struct bot_view b = { 0 };
	int64_t id;
	int rc;

	rc = load(r, &id, &c, &b, e);
	if (rc)
		return rc;
	config_json(r, &c, &b);
	return 0;
}

/* Saves c as the version after old. A model that it newly names must be ready. */
static int save(struct request *r, int64_t id, const struct bot_config *old, struct bot_config *c,
		const struct bot_secrets *secrets, struct err *e)
{
	struct db *db = r->db;
	char exits[BOT_EXITS_TEXT_MAX];
	const struct config_change change = {
		.bot_id = id, .expect = old->version, .secrets = secrets, .by = r->who.name,
		.now_us = clock_now_us(),
	};
	int rc;

	rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = store_history_keep_tx(db, id, old, e);
	if (!rc)
		rc = store_config_save_tx(db, &r->app->key, &change, c, e);
	if (!rc && c->model_id && c->model_id != old->model_id)
		rc = store_models_ready(db, c->model_id, e);
	rc = db_end(db, rc, e);
	if (!rc)
		log_about(LOG_INFO, "config", r->correlation_id,
			  &(struct log_context){ .bot_id = id },
			  "bot %lld config %lld -> %lld by %s: %s", (long long)id,
			  (long long)old->version, (long long)c->version, r->who.name,
			  bot_exits_text(c, quote_of(c), exits));
	return rc;
}

/* c becomes what the patch makes of it. A model and an account that it names must be there. */
static int apply(struct request *r, const cJSON *patch, struct bot_config *c,
		 struct field_errors *f, struct err *e)
{
	const struct bot_config before = *c;
	int rc = 0;

	if (bot_config_apply(c, patch, f))
		return 0;
	if (c->model_id && c->model_id != before.model_id)
		rc = store_models_check(r->db, c->model_id, f, e);
	if (rc == 0 && c->account_id && c->account_id != before.account_id)
		rc = store_account_check(r->db, c->account_id, f, e);
	return rc;
}

/*
 * Which settings of a new version must wait, and for what, as far as the API can tell before
 * the worker does (the worker's finding is in config_error). "": none.
 */
static const char *waits_for(struct request *r, const struct bot_config *old,
			     const struct bot_config *c, const struct bot_view *b,
			     char text[WAITS_MAX])
{
	int64_t open = b->open_positions + b->pending_orders;
	char moves[BOT_CONFIG_MOVE_MAX], quote[16] = "";
	struct bot_config ran = *old;
	size_t quote_len, len = strlen(c->symbol);

	text[0] = '\0';
	(void)!store_config_past(r->db, b->bot_id, b->config_applied, &ran, NULL);
	if (open && bot_config_moves(&ran, c))
		snprintf(text, WAITS_MAX, "; %s waits until the bot's %lld open orders are closed: "
			 "no new entries until then, the rest of the version is in force",
			 bot_config_move_text(&ran, c, moves), (long long)open);
	else if (store_sim_quote(r->db, b->bot_id, quote, sizeof(quote), NULL) == 0 &&
		 *quote && ((quote_len = strlen(quote)) > len ||
			    strcmp(c->symbol + len - quote_len, quote) != 0))
		snprintf(text, WAITS_MAX, "; %s is not priced in %s as the paper account is: it "
			 "waits for a reset (POST /api/v1/simulation/reset), no new entries until "
			 "then", c->symbol, quote);
	return text;
}

/* Keys, networks and accounts are an admin's; what such a key is already may be said again. */
int config_check_role(struct request *r, const struct bot_config *old, const struct bot_config *c,
		      const cJSON *patch, struct err *e)
{
	const char *key = bot_config_needs_admin(old, c, patch);

	if (!key || r->who.role >= ROLE_ADMIN)
		return 0;
	return err_set(e, ERR_DENIED, "%s: only a token with the role admin may change it; this "
		       "one is a %s's", key, role_name(r->who.role));
}

/* Between paper and real money, and between accounts, a bot goes only while it is stopped. */
static int check_epoch(const struct bot_config *old, const struct bot_config *c,
		       const struct bot_view *b, struct err *e)
{
	if (bot_config_account(old) == bot_config_account(c) || strcmp(b->status, "STOPPED") == 0)
		return 0;
	return err_set(e, ERR_CONFLICT, "live and account_id can change only while the bot is "
		       "STOPPED; it is %s: stop it first", b->status);
}

/* The settings of some clients say whose they are: taken when it is the bot of the path. */
static void take_bot_id(cJSON *patch, int64_t id, struct field_errors *f)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(patch, "bot_id");
	const char *given = cJSON_GetStringValue(v);
	const double number = cJSON_GetNumberValue(v), wanted = (double)id;
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)id);
	if (v && !(number >= wanted && number <= wanted) && !(given && !strcmp(given, text)))
		field_error(f, "bot_id", "must be the bot of the path, %lld", (long long)id);
	cJSON_DeleteItemFromObjectCaseSensitive(patch, "bot_id");
}

/* Would saving c make a version that says the same as old? */
static bool changes_nothing(const struct bot_config *old, const struct bot_config *c,
			    const struct bot_secrets *secrets)
{
	struct buf was = { 0 }, is = { 0 };
	struct json j = { .out = &was };
	bool same = true;

	for (int i = 0; i < BOT_SECRETS; i++)
		same = same && !secrets->text[i];
	bot_config_json(old, &j);
	j = (struct json){ .out = &is };
	bot_config_json(c, &j);
	same = same && !strcmp(buf_text(&was), buf_text(&is));
	buf_free(&was);
	buf_free(&is);
	return same;
}

/* Applies a patch to the stored config, saves it and shows it. */
static int change(struct request *r, cJSON *patch, int64_t id, struct bot_config *c,
		  const struct bot_view *b, struct err *e)
{
	const struct bot_config old = *c;
	struct bot_secrets secrets = { 0 };
	char waits[WAITS_MAX] = "", text[WAITS_MAX + 80];
	bool same = false;
	int rc;

	rc = request_if_match(r, old.version, e);
	take_bot_id(patch, id, request_fields(r));
	if (!rc)
		rc = apply(r, patch, c, request_fields(r), e);
	if (!rc)
		rc = request_fields_check(r, 422, e);
	if (!rc)
		rc = config_check_role(r, &old, c, patch, e);
	if (!rc)
		rc = check_epoch(&old, c, b, e);
	if (!rc) {
		bot_secrets_apply(&secrets, patch);
		same = changes_nothing(&old, c, &secrets);
		rc = same ? 0 : save(r, id, &old, c, &secrets, e);
	}
	bot_secrets_wipe(&secrets);
	if (rc)
		return rc;
	waits_for(r, &old, c, b, waits);
	snprintf(text, sizeof(text), "%s%s", same ? "nothing is new: no version was made"
		 : b->worker.state == WORKER_RUNNING
		 ? "saved; the worker applies it within one loop turn"
		 : "saved; the worker does not run: it applies it when it starts", waits);
	json_bool(&r->json, "success", true);
	json_string(&r->json, "message", text);
	config_json(r, c, b);
	return 0;
}

static int handle_config_put(struct request *r, struct err *e)
{
	struct bot_config c = { 0 };
	struct bot_view b = { 0 };
	int64_t id;
	int rc;

	rc = load(r, &id, &c, &b, e);
	if (!rc)
		rc = change(r, r->body, id, &c, &b, e);
	return rc;
}

static int handle_config_validate(struct request *r, struct err *e)
{
	struct field_errors *f;
	struct bot_config c = { 0 };
	struct bot_view b = { 0 };
	int64_t id;
	int rc;

	rc = load(r, &id, &c, &b, e);
	if (rc)
		return rc;
	f = xcalloc(1, sizeof(*f));
	take_bot_id(r->body, id, f);
	rc = apply(r, r->body, &c, f, e);
	if (!rc) {
		json_bool(&r->json, "valid", f->n == 0);
		fields_json(&r->json, "errors", f);
		warnings_json(r, &c, &b);
		commission_json(&r->json, r->app->cfg, bot_config_futures(&c));
		json_object(&r->json, "config");
		bot_config_json(&c, &r->json);
		json_object_end(&r->json);
		meaning_json(r, &c);
	}
	free(f);
	return rc;
}

static int handle_config_history(struct request *r, struct err *e)
{
	struct bot_view b = { 0 };
	struct page p = { 0 };
	int64_t id;
	int rc;

	rc = request_id(r, "id", &id, e);
	if (!rc)
		rc = bot_view_get(r->db, id, clock_now_us(), &b, e);
	if (!rc)
		rc = request_page(r, &p, e);
	return rc ? rc : store_history_list(r->db, id, &p, &r->json, e);
}

/* Objects and lists of a former version replace what is there, member by member. */
static cJSON *replacing(cJSON *take_old)
{
	cJSON *patch = cJSON_CreateObject();
	cJSON *m;

	ASSERT(patch != NULL);
	for (size_t i = 0; i < bot_keys_count; i++)
		if (bot_keys[i].type == BOT_JSON)
			ASSERT(cJSON_AddNullToObject(patch, bot_keys[i].name));
	while ((m = cJSON_DetachItemFromArray(take_old, 0)) != NULL)
		ASSERT(cJSON_AddItemToObject(patch, m->string, m));
	cJSON_Delete(take_old);
	return patch;
}

/* Stores the old version's values as a new version; secrets stay as they are now. */
static int handle_config_rollback(struct request *r, struct err *e)
{
	struct buf text = { 0 };
	struct bot_config c = { 0 };
	struct bot_view b = { 0 };
	cJSON *old = NULL;
	int64_t id;
	int rc;

	rc = load(r, &id, &c, &b, e);
	if (!rc)
		rc = store_history_config(r->db, id, request_int(r, "version", 0), &text, e);
	if (!rc)
		rc = json_read(text.data, text.len, &old, e);
	if (!rc) {
		cJSON_DeleteItemFromObjectCaseSensitive(old, "version");
		cJSON_AddTrueToObject(old, "confirm_wide"); /* it was valid once */
		old = replacing(old);
		rc = change(r, old, id, &c, &b, e);
	}
	cJSON_Delete(old);
	buf_free(&text);
	return rc;
}

/* ---- the routes ---- */

static const struct param b_rollback[] = {
	{ .name = "version", .type = PARAM_INT, .required = true, .min = 1, .max = 1e15,
	  .help = "a version of the history" },
	END
};

static const struct part_field settings[] = {
	F("bot_id", "id"), { "version", "count", "Of these settings; also the ETag." },
	{ "applied_version", "count", "The version that the worker uses." },
	{ "config_error", "text?", "Why the worker does not use the newest version." },
	F("config", "BotConfig"),
	{ "meaning", "object", "Its fractions in words: \"0.9 % = 1.80 USDT\"." },
	{ "warnings", "[FieldMessage]", "What would never trade with these settings." },
	NOW, { NULL, NULL, NULL },
};

static const struct part parts[] = {
	{ "Settings", "A bot's settings.", NULL, NULL, settings },
	{ "SettingsChanged", "A bot's settings after a change.", NULL,
	  FIELDS(OK, F("message", "text")), settings },
	OBJECT("SettingsChecked", "What saving these settings would do.",
	       { "valid", "bool", "They would be saved." },
	       { "errors", "[FieldMessage]", "Why not." },
	       { "warnings", "[FieldMessage]", "What would never trade with them." },
	       { "commission", "Commission", "Of a paper fill with them." },
	       { "config", "BotConfig", "As it would be." },
	       { "meaning", "object", "Its fractions in words." }),
	OBJECT("Commission", "What a paper fill costs, a fraction of its value.",
	       { "maker", "number", "0.001 is 0.1 %." }, { "taker", "number", "The same." },
	       { "source", "text", "Who says so: the exchange's page, or the setting." }),
	ROWS("SettingsVersion", "Settings as they once were.", store_history_columns,
	     HELP("version", "Count of changes, from 1."),
	     { "config", "object", "The keys of that time, secrets masked." },
	     HELP("changed", "When it was saved."), HELP("changed_by", "Name of the token.")),
	PAGE_OF("SettingsHistory", "history", "SettingsVersion", "Versions, newest first."),
};

static const struct route rows[] = {
	{ R(GET, TRADING "/config"), V, DO(config_get, "Settings of a bot, secrets masked"),
	  ONE("Settings"), .says = SAYS_ETAG },
	{ R(PUT, TRADING "/config"), T, DO(config_put, "Change some settings of a bot"),
	  .body_kind = BODY_CONFIG, ONE("SettingsChanged"),
	  .says = SAYS_ETAG | SAYS_IF_MATCH | CHANGE,
	  .example = "{\"confidence_threshold\":0.5,\"capital_per_trade\":300}" },
	{ R(POST, TRADING "/config/validate"), T,
	  DO(config_validate, "Check settings without saving them"), .body_kind = BODY_CONFIG,
	  ONE("SettingsChecked"), .says = SAYS_CHECKS, .example = "{\"stop_loss_pct\":0.02}" },
	{ R(GET, TRADING "/config/history"), V,
	  DO(config_history, "All versions of the settings"), .query = page_params,
	  ONE("SettingsHistory") },
	{ R(POST, TRADING "/config/rollback"), T,
	  DO(config_rollback, "Make an old version the new one"), .body = b_rollback,
	  ONE("SettingsChanged"), .says = SAYS_ETAG | SAYS_IF_MATCH | CHANGE,
	  .example = "{\"version\":1}" },
};
const struct route_group config_routes = { "Settings", ROWS_OF(rows), ROWS_OF(parts) };
