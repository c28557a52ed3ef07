#include "worker/model/format/lightgbm.h"

#include "worker/model/format/booster.h"
#include "worker/model/format/lightgbm_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum head {
	VERSION_LINE, NUM_CLASS, TREES_PER_ITERATION, LABEL_INDEX, MAX_FEATURE, OBJECTIVE,
	AVERAGE_OUTPUT, FEATURE_NAMES, MONOTONE, FEATURE_INFOS, TREE_SIZES, HEADS
};

/* All lines of the head that the writers of versions 2 to 4 know. */
static const struct {
	const char *key;
	bool required;
} KEYS[HEADS] = {
	[VERSION_LINE] = {"version", true},
	[NUM_CLASS] = {"num_class", true},
	[TREES_PER_ITERATION] = {"num_tree_per_iteration", true},
	[LABEL_INDEX] = {"label_index", true},
	[MAX_FEATURE] = {"max_feature_idx", true},
	[OBJECTIVE] = {"objective", false},
	[AVERAGE_OUTPUT] = {"average_output", false},
	[FEATURE_NAMES] = {"feature_names", true},
	[MONOTONE] = {"monotone_constraints", false},
	[FEATURE_INFOS] = {"feature_infos", true},
	[TREE_SIZES] = {"tree_sizes", false},
};

struct file {
	struct lightgbm_lines in;
	struct lightgbm *m;
	struct lightgbm_line head[HEADS];	/* number 0: not there */
	struct lightgbm_list sizes;		/* tree_sizes */
	struct lightgbm_line line;		/* the one that comes next */
	bool more;				/* there is one */
};

static int corrupt(struct file *f, enum head h, const char *what)
{
	return err_set(f->in.e, ERR_CORRUPT, "the file is damaged at line %zu: %s %s",
		       f->head[h].number, KEYS[h].key, what);
}

/* ---- the head ---- */

static int take_head_line(struct file *f)
{
	for (int h = 0; h < HEADS; h++) {
		if (!lightgbm_key_is(&f->line, KEYS[h].key) ||
		    (f->line.value == NULL) != (h == AVERAGE_OUTPUT))
			continue;
		if (f->head[h].number)
			return lightgbm_damaged(&f->in, f->line.number, "it comes twice");
		f->head[h] = f->line;
		return 0;
	}
	return lightgbm_damaged(&f->in, f->line.number, "the head of no LightGBM model that this "
				"program knows has such a line");
}

/* Up to the first tree, or to the end of the trees when there is none. */
static int take_head(struct file *f)
{
	int err = 0;

	f->more = lightgbm_line_next(&f->in, &f->line);
	if (!f->more || !lightgbm_line_is(&f->line, "tree"))
		return lightgbm_damaged(&f->in, 1, "it is not \"tree\"");
	while (!err) {
		f->more = lightgbm_line_next(&f->in, &f->line);
		if (!f->more)
			return lightgbm_damaged(&f->in, f->in.number, "the file ends in its head");
		if (f->line.len == 0)
			continue;
		if (lightgbm_key_is(&f->line, "Tree") || lightgbm_line_is(&f->line, "end of trees"))
			break;
		err = take_head_line(f);
	}
	for (int h = 0; h < HEADS && !err; h++)
		if (KEYS[h].required && !f->head[h].number)
			err = err_set(f->in.e, ERR_CORRUPT, "the file is no LightGBM model of "
				      "version 2 to 4: %s is missing", KEYS[h].key);
	return err;
}

static int read_version(struct file *f)
{
	const struct lightgbm_line *l = &f->head[VERSION_LINE];

	if (l->value_len != 2 || l->value[0] != 'v' || l->value[1] < '2' || l->value[1] > '4')
		return err_set(f->in.e, ERR_INVALID, "it is a LightGBM model of version %.*s, and "
			       "v2, v3 and v4 are supported",
			       (int)(l->value_len < 20 ? l->value_len : 20), l->value);
	f->m->version = (unsigned)(l->value[1] - '0');
	return 0;
}

static int read_count(struct file *f, enum head h, double min, double max, size_t *out)
{
	double v;

	if (!lightgbm_number(f->head[h].value, f->head[h].value_len, LIGHTGBM_WHOLE, &v) ||
	    v < min || v > max)
		return corrupt(f, h, "is no possible number");
	*out = (size_t)v;
	return 0;
}

static int read_counts(struct file *f)
{
	size_t classes = 0, feature = 0;
	double label;
	int err = read_count(f, NUM_CLASS, 1, BOOSTER_CLASSES_MAX, &classes);

	if (!err)
		err = read_count(f, TREES_PER_ITERATION, 1, BOOSTER_CLASSES_MAX, &f->m->classes);
	if (!err)
		err = read_count(f, MAX_FEATURE, 0, BOOSTER_FEATURES_MAX - 1, &feature);
	if (!err && classes != f->m->classes)
		err = corrupt(f, TREES_PER_ITERATION, "differs from num_class");
	if (!err && !lightgbm_number(f->head[LABEL_INDEX].value, f->head[LABEL_INDEX].value_len,
				     LIGHTGBM_WHOLE, &label))
		err = corrupt(f, LABEL_INDEX, "is no whole number");
	f->m->features = feature + 1;
	return err;
}

/* A NUL would make one name of two; no name holds a line's end or the like. */
static bool sound_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return false;
	return len > 0;
}

/* "binary sigmoid:0.7": a name, then parameters. */
static int read_objective(struct file *f)
{
	const struct lightgbm_line *l = &f->head[OBJECTIVE];
	const char *rest = l->value, *part;
	size_t len = l->value_len, part_len;
	bool seen = false;

	f->m->sigmoid = 1;
	if (!l->number)
		return 0;
	if (len >= sizeof(f->m->objective) || !sound_name(rest, len))
		return corrupt(f, OBJECTIVE, "names nothing that is known");
	memcpy(f->m->objective, rest, len);
	while (lightgbm_part(&rest, &len, ' ', &part, &part_len)) {
		if (part_len < 8 || memcmp(part, "sigmoid:", 8) != 0)
			continue;
		if (seen || !lightgbm_number(part + 8, part_len - 8, LIGHTGBM_REAL,
					     &f->m->sigmoid) || f->m->sigmoid <= 0)
			return corrupt(f, OBJECTIVE, "has a sigmoid that is no positive number");
		seen = true;
	}
	if (!seen && strncmp(f->m->objective, "binary", 6) == 0)
		return corrupt(f, OBJECTIVE, "lacks its parameter sigmoid");
	return 0;
}

static int read_names(struct file *f)
{
	const struct lightgbm_line *l = &f->head[FEATURE_NAMES];
	const char *rest = l->value, *part;
	size_t len = l->value_len, part_len, n = 0;

	f->m->names = xcalloc(f->m->features + 1, sizeof(*f->m->names));
	while (lightgbm_part(&rest, &len, ' ', &part, &part_len)) {
		if (!sound_name(part, part_len))
			return corrupt(f, FEATURE_NAMES, "holds something that is no name");
		if (n == f->m->features)
			return corrupt(f, FEATURE_NAMES, "does not fit max_feature_idx");
		f->m->names[n] = xcalloc(part_len + 1, 1);
		memcpy(f->m->names[n++], part, part_len);
	}
	return n == f->m->features ? 0 :
		corrupt(f, FEATURE_NAMES, "does not fit max_feature_idx");
}

/* "none", "[low:high]", or categories as "3:1:-1" */
static bool sound_info(const char *text, size_t len)
{
	const char *rest = text, *part;
	size_t part_len, n = 0;
	const bool range = len > 2 && text[0] == '[' && text[len - 1] == ']';
	double v;

	if (len == 4 && memcmp(text, "none", 4) == 0)
		return true;
	if (range) {
		rest++;
		len -= 2;
	}
	while (lightgbm_part(&rest, &len, ':', &part, &part_len)) {
		if (!lightgbm_number(part, part_len, range ? LIGHTGBM_ANY : LIGHTGBM_WHOLE, &v))
			return false;
		n++;
	}
	return !range || n == 2;
}

static int check_infos(struct file *f)
{
	const struct lightgbm_line *l = &f->head[FEATURE_INFOS];
	const char *rest = l->value, *part;
	size_t len = l->value_len, part_len, n = 0;

	while (lightgbm_part(&rest, &len, ' ', &part, &part_len)) {
		if (!sound_info(part, part_len))
			return corrupt(f, FEATURE_INFOS, "has an entry of no known kind");
		n++;
	}
	return n == f->m->features ? 0 :
		corrupt(f, FEATURE_INFOS, "does not fit max_feature_idx");
}

static int read_head(struct file *f)
{
	struct lightgbm_list ways = { 0 };
	int err = take_head(f);

	if (!err)
		err = read_version(f);
	if (!err)
		err = read_counts(f);
	if (!err)
		err = read_objective(f);
	f->m->average = f->head[AVERAGE_OUTPUT].number != 0;
	if (!err)
		err = read_names(f);
	if (!err)
		err = check_infos(f);
	if (!err && f->head[MONOTONE].number)
		err = lightgbm_list_read(&f->in, &f->head[MONOTONE], LIGHTGBM_WHOLE, &ways);
	if (!err && f->head[MONOTONE].number && ways.n != f->m->features)
		err = corrupt(f, MONOTONE, "does not fit max_feature_idx");
	free(ways.v);
	if (!err && f->head[TREE_SIZES].number)
		err = lightgbm_list_read(&f->in, &f->head[TREE_SIZES], LIGHTGBM_SIZE, &f->sizes);
	return err;
}

/* ---- trees, and what follows them ---- */

static int read_trees(struct file *f)
{
	struct lightgbm *m = f->m;
	const bool sizes = f->head[TREE_SIZES].number != 0;

	while (f->more && lightgbm_key_is(&f->line, "Tree") && f->line.value) {
		const struct lightgbm_line first = f->line;
		size_t size;
		int err = lightgbm_tree_read(&f->in, &first, m, &f->line, &f->more, &size);

		if (err)
			return err;
		if (sizes && (m->trees_n > f->sizes.n ||
		    f->sizes.v[m->trees_n - 1] != (double)size))
			return err_set(f->in.e, ERR_CORRUPT, "tree %zu has %zu bytes, and "
				       "tree_sizes says otherwise", m->trees_n - 1, size);
	}
	if (sizes && m->trees_n != f->sizes.n)
		return err_set(f->in.e, ERR_CORRUPT, "the file has %zu trees, and tree_sizes tells "
			       "of %zu", m->trees_n, f->sizes.n);
	/* releases before 2.2.0 wrote no "end of trees" */
	if (!f->more || (!lightgbm_line_is(&f->line, "end of trees") && m->version > 2))
		return lightgbm_damaged(&f->in, f->in.number, "the file ends in its trees");
	if (m->trees_n == 0)
		return err_set(f->in.e, ERR_INVALID, "the model has no trees: its training found "
			       "nothing to split");
	if (m->trees_n % m->classes)
		return err_set(f->in.e, ERR_CORRUPT, "the file has %zu trees, which is no multiple "
			       "of %zu", m->trees_n, m->classes);
	return 0;
}

/* Notes; of these, the parameters must be whole, and pandas must not have made categories. */
static int read_rest(struct file *f)
{
	static const char PANDAS[] = "pandas_categorical:";
	struct lightgbm_line l;
	bool open = false;

	while (lightgbm_line_next(&f->in, &l)) {
		if (lightgbm_line_is(&l, "parameters:"))
			open = true;
		else if (lightgbm_line_is(&l, "end of parameters"))
			open = false;
		else if (lightgbm_line_starts(&l, PANDAS)) {
			const char *value = l.text + strlen(PANDAS);
			size_t len = l.len - strlen(PANDAS);

			if (!(len == 4 && memcmp(value, "null", 4) == 0) &&
			    !(len == 2 && memcmp(value, "[]", 2) == 0))
				return err_set(f->in.e, ERR_INVALID, "it was trained on categories "
					       "of pandas, which a bot's features don't have; "
					       "train on numbers");
		}
	}
	return open ? lightgbm_damaged(&f->in, f->in.number, "the file ends in its parameters") : 0;
}

static bool leaves_are_probabilities(const struct lightgbm *m)
{
	if (m->version > 2 || !m->average)
		return false;
	for (size_t i = 0; i < m->leaves_n; i++)
		if (m->leaves[i] < 0 || m->leaves[i] > 1)
			return false;
	return true;
}

int lightgbm_read(const char *data, size_t len, struct lightgbm *out, struct err *e)
{
	struct lightgbm m = { 0 };
	struct file f = { .in = { .at = data, .end = data + len, .e = e }, .m = &m };
	int err = read_head(&f);

	if (!err)
		err = read_trees(&f);
	if (!err)
		err = read_rest(&f);
	free(f.sizes.v);
	m.leaves_are_probabilities = leaves_are_probabilities(&m);
	if (err)
		lightgbm_free(&m);
	else
		*out = m;
	return err;
}

void lightgbm_free(struct lightgbm *m)
{
	for (size_t i = 0; m->names && m->names[i]; i++)
		free(m->names[i]);
	free(m->names);
	free(m->splits);
	free(m->leaves);
	free(m->words);
	free(m->trees);
	*m = (struct lightgbm){ 0 };
}

/* ---- what it gives ---- */

static bool objective_is(const struct lightgbm *m, const char *name)
{
	return strncmp(m->objective, name, strlen(name)) == 0 &&
		(m->objective[strlen(name)] == ' ' || m->objective[strlen(name)] == '\0');
}

int lightgbm_gives_probability(const struct lightgbm *m, struct err *e)
{
	if (m->classes != 1)
		return err_set(e, ERR_INVALID, "it gives %zu values per row (objective %s), and a "
			       "bot needs one probability: train it with objective binary",
			       m->classes, m->objective[0] ? m->objective : "not named");
	if (!m->objective[0])
		return err_set(e, ERR_INVALID, "it names no objective (one of its owner's?), so "
			       "nothing says that it gives a probability: train it with objective "
			       "binary or cross_entropy");
	/* xentropy: the name until 2.2.3 */
	if (objective_is(m, "binary") || objective_is(m, "cross_entropy") ||
	    objective_is(m, "xentropy"))
		return 0;
	return err_set(e, ERR_INVALID, "its objective is %s, which gives no probability, and a bot "
		       "needs one: train it with objective binary or cross_entropy", m->objective);
}
