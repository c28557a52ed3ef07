/*
 * replay: runs a recording through engine and paper venue at full speed, without writing the
 * database; prints each closed trade and a digest of everything that happened.
 */
#include "common/clock.h"
#include "common/db/db.h"
#include "common/registry/configs.h"
#include "common/registry/strategy_spec.h"
#include "worker/cli/cli.h"
#include "worker/feed/names.h"
#include "worker/feed/symbol.h"
#include "worker/report/digest.h"
#include "worker/report/fanout.h"
#include "worker/session/predictors.h"
#include "worker/session/session.h"
#include "worker/venue/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES_AT_ONCE 4096
#define SYMBOLS_MAX 64
#define RULES_MAX 32

static const char USAGE[] =
	"Usage: trading-bot replay [--bot N] [--strategy NAME] [--config-json JSON\n"
	"                          [--confirm-wide]] [--quiet] FILE...\n"
	"\n"
	"Takes the settings and the model of bot N (default 1) from the database when there is\n"
	"one. --strategy ema_cross needs no model. Keys named _pct in JSON are fractions\n"
	"(0.009 is 0.9 %) or percent as text (\"0.9%\"); --confirm-wide: one over 0.1 (10 %)\n"
	"is meant.\n";

struct replay_run {
	const struct config *config;
	struct buf files;		/* as in names.h */
	int64_t bot_id;
	const char *strategy, *config_json;
	bool quiet, confirm_wide;
	struct bot_config bot;
	struct db *db;			/* NULL: there is none */
	struct predictors *predictors;
	struct digest *digest;
	struct fanout fanout;
	struct session *session;
	struct feed *feed;
	int64_t trades;
	struct money pnl;
	size_t rules_n;
	struct {
		char rule[32];
		int64_t count;
	} rules[RULES_MAX];		/* why decisions went as they did */
	int64_t signal_id, signal_repeats;	/* of the newest signal row */
};

static int parse(struct replay_run *r, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--bot") == 0 && more) {
			r->bot_id = cli_number(argv[++i]);
			if (r->bot_id < 1)
				return -1;
		} else if (strcmp(argv[i], "--strategy") == 0 && more) {
			r->strategy = argv[++i];
		} else if (strcmp(argv[i], "--config-json") == 0 && more) {
			r->config_json = argv[++i];
		} else if (strcmp(argv[i], "--confirm-wide") == 0) {
			r->confirm_wide = true;
		} else if (strcmp(argv[i], "--quiet") == 0) {
			r->quiet = true;
		} else if (argv[i][0] == '-') {
			return -1;
		} else {
			names_add(&r->files, argv[i]);
		}
	}
	return r->files.len ? 0 : -1;
}

/* ---- settings ---- */

/*
 * Settings for a run without a database: trades of a minute, so that even a recording of a few
 * minutes shows some. They don't earn their fees.
 */
static void sample_config(struct bot_config *c)
{
	bot_config_defaults(c);
	c->ignore_risk_reward = true;
	c->profit_target_pct = 0.003;
	c->stop_loss_pct = 0.001;
	c->holding_time = 60;
	c->maker_order_timeout = 5;
}

static int apply_json(struct bot_config *c, const char *text, bool confirm_wide, struct err *e)
{
	struct field_errors f = { 0 };
	cJSON *patch = NULL;
	int rc = json_read(text, strlen(text), &patch, e);

	if (rc)
		return rc;
	if (confirm_wide && cJSON_IsObject(patch))
		cJSON_AddTrueToObject(patch, "confirm_wide");
	rc = bot_config_apply(c, patch, &f);
	if (rc)
		err_set(e, rc, "--config-json: %s: %s", f.list[0].field, f.list[0].message);
	cJSON_Delete(patch);
	return rc;
}

/* Another strategy than the bot's begins with its own parameters. */
static int use_strategy(struct bot_config *c, const char *name, struct err *e)
{
	const struct strategy_spec *spec = strategy_spec_find(name);

	if (!spec)
		return err_set(e, ERR_NOT_FOUND, "there is no strategy \"%s\"", name);
	if (strcmp(c->strategy, name) == 0)
		return 0;
	snprintf(c->strategy, sizeof(c->strategy), "%s", name);
	strategy_params_default(spec, c->strategy_params);
	return 0;
}

static int load_settings(struct replay_run *r, const struct symbol_info *first, struct err *e)
{
	struct master_key key = { 0 };
	int rc = 0;

	sample_config(&r->bot);
	if (r->db) {
		/* Only a config with sealed secrets needs the key; none is made here. */
		rc = master_key_read(r->config->master_key_file, &key, e);
		if (rc == 0 || rc == ERR_NOT_FOUND)
			rc = store_config_load(r->db, &key, r->bot_id, &r->bot, NULL, e);
		crypto_wipe(&key, sizeof(key));
	}
	if (rc)
		return rc;
	memcpy(r->bot.symbol, first->symbol, sizeof(r->bot.symbol));
	snprintf(r->bot.exchange, sizeof(r->bot.exchange), "%s",
		 first->futures ? "binance_futures" : "binance");
	if (!r->db && !r->strategy) {
		r->strategy = "ema_cross";
		puts("no database, so no model: strategy ema_cross decides");
	}
	if (r->strategy)
		rc = use_strategy(&r->bot, r->strategy, e);
	if (rc)
		return rc;
	return r->config_json ? apply_json(&r->bot, r->config_json, r->confirm_wide, e) : 0;
}

static const char SQL_MODEL[] = "SELECT model_id FROM trading_configs WHERE bot_id = ?1";

static int give_model(struct replay_run *r, struct err *e)
{
	struct predictor p;
	int64_t id = 0;
	struct stmt *s;
	int rc;

	if (strcmp(r->bot.strategy, "model") != 0)
		return 0;
	if (!r->db)
		return err_set(
			e, ERR_NOT_FOUND,
			"strategy \"model\" needs a model, and there is no "
			"database with one; run the worker once, or use --strategy ema_cross");
	rc = db_stmt(r->db, SQL_MODEL, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, r->bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		id = stmt_int(s, 0);
		rc = 0;
	}
	stmt_done(s);
	if (rc == 0)
		rc = predictors_take(r->predictors, r->db, id, true, &p, e);
	if (rc == 0)
		engine_bot_model(session_engine(r->session), r->bot_id, &p, NULL);
	return rc;
}

/* ---- reports ---- */

static void on_order(void *ctx, const struct order *o)
{
	struct replay_run *r = ctx;
	char in[MONEY_TEXT_MAX], out[MONEY_TEXT_MAX], qty[MONEY_TEXT_MAX], pnl[MONEY_TEXT_MAX];
	char at[CLOCK_TEXT_MAX];

	if (o->status != ORDER_CLOSED || qty_sign(o->filled) <= 0)
		return;
	r->trades++;
	ASSERT(money_add(r->pnl, o->pnl, &r->pnl) == 0);
	if (!r->quiet)
		printf("%s  %-4s %-10s in %-12s out %-12s qty %-10s pnl %-12s %s\n",
		       clock_text(o->closed_us, at), side_name(o->side), o->symbol,
		       price_text(order_entry_price(o), in), price_text(order_exit_price(o), out),
		       qty_text(o->filled, qty), money_text(o->pnl, pnl),
		       close_reason_name(o->reason));
}

/* A row that counts several decisions is reported again when it grows. */
static void on_signal(void *ctx, const struct signal_report *g)
{
	struct replay_run *r = ctx;
	int64_t more = g->id == r->signal_id ? g->repeats - r->signal_repeats : g->repeats;
	size_t i = 0;

	r->signal_id = g->id;
	r->signal_repeats = g->repeats;
	while (i < r->rules_n && strcmp(r->rules[i].rule, g->rule) != 0)
		i++;
	if (i == RULES_MAX)
		return;
	if (i == r->rules_n)
		snprintf(r->rules[r->rules_n++].rule, sizeof(r->rules[i].rule), "%s", g->rule);
	r->rules[i].count += more;
}

/* ---- the run ---- */

static int assemble(struct replay_run *r, struct err *e)
{
	struct session_args a = { .config = r->config };
	struct reporter digest = digest_reporter(r->digest), trades = { .ctx = r, .order = on_order,
							      .signal = on_signal };
	struct venue_maker maker;
	struct sim_recipe paper;
	struct sim_store rows;
	int rc;

	fanout_add(&r->fanout, &digest);
	fanout_add(&r->fanout, &trades);
	a.reporter = fanout_reporter(&r->fanout);
	rows = digest_sim_store(r->digest);
	rc = sim_recipe_init(&paper, r->config, &rows, e);
	if (rc)
		return rc;
	maker = sim_maker(&paper);
	a.venues = &maker;
	a.venues_n = 1;
	return session_new(&a, &r->session, e);
}

/* The bot runs from the first moment of the recording; its account opens at time 0. */
static int add_bot(struct replay_run *r, const struct symbol_info *symbols, size_t n, struct err *e)
{
	struct bot_restore running = { .status = BOT_RUNNING };
	int rc;

	for (size_t i = 0; i < n; i++)
		session_market_add(r->session, &symbols[i]);
	rc = session_account(r->session, r->bot_id, &r->bot, 0, e);
	if (rc == 0)
		rc = engine_bot_add(session_engine(r->session), r->bot_id, &r->bot, &running, e);
	return rc ? rc : give_model(r, e);
}

static int drive(struct replay_run *r, struct err *e)
{
	int64_t next_us = 0;
	int rc;

	do {
		rc = r->feed->ops->poll(r->feed, 0, FRAMES_AT_ONCE, &next_us, e);
	} while (rc == 0 && next_us != INT64_MAX);
	return rc == ERR_END ? 0 : rc;
}

static void summary(struct replay_run *r, int64_t took_us)
{
	const struct feed_stats *s = &r->feed->stats;
	char pnl[MONEY_TEXT_MAX], digest[SHA256_HEX_MAX];

	digest_hex(r->digest, digest);
	printf("%llu frames, %llu trades of the market, %llu refused, in %.3f s\n",
	       (unsigned long long)s->frames, (unsigned long long)s->trades,
	       (unsigned long long)s->decode_errors, (double)took_us / 1e6);
	printf("trades: %llu late, %llu repeated; %llu gaps; %llu lines of overlapping files\n",
	       (unsigned long long)engine_trades_late(session_engine(r->session)),
	       (unsigned long long)s->repeated, (unsigned long long)s->gaps,
	       (unsigned long long)s->passed);
	if (s->set_back)
		printf("the recorder's clock was set back %llu times\n",
		       (unsigned long long)s->set_back);
	if (s->last_error[0])
		printf("newest refused frame or gap: %s\n", s->last_error);
	printf("%lld trades of the bot, pnl %s; %lld orders still open\n", (long long)r->trades,
	       money_text(r->pnl, pnl),
	       (long long)engine_open_orders(session_engine(r->session), r->bot_id));
	printf("decisions:");
	for (size_t i = 0; i < r->rules_n; i++)
		printf(" %s %lld", r->rules[i].rule, (long long)r->rules[i].count);
	printf("\ndigest %s over %llu rows\n", digest, (unsigned long long)digest_lines(r->digest));
}

static int replay(struct replay_run *r, struct err *e)
{
	struct symbol_info symbols[SYMBOLS_MAX];
	char text[SYMBOL_RULES_MAX];
	const char *files = buf_text(&r->files);
	struct replay_args args = { .files = files };
	struct feed_sink sink;
	int64_t start_us;
	size_t n = 0;
	int rc = replay_symbols(files, symbols, SYMBOLS_MAX, &n, e);

	if (rc == 0)
		rc = load_settings(r, &symbols[0], e);
	if (rc == 0)
		rc = assemble(r, e);
	if (rc == 0)
		rc = add_bot(r, symbols, n, e);
	if (rc)
		return rc;
	sink = session_sink(r->session, false);
	args.futures = session_sink(r->session, true);
	rc = replay_open(&args, &sink, &r->feed, e);
	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++)
		printf("%s\n", symbol_rules_text(&symbols[i], text));
	start_us = clock_mono_us();
	rc = drive(r, e);
	engine_signals_end(session_engine(r->session));
	if (rc == 0)
		summary(r, clock_mono_us() - start_us);
	return rc;
}

static int run(const struct config *c, int argc, char **argv)
{
	static struct replay_run r;
	struct err e = { 0 };
	int rc = 0;

	r.config = c;
	r.bot_id = 1;
	if (parse(&r, argc, argv)) {
		fputs(USAGE, stderr);
		return 2;
	}
	r.digest = digest_new();
	r.predictors = predictors_new(c->data_dir);
	if (access(c->db_path, F_OK) == 0)
		rc = cli_db_open(c, DB_READ, &r.db, &e);
	if (rc == 0)
		rc = replay(&r, &e);
	if (rc)
		fprintf(stderr, "trading-bot: %s\n", e.msg);
	if (r.feed)
		r.feed->ops->free(r.feed);
	session_free(r.session);
	predictors_free(r.predictors);
	digest_free(r.digest);
	buf_free(&r.files);
	db_close(r.db);
	return rc ? 1 : 0;
}

const struct cli_command cli_replay = {
	.name = "replay", .arguments = "[--strategy S] FILE...",
	.help = "a recording through the engine at full speed", .run = run,
};
