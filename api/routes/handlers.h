/*
 * handlers.h - the functions that the route table calls, by file.
 * What each must do: struct route in route.h; what each answers: docs/API.md.
 */
#ifndef API_ROUTES_HANDLERS_H
#define API_ROUTES_HANDLERS_H

#include "api/http/request.h"
#include "api/store/rows.h"
#include "common/registry/bot_config.h"

/* paging.c: limit and cursor of a list; 400 for a cursor that we did not give. */
MUST_CHECK int request_page(struct request *r, struct page *p, struct err *e);

/* bot.c: arg is the command's kind */
int handle_bot_command(struct request *r, struct err *e);
int handle_all_bots_command(struct request *r, struct err *e);
int handle_command_get(struct request *r, struct err *e);

/* status.c */
int handle_status(struct request *r, struct err *e);

/* health.c */
int handle_health(struct request *r, struct err *e);
int handle_status_health(struct request *r, struct err *e);
int handle_health_detailed(struct request *r, struct err *e);
int handle_info(struct request *r, struct err *e);

/* metrics.c */
void metrics_prepare(struct request *r);
int handle_metrics(struct request *r, struct err *e);

/* bots.c */
int handle_bots_list(struct request *r, struct err *e);
int handle_bots_get(struct request *r, struct err *e);
int handle_bots_post(struct request *r, struct err *e);
int handle_bots_put(struct request *r, struct err *e);
int handle_bots_delete(struct request *r, struct err *e);
int handle_bots_events(struct request *r, struct err *e);

/*
 * config.c. May this token change a bot's settings from old to c by this patch? 403 when a key
 * needs an admin.
 */
MUST_CHECK int config_check_role(struct request *r, const struct bot_config *old,
				 const struct bot_config *c, const cJSON *patch, struct err *e);
int handle_config_get(struct request *r, struct err *e);
int handle_config_put(struct request *r, struct err *e);
int handle_config_validate(struct request *r, struct err *e);
int handle_config_history(struct request *r, struct err *e);
int handle_config_rollback(struct request *r, struct err *e);

/* orders.c */
int handle_orders_active(struct request *r, struct err *e);
int handle_orders_history(struct request *r, struct err *e);
int handle_orders_report(struct request *r, struct err *e);
int handle_order_answer(struct request *r, struct err *e);	/* arg: confirm, reject */

/* stats.c */
int handle_stats(struct request *r, struct err *e);
int handle_stats_pnl(struct request *r, struct err *e);
int handle_stats_update(struct request *r, struct err *e);

/* signals.c */
int handle_signals(struct request *r, struct err *e);

/* positions.c */
int handle_positions(struct request *r, struct err *e);
int handle_position_close(struct request *r, struct err *e);
int handle_positions_close_all(struct request *r, struct err *e);

/* simulation.c */
int handle_simulation_status(struct request *r, struct err *e);
int handle_simulation_performance(struct request *r, struct err *e);
int handle_simulation_portfolio(struct request *r, struct err *e);
int handle_simulation_ledger(struct request *r, struct err *e);
int handle_simulation_reset(struct request *r, struct err *e);

/* data.c */
int handle_equity(struct request *r, struct err *e);
int handle_candles(struct request *r, struct err *e);
int handle_markets(struct request *r, struct err *e);
int handle_data(struct request *r, struct err *e);

/* models.c */
int handle_models_list(struct request *r, struct err *e);
int handle_models_get(struct request *r, struct err *e);
int handle_models_symbol(struct request *r, struct err *e);
int handle_models_put(struct request *r, struct err *e);
int handle_models_delete(struct request *r, struct err *e);
int handle_models_assign(struct request *r, struct err *e);
/* 422 unless it is written as the exchange does. */
int models_check_symbol(struct request *r, const char *symbol, struct err *e);

/* model_files.c */
int handle_models_upload(struct request *r, struct err *e);
int handle_models_download(struct request *r, struct err *e);
int handle_models_predict(struct request *r, struct err *e);

/* jobs.c */
int handle_jobs_list(struct request *r, struct err *e);
int handle_jobs_get(struct request *r, struct err *e);
int handle_jobs_cancel(struct request *r, struct err *e);

/* admin.c */
int handle_logs(struct request *r, struct err *e);
int handle_tokens_list(struct request *r, struct err *e);
int handle_tokens_post(struct request *r, struct err *e);
int handle_tokens_delete(struct request *r, struct err *e);
int handle_audit(struct request *r, struct err *e);

/* push.c */
int handle_events(struct request *r, struct err *e);
int handle_ws(struct request *r, struct err *e);

/* page.c */
int handle_page(struct request *r, struct err *e);
int handle_docs(struct request *r, struct err *e);
int handle_openapi(struct request *r, struct err *e);

#endif
