/*
 * All routes: one group for each resource, whose file has its handlers and its rows. A new
 * route is a row there and a section in docs/API.md (test_api_docs compares them). The order
 * is that of the description.
 */
#include "api/routes/table.h"

const struct route_group *const route_groups[] = {
	&status_routes,
	&bot_routes,
	&health_routes,
	&metrics_routes,
	&bots_routes,
	&config_routes,
	&orders_routes,
	&signals_routes,
	&stats_routes,
	&positions_routes,
	&simulation_routes,
	&data_routes,
	&models_routes,
	&model_files_routes,
	&later_routes,
	&jobs_routes,
	&logs_routes,
	&push_routes,
	&tokens_routes,
	&page_routes,
	NULL
};
