/*
 * The old binary format, little-endian structs as XGBoost 0.4 to 3.0 wrote them:
 * header of 136 bytes; objective and booster name (u64 length, bytes); for trees a
 * header of 160 bytes, per tree a header of 148, nodes of 20 and statistics of 16
 * bytes each, then the class of each tree; DART's weights; attributes; metrics.
 */
#include "worker/model/format/booster_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	const char *p, *end;
	size_t len;
	struct err *e;
};

#define NODE_SIZE 20
#define STAT_SIZE 16
#define DELETED UINT32_MAX	/* split index of a node that is not in use */

static int take(struct bytes *in, void *out, size_t n)
{
	if ((size_t)(in->end - in->p) < n)
		return err_set(in->e, ERR_CORRUPT, "the binary model ends early, at byte %zu",
			       in->len);
	if (out)
		memcpy(out, in->p, n);
	in->p += n;
	return 0;
}

/* A count of items of "unit" bytes that must lie inside the file. */
static int take_count(struct bytes *in, size_t unit, uint64_t *n)
{
	int err = take(in, n, sizeof(*n));

	if (err)
		return err;
	if (*n > (size_t)(in->end - in->p) / unit)
		return err_set(in->e, ERR_CORRUPT, "the binary model is damaged at byte %zu: a "
			       "length beyond the end", in->len - (size_t)(in->end - in->p));
	return 0;
}

static int take_name(struct bytes *in, char *out, size_t size)
{
	uint64_t n;
	int err = take_count(in, 1, &n);

	if (err)
		return err;
	if (n >= size)
		return err_set(in->e, ERR_CORRUPT, "the binary model has a name of %llu bytes",
			       (unsigned long long)n);
	out[n] = '\0';
	return take(in, out, n);
}

static int take_tree(struct bytes *in, struct booster *b)
{
	int32_t head[6]; /* roots, nodes, deleted, depth, features, leaf vector */
	struct booster_node *nodes;
	size_t n, deleted = 0;
	int err = take(in, head, sizeof(head));

	if (!err)
		err = take(in, NULL, 148 - sizeof(head));
	if (err)
		return err;
	if (head[5] != 0 && head[5] != 1)	/* 2.0 and later write 1 */
		return err_set(in->e, ERR_INVALID, "leaf vectors are not supported");
	if (head[1] <= 0 || (size_t)head[1] > (size_t)(in->end - in->p) / (NODE_SIZE + STAT_SIZE))
		return err_set(in->e, ERR_CORRUPT, "tree %zu says that it has %d nodes", b->trees_n,
			       head[1]);
	n = (size_t)head[1];
	nodes = xcalloc(n, sizeof(*nodes));
	for (size_t i = 0; i < n && !err; i++) {
		struct {
			int32_t parent, left, right;
			uint32_t split;
			float value;
		} raw;

		err = take(in, &raw, NODE_SIZE);
		if (err)
			break;
		nodes[i] = (struct booster_node){
			.value = raw.value, .left = raw.left, .right = raw.right,
			.parent = raw.parent & INT32_MAX,	/* the highest bit: a left child */
			.feature = raw.split & INT32_MAX, .default_left = raw.split >> 31,
		};
		if (raw.split == DELETED) { /* may hold anything, so nothing may lead to it */
			deleted += i > 0;	/* as libxgboost counts them */
			nodes[i].unused = true;
			nodes[i].left = nodes[i].right = -1;
		} else if (raw.left == -1) { /* libxgboost looks at the left one only */
			nodes[i].right = -1;
		}
	}
	if (!err)
		err = take(in, NULL, n * STAT_SIZE);
	if (!err && (head[2] < 0 || deleted != (size_t)head[2]))
		err = err_set(in->e, ERR_CORRUPT, "tree %zu says that %d nodes are unused, %zu are",
			      b->trees_n, head[2], deleted);
	if (!err)
		err = booster_add_tree(b, nodes, n, in->e);
	free(nodes);
	return err;
}

/* *parallel: trees of a round. */
static int take_trees(struct bytes *in, struct booster *b, size_t *parallel)
{
	int32_t head[4]; /* trees, parallel trees, features, padding */
	int32_t leaf[3]; /* buffer (i64, skipped), groups, leaf vector */
	int err = take(in, head, sizeof(head));

	if (!err)
		err = take(in, NULL, 8);
	if (!err)
		err = take(in, leaf, 8);
	if (!err)
		err = take(in, NULL, 160 - 32);
	if (err)
		return err;
	if (head[0] < 0 || head[1] < 1 || head[1] > BOOSTER_TREES_MAX)
		return err_set(in->e, ERR_CORRUPT, "the model says that it has %d trees, %d in "
			       "parallel", head[0], head[1]);
	if (leaf[1] != 0 && leaf[1] != 1)
		return err_set(in->e, ERR_INVALID, "leaf vectors are not supported");
	*parallel = (size_t)head[1];
	for (int32_t i = 0; i < head[0] && !err; i++)
		err = take_tree(in, b);
	for (int32_t i = 0; i < head[0] && !err; i++)
		err = take(in, &b->trees[i].group, 4);
	return err;
}

/* One of the "want" floats that must follow. */
static int take_weight(struct bytes *in, size_t i, float *out)
{
	int err = take(in, out, sizeof(*out));

	if (!err && !isfinite(*out))
		err = err_set(in->e, ERR_INVALID, "weight %zu is %g: such a model can't predict", i,
			      (double)*out);
	return err;
}

static int take_weights_count(struct bytes *in, size_t want)
{
	uint64_t n;
	int err = take_count(in, 4, &n);

	if (!err && n != want)
		err = err_set(in->e, ERR_CORRUPT, "the binary model has %llu weights where %zu "
			      "belong", (unsigned long long)n, want);
	return err;
}

static int take_linear(struct bytes *in, struct booster *b)
{
	const size_t n = (b->features + 1) * booster_groups(b);
	float unused;
	int err = take(in, NULL, 136);

	if (!err)
		err = take_weights_count(in, n);
	if (!err && booster_groups(b) == 1)
		b->linear = xcalloc(n, sizeof(*b->linear));
	for (size_t i = 0; i < n && !err; i++)
		err = take_weight(in, i, b->linear ? &b->linear[i] : &unused);
	return err;
}

static int take_booster(struct bytes *in, struct booster *b, const char *name, size_t *parallel)
{
	int err;

	if (strcmp(name, "gblinear") == 0) {
		b->kind = BOOSTER_GBLINEAR;
		return take_linear(in, b);
	}
	if (strcmp(name, "gbtree") != 0 && strcmp(name, "dart") != 0)
		return err_set(in->e, ERR_INVALID,
			       "the booster '%s' is not supported; gbtree, dart "
			       "and gblinear are",
			       name);
	b->kind = strcmp(name, "dart") == 0 ? BOOSTER_DART : BOOSTER_GBTREE;
	err = take_trees(in, b, parallel);
	if (err || b->kind != BOOSTER_DART || b->trees_n == 0)
		return err;
	err = take_weights_count(in, b->trees_n);
	for (size_t i = 0; i < b->trees_n && !err; i++)
		err = take_weight(in, i, &b->trees[i].weight);
	return err;
}

/* A text that lies in the file. */
struct text {
	const char *s;
	uint64_t len;
};

static int take_text(struct bytes *in, struct text *t)
{
	int err = take_count(in, 1, &t->len);

	t->s = in->p;
	return err ? err : take(in, NULL, t->len);
}

static bool is(const struct text *t, const char *s)
{
	return t->len == strlen(s) && memcmp(t->s, s, t->len) == 0;
}

/* The number of a round, -1 for anything else. */
static int64_t round_of(const struct text *t)
{
	int64_t n = 0;

	for (uint64_t i = 0; i < t->len; i++) {
		if (t->s[i] < '0' || t->s[i] > '9' || n > BOOSTER_TREES_MAX)
			return -1;
		n = 10 * n + (t->s[i] - '0');
	}
	return t->len ? n : -1;
}

static int take_attributes(struct bytes *in, struct booster *b, size_t parallel)
{
	struct text key = { 0 }, value = { 0 };
	uint64_t items = 0;
	int64_t best = -1;
	bool counts = false;
	int err = take_count(in, 16, &items);

	for (uint64_t i = 0; i < items && !err; i++) {
		err = take_text(in, &key);
		if (!err)
			err = take_text(in, &value);
		if (err)
			break;
		if (is(&key, "best_iteration"))
			best = round_of(&value);
		if (is(&key, "scikit_learn") || is(&key, "niter"))
			counts = true;
		if (is(&key, "feature_list"))
			snprintf(b->feature_list, sizeof(b->feature_list), "%.*s",
				 (int)(value.len < 31 ? value.len : 31), value.s);
	}
	if (!err)
		booster_use_rounds(b, best, counts, parallel);
	return err;
}

static int skip_metrics(struct bytes *in)
{
	struct text unused = { 0 };
	uint64_t items = 0;
	int err = take_count(in, 8, &items);

	for (uint64_t i = 0; i < items && !err; i++)
		err = take_text(in, &unused);
	return err;
}

int booster_read_binary(struct booster *b, const char *data, size_t len, struct err *e)
{
	struct bytes in = { .p = data, .end = data + len, .len = len, .e = e };
	struct {
		float base_score;
		uint32_t features;
		int32_t classes, attributes, metrics;
		uint32_t major, minor, targets;
		int32_t reserved[26];
	} head;
	char name[16];
	size_t parallel = 1;
	int err;

	_Static_assert(sizeof(head) == 136, "header of the binary format");
	if (len >= 4 && memcmp(data, "binf", 4) == 0)
		in.p += 4;
	err = take(&in, &head, sizeof(head));
	if (!err)
		err = take_name(&in, b->objective, sizeof(b->objective));
	if (!err)
		err = take_name(&in, name, sizeof(name));
	if (err)
		return err;
	if (head.targets > 1)
		return err_set(e, ERR_INVALID, "models with several targets are not supported");
	b->base_score = head.base_score;
	b->base_is_margin = head.major < 1;
	b->major = head.major;
	b->minor = head.minor;
	b->features = head.features;
	b->classes = head.classes < 0 ? SIZE_MAX : (size_t)head.classes;
	err = booster_check(b, e); /* before products of its numbers are taken */
	if (!err)
		err = take_booster(&in, b, name, &parallel);
	b->trees_used = b->trees_n;
	if (!err && head.attributes)
		err = take_attributes(&in, b, parallel);
	if (!err && head.metrics)
		err = skip_metrics(&in);
	return err ? err : booster_check(b, e);
}
