#include "worker/model/xgb.h"

#include "common/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "[12:00:00] ./src/learner.cc:851: Check failed: .." and a stack: keep the sentence. */
int xgb_error(struct err *e, int code, const char *what)
{
	const char *text = XGBGetLastError();
	const char *start = strstr(text, ".cc:");
	size_t len;

	if (!start)
		start = strstr(text, ".h:");
	start = start ? strstr(start, ": ") : NULL;
	start = start ? start + 2 : text;
	len = strcspn(start, "\n");
	return err_set(e, code, "%s: libxgboost says: %.*s", what, (int)(len < 300 ? len : 300),
		       start);
}

static void log_line(const char *text)
{
	log_debug("xgboost", NULL, "%.*s", (int)strcspn(text, "\n"), text);
}

/* From libgomp, whose header not every compiler has. Holds for the calling thread. */
void omp_set_num_threads(int n);

int xgb_booster_new(DMatrixHandle rows, BoosterHandle *out, struct err *e)
{
	BoosterHandle b;

	omp_set_num_threads(1); /* loading asks OpenMP, not the parameter nthread */
	XGBRegisterLogCallback(log_line);
	if (XGBoosterCreate(rows ? &rows : NULL, rows ? 1 : 0, &b))
		return xgb_error(e, ERR_IO, "can't make a booster");
	if (XGBoosterSetParam(b, "nthread", "1")) {
		xgb_error(e, ERR_IO, "can't set up a booster");
		XGBoosterFree(b);
		return ERR_IO;
	}
	*out = b;
	return 0;
}

int xgb_booster_load(const char *data, size_t len, BoosterHandle *out, struct err *e)
{
	BoosterHandle b;
	int err = xgb_booster_new(NULL, &b, e);

	if (err)
		return err;
	if (XGBoosterLoadModelFromBuffer(b, data, len) || XGBoosterSetParam(b, "nthread", "1")) {
		err = xgb_error(e, ERR_CORRUPT, "the model can't be loaded");
		XGBoosterFree(b);
		return err;
	}
	*out = b;
	return 0;
}

int xgb_matrix_new(const float *values, size_t rows, size_t columns, DMatrixHandle *out,
		   struct err *e)
{
	DMatrixHandle m;

	if (XGDMatrixCreateFromMat_omp(values, rows, columns, NAN, &m, 1))
		return xgb_error(e, ERR_INVALID, "can't take the rows");
	*out = m;
	return 0;
}

int xgb_predict(BoosterHandle b, DMatrixHandle rows, bool margin, unsigned rounds,
		const float **out, size_t *n, struct err *e)
{
	bst_ulong dim, total = 1;
	const bst_ulong *shape;
	const float *values;
	char config[160];

	snprintf(config, sizeof(config),
		 "{\"type\": %d, \"training\": false, \"iteration_begin\": 0, "
		 "\"iteration_end\": %u, \"strict_shape\": false}",
		 margin, rounds);
	if (XGBoosterPredictFromDMatrix(b, rows, config, &shape, &dim, &values))
		return xgb_error(e, ERR_INVALID, "the model can't predict");
	for (bst_ulong i = 0; i < dim; i++)
		total *= shape[i];
	*out = values;
	*n = total;
	return 0;
}

const char *xgb_version(void)
{
	static char text[32];
	int major, minor, patch;

	XGBoostVersion(&major, &minor, &patch);
	snprintf(text, sizeof(text), "%d.%d.%d", major, minor, patch);
	return text;
}
