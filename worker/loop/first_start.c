#include "worker/loop/first_start.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/registry/configs.h"
#include "worker/loop/first_model.h"
#include "worker/store/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BOT 1
static const char SQL_FIRST_START[] =
	"SELECT 1 FROM trading_configs WHERE bot_id = 1 AND updated_by = 'first start'";
static const char SQL_BOT[] =
	"INSERT INTO bots(id, name, description, created_us, updated_us)"
	" VALUES (?1, 'Bot ' || ?1, 'made by the command line', ?2, ?2) ON CONFLICT(id) DO NOTHING";
static const char SQL_START[] =
	"INSERT INTO commands(kind, bot_id, requested_by) VALUES ('start', ?1, 'command line')";

/* ---- bot 1 on the market at hand ---- */

static int save(struct db *db, const struct master_key *key, struct bot_config *c,
		struct config_change change, struct err *e)
{
	int rc = db_begin(db, e);

	if (rc)
		return rc;
	change.expect = c->version;
	change.now_us = clock_now_us();
	rc = store_config_save_tx(db, key, &change, c, e);
	return db_end(db, rc, e);
}

static const struct config_change first_change = { .bot_id = FIRST_BOT, .by = "first start" };

static int move_to_market(struct db *db, const struct master_key *key,
			  const struct symbol_info *market, struct err *e)
{
	const char *exchange = market->futures ? "binance_futures" : "binance";
	struct bot_config c;
	int64_t first = 0;
	int rc = db_number(db, SQL_FIRST_START, NULL, &first, e);

	if (rc || !first)
		return rc;
	rc = store_config_load(db, key, FIRST_BOT, &c, NULL, e);
	if (rc || (strcmp(c.symbol, market->symbol) == 0 && strcmp(c.exchange, exchange) == 0))
		return rc;
	memcpy(c.symbol, market->symbol, sizeof(c.symbol));
	snprintf(c.exchange, sizeof(c.exchange), "%s", exchange);
	log_info("bootstrap", NULL, "bot 1 is put on %s (%s), the market at hand", c.symbol,
		 exchange);
	return save(db, key, &c, first_change, e);
}

/* ---- the sample model ---- */

/*
 * The sample bot should make trades that a new user can watch. So when its model's probabilities
 * are below the documented threshold of 0.40, bot 1 gets a lower threshold.
 */
static int lower_threshold(struct db *db, const struct master_key *key,
			   const struct sample_model *m, struct err *e)
{
	struct bot_config c;
	int64_t first = 0;
	int rc = db_number(db, SQL_FIRST_START, NULL, &first, e);

	if (rc || !first)
		return rc;
	rc = store_config_load(db, key, FIRST_BOT, &c, NULL, e);
	if (rc || c.confidence_threshold <= m->low)
		return rc;
	c.confidence_threshold = (double)(int64_t)(m->low * 10000) / 10000;
	log_info("bootstrap", NULL, "bot 1: confidence_threshold set to %.4f, where the sample "
		 "model's probabilities are", c.confidence_threshold);
	return save(db, key, &c, first_change, e);
}

static int make_sample(struct db *db, const struct config *c, const struct master_key *key,
		       const struct symbol_info *market, struct err *e)
{
	struct sample_model m = { 0 };
	int64_t start_us = clock_mono_us();
	int rc = first_model_train(c, market, &m, e);

	if (rc == 0)
		rc = lower_threshold(db, key, &m, e);
	if (rc)
		return rc;
	log_info("bootstrap", NULL, "trained in %lld ms",
		 (long long)((clock_mono_us() - start_us) / 1000));
	return first_model_enlist(db, &m, market, FIRST_BOT, e);
}

int bootstrap(struct db *db, const struct config *c, const struct master_key *key,
	      const struct feed_choice *feed, struct err *e)
{
	struct symbol_info market;
	struct err why = { 0 };
	bool has = true;
	int rc;

	feed_choice_first(feed, &market);
	rc = move_to_market(db, key, &market, e);
	if (rc == ERR_INVALID)
		rc = 0; /* bots.c tells of an unusable row */
	if (rc == 0)
		rc = store_has_model(db, FIRST_BOT, &has, e);
	if (rc || has)
		return rc;
	if (make_sample(db, c, key, &market, &why))
		log_error("bootstrap", NULL, "no sample model: %s", why.msg);
	return 0;
}

/* ---- --bot-id ---- */

/* Makes the bot if it is missing and starts it, because --bot-id means that it should trade. */
static int ensure_bot(struct db *db, int64_t bot_id, struct err *e)
{
	struct stmt *s;
	int rc = db_begin(db, e);

	if (rc)
		return rc;
	rc = db_stmt(db, SQL_BOT, &s, e);
	if (rc == 0) {
		stmt_bind_int(s, 1, bot_id);
		stmt_bind_int(s, 2, clock_now_us());
		rc = stmt_run(s, e);
	}
	if (rc == 0)
		rc = db_stmt(db, SQL_START, &s, e);
	if (rc == 0) {
		stmt_bind_int(s, 1, bot_id);
		rc = stmt_run(s, e);
	}
	return db_end(db, rc, e);
}

static int patch_config(struct bot_config *c, struct bot_secrets *secrets, const char *symbol,
			const char *json, bool confirm_wide, struct err *e)
{
	cJSON *patch = NULL;
	struct field_errors f = { 0 };
	int rc = json ? json_read(json, strlen(json), &patch, e) : 0;

	if (rc) {
		err_prefix(e, "--config-json");
		return rc;
	}
	if (!patch)
		patch = cJSON_CreateObject();
	if (symbol && !cJSON_GetObjectItemCaseSensitive(patch, "symbol"))
		cJSON_AddStringToObject(patch, "symbol", symbol);
	if (confirm_wide)
		cJSON_AddTrueToObject(patch, "confirm_wide");
	rc = bot_config_apply(c, patch, &f);
	if (rc)
		err_set(e, rc, "--config-json: %s: %s", f.list[0].field, f.list[0].message);
	else
		bot_secrets_apply(secrets, patch);
	cJSON_Delete(patch);
	return rc;
}

int bootstrap_bot(struct db *db, const struct master_key *key, int64_t bot_id, const char *symbol,
		  const char *config_json, bool confirm_wide, struct err *e)
{
	struct bot_secrets secrets = { 0 };
	const struct config_change change = {
		.bot_id = bot_id, .secrets = &secrets, .by = "command line",
	};
	struct bot_config c;
	int rc = ensure_bot(db, bot_id, e);

	if (rc)
		return rc;
	rc = store_config_load(db, key, bot_id, &c, NULL, e);
	if (rc == ERR_NOT_FOUND) {
		bot_config_defaults(&c);
		rc = 0;
	} else if (rc == 0 && !symbol && !config_json) {
		return 0;
	}
	if (rc == 0)
		rc = patch_config(&c, &secrets, symbol, config_json, confirm_wide, e);
	if (rc == 0)
		rc = save(db, key, &c, change, e);
	bot_secrets_wipe(&secrets);
	return rc;
}
