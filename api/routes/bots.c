/* The bots themselves: create, read, rename, delete, and what happened to them. */
#include "api/routes/table.h"
#include "api/store/bots.h"
#include "api/store/models.h"
#include "common/clock.h"
#include "common/registry/configs.h"

#include <stdio.h>

static int handle_bots_list(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	return rc ? rc : store_bots_list(r->db, &p, &r->json, e);
}

static int handle_bots_get(struct request *r, struct err *e)
{
	int64_t id;
	int rc = request_id(r, "id", &id, e);

	return rc ? rc : store_bots_get(r->db, id, &r->json, e);
}

static struct bot_row body_row(struct request *r)
{
	return (struct bot_row){
		.name = request_text(r, "name", NULL),
		.bot_type = request_text(r, "bot_type", NULL),
		.description = request_text(r, "description", NULL),
	};
}

/* One transaction, because a bot must never be without a config. */
static int add_bot(struct request *r, struct bot_config *c, const struct bot_secrets *secrets,
		   int64_t *id, struct err *e)
{
	struct bot_row row = body_row(r);
	struct db *db = r->db;
	int64_t now = clock_now_us();
	struct config_change change = {
		.secrets = secrets, .by = r->who.name, .now_us = now,
	};
	int rc;

	rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = store_bots_add_tx(db, &row, now, id, e);
	change.bot_id = *id;
	if (!rc)
		rc = store_config_save_tx(db, &r->app->key, &change, c, e);
	if (!rc && c->model_id)
		rc = store_models_ready(db, c->model_id, e);
	return db_end(db, rc, e);
}

static int handle_bots_post(struct request *r, struct err *e)
{
	cJSON *patch = cJSON_Duplicate(request_member(r, "config"), true);
	struct bot_secrets secrets = { 0 };
	struct bot_config c, defaults;
	char link[48];
	int64_t id = 0;
	int rc = 0;

	bot_config_defaults(&defaults);
	c = defaults;
	if (cJSON_IsObject(patch) && request_bool(r, "confirm_wide", false))
		cJSON_AddTrueToObject(patch, "confirm_wide");
	if (patch && !bot_config_apply(&c, patch, request_fields(r)) && c.model_id)
		rc = store_models_check(r->db, c.model_id, request_fields(r), e);
	if (!rc)
		rc = request_fields_check(r, 422, e);
	if (!rc && patch)
		rc = config_check_role(r, &defaults, &c, patch, e);
	if (!rc) {
		bot_secrets_apply(&secrets, patch);
		rc = add_bot(r, &c, &secrets, &id, e);
	}
	bot_secrets_wipe(&secrets);
	cJSON_Delete(patch);
	if (rc)
		return rc;
	snprintf(link, sizeof(link), "/api/v1/bots/%lld", (long long)id);
	request_add_header(r, "Location", link);
	r->code = 201;
	json_bool(&r->json, "success", true);
	return store_bots_get(r->db, id, &r->json, e);
}

static int handle_bots_put(struct request *r, struct err *e)
{
	struct bot_row row = body_row(r);
	struct db *db = r->db;
	int64_t id;
	int rc = request_begin(r, &id, e);

	if (rc)
		return rc;
	rc = store_bots_update_tx(db, id, &row, clock_now_us(), e);
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	return store_bots_get(db, id, &r->json, e);
}

static int handle_bots_delete(struct request *r, struct err *e)
{
	struct db *db = r->db;
	int64_t id;
	int rc = request_begin(r, &id, e);

	if (rc)
		return rc;
	rc = store_bots_delete_tx(db, id, e);
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	json_int(&r->json, "deleted", id);
	return 0;
}

static int handle_bots_events(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int64_t id;
	int rc = request_bot_page(r, &id, &p, e);

	return rc ? rc : store_bots_events(r->db, id, &p, &r->json, e);
}

/* ---- the routes ---- */

static const struct param b_bot_new[] = {
	{ .name = "name", .type = PARAM_TEXT, .required = true, .min = 1, .max = 100,
	  .help = "unique" },
	{ .name = "bot_type", .type = PARAM_CHOICE, .choices = "trading|external",
	  .help = "run by our worker, or reporting from outside; trading unless given" },
	{ .name = "description", .type = PARAM_TEXT, .max = 1000, .help = "for people" },
	{ .name = "config", .type = PARAM_OBJECT, .help = "first settings, as in PUT config" },
	{ .name = "confirm_wide", .type = PARAM_BOOL,
	  .help = "true: a target or stop over 0.1 (10 %) is meant" },
	END
};

static const struct param b_bot[] = {
	{ .name = "name", .type = PARAM_TEXT, .min = 1, .max = 100, .help = "unique" },
	{ .name = "bot_type", .type = PARAM_CHOICE, .choices = "trading|external",
	  .help = "run by our worker, or reporting from outside" },
	{ .name = "description", .type = PARAM_TEXT, .max = 1000, .help = "for people" },
	END
};

#define BOT_COLUMNS(...) store_bots_columns, FIELDS( \
	__VA_ARGS__ { "status", BOT_STATE, "What it is doing." }, \
	{ "bot_status", BOT_STATE_CAPITALS, "The same in capitals." }, \
	{ "bot_type", "trading|external", "Run by our worker, or reporting from outside." }, \
	HELP("error", "Why it is in state error."), \
	{ "model_warning", "text?", "What its users should know of its model." }, \
	{ "mode", MODE "?", NULL }, \
	MAYBE("symbol"), MAYBE("strategy"), MAYBE("exchange"), MAYBE("interval"), \
	MAYBE("config_wanted"), MAYBE("config_applied"), MAYBE("model_id"), \
	MAYBE("pending_orders"), MAYBE("open_positions"), MAYBE("equity"), \
	MAYBE("last_price"), MAYBE("start_time"), MAYBE("last_execution"))

static const struct part parts[] = {
	{ "Bot", "A bot with its state.", BOT_COLUMNS(), NULL },
	{ "BotChanged", "A bot after a change.", BOT_COLUMNS(OK,), NULL },
	PAGE_OF("BotList", "bots", "Bot", "Bots, newest first."),
	ROWS("BotEvent", "A change of a bot's status.", store_bots_event_columns,
	     { "from_status", BOT_STATE, NULL }, { "to_status", BOT_STATE, NULL }),
	PAGE_OF("BotEventList", "events", "BotEvent", "Status changes, newest first."),
	OBJECT("Deleted", "It is gone.", OK, { "deleted", "id", "Its number." }),
};

static const struct route rows[] = {
	{ R(GET, "/bots"), V, DO(bots_list, "All bots"), .query = page_params, ONE("BotList") },
	{ R(POST, "/bots"), T, DO(bots_post, "Create a bot"), .body = b_bot_new,
	  .gives = { { 201, "BotChanged" } }, .says = SAYS_CONFLICT | SAYS_LOCATION,
	  .example = "{\"name\":\"Second\",\"config\":{\"symbol\":\"ETHUSDT\"}}" },
	{ R(GET, "/bots/:id"), V, DO(bots_get, "One bot"), ONE("Bot") },
	{ R(PUT, "/bots/:id"), T, DO(bots_put, "Change a bot's name, type or description"),
	  .body = b_bot, ONE("BotChanged"), .says = SAYS_CONFLICT,
	  .example = "{\"description\":\"night shift\"}" },
	{ R(DELETE, "/bots/:id"), T, DO(bots_delete, "Delete a bot that is stopped and flat"),
	  ONE("Deleted"), .says = SAYS_CONFLICT },
	{ R(GET, "/bots/:id/events"), V, DO(bots_events, "Status changes of a bot"),
	  .query = page_params, ONE("BotEventList") },
};
const struct route_group bots_routes = { "Bots", ROWS_OF(rows), ROWS_OF(parts) };
