#include "worker/report/fanout.h"

#define EACH(call, ...)                                                    \
	do {                                                               \
		const struct fanout *f = ctx;                              \
		for (size_t i = 0; i < f->n; i++)                          \
			if (f->list[i].call)                               \
				f->list[i].call(f->list[i].ctx, __VA_ARGS__); \
	} while (0)

static void on_order(void *ctx, const struct order *o)
{
	EACH(order, o);
}

static void on_leg(void *ctx, const struct order *o, const struct leg *l)
{
	EACH(leg, o, l);
}

static void on_move(void *ctx, const struct order_event *m)
{
	EACH(move, m);
}

static void on_fill(void *ctx, const struct fill_report *r)
{
	EACH(fill, r);
}

static void on_signal(void *ctx, const struct signal_report *s)
{
	EACH(signal, s);
}

static void on_status(void *ctx, const struct status_report *s)
{
	EACH(status, s);
}

static void on_stats(void *ctx, const struct day_stats *day, const struct day_stats *trade)
{
	EACH(stats, day, trade);
}

static void on_bot(void *ctx, const struct bot_report *b)
{
	EACH(bot, b);
}

static void on_equity(void *ctx, const struct equity_report *q)
{
	EACH(equity, q);
}

static void on_candle(void *ctx, const struct candle_report *c)
{
	EACH(candle, c);
}

static void on_notice(void *ctx, int64_t bot_id, const char *correlation_id, const char *text)
{
	EACH(notice, bot_id, correlation_id, text);
}

void fanout_add(struct fanout *f, const struct reporter *r)
{
	ASSERT(f->n < FANOUT_MAX);
	f->list[f->n++] = *r;
}

struct reporter fanout_reporter(struct fanout *f)
{
	return (struct reporter){
		.ctx = f, .order = on_order, .leg = on_leg, .move = on_move, .fill = on_fill,
		.signal = on_signal, .status = on_status, .stats = on_stats, .bot = on_bot,
		.equity = on_equity, .candle = on_candle, .notice = on_notice,
	};
}
