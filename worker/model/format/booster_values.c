/* What the reader takes of a JSON or UBJ file's single values, and what must fit at its end. */
#include "worker/model/format/booster_internal.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 48	/* of a value that is looked at, with its NUL */
#define ROUNDS_MAX BOOSTER_TREES_MAX

static int no_number(struct booster_reader *r, const char *text)
{
	return err_set(r->e, ERR_CORRUPT, "%s is '%s', which is no number", r->path, text);
}

/* A number ("0.5") or, from 3.1 on, a list of one ("[5E-1]"). */
static int take_base_score(struct booster_reader *r, const char *text)
{
	bool list = *text == '[';
	char *end;

	r->b->base_score = strtof(text + list, &end);
	if (end == text + list)
		return no_number(r, text);
	if (list) {
		r->b->newer = true;
		if (*end == ',')
			return err_set(r->e, ERR_INVALID, "base_score is a list of several: models "
				       "with several targets are not supported");
		if (*end++ != ']')
			return no_number(r, text);
	}
	return *end ? no_number(r, text) : 0;
}

static int take_whole(struct booster_reader *r, enum booster_field field, const char *text)
{
	char *end;

	errno = 0;
	r->number[field] = strtoull(text, &end, 10);
	return errno || !isdigit((unsigned char)*text) || *end ? no_number(r, text) : 0;
}

/* Attributes are anyone's: what is no number of a round is none. */
static void take_best(struct booster_reader *r, const char *text)
{
	char *end;
	long best = strtol(text, &end, 10);

	r->best = !isdigit((unsigned char)*text) || *end || best > ROUNDS_MAX ? -1 : best;
}

static int copy(struct booster_reader *r, char *out, size_t size, const char *text,
		const char *what)
{
	if (strlen(text) >= size)
		return err_set(r->e, ERR_CORRUPT, "the %s has no known name", what);
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

static int take_field(struct booster_reader *r, enum booster_field field, const char *text)
{
	switch (field) {
	case FIELD_OBJECTIVE:
		return copy(r, r->b->objective, sizeof(r->b->objective), text, "objective");
	case FIELD_BOOSTER: return copy(r, r->kind, sizeof(r->kind), text, "booster");
	case FIELD_BASE_SCORE: return take_base_score(r, text);
	case FIELD_LEAF_SIZE:
		if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
			return err_set(r->e, ERR_INVALID, "leaf vectors are not supported");
		return 0;
	case FIELD_BEST: take_best(r, text); return 0;
	case FIELD_FEATURE_LIST:
		snprintf(r->b->feature_list, sizeof(r->b->feature_list), "%s", text);
		return 0;
	case FIELD_NODES:
	case FIELD_ID:
	case FIELD_TREES:
	case FIELD_PARALLEL:
	case FIELD_FEATURES:
	case FIELD_CLASSES:
	case FIELD_TARGETS: return take_whole(r, field, text);
	case FIELD_NONE:
	case FIELD_SKLEARN:
	case FIELD_NITER:
	case FIELDS: return 0;
	}
	return 0;
}

int booster_take_text(struct booster_reader *r, enum booster_field field, const char *s,
		      size_t len)
{
	char text[TEXT_MAX];
	size_t most = field == FIELD_BASE_SCORE && len && *s == '[' ? TEXT_MAX - 1 : len;

	/* size_leaf_vector stands in each tree and once for all */
	if (r->seen_field[field] && field != FIELD_LEAF_SIZE)
		return err_set(r->e, ERR_CORRUPT, "%s comes twice", r->path);
	r->seen_field[field] = true;
	if (field == FIELD_SKLEARN || field == FIELD_NITER)
		return 0;	/* that it is there says enough */
	len = len < most ? len : most;	/* a list is known by its beginning */
	if (len >= sizeof(text) || memchr(s, '\0', len) || memchr(s, '\\', len)) {
		if (field == FIELD_BEST || field == FIELD_FEATURE_LIST)
			return 0;
		return err_set(r->e, ERR_CORRUPT, "%s is no text that XGBoost writes", r->path);
	}
	memcpy(text, s, len);
	text[len] = '\0';
	return take_field(r, field, text);
}

int booster_take_name(struct booster_reader *r, const char *s, size_t len)
{
	if (r->names_n == BOOSTER_FEATURES_MAX)
		return err_set(r->e, ERR_CORRUPT, "more than %d columns have a name",
			       BOOSTER_FEATURES_MAX);
	if (r->names_n + 1 >= r->names_cap) {
		r->names_cap = r->names_cap ? r->names_cap * 2 : 64;
		r->names = xrealloc(r->names, r->names_cap * sizeof(*r->names));
	}
	len = len < BOOSTER_NAME_MAX ? len : BOOSTER_NAME_MAX;
	r->names[r->names_n] = xcalloc(len + 1, 1);
	memcpy(r->names[r->names_n++], s, len);
	r->names[r->names_n] = NULL;
	return 0;
}

int booster_take_float(struct booster_reader *r, struct booster_floats *to, size_t i, float f,
		       size_t max)
{
	if (!isfinite(f))
		return err_set(r->e, ERR_INVALID, "%s[%zu] is %g: such a model can't predict",
			       r->path, i, (double)f);
	if (i >= max)
		return 0;	/* of a model with several outputs, which libxgboost evaluates */
	if (i >= to->cap) {
		to->cap = to->cap ? to->cap * 2 : 256;
		to->v = xrealloc(to->v, to->cap * sizeof(*to->v));
	}
	to->v[i] = f;
	return 0;
}

int booster_take_int(struct booster_reader *r, struct booster_ints *to, size_t i, int32_t v)
{
	if (i > BOOSTER_TREES_MAX)
		return err_set(r->e, ERR_CORRUPT, "more than %d trees", BOOSTER_TREES_MAX);
	if (i >= to->cap) {
		to->cap = to->cap ? to->cap * 2 : 256;
		to->v = xrealloc(to->v, to->cap * sizeof(*to->v));
	}
	to->v[i] = v;
	return 0;
}

/* ---- the end of the file ---- */

static int missing(const struct booster_reader *r, const char *what)
{
	return err_set(r->e, ERR_CORRUPT, "the file is no XGBoost model: %s is missing", what);
}

/* weight_drop has one weight for each tree; without DART there need be none. */
static int finish_weights(struct booster_reader *r)
{
	struct booster *b = r->b;
	size_t n = r->count[COLUMN_WEIGHT_DROP];

	if (n == 0 && b->kind == BOOSTER_GBTREE)
		return 0;
	if (n != b->trees_n)
		return err_set(r->e, ERR_CORRUPT, "weight_drop has %zu entries for %zu trees", n,
			       b->trees_n);
	b->newer = b->newer || b->kind == BOOSTER_GBTREE;
	for (size_t i = 0; i < n; i++)
		b->trees[i].weight = r->weights.v[i];
	return 0;
}

/* iteration_indptr, where it is there, says which trees a round has. */
static int finish_rounds(struct booster_reader *r)
{
	struct booster *b = r->b;
	const size_t n = r->count[COLUMN_ROUNDS];
	const int32_t *first = r->rounds.v;
	bool counts = r->seen_field[FIELD_SKLEARN] || r->seen_field[FIELD_NITER];

	booster_use_rounds(b, r->best, counts,
			   r->seen_field[FIELD_PARALLEL] ? r->number[FIELD_PARALLEL] : 1);
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (first[i] < (i ? first[i - 1] : 0) || (size_t)first[i] > b->trees_n)
			return err_set(r->e, ERR_CORRUPT, "iteration_indptr[%zu] is %d of %zu "
				       "trees", i, first[i], b->trees_n);
	if (b->rounds_used && b->rounds_used < n && first[b->rounds_used])
		b->trees_used = (size_t)first[b->rounds_used];
	return 0;
}

static int finish_trees(struct booster_reader *r)
{
	struct booster *b = r->b;
	int err;

	if (!r->seen_field[FIELD_TREES] || !r->seen_column[COLUMN_TREES] ||
	    r->number[FIELD_TREES] != b->trees_n)
		return err_set(r->e, ERR_CORRUPT, "num_trees does not fit the %zu trees",
			       b->trees_n);
	if (r->count[COLUMN_TREE_INFO] != b->trees_n)
		return err_set(r->e, ERR_CORRUPT, "tree_info has %zu entries for %zu trees",
			       r->count[COLUMN_TREE_INFO], b->trees_n);
	if (r->seen_field[FIELD_PARALLEL] && (r->number[FIELD_PARALLEL] < 1 ||
	    r->number[FIELD_PARALLEL] > BOOSTER_TREES_MAX))
		return err_set(r->e, ERR_CORRUPT, "num_parallel_tree is %llu",
			       (unsigned long long)r->number[FIELD_PARALLEL]);
	for (size_t i = 0; i < b->trees_n; i++)
		b->trees[i].group = r->groups.v[i];
	err = finish_weights(r);
	return err ? err : finish_rounds(r);
}

static int finish_linear(struct booster_reader *r)
{
	struct booster *b = r->b;

	if (r->count[COLUMN_LINEAR] != (b->features + 1) * booster_groups(b))
		return err_set(r->e, ERR_CORRUPT,
			       "the linear model has %zu weights for %zu columns",
			       r->count[COLUMN_LINEAR], b->features);
	if (booster_groups(b) == 1) {
		b->linear = r->weights.v;
		r->weights.v = NULL;
	}
	return 0;
}

static int finish_kind(struct booster_reader *r)
{
	struct booster *b = r->b;

	if (strcmp(r->kind, "gbtree") == 0)
		b->kind = BOOSTER_GBTREE;
	else if (strcmp(r->kind, "dart") == 0)
		b->kind = BOOSTER_DART;
	else if (strcmp(r->kind, "gblinear") == 0)
		b->kind = BOOSTER_GBLINEAR;
	else
		return err_set(r->e, ERR_INVALID, "the booster '%s' is not supported; gbtree, dart "
			       "and gblinear are", r->kind);
	return b->kind == BOOSTER_GBLINEAR ? finish_linear(r) : finish_trees(r);
}

static void finish_version(struct booster_reader *r)
{
	struct booster *b = r->b;

	b->major = r->version[0];
	b->minor = r->version[1];
	b->patch = r->version[2];
	b->newer = b->newer || b->major > 3 || (b->major == 3 && b->minor > 0);
}

/* The names, if there is one for each column. */
static void finish_names(struct booster_reader *r)
{
	if (r->names_n != r->b->features)
		return;
	r->b->names = r->names;
	r->names = NULL;
}

int booster_finish(struct booster_reader *r)
{
	struct booster *b = r->b;
	int err;

	if (r->count[COLUMN_VERSION] != 3)
		return missing(r, "version");
	if (!r->seen_field[FIELD_FEATURES])
		return missing(r, "learner.learner_model_param.num_feature");
	if (!r->seen_field[FIELD_CLASSES])
		return missing(r, "learner.learner_model_param.num_class");
	if (!r->seen_field[FIELD_BASE_SCORE])
		return missing(r, "learner.learner_model_param.base_score");
	if (!r->seen_field[FIELD_OBJECTIVE])
		return missing(r, "learner.objective.name");
	if (!r->seen_field[FIELD_BOOSTER])
		return missing(r, "learner.gradient_booster.name");
	if (r->seen_field[FIELD_TARGETS] && r->number[FIELD_TARGETS] > 1)
		return err_set(r->e, ERR_INVALID, "models with several targets are not supported");
	b->features = r->number[FIELD_FEATURES];
	b->classes = r->number[FIELD_CLASSES];
	finish_version(r);
	err = booster_check(b, r->e); /* before products of its numbers are taken */
	if (!err)
		err = finish_kind(r);
	if (!err)
		finish_names(r);
	return err ? err : booster_check(b, r->e);
}
