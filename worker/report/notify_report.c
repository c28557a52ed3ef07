#include "worker/report/notify_report.h"

#include "common/buf.h"
#include "common/json.h"
#include "worker/trade/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct notify_seen {
	int64_t bot_id, config_version, model_id;
	char config_error[128], model_error[128];	/* their beginnings */
};

struct draft {				/* a message while it is written */
	struct notify_report *report;
	struct message m;
	struct buf text, data;
	struct json j;			/* writes members into data */
};

/* False: nobody wants it. */
static bool begin(struct draft *d, void *ctx, enum notify_kind kind, int64_t bot_id,
		  int64_t at_us)
{
	struct notify_report *n = ctx;

	if (!n->wanted(n->ctx, kind, bot_id))
		return false;
	*d = (struct draft){ .report = n };
	d->m = (struct message){
		.kind = kind, .bot_id = bot_id, .at_us = at_us, .correlation_id = ""
	};
	d->j.out = &d->data;
	return true;
}

static void end(struct draft *d)
{
	d->m.text = buf_text(&d->text);
	d->m.data = buf_text(&d->data);
	d->report->tell(d->report->ctx, &d->m);
	buf_free(&d->text);
	buf_free(&d->data);
}

static const char *signed_money(struct money m, char out[MONEY_TEXT_MAX + 1])
{
	char text[MONEY_TEXT_MAX];

	snprintf(out, MONEY_TEXT_MAX + 1, "%s%s", money_sign(m) > 0 ? "+" : "",
		 money_text(m, text));
	return out;
}

static const char *direction(const struct order *o)
{
	return o->side == SIDE_BUY ? "long" : "short";
}

static void order_data(struct draft *d, const struct order *o)
{
	d->m.correlation_id = o->correlation_id;
	json_int(&d->j, "order_id", o->id);
	json_string(&d->j, "symbol", o->symbol);
	json_string(&d->j, "side", side_name(o->side));
	json_string(&d->j, "status", order_status_name(o->status));
	json_price(&d->j, "limit_price", o->limit_price);
	json_price(&d->j, "entry_price", order_entry_price(o));
	json_price(&d->j, "take_profit", o->take_profit);
	json_price(&d->j, "stop_loss", o->stop_loss);
	json_qty(&d->j, "quantity", o->quantity);
	json_qty(&d->j, "filled", o->filled);
	json_double(&d->j, "confidence", o->confidence);
	json_string(&d->j, "strategy", o->strategy);
	if (o->status != ORDER_CLOSED)
		return;
	json_price(&d->j, "exit_price", order_exit_price(o));
	json_money(&d->j, "pnl", o->pnl);
	json_string(&d->j, "close_reason", close_reason_name(o->reason));
	json_time(&d->j, "opened_at", o->opened_us);
	json_time(&d->j, "closed_at", o->closed_us);
}

static void entry_placed(void *ctx, const struct order *o)
{
	char price[MONEY_TEXT_MAX], qty[MONEY_TEXT_MAX];
	struct draft d;

	if (!begin(&d, ctx, NOTIFY_ENTRY, o->bot_id, o->created_us))
		return;
	buf_printf(&d.text, "Bot %lld: %s %s, entry placed\n%s at %s, confidence %.4f, trade %lld",
		   (long long)o->bot_id, o->symbol, direction(o), qty_text(o->quantity, qty),
		   price_text(o->limit_price, price), o->confidence, (long long)o->id);
	order_data(&d, o);
	end(&d);
}

static void entry_cancelled(void *ctx, const struct order *o)
{
	struct draft d;

	if (!begin(&d, ctx, NOTIFY_ENTRY_CANCEL, o->bot_id, o->closed_us))
		return;
	buf_printf(&d.text, "Bot %lld: %s %s, entry ended without a fill\n%s, trade %lld",
		   (long long)o->bot_id, o->symbol, direction(o), close_reason_name(o->reason),
		   (long long)o->id);
	order_data(&d, o);
	end(&d);
}

static void trade_closed(void *ctx, const struct order *o)
{
	char entry[MONEY_TEXT_MAX], exit[MONEY_TEXT_MAX], qty[MONEY_TEXT_MAX];
	char pnl[MONEY_TEXT_MAX + 1];
	struct draft d;

	if (!begin(&d, ctx, NOTIFY_EXIT_FILL, o->bot_id, o->closed_us))
		return;
	buf_printf(&d.text, "Bot %lld: %s %s closed, %s\n"
		   "%s; %s from %s to %s in %lld s, trade %lld",
		   (long long)o->bot_id, o->symbol, direction(o), signed_money(o->pnl, pnl),
		   close_reason_name(o->reason), qty_text(o->filled, qty),
		   price_text(order_entry_price(o), entry), price_text(order_exit_price(o), exit),
		   (long long)((o->closed_us - o->opened_us) / 1000000), (long long)o->id);
	order_data(&d, o);
	end(&d);
}

static void on_order(void *ctx, const struct order *o)
{
	if (o->status == ORDER_CLOSED && qty_sign(o->filled) > 0)
		trade_closed(ctx, o);
	else if (o->status == ORDER_CLOSED)
		entry_cancelled(ctx, o);
}

static void on_move(void *ctx, const struct order_event *m)
{
	if (m->leg_id == 0 && !m->from[0])
		entry_placed(ctx, m->order);
}

static void entry_filled(void *ctx, const struct order *o, const struct leg *l)
{
	char price[MONEY_TEXT_MAX], have[MONEY_TEXT_MAX], want[MONEY_TEXT_MAX];
	char profit[MONEY_TEXT_MAX], stop[MONEY_TEXT_MAX];
	struct draft d;

	if (!begin(&d, ctx, NOTIFY_ENTRY_FILL, o->bot_id, l->done_us))
		return;
	buf_printf(&d.text, "Bot %lld: %s %s opened\n"
		   "%s of %s at %s, target %s, stop %s, trade %lld",
		   (long long)o->bot_id, o->symbol, direction(o), qty_text(o->filled, have),
		   qty_text(o->quantity, want), price_text(order_entry_price(o), price),
		   price_sign(o->take_profit) > 0 ? price_text(o->take_profit, profit) : "none",
		   price_text(o->stop_loss, stop), (long long)o->id);
	order_data(&d, o);
	end(&d);
}

static void on_leg(void *ctx, const struct order *o, const struct leg *l)
{
	struct draft d;

	if (l->kind == LEG_ENTRY && leg_done(l) && qty_sign(l->filled) > 0)
		entry_filled(ctx, o, l);
	if (leg_status(l) != STATUS_REJECTED ||
	    !begin(&d, ctx, NOTIFY_WARNING, o->bot_id, l->done_us))
		return;
	buf_printf(&d.text, "Bot %lld: an order was rejected\n%s of trade %lld: %s",
		   (long long)o->bot_id, l->client_order_id, (long long)o->id, l->reject_reason);
	order_data(&d, o);
	json_string(&d.j, "client_order_id", l->client_order_id);
	json_string(&d.j, "reject_reason", l->reject_reason);
	end(&d);
}

static enum notify_kind kind_of(const struct status_report *s)
{
	if (strcmp(s->event, "failure") == 0)
		return NOTIFY_WARNING;
	if (strcmp(s->event, "emergency-stop") == 0 || strcmp(s->event, "flat") == 0)
		return NOTIFY_EMERGENCY;
	return NOTIFY_STATUS;
}

static void on_status(void *ctx, const struct status_report *s)
{
	struct draft d;

	if (!begin(&d, ctx, kind_of(s), s->bot_id, s->at_us))
		return;
	d.m.correlation_id = s->correlation_id;
	buf_printf(&d.text, "Bot %lld: %s -> %s\n%s by %s%s%s", (long long)s->bot_id,
		   bot_status_name(s->from), bot_status_name(s->to), s->event, s->requested_by,
		   *s->reason ? ": " : "", s->reason);
	json_string(&d.j, "from", bot_status_name(s->from));
	json_string(&d.j, "to", bot_status_name(s->to));
	json_string(&d.j, "why", s->event);
	json_string(&d.j, "reason", s->reason);
	json_string(&d.j, "requested_by", s->requested_by);
	end(&d);
}

static void on_notice(void *ctx, int64_t bot_id, const char *correlation_id, const char *text)
{
	struct draft d;

	if (!begin(&d, ctx, NOTIFY_WARNING, bot_id, 0))
		return;
	d.m.correlation_id = correlation_id;
	if (bot_id)
		buf_printf(&d.text, "Bot %lld needs a look\n%s", (long long)bot_id, text);
	else
		buf_printf(&d.text, "The worker needs a look\n%s", text);
	json_string(&d.j, "message", text);
	end(&d);
}

/* ---- settings and models ---- */

static struct notify_seen *seen_of(struct notify_report *n, int64_t bot_id)
{
	for (size_t i = 0; i < n->seen_n; i++)
		if (n->seen[i].bot_id == bot_id)
			return &n->seen[i];
	return NULL;
}

static struct notify_seen seen_now(const struct bot_report *b)
{
	struct notify_seen s = { .bot_id = b->bot_id, .config_version = b->config_version,
				 .model_id = b->model_id };

	snprintf(s.config_error, sizeof(s.config_error), "%s", b->config_error);
	snprintf(s.model_error, sizeof(s.model_error), "%s", b->model_error);
	return s;
}

static void PRINTF_LIKE(3, 4) reload(struct notify_report *n, const struct bot_report *b,
				     const char *fmt, ...)
{
	struct draft d;
	va_list ap;

	if (!begin(&d, n, NOTIFY_RELOAD, b->bot_id, b->updated_us))
		return;
	va_start(ap, fmt);
	buf_printf(&d.text, "Bot %lld: ", (long long)b->bot_id);
	buf_vprintf(&d.text, fmt, ap);
	va_end(ap);
	json_int(&d.j, "config_version", b->config_version);
	json_string(&d.j, "config_error", b->config_error);
	json_int(&d.j, "model_id", b->model_id);
	json_string(&d.j, "model_error", b->model_error);
	end(&d);
}

/* Called at least once a second for each bot, so an unchanged bot must cost almost nothing. */
static void on_bot(void *ctx, const struct bot_report *b)
{
	struct notify_report *n = ctx;
	struct notify_seen *old, now;

	if (!n->wanted(n->ctx, NOTIFY_RELOAD, b->bot_id))
		return;
	now = seen_now(b);
	old = seen_of(n, b->bot_id);
	if (!old) {
		n->seen = xrealloc(n->seen, (n->seen_n + 1) * sizeof(now));
		n->seen[n->seen_n++] = now;
		return;
	}
	if (now.config_version != old->config_version)
		reload(n, b, "settings, version %lld, are in force", (long long)b->config_version);
	if (*now.config_error && strcmp(now.config_error, old->config_error) != 0)
		reload(n, b, "new settings are not all in force\n%s", b->config_error);
	if (now.model_id != old->model_id)
		reload(n, b, "model %lld is in force", (long long)b->model_id);
	if (*now.model_error && strcmp(now.model_error, old->model_error) != 0)
		reload(n, b, "its model is refused\n%s", b->model_error);
	*old = now;
}

void notify_report_fini(struct notify_report *n)
{
	free(n->seen);
	n->seen = NULL;
	n->seen_n = 0;
}

struct reporter notify_reporter(struct notify_report *n)
{
	return (struct reporter){
		.ctx = n, .order = on_order, .leg = on_leg, .move = on_move,
		.status = on_status, .bot = on_bot, .notice = on_notice,
	};
}

void notify_summary(struct notify_report *n, const struct day_stats *s, int64_t at_us)
{
	char net[MONEY_TEXT_MAX + 1], fees[MONEY_TEXT_MAX], drawdown[MONEY_TEXT_MAX];
	struct draft d;

	if (!begin(&d, n, NOTIFY_SUMMARY, s->bot_id, at_us))
		return;
	buf_printf(&d.text, "Bot %lld: %s, net %s\n%lld trades, %lld won, %lld lost, fees %s, "
		   "drawdown %s", (long long)s->bot_id, s->day, signed_money(s->net, net),
		   (long long)s->trades, (long long)s->wins, (long long)s->losses,
		   money_text(s->fees, fees), money_text(s->max_drawdown, drawdown));
	json_string(&d.j, "day", s->day);
	json_int(&d.j, "trades", s->trades);
	json_int(&d.j, "wins", s->wins);
	json_int(&d.j, "losses", s->losses);
	json_money(&d.j, "net", s->net);
	json_money(&d.j, "fees", s->fees);
	json_money(&d.j, "max_drawdown", s->max_drawdown);
	end(&d);
}
