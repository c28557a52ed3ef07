#include "worker/loop/first_model.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "worker/feed/collect.h"
#include "worker/market/features.h"
#include "worker/store/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HISTORY_S 3600			/* of the synthetic market */
#define LEAST_CANDLES 400 /* a shorter recording teaches nothing: take the synthetic hour */
#define SECOND_US US_PER_S
/* 2024-08-09T00:00:00Z: always the same hour, so that two first starts give the same model. */
#define TRAINING_HOUR_US INT64_C(1723161600000000)

/*
 * The first question has enough cases in one hour. The bot's own target is further away,
 * because it must pay the fees.
 */
static const struct horizon {
	double target, stop;	/* fractions */
	int64_t holding_s;
} HORIZONS[] = {
	{ 0.003, 0.001, 60 }, { 0.002, 0.002, 120 }, { 0.0015, 0.0005, 60 },
	{ 0.0005, 0.0005, 10 }, { 0.001, 0.001, 30 },
};
#define HORIZONS_N (sizeof(HORIZONS) / sizeof(HORIZONS[0]))

static int synthetic_hour(const struct config *c, const struct symbol_info *market,
			  struct collection *out, struct err *e)
{
	char names[1][SYMBOL_MAX];
	struct synthetic_args a = {
		.symbols = names, .symbols_n = 1, .futures = market->futures,
		.seed = (uint64_t)c->synthetic_seed, .history_s = HISTORY_S,
		.start_us = TRAINING_HOUR_US,
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

/* The file of one that was not chosen. */
static void remove_file(const struct config *c, const struct sample_model *m)
{
	char path[CONFIG_PATH_MAX + SHA256_HEX_MAX + 16];

	snprintf(path, sizeof(path), "%s/models/%s", c->data_dir, m->sha256);
	if (unlink(path))
		log_warn("bootstrap", NULL, "%s stays", path);
}

/* Goes on from the best so far: *best, of which there is one if *n is not 0. */
static int train_one(const struct config *c, const struct collection *candles,
		     const struct horizon *h, struct sample_model *best, unsigned *n,
		     struct err *e)
{
	const struct train_args train = {
		.features = FEATURES_DEFAULT, .rounds = 40, .depth = 3, .learning_rate = 0.05,
		.seed = (unsigned)c->synthetic_seed, .profit_target = h->target,
		.stop_loss = h->stop, .holding_s = h->holding_s,
	};
	const struct sample_args args = {
		.data_dir = c->data_dir, .length_us = SECOND_US, .train = &train, .line = on_line,
		.candles = candles->candles, .n = candles->n,
	};
	struct sample_model m = { 0 };
	int rc = sample_model_train_child(&args, &m, e);

	if (rc)
		return rc;
	log_info("bootstrap", NULL, "gain %g before loss %g within %lld s: AUC %.3f on the quarter "
		 "that was held out", h->target, h->stop, (long long)h->holding_s, m.auc);
	if (*n && strcmp(m.sha256, best->sha256) != 0)
		remove_file(c, m.auc > best->auc ? best : &m);
	if (!*n || m.auc > best->auc)
		*best = m;
	++*n;
	return 0;
}

/* Adds to the metrics of how many it was chosen. */
static void tell_tried(struct sample_model *m, unsigned n)
{
	size_t len = strlen(m->metrics);

	ASSERT(len > 1 && m->metrics[len - 1] == '}');
	snprintf(m->metrics + len - 1, sizeof(m->metrics) - len + 1, ",\"horizons_tried\":%u}", n);
}

int first_model_train(const struct config *c, const struct symbol_info *market,
		      struct sample_model *out, struct err *e)
{
	struct collection candles = { 0 };
	struct err why = { 0 };
	unsigned n = 0;
	int rc = collect(c, market, &candles, e);

	if (rc == 0)
		log_info("bootstrap", NULL, "training the sample model on %zu one-second candles "
			 "of %s", candles.n, market->symbol);
	for (size_t i = 0; rc == 0 && i < HORIZONS_N && !(n && out->auc >= FIRST_MODEL_AUC); i++)
		if (train_one(c, &candles, &HORIZONS[i], out, &n, &why))
			log_info("bootstrap", NULL, "not learned: %s", why.msg);
	free(candles.candles);
	if (n)
		tell_tried(out, n);
	return rc || n ? rc : err_set(e, why.code, "%s", why.msg);
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

int first_model_enlist(struct db *db, const struct sample_model *m,
		       const struct symbol_info *market, int64_t bot_id, struct err *e)
{
	char name[SYMBOL_MAX + 8], path[SHA256_HEX_MAX + 8], warning[200] = "";
	struct model_new r = {
		.name = name, .symbol = market->symbol, .format = "xgboost-json",
		.sha256 = m->sha256, .size_bytes = m->size_bytes, .path = path,
		.features = FEATURES_DEFAULT, .metrics = m->metrics, .origin = "sample",
		.description = "trained at first start, for a look around; train your own for more",
		.objective = "binary:logistic", .writer = m->writer, .trial = m->trial,
		.warning = warning, .trees = m->trees, .trees_used = m->trees,
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
	if (m->auc < FIRST_MODEL_AUC)
		snprintf(warning, sizeof(warning), "sample, no better than chance: AUC %.2f on "
			 "data that it has not seen (a coin has 0.5); look around with it, earn "
			 "with your own", m->auc);
	rc = store_model_assign_tx(db, &r, bot_id, clock_now_us(), &id, e);
	rc = db_end(db, rc, e);
	buf_free(&names);
	if (rc == 0)
		log_info("bootstrap", NULL, "sample model registered as model %lld and assigned to "
			 "bot %lld: %s", (long long)id, (long long)bot_id, m->metrics);
	if (rc == 0 && warning[0])
		log_warn("bootstrap", NULL, "model %lld: %s", (long long)id, warning);
	return rc;
}

