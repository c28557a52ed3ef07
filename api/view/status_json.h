/*
 * status_json.h - a bot's status as the API shows it.
 */
#ifndef API_VIEW_STATUS_JSON_H
#define API_VIEW_STATUS_JSON_H

#include "common/config.h"
#include "common/fees.h"
#include "common/json.h"
#include "common/view/bot_view.h"

/* The members of GET /status, into an open object. */
void status_json(struct json *j, const struct bot_view *b, int64_t now_us);
/* "worker": { status, last_beat_age_ms, ... } */
void worker_json(struct json *j, const struct worker_look *w);
/* "equity", "last_price"; null as long as no worker has had the bot */
void worth_json(struct json *j, const struct bot_view *b);

/*
 * "commission": {maker, taker, source}: what a paper fill costs on spot, or on futures, as
 * fractions of its value, and who says so.
 */
void commission_json(struct json *j, const struct config *cfg, bool futures);

#endif
