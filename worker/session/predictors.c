#include "worker/session/predictors.h"

#include "common/crypto.h"
#include "worker/market/features.h"
#include "worker/model/model.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 2048

static const char SQL_MODEL[] =
	"SELECT path, sha256, features, name FROM models WHERE id = ?1 AND status = 'ready'";

struct model_row {
	char path[512], sha256[SHA256_HEX_MAX], features[32], name[128];
};

struct entry {
	int64_t model_id;
	int users;
	bool joined;			/* the thread is over; what follows is ours */
	atomic_bool done;		/* set by the thread as its last act */
	pthread_t thread;
	struct model_row row;
	char path[PATH_MAX_BYTES];
	struct model *model;		/* NULL: it failed */
	int rc;
	struct err why;
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

static void entry_join(struct entry *n)
{
	if (!n->joined)
		pthread_join(n->thread, NULL);
	n->joined = true;
}

static void entry_free(struct entry *n)
{
	entry_join(n);
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
		.model_id = n->model_id,
		.features = n->row.features,
		.ctx = n->model,
		.predict = predict,
	};
}

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

static int load(const char *path, const struct model_row *row, struct model **out, struct err *e)
{
	const struct feature_list *list = features_find(row->features);
	char sha[SHA256_HEX_MAX];
	struct model *m = NULL;
	int rc;

	if (!list)
		return err_set(e, ERR_INVALID,
			       "it needs the feature list \"%s\", which this program "
			       "does not have",
			       row->features);
	rc = crypto_sha256_file(path, sha, e);
	if (rc)
		return rc;
	if (strcmp(sha, row->sha256) != 0)
		return err_set(e, ERR_CORRUPT, "%s is not the file that was registered (its sha256 "
			       "differs); upload it again", path);
	rc = model_load(path, &m, e);
	if (rc == 0)
		rc = model_fits(m, list, e);
	if (rc) {
		model_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

/* The thread touches its own entry only, and nothing after "done". */
static void *load_thread(void *ctx)
{
	struct entry *n = ctx;

	n->rc = load(n->path, &n->row, &n->model, &n->why);
	if (n->rc)
		err_prefix(&n->why, "model %lld (%.100s)", (long long)n->model_id, n->row.name);
	atomic_store(&n->done, true);
	return NULL;
}

static struct entry *find(const struct predictors *p, int64_t model_id)
{
	struct entry *n = p->entries;

	while (n && n->model_id != model_id)
		n = n->next;
	return n;
}

static void forget(struct predictors *p, struct entry *gone)
{
	struct entry **link = &p->entries;

	while (*link != gone)
		link = &(*link)->next;
	*link = gone->next;
	entry_free(gone);
}

static int begin(struct predictors *p, struct db *db, int64_t model_id, struct entry **out,
		 struct err *e)
{
	struct entry *n = xcalloc(1, sizeof(*n));
	int rc = read_row(db, model_id, &n->row, e);

	if (rc) {
		free(n);
		return rc;
	}
	n->model_id = model_id;
	snprintf(n->path, sizeof(n->path), "%s/%s", p->data_dir, n->row.path);
	atomic_init(&n->done, false);
	if (pthread_create(&n->thread, NULL, load_thread, n)) {
		free(n);
		return err_set(e, ERR_LIMIT, "no thread to load model %lld; try again",
			       (long long)model_id);
	}
	n->next = p->entries;
	p->entries = n;
	*out = n;
	return 0;
}

int predictors_take(struct predictors *p, struct db *db, int64_t model_id, bool wait,
		    struct predictor *out, struct err *e)
{
	struct entry *n = find(p, model_id);
	int rc = n ? 0 : begin(p, db, model_id, &n, e);

	if (rc)
		return rc;
	if (!n->joined && !wait && !atomic_load(&n->done))
		return err_set(e, ERR_BUSY, "model %lld is being loaded", (long long)model_id);
	entry_join(n);
	if (n->rc) {
		rc = n->rc;
		err_set(e, rc, "%s", n->why.msg);
		forget(p, n);
		return rc;
	}
	n->users++;
	*out = predictor_of(n);
	return 0;
}

void predictors_drop(struct predictors *p, int64_t model_id)
{
	struct entry *n = find(p, model_id);

	if (n && --n->users <= 0)
		forget(p, n);
}

static bool is_one_of(int64_t id, const int64_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

void predictors_sweep(struct predictors *p, const int64_t *waited_for, size_t n)
{
	struct entry *next;

	for (struct entry *i = p->entries; i; i = next) {
		next = i->next;
		if (i->users == 0 && atomic_load(&i->done) &&
		    !is_one_of(i->model_id, waited_for, n))
			forget(p, i);
	}
}

size_t predictors_count(const struct predictors *p)
{
	size_t n = 0;

	for (const struct entry *i = p->entries; i; i = i->next)
		n++;
	return n;
}
