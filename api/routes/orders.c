/* Orders of a bot: open ones, closed ones, reports from outside, held entries. */
#include "api/routes/handlers.h"
#include "api/store/bots.h"
#include "api/store/orders.h"
#include "common/clock.h"

#include <stdio.h>

static int bot_and_page(struct request *r, int64_t *id, struct page *p, struct err *e)
{
	int rc = request_id(r, "id", id, e);

	if (!rc)
		rc = store_bots_exists(r->db, *id, e);
	if (!rc)
		rc = request_page(r, p, e);
	return rc;
}

int handle_orders_active(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int64_t id;
	int rc = bot_and_page(r, &id, &p, e);

	return rc ? rc : store_orders_active(r->db, id, &p, &r->json, e);
}

int handle_orders_history(struct request *r, struct err *e)
{
	const struct order_filter f = {
		.from_us = request_query_time(r, "from", 0),
		.to_us = request_query_time(r, "to", INT64_MAX),
		.symbol = request_query(r, "symbol"),
		.reason = request_query(r, "reason"),
	};
	struct page p = { 0 };
	int64_t id;
	int rc = bot_and_page(r, &id, &p, e);

	return rc ? rc : store_orders_history(r->db, id, &f, &p, &r->json, e);
}

#define NUMBER(o, r, field) \
	do { \
		const cJSON *v = request_member(r, #field); \
		(o)->field.given = v != NULL; \
		(o)->field.value = v ? v->valuedouble : 0; \
	} while (0)

static int64_t time_member(struct request *r, const char *name)
{
	const char *text = request_text(r, name, NULL);
	int64_t us = 0;

	return text && !clock_parse(text, &us) ? us : 0;
}

static void read_report(struct request *r, struct order_report *o)
{
	o->order_id = request_text(r, "order_id", NULL);
	o->symbol = request_text(r, "symbol", NULL);
	o->side = request_text(r, "side", NULL);
	o->status = request_text(r, "status", NULL);
	o->close_reason = request_text(r, "close_reason", NULL);
	NUMBER(o, r, entry_price);
	NUMBER(o, r, exit_price);
	NUMBER(o, r, take_profit);
	NUMBER(o, r, stop_loss);
	NUMBER(o, r, quantity);
	NUMBER(o, r, pnl);
	NUMBER(o, r, fees);
	NUMBER(o, r, confidence);
	o->created_us = time_member(r, "created");
	o->closed_us = time_member(r, "closed");
}

int handle_orders_report(struct request *r, struct err *e)
{
	struct order_report o = { 0 };
	struct db *db = r->db;
	bool created = false;
	int64_t bot_id, id = 0;
	int rc;

	rc = request_id(r, "id", &bot_id, e);
	if (!rc)
		rc = store_bots_exists(db, bot_id, e);
	if (!rc)
		rc = db_begin(db, e);
	if (rc)
		return rc;
	read_report(r, &o);
	rc = store_orders_report_tx(db, bot_id, &o, clock_now_us(), &id, &created, e);
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	r->code = created ? 201 : 200;
	if (created) {
		char link[80];

		snprintf(link, sizeof(link), "/api/v1/trading/bots/%lld/orders", (long long)bot_id);
		request_add_header(r, "Location", link);
	}
	json_bool(&r->json, "success", true);
	return store_orders_reported(db, id, &r->json, e);
}

int handle_order_answer(struct request *r, struct err *e)
{
	struct db *db = r->db;
	int64_t bot_id, order_id;
	int rc;

	rc = request_id(r, "id", &bot_id, e);
	if (!rc)
		rc = request_id(r, "order", &order_id, e);
	if (!rc)
		rc = db_begin(db, e);
	if (rc)
		return rc;
	rc = store_orders_answer_tx(db, bot_id, order_id, r->route->arg, r->who.name,
				    clock_now_us(), e);
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	json_int(&r->json, "order", order_id);
	json_string(&r->json, "answer", r->route->arg);
	return 0;
}
