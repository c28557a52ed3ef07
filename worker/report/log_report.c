#include "worker/report/log_report.h"

#include "common/log.h"
#include "worker/trade/order.h"

#include <string.h>

static const char *mode_name(int64_t account_id)
{
	return account_id ? "live" : "simulation";
}

static struct log_context about_order(const struct order *o)
{
	return (struct log_context){
		.bot_id = o->bot_id, .order_id = o->id, .symbol = o->symbol,
		.side = side_name(o->side), .trading_mode = mode_name(o->account_id),
	};
}

static void on_order(void *ctx, const struct order *o)
{
	const struct log_context about = about_order(o);
	char price[MONEY_TEXT_MAX], pnl[MONEY_TEXT_MAX];

	(void)ctx;
	if (o->status == ORDER_CLOSED && qty_sign(o->filled) > 0)
		log_about(LOG_INFO, "order", o->correlation_id, &about,
			  "bot %lld order %lld: active -> closed (%s), exit %s, pnl %s",
			  (long long)o->bot_id, (long long)o->id, close_reason_name(o->reason),
			  price_text(order_exit_price(o), price), money_text(o->pnl, pnl));
	else if (o->status == ORDER_CLOSED)
		log_about(LOG_INFO, "order", o->correlation_id, &about,
			  "bot %lld order %lld: pending -> closed (%s)", (long long)o->bot_id,
			  (long long)o->id, close_reason_name(o->reason));
}

static void on_move(void *ctx, const struct order_event *m)
{
	char price[MONEY_TEXT_MAX], qty[MONEY_TEXT_MAX];
	const struct order *o = m->order;
	struct log_context about = about_order(o);

	(void)ctx;
	about.confidence = &o->confidence;
	if (m->leg_id == 0 && !m->from[0])
		log_about(LOG_INFO, "order", o->correlation_id, &about,
			  "bot %lld order %lld: new -> pending, %s %s %s at %s, confidence %.4f",
			  (long long)o->bot_id, (long long)o->id, side_name(o->side),
			  qty_text(o->quantity, qty), o->symbol, price_text(o->limit_price, price),
			  o->confidence);
}

static void on_fill(void *ctx, const struct fill_report *f)
{
	char price[MONEY_TEXT_MAX], qty[MONEY_TEXT_MAX], fee[MONEY_TEXT_MAX];
	struct log_context about = about_order(f->order);

	(void)ctx;
	about.side = side_name(f->leg->side);
	log_about(LOG_INFO, "fill", f->leg->correlation_id, &about,
		  "bot %lld order %lld: %s %s %s at %s, fee %s %s, %s",
		  (long long)f->order->bot_id, (long long)f->order->id, f->leg->client_order_id,
		  side_name(f->leg->side), qty_text(f->quantity, qty), price_text(f->price, price),
		  money_text(money_of_units(f->fee_e8), fee), f->fee_asset,
		  f->maker ? "maker" : "taker");
}

/*
 * One line for a decision. Equal ones in a row have two: the first, and when the row ends, their
 * count. Reports between, which write the count of a row that goes on, have none.
 */
static void on_signal(void *ctx, const struct signal_report *s)
{
	const char *side = s->wanted ? side_name(s->side) : "NONE";
	struct log_context about = {
		.bot_id = s->bot_id, .order_id = s->order_id, .signal_id = s->id,
		.model_id = s->model_id, .symbol = s->symbol, .side = side,
		.strategy = s->strategy, .rule = s->rule, .confidence = &s->confidence,
		.trading_mode = mode_name(s->account_id),
	};

	(void)ctx;
	if (s->ended) {
		about.repeats = s->repeats;
		log_about(LOG_INFO, LOG_SIGNAL, s->correlation_id, &about,
			  "bot %lld signal %lld: %s %s ends, %lld equal decisions in %.1f s (%s)",
			  (long long)s->bot_id, (long long)s->id, side, s->symbol,
			  (long long)s->repeats, (double)(s->last_us - s->at_us) / 1e6, s->rule);
	} else if (s->repeats == 1) {
		log_about(LOG_INFO, LOG_SIGNAL, s->correlation_id, &about,
			  "bot %lld signal %lld: %s %s, confidence %.4f, %s (%s): %s",
			  (long long)s->bot_id, (long long)s->id, side, s->symbol, s->confidence,
			  s->taken ? "taken" : s->wanted ? "refused" : "no entry", s->rule,
			  s->reason);
	}
}

static void on_status(void *ctx, const struct status_report *s)
{
	const struct log_context about = { .bot_id = s->bot_id };

	(void)ctx;
	log_about(strcmp(s->event, "failure") == 0 ? LOG_ERROR : LOG_INFO, "bot",
		  s->correlation_id, &about, "bot %lld: %s -> %s (%s by %s)%s%s",
		  (long long)s->bot_id, bot_status_name(s->from), bot_status_name(s->to), s->event,
		  s->requested_by, s->reason[0] ? ": " : "", s->reason);
}

static void on_leg(void *ctx, const struct order *o, const struct leg *l)
{
	struct log_context about = about_order(o);

	(void)ctx;
	about.side = side_name(l->side);
	if (leg_status(l) == STATUS_REJECTED)
		log_about(LOG_WARN, "order", l->correlation_id, &about,
			  "bot %lld order %lld: %s rejected: %s", (long long)o->bot_id,
			  (long long)o->id, l->client_order_id, l->reject_reason);
}

static void on_notice(void *ctx, int64_t bot_id, const char *correlation_id, const char *text)
{
	const struct log_context about = { .bot_id = bot_id };

	(void)ctx;
	log_about(LOG_WARN, "bot", correlation_id, &about, "bot %lld: %s", (long long)bot_id, text);
}

struct reporter log_reporter(void)
{
	return (struct reporter){
		.order = on_order, .leg = on_leg, .move = on_move, .fill = on_fill,
		.signal = on_signal, .status = on_status, .notice = on_notice,
	};
}
