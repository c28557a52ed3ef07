/* Routes that a later version answers: they stand in the description and give 501 (admission). */
#include "api/routes/table.h"

/* ---- the routes ---- */

static const struct route rows[] = {
	{ R(POST, "/backtests"), T, LATER("Start a backtest") },
	{ R(GET, "/backtests"), V, LATER("All backtests") },
	{ R(GET, "/backtests/:id"), V, LATER("One backtest") },
	{ R(GET, "/backtests/:id/report"), V, LATER("A backtest's report as a page") },
	{ R(GET, "/backtests/:id/trades"), V, LATER("A backtest's trades") },
	{ R(DELETE, "/backtests/:id"), T, LATER("Delete a backtest") },
	{ R(POST, "/training"), T, LATER("Start a training") },
	{ R(GET, "/training"), V, LATER("All trainings") },
	{ R(GET, "/training/:id"), V, LATER("One training") },
	{ R(DELETE, "/training/:id"), T, LATER("Delete a training") },
	{ R(GET, "/training/schedule"), V, LATER("When models are trained again") },
	{ R(PUT, "/training/schedule"), T, LATER("Change when models are trained again") },
};
const struct route_group later_routes = { "Jobs", ROWS_OF(rows), NULL, 0 };
