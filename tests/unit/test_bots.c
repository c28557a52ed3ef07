/* The desired state of bots in the database, brought into an engine. */
#include "common/db/db.h"
#include "tests/unit/paper_session.h"
#include "tests/unit/scratch.h"
#include "tests/unit/sim_world.h"
#include "worker/loop/bots.h"
#include "worker/strategy/strategies.h"

static struct db *db;
static struct session *session;
static struct predictors *models;
static struct bots *bots;
static struct master_key key;
static struct config config;
static struct err e;
static char asked[8][SYMBOL_MAX];	/* of the feed, in order */
static size_t asked_n;

/* ---- a strategy that looks at another symbol, as soon as it has two rungs ---- */

static size_t one(const double *params)
{
	(void)params;
	return 1;
}

static size_t leads(const double *params, struct strategy_extra out[STRATEGY_EXTRAS_MAX])
{
	out[0] = (struct strategy_extra){ .symbol = "ETHUSDT", .interval = "5m", .look_back = 2 };
	return params[GRID_RUNGS] > 1;
}

static int nothing(void *state, const struct strategy_input *in, struct decision *out,
		   struct err *err)
{
	(void)state;
	(void)in;
	(void)err;
	out->rule = "nothing";
	return 0;
}

const struct strategy *strategy_find(const char *name)
{
	static const struct strategy_spec spec = { .name = "grid", .look_back = one };
	static const struct strategy follows = {
		.spec = &spec, .on_candle = nothing, .extras = leads,
	};

	return strcmp(name, "grid") == 0 ? &follows : NULL;
}

/* ---- */

static int symbol(void *ctx, const struct bot_config *c, struct symbol_info *out, struct err *err)
{
	(void)ctx;
	assert_true(asked_n < 8);
	memcpy(asked[asked_n++], c->symbol, SYMBOL_MAX);
	if (strcmp(c->symbol, "BTCUSDT") != 0 && strcmp(c->symbol, "ETHUSDT") != 0)
		return err_set(err, ERR_NOT_FOUND, "the feed has no %s", c->symbol);
	*out = world_info(false);
	memcpy(out->symbol, c->symbol, SYMBOL_MAX);
	return 0;
}

static void run(const char *sql)
{
	struct stmt *s;

	assert_int_equal(db_stmt(db, sql, &s, &e), 0);
	assert_int_equal(stmt_run(s, &e), 0);
}

static void refresh(void)
{
	if (bots_refresh(bots, db, T0, &e))
		fail_msg("%s", e.msg);
}

static int setup(void **state)
{
	struct session_args a = { .config = &config };
	struct bots_args b = { .key = &key, .symbol = symbol };

	asked_n = 0;
	config_defaults(&config);
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_WORKER, &db, NULL) ||
	    paper_session(&a, NULL, &session, &e))
		return -1;
	models = predictors_new(scratch_path("."));
	b.session = session;
	b.predictors = models;
	bots = bots_new(&b);
	bots_started(bots);
	return 0;
}

static int teardown(void **state)
{
	bots_free(bots);
	predictors_free(models);
	session_free(session);
	db_close(db);
	return scratch_teardown(state);
}

/* The feed is asked for it, and its market has the interval, before the bot comes up. */
static void market_of_an_input(void **state)
{
	struct market *m;

	(void)state;
	run("UPDATE trading_configs SET strategy = 'grid', strategy_params = '{\"rungs\":2}',"
	    " version = version + 1 WHERE bot_id = 1");
	refresh();
	assert_null(bots_failure(bots, 1));
	assert_int_equal(asked_n, 2);
	assert_string_equal(asked[1], "ETHUSDT");
	m = engine_market(session_engine(session), "replay", "ETHUSDT");
	assert_non_null(m);
	assert_string_equal(market_interval(m, 0), "5m");
}

/* A change of settings of a bot that runs brings it as well. */
static void market_of_a_new_input(void **state)
{
	(void)state;
	run("UPDATE trading_configs SET strategy = 'grid', strategy_params = '{\"rungs\":1}',"
	    " version = version + 1 WHERE bot_id = 1");
	refresh();
	assert_null(engine_market(session_engine(session), "replay", "ETHUSDT"));
	run("UPDATE trading_configs SET strategy_params = '{\"rungs\":3}', version = version + 1"
	    " WHERE bot_id = 1");
	refresh();
	assert_non_null(engine_market(session_engine(session), "replay", "ETHUSDT"));
	assert_true(bots_config(bots, 1)->strategy_params[GRID_RUNGS] == 3);
}

/* Also while a trade is open, when the account is left alone. */
static void market_of_a_new_input_meanwhile(void **state)
{
	struct order o = { .id = 1, .bot_id = 1, .symbol = "BTCUSDT", .strategy = "grid",
			   .side = SIDE_BUY, .status = ORDER_ACTIVE, .phase = PHASE_HOLDING,
			   .stop_loss = P("1"), .take_profit = P("90000"), .quantity = Q("1"),
			   .filled = Q("1"), .entry_notional = M("50000") };

	(void)state;
	run("UPDATE trading_configs SET strategy = 'grid', strategy_params = '{\"rungs\":1}',"
	    " version = version + 1 WHERE bot_id = 1");
	refresh();
	bots_restore_order(bots, &o);
	assert_int_equal(engine_open_orders(session_engine(session), 1), 1);
	run("UPDATE trading_configs SET strategy_params = '{\"rungs\":2}', version = version + 1"
	    " WHERE bot_id = 1");
	refresh();
	assert_non_null(engine_market(session_engine(session), "replay", "ETHUSDT"));
	assert_true(bots_config(bots, 1)->strategy_params[GRID_RUNGS] == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(market_of_an_input, setup, teardown),
		cmocka_unit_test_setup_teardown(market_of_a_new_input, setup, teardown),
		cmocka_unit_test_setup_teardown(market_of_a_new_input_meanwhile, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
