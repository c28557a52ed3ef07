/*
 * models.h - table models; a new row: common/registry/model_row.h. Which one a bot asks is
 * model_id of its settings (configs.h).
 */
#ifndef API_STORE_MODELS_H
#define API_STORE_MODELS_H

#include "api/store/rows.h"
#include "common/db/db.h"
#include "common/registry/bot_config.h"

#include <stdint.h>

/* What its rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_models_columns[];

/* symbol NULL: all. */
MUST_CHECK int store_models_list(struct db *db, const char *symbol, const struct page *p,
				 struct json *j, struct err *e);
/* The members of one model; *version is its ETag. */
MUST_CHECK int store_models_get(struct db *db, int64_t id, int64_t *version, struct json *j,
				struct err *e);
struct model_change {
	const char *name, *symbol, *description, *status;	/* NULL: as it is */
};
/* version grows by one, unless nothing is new. ERR_NOT_FOUND. */
MUST_CHECK int store_models_update_tx(struct db *db, int64_t id, const struct model_change *c,
				      int64_t now_us, struct err *e);
/* ERR_CONFLICT while a bot uses it. path receives its file, relative to DATA_DIR. */
MUST_CHECK int store_models_delete_tx(struct db *db, int64_t id, char *path, size_t size,
				      struct err *e);
struct model_file {
	char path[256];		/* relative to DATA_DIR */
	char sha256[65], name[128];
	int64_t size_bytes;
	struct buf feature_names;	/* JSON array; the caller's to free */
};
/* ERR_NOT_FOUND. */
MUST_CHECK int store_models_file(struct db *db, int64_t id, struct model_file *out,
				 struct err *e);
/* Adds a field error for "model_id" when this model can't be assigned; returns 0 also then. */
MUST_CHECK int store_models_check(struct db *db, int64_t id, struct field_errors *f,
				  struct err *e);
/* Can it be assigned? ERR_NOT_FOUND: no such model; ERR_CONFLICT: it is not ready. */
MUST_CHECK int store_models_ready(struct db *db, int64_t id, struct err *e);

#endif
