/*
 * bot_view.h - what a bot is doing, and its worker: bots, bot_state, trading_configs and
 * worker_heartbeat in one look. The API, the command line and the chat show it.
 */
#ifndef COMMON_VIEW_BOT_VIEW_H
#define COMMON_VIEW_BOT_VIEW_H

#include "common/db/db.h"
#include "common/money.h"
#include "common/registry/bot_settings.h"
#include "common/registry/heartbeat.h"

#include <stdint.h>

struct bot_view {
	int64_t bot_id;
	char name[128];
	char status[12];		/* STOPPED, RUNNING, PAUSED, ERROR */
	int64_t emergency;		/* 0 none, 1 flattening, 2 latched */
	char error[480];
	char mode[16];			/* simulation, live; "" when it never ran */
	int64_t start_us, last_execution_us;	/* machine's time; market's (market_clock.h) */
	int64_t cooldown_until_us;	/* market's time, 0 none */
	int64_t config_wanted, config_applied;
	char config_error[480];
	int64_t model_wanted;		/* assigned, 0 none */
	int64_t model_id;		/* applied, 0 none */
	char model_error[480];
	char model_warning[256];	/* of the one that is wanted (models.warning) */
	int64_t pending_orders, open_positions, max_positions;
	int64_t candles;		/* closed ones in its window */
	/* Of the newest settings. */
	char symbol[SYMBOL_MAX], interval[8], strategy[STRATEGY_NAME_MAX];
	char strategy_params[400];	/* JSON */
	struct money equity, peak_equity, day_equity;
	char day[12];			/* UTC day of day_equity; "" none yet */
	struct price last_price;
	struct worker_look worker;
};

/* now_us: the machine's; 0: without the worker. ERR_NOT_FOUND: no such bot. */
MUST_CHECK int bot_view_get(struct db *db, int64_t bot_id, int64_t now_us, struct bot_view *out,
			    struct err *e);
typedef void bot_view_fn(void *ctx, const struct bot_view *b);
/* All bots by id, without the worker. */
MUST_CHECK int bot_view_each(struct db *db, bot_view_fn *each, void *ctx, struct err *e);

#endif
