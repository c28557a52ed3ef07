#include "worker/report/stdout_report.h"

#include "common/json.h"
#include "common/output.h"
#include "worker/trade/order.h"

#include <unistd.h>

/* Never blocks, because a reader that is gone or hangs must not stop trading. */
static void line(struct buf *b)
{
	buf_putc(b, '\n');
	output_line(STDOUT_FILENO, b->data, b->len);
	buf_free(b);
}

static void on_dropped(struct buf *out, unsigned long dropped)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_string(&j, "event", "dropped");
	json_int(&j, "lines", (int64_t)dropped);
	json_object_end(&j);
	buf_putc(out, '\n');
}

static void on_order(void *ctx, const struct order *o)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };

	(void)ctx;
	json_object(&j, NULL);
	json_string(&j, "event", "order");
	json_int(&j, "bot_id", o->bot_id);
	json_int(&j, "order_id", o->id);
	json_string(&j, "symbol", o->symbol);
	json_string(&j, "side", side_name(o->side));
	json_string(&j, "status", order_status_name(o->status));
	json_string(&j, "close_reason", close_reason_name(o->reason));
	json_price(&j, "entry_price", order_entry_price(o));
	json_price(&j, "take_profit", o->take_profit);
	json_price(&j, "stop_loss", o->stop_loss);
	json_qty(&j, "quantity", o->quantity);
	json_qty(&j, "filled", o->filled);
	json_money(&j, "pnl", o->pnl);
	json_double(&j, "confidence", o->confidence);
	json_string(&j, "correlation_id", o->correlation_id);
	json_object_end(&j);
	line(&b);
}

static void on_fill(void *ctx, const struct fill_report *f)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };

	(void)ctx;
	json_object(&j, NULL);
	json_string(&j, "event", "fill");
	json_int(&j, "bot_id", f->order->bot_id);
	json_int(&j, "order_id", f->order->id);
	json_string(&j, "client_order_id", f->leg->client_order_id);
	json_string(&j, "side", side_name(f->leg->side));
	json_price(&j, "price", f->price);
	json_qty(&j, "quantity", f->quantity);
	json_money(&j, "fee", money_of_units(f->fee_e8));
	json_string(&j, "fee_asset", f->fee_asset);
	json_bool(&j, "maker", f->maker);
	json_time(&j, "at", f->at_us);
	json_object_end(&j);
	line(&b);
}

static void on_stats(void *ctx, const struct day_stats *s, const struct day_stats *trade)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };

	(void)ctx;
	(void)trade;
	json_object(&j, NULL);
	json_string(&j, "event", "stats");
	json_int(&j, "bot_id", s->bot_id);
	json_string(&j, "day", s->day);
	json_int(&j, "trades", s->trades);
	json_int(&j, "wins", s->wins);
	json_int(&j, "losses", s->losses);
	json_money(&j, "net", s->net);
	json_money(&j, "fees", s->fees);
	json_object_end(&j);
	line(&b);
}

static void on_status(void *ctx, const struct status_report *s)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };

	(void)ctx;
	json_object(&j, NULL);
	json_string(&j, "event", "status");
	json_int(&j, "bot_id", s->bot_id);
	json_string(&j, "from", bot_status_name(s->from));
	json_string(&j, "to", bot_status_name(s->to));
	json_string(&j, "why", s->event);
	json_string(&j, "reason", s->reason);
	json_string(&j, "requested_by", s->requested_by);
	json_string(&j, "correlation_id", s->correlation_id);
	json_time(&j, "at", s->at_us);
	json_object_end(&j);
	line(&b);
}

static void on_notice(void *ctx, int64_t bot_id, const char *correlation_id, const char *text)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };

	(void)ctx;
	json_object(&j, NULL);
	json_string(&j, "event", "error");
	json_int(&j, "bot_id", bot_id);
	json_string(&j, "message", text);
	json_string(&j, "correlation_id", correlation_id);
	json_object_end(&j);
	line(&b);
}

struct reporter stdout_reporter(void)
{
	output_start();
	output_on_dropped(STDOUT_FILENO, on_dropped);
	return (struct reporter){
		.order = on_order, .fill = on_fill, .stats = on_stats, .status = on_status,
		.notice = on_notice,
	};
}
