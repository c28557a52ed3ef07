#include "worker/model/format/booster_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *magic;
	size_t len;
	const char *looks_like;
} MAGICS[] = {
	{"PK\x03\x04", 4, "a ZIP archive"},
	{"\x1f\x8b", 2, "a gzip file (unpack it first)"},
	{"\x7f" "ELF", 4, "a program"},
	{"\x89PNG", 4, "a picture"},
	{"\xff\xd8\xff", 3, "a picture"},
	{"%PDF", 4, "a PDF document"},
	{"SQLite format 3", 15, "an SQLite database"},
	{"PAR1", 4, "a Parquet file"},
	{"\x80\x02", 2, "a Python pickle (save the model with save_model)"},
	{"\x80\x03", 2, "a Python pickle (save the model with save_model)"},
	{"\x80\x04", 2, "a Python pickle (save the model with save_model)"},
	{"\x80\x05", 2, "a Python pickle (save the model with save_model)"},
	{"\x08\x00\x00\x00ONNX", 8, "an ONNX model"},
	{"\x89HDF", 4, "an HDF5 file"},
	{"bs64", 4, "an XGBoost model in base64 (too old)"},
	{"<", 1, "HTML or XML"},
	{"[", 1, "a JSON array"},
};

/* The old binary has no magic: a header of 136 bytes, then the objective's name. */
static bool looks_binary(const char *data, size_t len)
{
	size_t skip = len >= 4 && memcmp(data, "binf", 4) == 0 ? 4 : 0;
	uint64_t name;

	if (skip)
		return true;
	if (len < 136 + 8 + 4)
		return false;
	memcpy(&name, data + 136, sizeof(name));
	if (name < 4 || name > 40 || name > len - 144)
		return false;
	for (uint64_t i = 0; i < name; i++)
		if (!isalnum((unsigned char)data[144 + i]) && !strchr(":_-", data[144 + i]))
			return false;
	return true;
}

enum booster_format booster_sniff(const char *data, size_t len)
{
	size_t i = 1;

	if (len > 1 && data[0] == '{') {
		while (i < len && isspace((unsigned char)data[i]))
			i++;
		if (i < len && (data[i] == '"' || data[i] == '}'))
			return FORMAT_JSON;
		return data[1] == 'L' ? FORMAT_UBJ : FORMAT_UNKNOWN;
	}
	if (len > 5 && memcmp(data, "tree\n", 5) == 0)
		return FORMAT_LIGHTGBM;
	if (len > 6 && memcmp(data, "tree\r\n", 6) == 0)
		return FORMAT_LIGHTGBM;
	return looks_binary(data, len) ? FORMAT_BINARY : FORMAT_UNKNOWN;
}

const char *booster_looks_like(const char *data, size_t len)
{
	if (len == 0)
		return "an empty file";
	for (size_t i = 0; i < sizeof(MAGICS) / sizeof(MAGICS[0]); i++)
		if (len >= MAGICS[i].len && memcmp(data, MAGICS[i].magic, MAGICS[i].len) == 0)
			return MAGICS[i].looks_like;
	for (size_t i = 0; i < len && i < 512; i++)
		if (!isprint((unsigned char)data[i]) && !isspace((unsigned char)data[i]))
			return "binary data of an unknown kind";
	return "text of an unknown kind";
}

const char *booster_format_name(enum booster_format f)
{
	switch (f) {
	case FORMAT_UNKNOWN: return "unknown";
	case FORMAT_JSON: return "xgboost-json";
	case FORMAT_UBJ: return "xgboost-ubj";
	case FORMAT_BINARY: return "xgboost-binary";
	case FORMAT_LIGHTGBM: return "lightgbm-text";
	}
	return "unknown";
}

size_t booster_groups(const struct booster *b)
{
	return b->classes > 1 ? b->classes : 1;
}

/* Only nodes that a row can reach: what was deleted may hold anything. */
static int check_value(const struct booster_node *nodes, int32_t i, size_t tree, struct err *e)
{
	const struct booster_node *node = &nodes[i];

	if (node->left == -1 && !isfinite(node->value))
		return err_set(e, ERR_INVALID, "leaf %d of tree %zu is %g: such a model can't "
			       "predict", i, tree, (double)node->value);
	if (node->left != -1 && isnan(node->value))
		return err_set(e, ERR_INVALID, "split %d of tree %zu has no threshold (NaN): such "
			       "a model can't predict", i, tree);
	return 0;
}

/* Walks breadth-first from the root and visits each node at most once; *depth: deepest leaf. */
static int tree_walk(const struct booster_node *nodes, size_t n, unsigned *depth,
		     size_t tree, struct err *e)
{
	int32_t *queue = xcalloc(n, sizeof(*queue));
	bool *met = xcalloc(n, sizeof(*met));
	size_t head = 0, tail = 1, level_end = 1;
	int err = 0;

	*depth = 0;
	met[0] = true;
	if (nodes[0].unused)
		err = err_set(e, ERR_CORRUPT, "tree %zu is damaged: its root is unused", tree);
	while (!err && head < tail) {
		const struct booster_node *node = &nodes[queue[head]];

		err = check_value(nodes, queue[head], tree, e);
		for (int side = 0; side < 2 && node->left != -1 && !err; side++) {
			int32_t child = side ? node->right : node->left;

			if (child < 0 || (size_t)child >= n || met[child]) {
				err = err_set(e, ERR_CORRUPT,
					      "tree %zu is damaged: node %d has child %d of %zu",
					      tree, queue[head], child, n);
				break;
			}
			if (nodes[child].unused) {
				err = err_set(e, ERR_CORRUPT,
					      "tree %zu is damaged: node %d has child %d, "
					      "which is unused", tree, queue[head], child);
				break;
			}
			met[child] = true;
			queue[tail++] = child;
		}
		if (++head == level_end && tail > head) {
			level_end = tail;
			++*depth;
		}
	}
	free(queue);
	free(met);
	return err;
}

int booster_add_tree(struct booster *b, const struct booster_node *nodes, size_t n,
		     struct err *e)
{
	struct booster_tree tree = { .first = b->nodes_n, .n = n, .weight = 1 };
	int err;

	if (n == 0 || n > BOOSTER_NODES_MAX - b->nodes_n)
		return err_set(e, ERR_CORRUPT, "tree %zu has %zu nodes", b->trees_n, n);
	if (b->trees_n == BOOSTER_TREES_MAX)
		return err_set(e, ERR_CORRUPT, "more than %d trees", BOOSTER_TREES_MAX);
	for (size_t i = 0; i < n; i++) {
		if ((nodes[i].left == -1) != (nodes[i].right == -1))
			return err_set(e, ERR_CORRUPT,
				       "tree %zu is damaged: node %zu has one child", b->trees_n,
				       i);
		/* libxgboost looks at the parent of nodes that nothing leads to as well */
		if (i > 0 && (nodes[i].parent < 0 || (size_t)nodes[i].parent >= n))
			return err_set(e, ERR_CORRUPT,
				       "tree %zu is damaged: node %zu has parent %d "
				       "of %zu",
				       b->trees_n, i, nodes[i].parent, n);
	}
	err = tree_walk(nodes, n, &tree.depth, b->trees_n, e);
	if (err)
		return err;
	if (b->nodes_n + n > b->nodes_cap) {
		b->nodes_cap = (b->nodes_n + n) * 2;
		b->nodes = xrealloc(b->nodes, b->nodes_cap * sizeof(*b->nodes));
	}
	memcpy(b->nodes + b->nodes_n, nodes, n * sizeof(*nodes));
	b->nodes_n += n;
	if (b->trees_n == b->trees_cap) {
		b->trees_cap = b->trees_cap ? b->trees_cap * 2 : 64;
		b->trees = xrealloc(b->trees, b->trees_cap * sizeof(*b->trees));
	}
	b->trees[b->trees_n++] = tree;
	return 0;
}

static int check_tree(const struct booster *b, size_t t, struct err *e)
{
	const struct booster_tree *tree = &b->trees[t];

	if (tree->group < 0 || (size_t)tree->group >= booster_groups(b))
		return err_set(e, ERR_CORRUPT, "tree %zu belongs to class %d of %zu", t,
			       tree->group, booster_groups(b));
	for (size_t i = 0; i < tree->n; i++) {
		const struct booster_node *node = &b->nodes[tree->first + i];

		if (node->left != -1 && node->feature >= b->features)
			return err_set(e, ERR_CORRUPT, "tree %zu splits on column %u of %zu", t,
				       node->feature, b->features);
		if (node->left == -1 && !node->unused && isfinite(node->value) &&
		    !isfinite(node->value * tree->weight))
			return err_set(e, ERR_INVALID, "leaf %zu of tree %zu is %g with its weight "
				       "%g: such a model can't predict", i, t,
				       (double)node->value, (double)tree->weight);
	}
	return 0;
}

int booster_check(const struct booster *b, struct err *e)
{
	int err = 0;

	if (b->features == 0 || b->features > BOOSTER_FEATURES_MAX)
		return err_set(e, ERR_CORRUPT, "the model says that it has %zu columns, 1 to %d "
			       "are possible", b->features, BOOSTER_FEATURES_MAX);
	if (b->classes > BOOSTER_CLASSES_MAX)
		return err_set(e, ERR_CORRUPT, "the model says that it has %zu classes, %d are "
			       "possible", b->classes, BOOSTER_CLASSES_MAX);
	if (!isfinite(b->base_score))
		return err_set(e, ERR_INVALID, "base_score is %g: such a model can't predict",
			       (double)b->base_score);
	for (size_t t = 0; t < b->trees_n && !err; t++)
		err = check_tree(b, t, e);
	return err;
}

void booster_use_rounds(struct booster *b, int64_t best, bool counts, size_t parallel)
{
	size_t each = parallel * booster_groups(b);

	b->trees_used = b->trees_n;
	if (best < 0 || !counts || (size_t)best + 1 > b->trees_n / each)
		return;
	b->rounds_used = (size_t)best + 1;
	b->trees_used = b->rounds_used * each;
}

void booster_free(struct booster *b)
{
	for (size_t i = 0; b->names && b->names[i]; i++)
		free(b->names[i]);
	free(b->names);
	free(b->linear);
	free(b->nodes);
	free(b->trees);
	*b = (struct booster){ 0 };
}
