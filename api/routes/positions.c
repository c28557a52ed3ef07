/* What is held now, and closing it. */
#include "api/pending/command.h"
#include "api/routes/handlers.h"
#include "api/store/bots.h"
#include "api/store/positions.h"
#include "common/clock.h"

#include <stdio.h>

int handle_positions(struct request *r, struct err *e)
{
	int64_t now = clock_now_us(), id = 0;
	int rc = 0;

	if (request_path_value(r, "id")) {
		rc = request_id(r, "id", &id, e);
		if (!rc)
			rc = store_bots_exists(r->app->db, id, e);
	}
	if (!rc)
		rc = store_positions_list(r->app->db, id, now, &r->json, e);
	json_time(&r->json, "timestamp", now);
	return rc;
}

int handle_position_close(struct request *r, struct err *e)
{
	int64_t order, bot_id;
	char args[64];
	int rc;

	rc = request_id(r, "order", &order, e);
	if (!rc)
		rc = store_positions_bot(r->app->db, order, &bot_id, e);
	if (rc)
		return rc;
	snprintf(args, sizeof(args), "{\"order_id\":%lld}", (long long)order);
	return command_send(r, "close-position", bot_id, args, e);
}

int handle_positions_close_all(struct request *r, struct err *e)
{
	int64_t bot_id = request_int(r, "bot_id", 0);
	int rc = bot_id ? store_bots_check_ours(r->app->db, bot_id, e) : 0;

	return rc ? rc : command_send(r, "close-all", bot_id, "{}", e);
}
