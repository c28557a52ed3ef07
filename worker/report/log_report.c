#include "worker/report/log_report.h"

#include "common/log.h"
#include "worker/trade/order.h"

#include <string.h>

static void on_order(void *ctx, const struct order *o)
{
	char price[MONEY_TEXT_MAX], pnl[MONEY_TEXT_MAX];

	(void)ctx;
	if (o->status == ORDER_CLOSED && qty_sign(o->filled) > 0)
		log_info("order", o->correlation_id, "bot %lld order %lld: active -> closed (%s), "
			 "exit %s, pnl %s", (long long)o->bot_id, (long long)o->id,
			 close_reason_name(o->reason), price_text(order_exit_price(o), price),
			 money_text(o->pnl, pnl));
	else if (o->status == ORDER_CLOSED)
		log_info("order", o->correlation_id, "bot %lld order %lld: pending -> closed (%s)",
			 (long long)o->bot_id, (long long)o->id, close_reason_name(o->reason));
}

static void on_move(void *ctx, const struct order_event *m)
{
	char price[MONEY_TEXT_MAX], qty[MONEY_TEXT_MAX];
	const struct order *o = m->order;

	(void)ctx;
	if (m->leg_id == 0 && !m->from[0])
		log_info("order", o->correlation_id,
			 "bot %lld order %lld: new -> pending, %s %s %s at "
			 "%s, confidence %.4f",
			 (long long)o->bot_id, (long long)o->id, side_name(o->side),
			 qty_text(o->quantity, qty), o->symbol, price_text(o->limit_price, price),
			 o->confidence);
}

static void on_fill(void *ctx, const struct fill_report *f)
{
	char price[MONEY_TEXT_MAX], qty[MONEY_TEXT_MAX], fee[MONEY_TEXT_MAX];

	(void)ctx;
	log_info("fill", f->leg->correlation_id,
		 "bot %lld order %lld: %s %s %s at %s, fee %s %s, %s", (long long)f->order->bot_id,
		 (long long)f->order->id, f->leg->client_order_id, side_name(f->leg->side),
		 qty_text(f->quantity, qty), price_text(f->price, price),
		 money_text(money_of_units(f->fee_e8), fee), f->fee_asset,
		 f->maker ? "maker" : "taker");
}

static void on_status(void *ctx, const struct status_report *s)
{
	(void)ctx;
	log_write(strcmp(s->event, "failure") == 0 ? LOG_ERROR : LOG_INFO, "bot", s->correlation_id,
		  "bot %lld: %s -> %s (%s by %s)%s%s", (long long)s->bot_id,
		  bot_status_name(s->from), bot_status_name(s->to), s->event, s->requested_by,
		  s->reason[0] ? ": " : "", s->reason);
}

static void on_leg(void *ctx, const struct order *o, const struct leg *l)
{
	(void)ctx;
	if (leg_status(l) == STATUS_REJECTED)
		log_warn("order", l->correlation_id, "bot %lld order %lld: %s rejected: %s",
			 (long long)o->bot_id, (long long)o->id, l->client_order_id,
			 l->reject_reason);
}

static void on_notice(void *ctx, int64_t bot_id, const char *correlation_id, const char *text)
{
	(void)ctx;
	log_warn("bot", correlation_id, "bot %lld: %s", (long long)bot_id, text);
}

struct reporter log_reporter(void)
{
	return (struct reporter){
		.order = on_order, .leg = on_leg, .move = on_move, .fill = on_fill,
		.status = on_status,
		.notice = on_notice,
	};
}
