/* The paper account of a bot (bot 1 unless bot_id says another). */
#include "api/pending/command.h"
#include "api/routes/table.h"
#include "api/store/bots.h"
#include "api/store/positions.h"
#include "api/store/sim.h"
#include "api/store/stats.h"
#include "api/view/stats_json.h"
#include "api/view/status_json.h"
#include "common/clock.h"

#include <string.h>

static int load(struct request *r, struct bot_view *b, struct err *e)
{
	return bot_view_get(r->db, request_query_int(r, "bot_id", 1), clock_now_us(), b, e);
}

static int handle_simulation_status(struct request *r, struct err *e)
{
	int64_t now = clock_now_us();
	struct json *j = &r->json;
	struct bot_view b;
	bool futures = false;
	int rc;

	rc = load(r, &b, e);
	if (rc)
		return rc;
	json_int(j, "bot_id", b.bot_id);
	json_bool(j, "running", r->app->cfg->trading_mode == MODE_SIMULATION &&
		  !strcmp(b.status, "RUNNING") && b.worker.state == WORKER_RUNNING);
	json_string(j, "trading_mode",
		    r->app->cfg->trading_mode == MODE_LIVE ? "live" : "simulation");
	lower_json(j, "status", b.status);
	worth_json(j, &b);
	json_int(j, "open_positions", b.open_positions);
	json_int(j, "pending_orders", b.pending_orders);
	rc = store_sim_account(r->db, b.bot_id, j, &futures, e);
	commission_json(j, r->app->cfg, futures);
	json_time(j, "timestamp", now);
	return rc;
}

static int handle_simulation_performance(struct request *r, struct err *e)
{
	struct json *j = &r->json;
	const struct bot_sums *s;
	struct bot_view b;
	double capital = 0, equity;
	bool known;
	int rc;

	rc = load(r, &b, e);
	if (!rc)
		rc = store_stats_capital(r->db, b.bot_id, &capital, e);
	if (!rc)
		rc = trade_sums_get(r->app->sums, r->db, r->db_generation, b.bot_id, &s, e);
	if (rc)
		return rc;
	known = capital > 0 && b.mode[0]; /* it has an account, and the worker looked at it */
	if (capital <= 0)
		capital = r->app->cfg->sim_initial_capital;
	equity = known ? money_double(b.equity) : capital; /* 0 is 0: everything is lost */
	json_int(j, "bot_id", b.bot_id);
	json_double(j, "initial_capital", capital);
	json_double(j, "equity", equity);
	json_double(j, "total_return_pct", 100 * (equity - capital) / capital);
	stats_json(j, bot_sums_stats(s), r->app->cfg->sim_initial_capital);
	json_time(j, "timestamp", clock_now_us());
	return 0;
}

static int handle_simulation_portfolio(struct request *r, struct err *e)
{
	int64_t now = clock_now_us();
	struct bot_view b;
	int rc;

	rc = load(r, &b, e);
	if (rc)
		return rc;
	json_int(&r->json, "bot_id", b.bot_id);
	json_money(&r->json, "equity", b.equity);
	rc = store_sim_balances(r->db, b.bot_id, &r->json, e);
	if (!rc)
		rc = store_positions_list(r->db, b.bot_id, now, &r->json, e);
	json_time(&r->json, "timestamp", now);
	return rc;
}

static int handle_simulation_ledger(struct request *r, struct err *e)
{
	int64_t id = request_query_int(r, "bot_id", 1);
	struct page p = { 0 };
	int rc;

	rc = store_bots_exists(r->db, id, e);
	if (!rc)
		rc = request_page(r, &p, e);
	return rc ? rc : store_sim_ledger(r->db, id, &p, &r->json, e);
}

static int handle_simulation_reset(struct request *r, struct err *e)
{
	int64_t id = request_int(r, "bot_id", 1);
	const char *args = request_bool(r, "force", false) ? "{\"force\":true}" : "{}";
	int rc = store_bots_check_ours(r->db, id, e);

	return rc ? rc : command_send(r, "simulation-reset", id, args, e);
}

/* ---- the routes ---- */

static const struct param q_bot[] = { BOT_ID, END };

static const struct param q_bot_page[] = { BOT_ID, PAGE, END };

static const struct param b_sim_reset[] = {
	BOT_ID, { .name = "force", .type = PARAM_BOOL, .help = "also while the bot runs" }, END
};

static const struct part parts[] = {
	OBJECT("SimulationStatus", "The paper account of a bot.",
	       F("bot_id", "id"), { "running", "bool", "It trades paper money now." },
	       F("trading_mode", MODE), { "status", BOT_STATE, NULL }, F("equity", "amount?"),
	       F("open_positions", "count"), F("pending_orders", "count"),
	       F("last_price", "amount?"),
	       { "account", "SimulationAccount?", "Null before the first start." },
	       { "commission", "Commission", "Of its fills." }, NOW),
	ROWS("SimulationAccount", "A paper account.", store_sim_account_columns,
	     { "kind", "spot|futures", NULL }, MAYBE("next_funding"),
	     HELP("position", "Futures: what is held, below 0 for a short; base asset.")),
	{ "SimulationPerformance", "What the paper account made of its capital.", NULL,
	  FIELDS(F("bot_id", "id"), { "initial_capital", "number", "Quote asset." },
		 { "equity", "number", "Quote asset." }, { "total_return_pct", "number", "%." },
		 NOW), stats_fields },
	{ "SimulationBalance", "What an account of the books holds.", store_sim_balance_columns,
	  NULL, NULL },
	{ "SimulationPortfolio", "Balances and positions of the paper account.", NULL,
	  FIELDS(F("bot_id", "id"), F("equity", "amount"),
		 F("balances", "[SimulationBalance]")), position_fields },
	ROWS("LedgerRow", "One side of a booking.", store_sim_ledger_columns,
	     HELP("entry_id", "Rows of one booking have the same and sum to zero."),
	     HELP("kind", "Deposit, reserve, fill, fee, funding ...")),
	PAGE_OF("LedgerList", "ledger", "LedgerRow", "Bookings, newest first."),
};

static const struct route rows[] = {
	{ R(GET, "/simulation/status"), V, DO(simulation_status, "The paper account of a bot"),
	  .query = q_bot, ONE("SimulationStatus"), .says = SAYS_NOT_FOUND },
	{ R(GET, "/simulation/performance"), V,
	  DO(simulation_performance, "What the paper account made of its capital"),
	  .query = q_bot, .slow = true, ONE("SimulationPerformance"), .says = SAYS_NOT_FOUND },
	{ R(GET, "/simulation/portfolio"), V,
	  DO(simulation_portfolio, "Balances of the paper account"), .query = q_bot,
	  ONE("SimulationPortfolio"), .says = SAYS_NOT_FOUND },
	{ R(GET, "/simulation/ledger"), V, DO(simulation_ledger, "Bookings of the paper account"),
	  .query = q_bot_page, ONE("LedgerList"), .says = SAYS_NOT_FOUND },
	{ R(POST, "/simulation/reset"), T,
	  DO(simulation_reset, "Start over with the initial capital"), .body = b_sim_reset,
	  COMMAND(SAYS_NOT_FOUND), .example = "{\"bot_id\":1,\"force\":true}" },
};
const struct route_group simulation_routes = { "Simulation", ROWS_OF(rows), ROWS_OF(parts) };
