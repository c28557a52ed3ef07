#include "worker/predictors.h"

#include "common/crypto.h"
#include "worker/engine/features.h"
#include "worker/model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 2048

static const char SQL_MODEL[] =
	"SELECT path, sha256, features, name FROM models WHERE id = ?1 AND status = 'ready'";

struct entry {
	int64_t model_id;
	int users;
	char features[32];
	struct model *model;
	struct entry *next;
};

struct predictors {
	char data_dir[1024];
	struct entry *entries;
};

struct predictors *predictors_new(const char *data_dir)
{
	struct predictors *p = xcalloc(1, sizeof(*p));

	snprintf(p->data_dir, sizeof(p->data_dir), "%s", data_dir);
	return p;
}

static void entry_free(struct entry *n)
{
	model_free(n->model);
	free(n);
}

void predictors_free(struct predictors *p)
{
	struct entry *next;

	if (!p)
		return;
	for (struct entry *n = p->entries; n; n = next) {
		next = n->next;
		entry_free(n);
	}
	free(p);
}

static int predict(void *ctx, const float *features, size_t n, float *out, struct err *e)
{
	return model_predict(ctx, features, n, out, e);
}

static struct predictor predictor_of(const struct entry *n)
{
	return (struct predictor){
		.model_id = n->model_id, .features = n->features, .ctx = n->model, .predict = predict,
	};
}

struct model_row {
	char path[512], sha256[SHA256_HEX_MAX], features[32], name[128];
};

static int read_row(struct db *db, int64_t model_id, struct model_row *row, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_MODEL, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, model_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, row->path, sizeof(row->path));
		stmt_copy(s, 1, row->sha256, sizeof(row->sha256));
		stmt_copy(s, 2, row->features, sizeof(row->features));
		stmt_copy(s, 3, row->name, sizeof(row->name));
		rc = 0;
	} else if (rc == STMT_END) {
		rc = err_set(e, ERR_NOT_FOUND, "model %lld is not registered; assign another one",
			     (long long)model_id);
	}
	stmt_done(s);
	return rc;
}

static int load(const struct predictors *p, const struct model_row *row, struct model **out,
		struct err *e)
{
	const struct feature_list *list = features_find(row->features);
	char path[PATH_MAX_BYTES], sha[SHA256_HEX_MAX];
	struct model *m = NULL;
	int rc;

	if (!list)
		return err_set(e, ERR_INVALID, "it needs the feature list \"%s\", which this program "
			       "does not have", row->features);
	snprintf(path, sizeof(path), "%s/%s", p->data_dir, row->path);
	rc = crypto_sha256_file(path, sha, e);
	if (rc)
		return rc;
	if (strcmp(sha, row->sha256) != 0)
		return err_set(e, ERR_CORRUPT, "%s is not the file that was registered (sha256 "
			       "differs); upload it again", path);
	rc = model_load(path, &m, e);
	if (rc)
		return rc;
	if (model_describe(m)->features != list->n || model_describe(m)->outputs != 1) {
		rc = err_set(e, ERR_INVALID, "it was trained on %zu columns and gives %zu values; "
			     "feature list %s has %zu, and a bot needs one value",
			     model_describe(m)->features, model_describe(m)->outputs, list->name,
			     list->n);
		model_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

int predictors_take(struct predictors *p, struct db *db, int64_t model_id, struct predictor *out,
		    struct err *e)
{
	struct model_row row = { 0 };
	struct model *m = NULL;
	struct entry *n;
	int rc;

	for (n = p->entries; n; n = n->next) {
		if (n->model_id == model_id) {
			n->users++;
			*out = predictor_of(n);
			return 0;
		}
	}
	rc = read_row(db, model_id, &row, e);
	if (rc)
		return rc;
	rc = load(p, &row, &m, e);
	if (rc) {
		err_prefix(e, "model %lld (%.100s)", (long long)model_id, row.name);
		return rc;
	}
	n = xcalloc(1, sizeof(*n));
	n->model_id = model_id;
	n->users = 1;
	n->model = m;
	memcpy(n->features, row.features, sizeof(n->features));
	n->next = p->entries;
	p->entries = n;
	*out = predictor_of(n);
	return 0;
}

void predictors_drop(struct predictors *p, int64_t model_id)
{
	for (struct entry **link = &p->entries; *link; link = &(*link)->next) {
		struct entry *n = *link;

		if (n->model_id != model_id)
			continue;
		if (--n->users == 0) {
			*link = n->next;
			entry_free(n);
		}
		return;
	}
}
