/* The files of the models: taken in, given out, asked. */
#include "api/http/reply.h"
#include "api/http/upload.h"
#include "api/pending/helper.h"
#include "api/pending/retry.h"
#include "api/routes/table.h"
#include "api/store/models.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/registry/model_row.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FEATURES "features-1"
#define ROWS_MAX 100
#define FULL_PATH_MAX (CONFIG_PATH_MAX + 260)

static int no_database(const struct app *a, struct err *e)
{
	return err_set(e, ERR_BUSY, "%s", app_db_trouble(a));
}

/* ---- the output of a child process ---- */

/* The error of a child process, without the path, which means nothing to the caller. */
static int refused(struct request *r, const cJSON *said, const char *path, struct err *e)
{
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(said, "error");
	const char *why = cJSON_IsString(text) ? text->valuestring : "no reason was given";
	const bool named = !strncmp(why, path, strlen(path));

	return request_error(r, e, 422, "model_refused", "%s%s", named ? "the file" : "",
			     named ? why + strlen(path) : why);
}

/* 0 and *said (cJSON_Delete it), or why there is no answer. */
static int hear(struct request *r, int status, const struct buf *out, const char *path,
		cJSON **said, struct err *e)
{
	int rc;

	if (status == ERR_LIMIT)
		return request_error(r, e, 422, "model_refused", "%s", e->msg);
	if (status < 0)
		return status;
	if (json_read(buf_text(out), out->len, said, NULL)) {
		log_warn("models", r->correlation_id,
			 "the child process ended with %d and printed: %.200s", status,
			 buf_text(out));
		return request_error(r, e, 422, "model_refused",
				     "the file could not be checked: the child process ended with "
				     "%d (%d MB of memory are allowed)", status, HELPER_MEMORY_MB);
	}
	rc = status ? refused(r, *said, path, e) : 0;
	if (rc) {
		cJSON_Delete(*said);
		*said = NULL;
	}
	return rc;
}

static const char *text_of(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

static int64_t number_of(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsNumber(v) ? (int64_t)v->valuedouble : 0;
}

/* ---- upload ---- */

static int show_model(struct request *r, int64_t id, struct err *e)
{
	int64_t version;
	int rc;

	json_bool(&r->json, "success", true);
	rc = store_models_get(r->db, id, &version, &r->json, e);
	if (!rc)
		request_etag(r, version);
	return rc;
}

/* Adds both the row and the file, or neither. *id: the row; *made: it is new. */
static int add_model(const struct upload *u, const struct model_new *m, int64_t *id, bool *made,
		     struct err *e)
{
	struct request *r = upload_request(u);
	struct db *db = r->db;
	char full[FULL_PATH_MAX];
	int rc;

	snprintf(full, sizeof(full), "%s/%s", r->app->cfg->data_dir, m->path);
	rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = store_model_by_hash(db, m->sha256, id, e);
	*made = !rc && !*id;
	if (!rc && rename(upload_path(u), full))
		rc = file_error(e, "rename", upload_path(u));
	else if (!rc)
		file_sync_folder(full);
	if (!*made && !rc) {
		rc = store_model_explain_tx(db, m, e);
		if (!rc)
			rc = db_commit(db, e);
	} else if (!rc) {
		rc = store_model_add_tx(db, m, clock_now_us(), id, e);
		if (!rc)
			rc = db_commit(db, e);
		if (rc && unlink(full) && errno != ENOENT)
			log_warn("models", r->correlation_id, "%s stays: %s", full,
				 strerror(errno));
	}
	db_rollback(db);
	r->app->writes++;
	return rc;
}

static int register_model(const struct upload *u, const cJSON *said, struct err *e)
{
	struct request *r = upload_request(u);
	const char *description = upload_text(u, "description");
	const cJSON *names = cJSON_GetObjectItemCaseSensitive(said, "feature_names");
	char *names_text = cJSON_PrintUnformatted(names), path[96], location[64];
	const cJSON *trial = cJSON_GetObjectItemCaseSensitive(said, "trial");
	char *trial_text = cJSON_PrintUnformatted(trial);
	struct model_new m = {
		.name = upload_text(u, "name"),
		.symbol = upload_text(u, "symbol"),
		.format = text_of(said, "format"),
		.sha256 = upload_sha256(u),
		.path = path,
		.features = text_of(said, "feature_list"),
		.feature_names = names_text ? names_text : "[]",
		.metrics = "{}",
		.origin = "upload",
		.description = description ? description : "",
		.objective = text_of(said, "objective"),
		.writer = text_of(said, "writer"),
		.trial = trial_text ? trial_text : "{}",
		.size_bytes = upload_bytes(u),
		.trees = number_of(said, "trees"),
		.trees_used = number_of(said, "trees_used"),
	};
	bool made = false;
	int64_t id = 0;
	int rc;

	snprintf(path, sizeof(path), "models/%s", m.sha256);
	rc = r->db ? add_model(u, &m, &id, &made, e) : no_database(r->app, e);
	cJSON_free(names_text);
	cJSON_free(trial_text);
	if (rc)
		return rc;
	r->code = made ? 201 : 200;
	if (made) {
		snprintf(location, sizeof(location), "/api/v1/models/%lld", (long long)id);
		request_add_header(r, "Location", location);
		log_about(LOG_INFO, "models", r->correlation_id,
			  &(struct log_context){ .model_id = id },
			  "model %lld (%s, %lld bytes) uploaded by %s", (long long)id, m.format,
			  (long long)m.size_bytes, r->who.name);
	}
	return show_model(r, id, e);
}

/* The work that retry.h repeats while another program holds the database. */
struct registration {
	struct upload *u;
	cJSON *said;
};

static int register_again(struct request *r, void *ctx, struct err *e)
{
	const struct registration *x = ctx;

	(void)r;
	return register_model(x->u, x->said, e);
}

static void registered(struct request *r, void *ctx, int rc, struct err *e)
{
	struct registration *x = ctx;

	(void)r;
	cJSON_Delete(x->said);
	upload_end(x->u, rc, e);
	free(x);
}

static void checked_cb(void *ctx, int status, const struct buf *out, struct err *e)
{
	struct upload *u = ctx;
	cJSON *said = NULL;
	int rc = hear(upload_request(u), status, out, upload_path(u), &said, e);
	struct registration *x;

	if (rc) {
		cJSON_Delete(said);
		upload_end(u, rc, e);
		return;
	}
	x = xcalloc(1, sizeof(*x));
	*x = (struct registration){ .u = u, .said = said };
	retry_run(upload_request(u), &(struct retry_work){
		.again = register_again,
		.end = registered,
		.ctx = x,
	}, true);
}

/* 1: the same file is registered and there; 0: it is new to us, or what it is was not kept. */
static int known(const struct upload *u, struct err *e)
{
	struct request *r = upload_request(u);
	char full[FULL_PATH_MAX];
	bool explained = false;
	int64_t id = 0;
	int rc;

	if (!r->db)
		return no_database(r->app, e);
	rc = store_model_by_hash(r->db, upload_sha256(u), &id, e);
	if (!rc && id)
		rc = store_model_explained(r->db, id, &explained, e);
	snprintf(full, sizeof(full), "%s/models/%s", r->app->cfg->data_dir, upload_sha256(u));
	if (rc || !explained || access(full, R_OK))
		return rc;
	/* Replaces a registered file too, because the stored one may be damaged. */
	if (rename(upload_path(u), full))
		return file_error(e, "rename", upload_path(u));
	file_sync_folder(full);
	rc = show_model(r, id, e);
	return rc ? rc : 1;
}

static void received_cb(struct upload *u)
{
	struct request *r = upload_request(u);
	const char *features = upload_text(u, "features");
	const struct helper_args args = {
		.r = r,
		.argv = { "model-check", upload_path(u), "--features",
			  features ? features : FEATURES },
		.done = checked_cb,
		.ctx = u,
	};
	struct err e = { 0 };
	int rc;

	rc = models_check_symbol(r, upload_text(u, "symbol"), &e);
	if (!rc)
		rc = known(u, &e);
	if (!rc) {
		rc = helper_run(r->app->helpers, &args, &e);
		if (!rc)
			return; /* on to checked_cb */
	}
	upload_end(u, rc < 0 ? rc : 0, &e);
}

static int handle_models_upload(struct request *r, struct err *e)
{
	return upload_begin(r, received_cb, e);
}

/* ---- download ---- */

static int handle_models_download(struct request *r, struct err *e)
{
	struct model_file m = { 0 };
	char full[FULL_PATH_MAX], text[160];
	struct stat st;
	int64_t id;
	int fd, rc;

	rc = request_id(r, "id", &id, e);
	if (!rc)
		rc = store_models_file(r->db, id, &m, e);
	buf_free(&m.feature_names);
	if (rc)
		return rc;
	snprintf(full, sizeof(full), "%s/%s", r->app->cfg->data_dir, m.path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || st.st_size != m.size_bytes) {
		if (fd >= 0)
			close(fd);
		return request_error(r, e, 503, "file_missing",
				     "the file of model %lld is missing or has another size: "
				     "upload it again", (long long)id);
	}
	r->has_file = true;
	r->file = fd;
	r->file_bytes = st.st_size;
	r->content_type = "application/octet-stream";
	snprintf(text, sizeof(text), "\"%s\"", m.sha256);
	request_add_header(r, "ETag", text);
	snprintf(text, sizeof(text), "attachment; filename=\"model-%lld-%.12s\"", (long long)id,
		 m.sha256);
	request_add_header(r, "Content-Disposition", text);
	return 0;
}

/* ---- predict ---- */

struct question {
	struct request *r;
	int64_t id;
	char sha256[65], path[FULL_PATH_MAX];
};

static void predicted_cb(void *ctx, int status, const struct buf *out, struct err *e)
{
	struct question *q = ctx;
	struct request *r = q->r;
	cJSON *said = NULL;
	int rc = hear(r, status, out, q->path, &said, e);
	char *numbers = NULL;

	if (!rc) {
		numbers = cJSON_PrintUnformatted(
			cJSON_GetObjectItemCaseSensitive(said, "predictions"));
		json_bool(&r->json, "success", true);
		json_int(&r->json, "model_id", q->id);
		json_string(&r->json, "sha256", q->sha256);
		json_raw(&r->json, "predictions", numbers);
	}
	cJSON_free(numbers);
	cJSON_Delete(said);
	free(q);
	reply_send(r, rc, e);
}

static int bad_field(struct request *r, const char *field, const char *why, struct err *e)
{
	field_error(request_fields(r), field, "%s", why);
	return request_fields_check(r, 422, e);
}

static void put_number(struct json *j, const cJSON *v)
{
	json_double(j, NULL, v ? cJSON_GetNumberValue(v) : (double)NAN);	/* no number: NAN */
}

static int put_rows(struct request *r, const cJSON *rows, struct json *j, struct err *e)
{
	const int n = cJSON_GetArraySize(rows);
	const cJSON *row, *v;

	if (n < 1 || n > ROWS_MAX)
		return bad_field(r, "rows", "must have 1 to 100 rows", e);
	cJSON_ArrayForEach(row, rows) {
		if (!cJSON_IsArray(row))
			return bad_field(r, "rows", "each row must be a list of numbers", e);
		json_array(j, NULL);
		cJSON_ArrayForEach(v, row) {
			if (!cJSON_IsNumber(v) && !cJSON_IsNull(v))
				return bad_field(r, "rows", "must hold numbers and null only", e);
			put_number(j, v);
		}
		json_array_end(j);
	}
	return 0;
}

/* Writes one row in the order of the model's feature names; a feature not given becomes null. */
static int put_features(struct request *r, const cJSON *given, const struct buf *names_text,
			struct json *j, struct err *e)
{
	cJSON *names = NULL;
	const cJSON *name, *v;
	int rc = json_read(buf_text(names_text), names_text->len, &names, e);

	cJSON_ArrayForEach(v, given) {
		bool found = false;

		cJSON_ArrayForEach(name, names)
			found = found || (cJSON_IsString(name) &&
					  !strcmp(name->valuestring, v->string));
		if (rc == 0 && !found)
			rc = bad_field(r, v->string, "is no feature of this model", e);
		else if (rc == 0 && !cJSON_IsNumber(v) && !cJSON_IsNull(v))
			rc = bad_field(r, v->string, "must be a number", e);
	}
	json_array(j, NULL);
	cJSON_ArrayForEach(name, names)
		put_number(j, cJSON_IsString(name) ? cJSON_GetObjectItemCaseSensitive(
							     given, name->valuestring) : NULL);
	json_array_end(j);
	cJSON_Delete(names);
	return rc;
}

static int put_input(struct request *r, const struct model_file *m, struct buf *out,
		     struct err *e)
{
	const cJSON *rows = request_member(r, "rows"), *features = request_member(r, "features");
	struct json j = { .out = out };
	int rc;

	if (!rows == !features)
		return bad_field(r, "rows", "give either rows or features", e);
	json_array(&j, NULL);
	rc = rows ? put_rows(r, rows, &j, e) : put_features(r, features, &m->feature_names, &j, e);
	json_array_end(&j);
	return rc;
}

static int handle_models_predict(struct request *r, struct err *e)
{
	struct model_file m = { 0 };
	struct buf input = { 0 };
	struct question *q = xcalloc(1, sizeof(*q));
	struct helper_args args = { .r = r, .done = predicted_cb, .ctx = q };
	int rc;

	q->r = r;
	rc = request_id(r, "id", &q->id, e);
	if (!rc)
		rc = store_models_file(r->db, q->id, &m, e);
	if (!rc)
		rc = put_input(r, &m, &input, e);
	if (!rc) {
		snprintf(q->path, sizeof(q->path), "%s/%s", r->app->cfg->data_dir, m.path);
		memcpy(q->sha256, m.sha256, sizeof(q->sha256));
		args.argv[0] = "model-predict";
		args.argv[1] = q->path;
		args.input = buf_text(&input);
		args.input_len = input.len;
		rc = helper_run(r->app->helpers, &args, e);
	}
	buf_free(&m.feature_names);
	buf_free(&input);
	if (rc)
		free(q);
	return rc;
}

/* ---- the routes ---- */

static const struct param b_upload[] = {
	{ .name = "model", .type = PARAM_FILE, .required = true,
	  .help = "XGBoost JSON, UBJ or binary, or LightGBM text, at most MODEL_MAX_BYTES" },
	{ .name = "name", .type = PARAM_TEXT, .required = true, .min = 1, .max = 100,
	  .help = "for people" },
	SYMBOL(true),
	{ .name = "description", .type = PARAM_TEXT, .max = 1000, .help = "for people" },
	{ .name = "features", .type = PARAM_TEXT, .min = 1, .max = 31,
	  .help = "the feature list it was trained on, features-1 unless given" },
	END
};

static const struct param b_predict[] = {
	{ .name = "rows", .type = PARAM_LIST,
	  .holds = "{\"type\":\"array\",\"items\":{\"type\":[\"number\",\"null\"]}}",
	  .help = "1 to 100 lists of numbers, in the order of the model's feature_names; "
		  "null: missing" },
	{ .name = "features", .type = PARAM_OBJECT, .holds = "{\"type\":[\"number\",\"null\"]}",
	  .help = "instead: one row as numbers by feature name; the others are missing" },
	END
};

static const struct part parts[] = {
	{ "Predictions", "What a model says.", NULL,
	  FIELDS(OK, { "model_id", "id", "models.id." }, { "sha256", "text", "Of its file." },
		 { "predictions", "[number]", "Probabilities, one for each row." }), NULL },
};

static const struct route rows[] = {
	{ R(POST, "/models/upload"), T, DO(models_upload, "Upload a model"), .body = b_upload,
	  .body_kind = BODY_UPLOAD, .gives = { { 200, "ModelChanged" }, { 201, "ModelChanged" } },
	  .says = SAYS_ETAG | SAYS_LOCATION | SAYS_UNAVAILABLE,
	  .example = "{\"model\":\"(the file)\",\"name\":\"January\",\"symbol\":\"BTCUSDT\"}" },
	{ R(GET, "/models/:id/download"), V, DO(models_download, "Download a model's file"),
	  ONE("binary"), .says = SAYS_ETAG, .media = "application/octet-stream" },
	{ R(POST, "/models/:id/predict"), T, DO(models_predict, "Predict with a model"),
	  .body = b_predict, ONE("Predictions"), .says = SAYS_UNAVAILABLE,
	  .example = "{\"features\":{\"rsi_14\":31.5}}" },
};
const struct route_group model_files_routes = { "Models", ROWS_OF(rows), ROWS_OF(parts) };
