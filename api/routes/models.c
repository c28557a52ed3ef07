/* The model registry: what there is, its description, and which bot uses which. */
#include "api/routes/handlers.h"
#include "api/store/history.h"
#include "api/store/models.h"
#include "api/view/status_json.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/registry/configs.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int handle_models_list(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	return rc ? rc : store_models_list(r->app->db, request_query(r, "symbol"), &p, &r->json, e);
}

int handle_models_symbol(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	return rc ? rc : store_models_list(r->app->db, request_path_value(r, "symbol"), &p,
					   &r->json, e);
}

static int show(struct request *r, int64_t id, struct err *e)
{
	int64_t version;
	int rc = store_models_get(r->app->db, id, &version, &r->json, e);

	if (!rc)
		request_etag(r, version);
	return rc;
}

int handle_models_get(struct request *r, struct err *e)
{
	int64_t id;
	int rc = request_id(r, "id", &id, e);

	return rc ? rc : show(r, id, e);
}

int models_check_symbol(struct request *r, const char *symbol, struct err *e)
{
	for (const char *p = symbol; *p; p++) {
		if (!isupper((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_') {
			field_error(request_fields(r), "symbol",
				    "must be capitals, digits and _, such as BTCUSDT");
			break;
		}
	}
	return request_fields_check(r, 422, e);
}

int handle_models_put(struct request *r, struct err *e)
{
	const struct model_change c = {
		.name = request_text(r, "name", NULL),
		.symbol = request_text(r, "symbol", NULL),
		.description = request_text(r, "description", NULL),
		.status = request_text(r, "status", NULL),
	};
	struct db *db = r->app->db;
	struct buf unused = { 0 };
	struct json look = { .out = &unused };
	int64_t id, version = 0;
	int rc;

	rc = request_id(r, "id", &id, e);
	if (!rc && c.symbol)
		rc = models_check_symbol(r, c.symbol, e);
	if (!rc)
		rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = store_models_get(db, id, &version, &look, e);
	if (!rc)
		rc = request_if_match(r, version, e);
	if (!rc)
		rc = store_models_update_tx(db, id, &c, clock_now_us(), e);
	rc = db_end(db, rc, e);
	buf_free(&unused);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	return show(r, id, e);
}

static void remove_file(struct request *r, const char *path)
{
	char full[CONFIG_PATH_MAX + 260];

	if (!path[0] || path[0] == '/' || strstr(path, ".."))
		return;
	snprintf(full, sizeof(full), "%s/%s", r->app->cfg->data_dir, path);
	if (unlink(full) && errno != ENOENT)
		log_warn("models", r->correlation_id, "%s stays: %s", full, strerror(errno));
}

int handle_models_delete(struct request *r, struct err *e)
{
	struct db *db = r->app->db;
	char path[256] = "";
	int64_t id;
	int rc;

	rc = request_id(r, "id", &id, e);
	if (!rc)
		rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = store_models_delete_tx(db, id, path, sizeof(path), e);
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	remove_file(r, path);
	json_bool(&r->json, "success", true);
	json_int(&r->json, "deleted", id);
	return 0;
}

/* A new version of the bot's settings, unless they name this model already. */
static int assign(struct request *r, int64_t bot_id, int64_t model_id, struct bot_config *c,
		  struct err *e)
{
	const struct config_change change = {
		.bot_id = bot_id, .expect = c->version, .by = r->who.name,
		.now_us = clock_now_us(),
	};
	struct db *db = r->app->db;
	int rc;

	rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = store_models_ready(db, model_id, e);
	if (!rc && c->model_id != model_id) {
		rc = store_history_keep_tx(db, bot_id, c, e);
		c->model_id = model_id;
		if (!rc)
			rc = store_config_save_tx(db, &r->app->key, &change, c, e);
	}
	return db_end(db, rc, e);
}

int handle_models_assign(struct request *r, struct err *e)
{
	int64_t model_id = request_int(r, "model_id", 0);
	struct bot_config c = { 0 };
	struct bot_status b;
	int64_t bot_id;
	int rc;

	rc = request_id(r, "botId", &bot_id, e);
	if (!rc)
		rc = store_status_get(r->app->db, bot_id, &b, e);
	if (!rc)
		rc = store_config_load(r->app->db, &r->app->key, bot_id, &c, NULL, e);
	if (!rc)
		rc = assign(r, bot_id, model_id, &c, e);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	json_int(&r->json, "bot_id", bot_id);
	json_int(&r->json, "model_id", model_id);
	json_int(&r->json, "config_version", c.version);
	json_string(&r->json, "message", worker_runs(&b, clock_now_us())
		    ? "assigned; the worker loads it beside its loop, then the bot changes over"
		    : "assigned; the worker does not run: it loads it when it starts");
	return 0;
}
