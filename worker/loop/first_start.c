#include "worker/loop/first_start.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/registry/configs.h"
#include "worker/feed/collect.h"
#include "worker/market/features.h"
#include "worker/model/train/sample.h"
#include "worker/store/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BOT 1
#define HISTORY_S 3600			/* of the synthetic market, for the sample model */
#define LEAST_CANDLES 400 /* a shorter recording teaches nothing: take the synthetic hour */
/*
 * The sample model learns whether the price gains 0.3 % before it loses 0.1 %, within a minute,
 * because one hour of data has enough of such cases. The bot's own target is further away,
 * because it must pay the fees.
 */
#define LEARNED_TARGET 0.003
#define LEARNED_STOP 0.001
#define LEARNED_HOLDING_S 60
#define SECOND_US US_PER_S
#define REPLAY_HOUR_US INT64_C(1723161600000000)	/* 2024-08-09T00:00:00Z */

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

static int synthetic_hour(const struct config *c, const struct symbol_info *market,
			  struct collection *out, struct err *e)
{
	char names[1][SYMBOL_MAX];
	struct synthetic_args a = {
		.symbols = names, .symbols_n = 1, .futures = market->futures,
		.seed = (uint64_t)c->synthetic_seed, .history_s = HISTORY_S,
		/* For a recording always the same hour, so that replays repeat to the bit. */
		.start_us = c->market_data == MARKET_REPLAY ? REPLAY_HOUR_US : clock_now_us(),
	};
	struct feed_sink sink = collection_sink(out);
	struct feed *f = NULL;
	int rc;

	memcpy(names[0], market->symbol, SYMBOL_MAX);
	rc = synthetic_open(&a, &sink, &f, e);
	if (rc)
		return rc;
	rc = collection_drain(f, a.start_us, e);
	f->ops->free(f);
	return rc;
}

static int recording(const struct config *c, struct collection *out, struct err *e)
{
	struct replay_args a = { .files = c->recording };
	struct feed_sink sink = collection_sink(out);
	struct feed *f = NULL;
	int rc = replay_open(&a, &sink, &f, e);

	if (rc)
		return rc;
	rc = collection_drain(f, INT64_MAX - 1, e);
	f->ops->free(f);
	return rc;
}

static int collect(const struct config *c, const struct symbol_info *market,
		   struct collection *out, struct err *e)
{
	int rc;

	collection_init(out, market->symbol, SECOND_US);
	if (c->market_data == MARKET_REPLAY) {
		rc = recording(c, out, e);
		if (rc || out->n >= LEAST_CANDLES)
			return rc;
		log_warn("bootstrap", NULL, "the recording has %zu candles only: the sample model "
			 "learns from the synthetic market", out->n);
		free(out->candles);
		collection_init(out, market->symbol, SECOND_US);
	}
	return synthetic_hour(c, market, out, e);
}

static void on_line(void *ctx, const char *text)
{
	(void)ctx;
	log_info("bootstrap", NULL, "%s", text);
}

static void feature_names(struct buf *out)
{
	const struct feature_list *list = features_find(FEATURES_DEFAULT);
	struct json j = { .out = out };

	json_array(&j, NULL);
	for (size_t i = 0; i < list->n; i++)
		json_string(&j, NULL, list->features[i].name);
	json_array_end(&j);
}

static int enlist(struct db *db, const struct sample_model *m, const struct symbol_info *market,
		  struct err *e)
{
	char name[SYMBOL_MAX + 8], path[SHA256_HEX_MAX + 8];
	struct model_new r = {
		.name = name, .symbol = market->symbol, .format = "xgboost-json",
		.sha256 = m->sha256, .size_bytes = m->size_bytes, .path = path,
		.features = FEATURES_DEFAULT, .metrics = m->metrics, .origin = "sample",
		.description = "trained at first start, for a look around; train your own for more",
	};
	struct buf names = { 0 };
	int64_t id;
	int rc = db_begin(db, e);

	if (rc)
		return rc;
	feature_names(&names);
	r.feature_names = buf_text(&names);
	snprintf(name, sizeof(name), "Sample %s", market->symbol);
	snprintf(path, sizeof(path), "models/%s", m->sha256);
	rc = store_model_assign_tx(db, &r, FIRST_BOT, clock_now_us(), &id, e);
	rc = db_end(db, rc, e);
	buf_free(&names);
	if (rc == 0)
		log_info("bootstrap", NULL, "sample model registered as model %lld and assigned to "
			 "bot 1: %s", (long long)id, m->metrics);
	return rc;
}

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

static int train_sample(struct db *db, const struct config *c, const struct master_key *key,
			const struct symbol_info *market, struct err *e)
{
	struct train_args a = {
		.profit_target = LEARNED_TARGET, .stop_loss = LEARNED_STOP,
		.holding_s = LEARNED_HOLDING_S,
		.features = FEATURES_DEFAULT, .rounds = 40, .depth = 3, .learning_rate = 0.05,
		.seed = (unsigned)c->synthetic_seed,
	};
	struct sample_args sample = {
		.data_dir = c->data_dir, .length_us = SECOND_US, .train = &a, .line = on_line,
	};
	struct collection candles = { 0 };
	struct sample_model m = { 0 };
	int64_t start_us = clock_mono_us();
	int rc = collect(c, market, &candles, e);

	if (rc == 0) {
		log_info("bootstrap", NULL,
			 "training the sample model on %zu one-second candles of "
			 "%s",
			 candles.n, market->symbol);
		sample.candles = candles.candles;
		sample.n = candles.n;
		rc = sample_model_train_child(&sample, &m, e);
	}
	free(candles.candles);
	if (rc == 0)
		rc = lower_threshold(db, key, &m, e);
	if (rc)
		return rc;
	log_info("bootstrap", NULL, "trained in %lld ms",
		 (long long)((clock_mono_us() - start_us) / 1000));
	return enlist(db, &m, market, e);
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
	if (train_sample(db, c, key, &market, &why))
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
