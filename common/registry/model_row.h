/*
 * model_row.h - adds rows to table models: the API adds uploads, the worker its sample model.
 */
#ifndef COMMON_REGISTRY_MODEL_ROW_H
#define COMMON_REGISTRY_MODEL_ROW_H

#include "common/db/db.h"

#include <stdbool.h>

struct model_new {
	const char *name, *symbol, *format, *sha256;
	const char *path;		/* relative to DATA_DIR */
	const char *features;		/* name of the feature list */
	const char *feature_names;	/* JSON array */
	const char *metrics;		/* JSON object */
	const char *origin;		/* sample, upload, training */
	const char *description;
	const char *objective;		/* as its file names it */
	const char *writer;		/* library and version that wrote the file, "" unknown */
	const char *trial;		/* JSON object: answers to the trial rows */
	const char *warning;		/* what its users should know; NULL: nothing */
	int64_t size_bytes;
	int64_t trees, trees_used;	/* in the file; of these, the first so many predict */
};
/* *id receives its number. ERR_CONFLICT: a file of this hash is registered. */
MUST_CHECK int store_model_add_tx(struct db *db, const struct model_new *m, int64_t now_us,
				  int64_t *id, struct err *e);
/* Fills in what the file is, in a row of this hash that was made before that was kept. */
MUST_CHECK int store_model_explain_tx(struct db *db, const struct model_new *m, struct err *e);
/* 0 and *known: the row of this model says what its file is. */
MUST_CHECK int store_model_explained(struct db *db, int64_t id, bool *known, struct err *e);
/* 0 and *id: the file of this hash is registered; *id 0: it is not. */
MUST_CHECK int store_model_by_hash(struct db *db, const char *sha256, int64_t *id,
				   struct err *e);

#endif
