/* The model registry: what there is, its description, and which bot uses which. */
#include "api/routes/table.h"
#include "api/store/history.h"
#include "api/store/models.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/registry/configs.h"
#include "common/view/bot_view.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int handle_models_list(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	return rc ? rc : store_models_list(r->db, request_query(r, "symbol"), &p, &r->json, e);
}

static int handle_models_symbol(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	return rc ? rc : store_models_list(r->db, request_path_value(r, "symbol"), &p,
					   &r->json, e);
}

static int show(struct request *r, int64_t id, struct err *e)
{
	int64_t version;
	int rc = store_models_get(r->db, id, &version, &r->json, e);

	if (!rc)
		request_etag(r, version);
	return rc;
}

static int handle_models_get(struct request *r, struct err *e)
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

static int handle_models_put(struct request *r, struct err *e)
{
	const struct model_change c = {
		.name = request_text(r, "name", NULL),
		.symbol = request_text(r, "symbol", NULL),
		.description = request_text(r, "description", NULL),
		.status = request_text(r, "status", NULL),
	};
	struct db *db = r->db;
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

static int handle_models_delete(struct request *r, struct err *e)
{
	struct db *db = r->db;
	char path[256] = "";
	int64_t id;
	int rc = request_begin(r, &id, e);

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
	struct db *db = r->db;
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

static int handle_models_assign(struct request *r, struct err *e)
{
	int64_t model_id = request_int(r, "model_id", 0);
	struct bot_config c = { 0 };
	struct bot_view b;
	int64_t bot_id;
	int rc;

	rc = request_id(r, "botId", &bot_id, e);
	if (!rc)
		rc = bot_view_get(r->db, bot_id, clock_now_us(), &b, e);
	if (!rc)
		rc = store_config_load(r->db, &r->app->key, bot_id, &c, NULL, e);
	if (!rc)
		rc = assign(r, bot_id, model_id, &c, e);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	json_int(&r->json, "bot_id", bot_id);
	json_int(&r->json, "model_id", model_id);
	json_int(&r->json, "config_version", c.version);
	json_string(&r->json, "message", b.worker.state == WORKER_RUNNING
		    ? "assigned; the worker loads it beside its loop, then the bot changes over"
		    : "assigned; the worker does not run: it loads it when it starts");
	return 0;
}

/* ---- the routes ---- */

static const struct param q_models[] = { SYMBOL(false), PAGE, END };

static const struct param b_model[] = {
	{ .name = "name", .type = PARAM_TEXT, .min = 1, .max = 100, .help = "for people" },
	SYMBOL(false),
	{ .name = "description", .type = PARAM_TEXT, .max = 1000, .help = "for people" },
	{ .name = "status", .type = PARAM_CHOICE, .choices = "ready|retired",
	  .help = "a retired model can't be assigned" },
	END
};

static const struct param b_assign[] = {
	{ .name = "model_id", .type = PARAM_INT, .required = true, .min = 1, .max = 1e15,
	  .help = "models.id" },
	END
};

#define MODEL_COLUMNS(...) store_models_columns, FIELDS( \
	__VA_ARGS__ { "feature_names", "[text]", "In the order in which it takes them." }, \
	{ "metrics", "object", "Of its training." }, \
	HELP("objective", "As its file names it; empty: registered before this was kept."), \
	HELP("writer", "Library and version that wrote the file; empty: unknown."), \
	HELP("trees", "In the file; 0: a linear model."), \
	HELP("trees_used", "Of these, the first so many predict (early stopping)."), \
	{ "trial", "object", "Its answers to rows of zeros, of missing values, and of " \
	  "0, 1, 2, ... (counting)." }, \
	HELP("warning", "What its users should know; empty: nothing."), \
	{ "assigned_to", "[int]", "Numbers of the bots." }, \
	HELP("name", "For people."), HELP("version", "Count of changes; also the ETag."), \
	{ "status", "ready|refused|retired", "Only a ready one can be assigned." })

static const struct part parts[] = {
	{ "Model", "A model of the registry.", MODEL_COLUMNS(), NULL },
	{ "ModelChanged", "A model after a change.", MODEL_COLUMNS(OK,), NULL },
	PAGE_OF("ModelList", "models", "Model", "Models, newest first."),
	OBJECT("ModelAssigned", "A bot's model after the change.",
	       OK, F("bot_id", "id"), { "model_id", "id", "models.id." },
	       { "config_version", "count", "Of the bot's settings." },
	       F("message", "text")),
};

static const struct route rows[] = {
	{ R(GET, "/models"), V, DO(models_list, "All models"), .query = q_models,
	  ONE("ModelList") },
	{ R(GET, "/models/:id"), V, DO(models_get, "One model"), ONE("Model"),
	  .says = SAYS_ETAG },
	{ R(GET, "/models/symbol/:symbol"), V, DO(models_symbol, "Models of a symbol"),
	  .query = page_params, ONE("ModelList") },
	{ R(PUT, "/models/:id"), T, DO(models_put, "Change a model's description"),
	  .body = b_model, ONE("ModelChanged"), .says = SAYS_ETAG | SAYS_IF_MATCH | SAYS_CONFLICT,
	  .example = "{\"description\":\"trained in January\"}" },
	{ R(DELETE, "/models/:id"), T, DO(models_delete, "Delete a model that no bot uses"),
	  ONE("Deleted"), .says = SAYS_CONFLICT },
	{ R(PUT, "/models/assign/:botId"), T, DO(models_assign, "Assign a model to a bot"),
	  .body = b_assign, ONE("ModelAssigned"), .says = SAYS_CONFLICT,
	  .example = "{\"model_id\":1}" },
};
const struct route_group models_routes = { "Models", ROWS_OF(rows), ROWS_OF(parts) };
