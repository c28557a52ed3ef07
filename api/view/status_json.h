/*
 * status_json.h - a bot's status as the API shows it.
 */
#ifndef API_VIEW_STATUS_JSON_H
#define API_VIEW_STATUS_JSON_H

#include "api/store/status.h"
#include "common/config.h"
#include "common/fees.h"
#include "common/json.h"

/* The members of GET /status, into an open object. */
void status_json(struct json *j, const struct bot_status *b, int64_t now_us);
/* "running"; "stopped": ended cleanly; "away": no beat for HEARTBEAT_DEAD_US; "never": none yet */
const char *worker_state(const struct bot_status *b, int64_t now_us);
bool worker_runs(const struct bot_status *b, int64_t now_us);	/* is it "running"? */
/* "worker": { status, last_beat_age_ms, ... } */
void worker_json(struct json *j, const struct bot_status *b, int64_t now_us);
/* "equity", "last_price"; null as long as no worker has had the bot */
void worth_json(struct json *j, const struct bot_status *b);
/* Lower case into out (16 bytes); returns out. */
const char *status_lower(const char *status, char out[16]);

/*
 * "commission": {maker, taker, source}: what a paper fill costs on spot, or on futures, as
 * fractions of its value, and who says so.
 */
void commission_json(struct json *j, const struct config *cfg, bool futures);

#endif
