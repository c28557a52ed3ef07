/*
 * model-check, model-predict: the API starts these as child processes for a file that it does
 * not trust. Both print one JSON object; on failure {"error": sentence} and exit code 1.
 */
#include "common/file.h"
#include "common/json.h"
#include "worker/cli/cli.h"
#include "worker/market/features.h"
#include "worker/model/model.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX (8u << 20)	/* bytes of rows */

static int finish(int rc, struct json *j, struct buf *out, const struct err *e)
{
	if (rc) {
		buf_clear(out);
		*j = (struct json){ .out = out };
		json_object(j, NULL);
		json_string(j, "error", e->msg);
	}
	json_object_end(j);
	puts(buf_text(out));
	buf_free(out);
	return rc ? 1 : 0;
}

/* Syncs the file, because the caller renames it next. */
static int make_durable(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return file_error(e, "open", path);
	rc = fsync(fd) ? file_error(e, "write", path) : 0;
	close(fd);
	return rc;
}

static void describe(struct json *j, const struct model_info *info,
		     const struct feature_list *list, const float trial[MODEL_TRIALS])
{
	json_object(j, NULL);
	json_string(j, "format", info->format);
	json_string(j, "objective", info->objective);
	json_int(j, "features", (int64_t)info->features);
	json_string(j, "writer", info->writer);
	json_int(j, "trees", (int64_t)info->trees);
	json_int(j, "trees_used", (int64_t)info->trees_used);
	json_int(j, "outputs", (int64_t)info->outputs);
	json_bool(j, "fast", info->fast);
	json_string(j, "feature_list", list->name);
	json_array(j, "feature_names");
	for (size_t i = 0; i < list->n; i++)
		json_string(j, NULL, list->features[i].name);
	json_array_end(j);
	json_object(j, "trial");
	for (int t = 0; t < MODEL_TRIALS; t++)
		json_double(j, MODEL_TRIAL_NAMES[t], (double)trial[t]);
	json_object_end(j);
}

static int check(const char *path, const char *features, struct json *j, struct err *e)
{
	const struct feature_list *list = features_find(features);
	struct model *m = NULL;
	float trial[MODEL_TRIALS] = { 0 };
	int rc;

	if (!list)
		return err_set(e, ERR_INVALID, "there is no feature list \"%.40s\", only %s "
			       "(docs/FEATURES.md)", features, FEATURES_DEFAULT);
	rc = model_load(path, &m, e);
	if (rc)
		return rc;
	rc = model_fits(m, list, e);
	if (rc == 0)
		rc = model_try(m, trial, e);
	if (rc == 0)
		rc = make_durable(path, e);
	if (rc == 0)
		describe(j, model_describe(m), list, trial);
	model_free(m);
	return rc;
}

static int run_check(const struct config *c, int argc, char **argv)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	struct err e = { 0 };
	int rc;

	(void)c;
	if (argc == 2)
		rc = check(argv[1], FEATURES_DEFAULT, &j, &e);
	else if (argc == 4 && !strcmp(argv[2], "--features"))
		rc = check(argv[1], argv[3], &j, &e);
	else
		rc = err_set(&e, ERR_INVALID, "usage: trading-bot model-check FILE "
			     "[--features %s]", FEATURES_DEFAULT);
	return finish(rc, &j, &out, &e);
}

static int read_input(struct buf *in, struct err *e)
{
	char bytes[16384];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), stdin)) > 0) {
		if (in->len + n > INPUT_MAX)
			return err_set(e, ERR_LIMIT, "the rows take more than %u bytes", INPUT_MAX);
		buf_add(in, bytes, n);
	}
	return ferror(stdin) ? err_set(e, ERR_IO, "the rows can't be read") : 0;
}

static int read_row(const cJSON *from, float *row, size_t n, int number, struct err *e)
{
	const cJSON *v;
	size_t i = 0;

	if (!cJSON_IsArray(from) || (size_t)cJSON_GetArraySize(from) != n)
		return err_set(e, ERR_INVALID, "row %d must be a list of %zu numbers, as many as "
			       "the model has features", number, n);
	cJSON_ArrayForEach(v, from) {
		if (!cJSON_IsNumber(v) && !cJSON_IsNull(v))
			return err_set(e, ERR_INVALID, "row %d, value %zu is no number", number, i);
		row[i++] = cJSON_IsNull(v) ? NAN : (float)v->valuedouble;
	}
	return 0;
}

/* One number for each row; a list of them when the model has several outputs. */
static int predict_rows(struct model *m, const cJSON *rows, struct json *j, struct err *e)
{
	const struct model_info *info = model_describe(m);
	float *row = xcalloc(info->features, sizeof(*row));
	float *out = xcalloc(info->outputs, sizeof(*out));
	const cJSON *from;
	int rc = 0, number = 0;

	json_object(j, NULL);
	json_array(j, "predictions");
	cJSON_ArrayForEach(from, rows) {
		rc = read_row(from, row, info->features, number++, e);
		if (rc == 0)
			rc = model_predict(m, row, info->features, out, e);
		if (rc)
			break;
		if (info->outputs > 1)
			json_array(j, NULL);
		for (size_t i = 0; i < info->outputs; i++)
			json_double(j, NULL, (double)out[i]);
		if (info->outputs > 1)
			json_array_end(j);
	}
	json_array_end(j);
	free(row);
	free(out);
	return rc;
}

static int predict(const char *path, struct json *j, struct err *e)
{
	struct buf in = { 0 };
	struct model *m = NULL;
	cJSON *rows = NULL;
	int rc;

	rc = read_input(&in, e);
	if (rc == 0)
		rc = json_read(buf_text(&in), in.len, &rows, e);
	if (rc == 0 && !cJSON_IsArray(rows))
		rc = err_set(e, ERR_INVALID, "the rows must be a JSON list of lists of numbers");
	if (rc == 0)
		rc = model_load(path, &m, e);
	if (rc == 0)
		rc = predict_rows(m, rows, j, e);
	model_free(m);
	cJSON_Delete(rows);
	buf_free(&in);
	return rc;
}

static int run_predict(const struct config *c, int argc, char **argv)
{
	struct buf out = { 0 };
	struct json j = { .out = &out };
	struct err e = { 0 };
	int rc;

	(void)c;
	if (argc == 2)
		rc = predict(argv[1], &j, &e);
	else
		rc = err_set(&e, ERR_INVALID, "usage: trading-bot model-predict FILE < ROWS");
	return finish(rc, &j, &out, &e);
}

const struct cli_command cli_model_check = {
	.name = "model-check", .arguments = "FILE [--features LIST]", .help = "(used by the API)",
	.run = run_check,
};
const struct cli_command cli_model_predict = {
	.name = "model-predict", .arguments = "FILE", .help = "(used by the API)",
	.run = run_predict,
};
