#include "api/routes/table.h"
#include "api/store/signals.h"

#include <string.h>

static int handle_signals(struct request *r, struct err *e)
{
	const char *taken = request_query(r, "taken");
	struct page p = { 0 };
	int64_t id;
	int rc = request_bot_page(r, &id, &p, e);

	if (rc)
		return rc;
	return store_signals_list(r->db, id, taken ? !strcmp(taken, "true") : -1,
				  request_query(r, "rule"), &p, &r->json, e);
}

/* ---- the routes ---- */

static const struct param q_signals[] = {
	PAGE,
	{ .name = "taken", .type = PARAM_BOOL, .help = "only entries, or only refusals" },
	{ .name = "rule", .type = PARAM_TEXT, .min = 1, .max = 40, .help = "which rule decided" },
	END
};

static const struct part parts[] = {
	ROWS("Signal", "A decision and its reason.", store_signals_columns,
	     { "side", "BUY|SELL|NONE", "NONE: below the threshold." },
	     HELP("price", "Last price, quote per base."), HELP("taken", "An entry was sent."),
	     HELP("rule", "What decided: entry, threshold, max_positions ..."),
	     { "order_id", "?", "Number of the order when taken." },
	     HELP("repeats", "Equal decisions that this row stands for."),
	     HELP("correlation_id", "As in the log lines about it; when taken, also its order's."),
	     HELP("at", "The first of them."), HELP("last", "The last of them.")),
	PAGE_OF("SignalList", "signals", "Signal", "Decisions, newest first."),
};

static const struct route rows[] = {
	{ R(GET, TRADING "/signals"), V, DO(signals, "Decisions and their reasons"),
	  .query = q_signals, ONE("SignalList") },
};
const struct route_group signals_routes = { "Orders", ROWS_OF(rows), ROWS_OF(parts) };
