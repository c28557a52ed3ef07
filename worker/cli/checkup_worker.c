#include "worker/cli/checkup.h"

#include "common/clock.h"
#include "common/registry/configs.h"
#include "common/registry/heartbeat.h"
#include "common/registry/markets.h"
#include "common/view/bot_view.h"
#include "worker/session/predictors.h"

#include <string.h>

#define SEE_ABOVE "see what the database's lines above say"
#define START_WORKER "start trading-bot-worker; the end of its log says why it ended"

static const char SQL_BOTS[] =
	"SELECT b.id, b.name, coalesce(c.model_id, 0) FROM bots b LEFT JOIN trading_configs c"
	" ON c.bot_id = b.id WHERE b.bot_type = 'trading' ORDER BY b.id";
static const char SQL_KEYLESS[] =
	"SELECT count(*) FROM bots b JOIN trading_configs c ON c.bot_id = b.id"
	" WHERE b.bot_type = 'trading' AND (c.api_key = '' OR c.secret_key = '')";

static void check_feed(struct checkup *d, const struct heartbeat *h)
{
	if (!strcmp(h->feed_state, "failed"))
		checkup_bad(d, "put back what it names: the recording, the network, or MARKET_DATA",
			    "market data %s has failed: %s", h->market_data, h->feed_message);
	else if (!strcmp(h->feed_state, "stale"))
		checkup_bad(d, "look at the network and the exchange's status page; entries wait "
			    "for STALE_FEED_MS",
			    "market data %s is stale: nothing came for %lld ms %s",
			    h->market_data, (long long)h->feed_age_ms, h->feed_message);
	else
		checkup_ok("market data %s: %s %s", h->market_data, h->feed_state,
			   h->feed_message);
	/* Lost and repeated trades, which the worker counts, are no reason to fail. */
	checkup_ok("since the worker's start %lld trades came late, %lld twice, %lld were "
		   "refused (of %lld frames); %lld gaps, the order book was out of step %lld "
		   "times%s%s", (long long)h->trades_late, (long long)h->trades_repeated,
		   (long long)h->trades_refused, (long long)h->decode_errors,
		   (long long)h->feed_gaps, (long long)h->book_breaks,
		   h->feed_problem[0] ? "; the newest: " : "", h->feed_problem);
}

static void check_loop(struct checkup *d)
{
	struct worker_look w;
	struct err e = { 0 };
	long long age_s;

	if (heartbeat_look(d->db, clock_now_us(), &w, &e)) {
		checkup_bad(d, SEE_ABOVE, "worker: %s", e.msg);
		return;
	}
	age_s = w.age_us / US_PER_S;
	switch (w.state) {
	case WORKER_NEVER:
		checkup_bad(d, "start trading-bot-worker", "the worker never ran on this database");
		break;
	case WORKER_BLOCKED:
		checkup_bad(d, "free what it names; it goes on by itself then",
			    "worker: alive, but it has stored nothing for %lld s: %s", age_s,
			    w.blocked);
		break;
	case WORKER_STOPPED:
		checkup_bad(d, "start trading-bot-worker",
			    "worker: it was stopped %lld s ago", age_s);
		break;
	case WORKER_AWAY:
		checkup_bad(d, START_WORKER,
			    "worker: it does not run, its last beat was %lld s ago", age_s);
		break;
	case WORKER_RUNNING:
		checkup_ok("worker: last beat %lld ms ago", (long long)(w.age_us / US_PER_MS));
		check_feed(d, &w.beat);
		break;
	}
}

static void say_market(void *ctx, const struct symbol_info *info)
{
	char text[SYMBOL_RULES_MAX];

	(void)ctx;
	checkup_ok("market (%s) %s", info->source, symbol_rules_text(info, text));
}

static void check_markets(struct checkup *d)
{
	struct err e = { 0 };

	if (store_markets_each(d->db, say_market, d, &e))
		checkup_bad(d, SEE_ABOVE, "the worker's markets: %s",
			    e.msg);
}

/* What the worker says of a bot: why it does not trade, or not as it was told. */
static void check_state(void *ctx, const struct bot_view *b)
{
	struct checkup *d = ctx;
	long long id = (long long)b->bot_id;

	if (!strcmp(b->status, "ERROR"))
		checkup_bad(d, "repair what it names, then trading-bot start ID, which clears "
			       "the error", "bot %lld (%s) is in ERROR and makes no entries: %s",
			    id, b->name, b->error);
	if (b->config_error[0])
		checkup_bad(d, "correct the settings (dashboard, PUT .../config); the last good "
			       "ones stay in use",
			    "bot %lld (%s): its newest settings are not in use: %s", id, b->name,
			    b->config_error);
	if (b->model_error[0])
		checkup_bad(d, "upload or assign another model",
			    "bot %lld (%s): its assigned model is not in use: %s", id, b->name,
			    b->model_error);
	if (b->emergency)
		checkup_note("bot %lld (%s) is stopped by an emergency stop until it is started",
			     id, b->name);
}

static void check_bot(struct checkup *d, struct predictors *p, struct stmt *s)
{
	long long id = (long long)stmt_int(s, 0), model = (long long)stmt_int(s, 2);
	const char *name = stmt_text(s, 1);
	struct predictor unused;
	struct err e = { 0 };
	struct bot_config c;

	if (store_config_load(d->db, &d->key, id, &c, NULL, &e))
		checkup_bad(d, "correct its settings (dashboard, PUT .../config)",
			    "bot %lld (%s): its settings can't be used: %s", id, name, e.msg);
	else
		checkup_ok("bot %lld (%s): config can be used", id, name);
	if (!model)
		return;
	if (predictors_take(p, d->db, model, true, &unused, &e))
		checkup_bad(d, "upload it again, or assign another model",
			    "bot %lld (%s): model %lld can't be used: %s", id, name, model, e.msg);
	else
		checkup_ok("bot %lld (%s): model %lld loads", id, name, model);
}

/* A bot without keys of its own trades with those of the environment. */
static void check_live(struct checkup *d)
{
	const struct config *c = d->config;
	struct err e = { 0 };
	int64_t n = 0;

	if (c->trading_mode != MODE_LIVE || (c->binance_api_key[0] && c->binance_api_secret[0]))
		return;
	if (db_number(d->db, SQL_KEYLESS, NULL, &n, &e))
		checkup_bad(d, SEE_ABOVE, "exchange keys: %s", e.msg);
	else if (n)
		checkup_bad(d, "set BINANCE_API_KEY and BINANCE_API_SECRET, or api_key and "
			       "secret_key of each bot",
			    "TRADING_MODE=live: %lld bots have no exchange key", (long long)n);
}

static void check_bots(struct checkup *d)
{
	struct predictors *p = predictors_new(d->config->data_dir);
	struct err e = { 0 };
	struct stmt *s;
	int rc = db_stmt(d->db, SQL_BOTS, &s, &e);

	if (rc == 0) {
		while ((rc = stmt_step(s, &e)) == STMT_ROW)
			check_bot(d, p, s);
		stmt_done(s);
	}
	if (rc >= 0)
		rc = bot_view_each(d->db, check_state, d, &e);
	if (rc < 0)
		checkup_bad(d, SEE_ABOVE, "bots: %s", e.msg);
	predictors_free(p);
}

void checkup_worker(struct checkup *d)
{
	check_loop(d);
	check_markets(d);
	check_live(d);
	check_bots(d);
}
