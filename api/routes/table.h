/*
 * table.h - what the files of this folder write their tables with: a row for each route, the
 * parameters that it takes, and the objects that it answers with.
 */
#ifndef API_ROUTES_TABLE_H
#define API_ROUTES_TABLE_H

#include "api/http/part.h"
#include "api/http/request.h"
#include "api/store/rows.h"

/* ---- the groups, in one file each ---- */

extern const struct route_group status_routes, bot_routes, health_routes, metrics_routes,
	bots_routes, config_routes, orders_routes, signals_routes, stats_routes,
	positions_routes, simulation_routes, data_routes, models_routes, model_files_routes,
	later_routes, jobs_routes, logs_routes, push_routes, tokens_routes, page_routes;

/* ---- what several of them need ---- */

/* paging.c: limit and cursor of a list; 400 for a cursor that we did not give. */
MUST_CHECK int request_page(struct request *r, struct page *p, struct err *e);
/* The bot of the path: its number, if there is such a bot; the same and the page. */
MUST_CHECK int request_bot(struct request *r, int64_t *id, struct err *e);
MUST_CHECK int request_bot_page(struct request *r, int64_t *id, struct page *p, struct err *e);
/* The number in the path, and a transaction for what is done with its row. */
MUST_CHECK int request_begin(struct request *r, int64_t *id, struct err *e);
extern const struct param page_params[];
/* paging.c: adds a field error when a time that was given lies in the future. */
void request_check_past(struct request *r, const char *name, int64_t us);
/* models.c: 422 unless it is written as the exchange does. */
MUST_CHECK int models_check_symbol(struct request *r, const char *symbol, struct err *e);
/*
 * config.c. May this token change a bot's settings from old to c by this patch? 403 when a key
 * needs an admin.
 */
struct bot_config;
MUST_CHECK int config_check_role(struct request *r, const struct bot_config *old,
				 const struct bot_config *c, const cJSON *patch, struct err *e);
/* What stats_json and store_positions_list write. */
extern const struct part_field stats_fields[], position_fields[];

/* ---- rows ---- */

#define GET EVHTTP_REQ_GET
#define POST EVHTTP_REQ_POST
#define PUT EVHTTP_REQ_PUT
#define DELETE EVHTTP_REQ_DELETE

#define ROWS_OF(table) (table), sizeof(table) / sizeof((table)[0])
#define R(m, p) .method = m, .path = p
#define V .role = ROLE_VIEWER
#define T .role = ROLE_TRADER
#define A .role = ROLE_ADMIN
#define DO(h, text) .handler = handle_##h, .summary = text
#define LATER(text) .later = true, .summary = text	/* no handler: 501 */
#define TRADING "/trading/bots/:id"
/* What it answers: an object of parts, by its name. */
#define ONE(t) .gives = { { 200, t } }
#define COMMAND(more) .gives = { { 200, "CommandAnswer" }, { 202, "CommandQueued" } }, \
	.says = SAYS_CONFLICT | SAYS_COMMAND | SAYS_IDEMPOTENT | SAYS_LOCATION | (more)
/* What another change of the API answers: a repeat with the same key may be refused. */
#define CHANGE (SAYS_CONFLICT | SAYS_IDEMPOTENT)

/* ---- parameters ---- */

#define END { .name = NULL }
#define PAGE \
	{ .name = "limit", .type = PARAM_INT, .min = 1, .max = PAGE_LIMIT_MAX, \
	  .help = "rows at most, 50 unless given" }, \
	{ .name = "cursor", .type = PARAM_TEXT, .min = 1, .max = PAGE_CURSOR_MAX - 1, \
	  .help = "next_cursor of the answer before" }
#define BOT_ID \
	{ .name = "bot_id", .type = PARAM_INT, .min = 1, .max = 1e15, .help = "bots.id" }
#define SYMBOL(req) \
	{ .name = "symbol", .type = PARAM_TEXT, .required = req, .min = 1, .max = SYMBOL_MAX - 1, \
	  .help = "such as BTCUSDT" }
#define FROM_TO \
	{ .name = "from", .type = PARAM_TIME, .help = "first moment, inclusive" }, \
	{ .name = "to", .type = PARAM_TIME, .help = "last moment, exclusive" }
#define AMOUNT_MAX 9e10	/* of what money.h holds */
#define AMOUNT(n, req, low, text) \
	{ .name = n, .type = PARAM_AMOUNT, .required = req, .nullable = true, .min = low, \
	  .max = AMOUNT_MAX, .help = text }
#define COUNT(n, text) \
	{ .name = n, .type = PARAM_INT, .min = 0, .max = 1e9, .help = text }

/* ---- objects ---- */

#define FIELDS(...) (const struct part_field[]){ __VA_ARGS__, { NULL, NULL, NULL } }
/* A remark about a column: it may be null; its values; its meaning. */
#define MAYBE(name) { name, "?", NULL }
#define HELP(name, text) { name, NULL, text }
#define F(name, type) { name, type, NULL }
#define OK F("success", "bool")
#define NOW F("timestamp", "time")

#define OBJECT(part, text, ...) { part, text, NULL, FIELDS(__VA_ARGS__), NULL }
#define ROWS(part, text, columns, ...) { part, text, columns, FIELDS(__VA_ARGS__), NULL }
/* "orders": [Order], "next_cursor" */
#define PAGE_OF(part, key, row, text) \
	{ part, text, NULL, FIELDS(F(key, "[" row "]"), F("next_cursor", "text?")), NULL }
#define LIST_OF(part, key, row, text) { part, text, NULL, FIELDS(F(key, "[" row "]")), NULL }

#define BOT_STATE "stopped|running|paused|error"
#define BOT_STATE_CAPITALS "STOPPED|RUNNING|PAUSED|ERROR"
#define MODE "simulation|live"

#endif
