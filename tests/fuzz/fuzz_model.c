/*
 * A model file: what our reader takes is made of trees, our evaluator predicts with it,
 * and libxgboost (which trusts its files) loads it and agrees.
 */
#include "tests/fuzz/fuzz.h"
#include "worker/model/format/booster.h"
#include "worker/model/linear.h"
#include "worker/model/model.h"
#include "worker/model/trees.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define LIBRARY_BYTES_MAX 65536	/* larger ones only pass our reader */
#define COLUMNS_MAX 4096

/* From the root on; what nothing leads to may hold anything. */
static void check_tree(const struct booster *b, const struct booster_tree *t)
{
	const struct booster_node *nodes = &b->nodes[t->first];
	bool *reached;

	ASSERT(t->n > 0 && t->first + t->n <= b->nodes_n);
	reached = xcalloc(t->n, sizeof(*reached));
	reached[0] = true;
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < t->n; i++) {
			const struct booster_node *n = &nodes[i];

			if (!reached[i])
				continue;
			ASSERT(n->left == -1 ? isfinite(n->value) : !isnan(n->value));
			if (n->left == -1)
				continue;
			ASSERT(n->left > 0 && (size_t)n->left < t->n);
			ASSERT(n->right > 0 && (size_t)n->right < t->n && n->right != n->left);
			ASSERT(n->feature < b->features);
			more |= !reached[n->left] || !reached[n->right];
			reached[n->left] = reached[n->right] = true;
		}
	}
	free(reached);
}

/* One row: all zero, all missing, or all large. */
static float *row_of(size_t n, float value)
{
	float *row = xcalloc(n + 1, sizeof(float));

	for (size_t i = 0; i < n; i++)
		row[i] = value;
	return row;
}

/* Trees of finite leaves give a number for any row; a linear model may not (inf - inf). */
static void check_evaluator(const struct booster *b, struct evaluator ours, bool number)
{
	const float values[] = { 0, (float)NAN, 3e38f };

	for (size_t i = 0; i < 3; i++) {
		float *row = row_of(b->features, values[i]);
		volatile float p = ours.predict(ours.ctx, row);

		ASSERT(!number || !isnan(p));
		free(row);
	}
	ours.free(ours.ctx);
}

static void check_booster(const struct booster *b)
{
	struct trees *t;
	struct linear *l;

	ASSERT(b->kind == BOOSTER_GBLINEAR ||
	       (b->trees_n > 0 && b->trees_n <= BOOSTER_TREES_MAX && b->trees_used > 0));
	ASSERT(b->trees_used <= b->trees_n);
	for (size_t i = 0; i < b->trees_n; i++)
		check_tree(b, &b->trees[i]);
	t = trees_new(b);
	if (t)
		check_evaluator(b, trees_evaluator(t), b->base_score > 0 && b->base_score < 1);
	l = linear_new(b);
	if (l)
		check_evaluator(b, linear_evaluator(l), false);
}

static void load_file(const char *path)
{
	struct model *m = NULL;
	struct err e = { 0 };
	const struct model_info *info;
	float *row, *out;

	if (model_load(path, &m, &e)) {
		ASSERT(m == NULL && e.msg[0]);
		return;
	}
	info = model_describe(m);
	ASSERT(info->outputs > 0);
	if (info->features <= COLUMNS_MAX) {
		row = row_of(info->features, 0.5f);
		out = xcalloc(info->outputs + 1, sizeof(float));
		ASSERT(model_predict(m, row, info->features, out, &e) == 0);
		ASSERT(model_predict(m, row, info->features + 1, out, &e) == ERR_INVALID);
		free(out);
		free(row);
	}
	model_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];
	char *bytes = fuzz_bytes(data, size);
	enum booster_format format;
	struct booster b = { 0 };
	struct err e = { 0 };

	if (fd < 0) {
		fd = memfd_create("model", MFD_CLOEXEC);
		ASSERT(fd >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	ASSERT(booster_looks_like(bytes, size) != NULL);
	format = booster_sniff(bytes, size);
	if (format == FORMAT_UNKNOWN || format == FORMAT_LIGHTGBM) {
		free(bytes);
		return 0;
	}
	if (booster_read(format, bytes, size, &b, &e)) {
		ASSERT(e.msg[0]);
	} else {
		check_booster(&b);
		booster_free(&b);
		if (size <= LIBRARY_BYTES_MAX) {
			ASSERT(ftruncate(fd, 0) == 0 &&
			       pwrite(fd, data, size, 0) == (ssize_t)size);
			load_file(path);
		}
	}
	free(bytes);
	return 0;
}
