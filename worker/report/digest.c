#include "worker/report/digest.h"

#include "worker/trade/order.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct digest {
	struct sha256 *hash;
	uint64_t lines;
};

struct digest *digest_new(void)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	d->hash = sha256_new();
	return d;
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	sha256_free(d->hash);
	free(d);
}

static void PRINTF_LIKE(2, 3) line(struct digest *d, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ASSERT(n > 0 && (size_t)n < sizeof(text));
	sha256_add(d->hash, text, (size_t)n);
	d->lines++;
}

static void on_order(void *ctx, const struct order *o)
{
	line(ctx, "order %lld %s %s %s %lld %lld %lld %lld %lld %lld\n", (long long)o->id,
	     order_status_name(o->status), order_phase_name(o->phase), close_reason_name(o->reason),
	     (long long)qty_units(o->filled), (long long)qty_units(o->exited),
	     (long long)money_units(o->entry_notional), (long long)money_units(o->exit_notional),
	     (long long)money_units(o->pnl), (long long)o->closed_us);
}

static void on_leg(void *ctx, const struct order *o, const struct leg *l)
{
	(void)o;
	line(ctx, "leg %s %s %s %lld %lld %lld %lld %d\n", l->client_order_id,
	     leg_type_name(l->type), leg_status_name(leg_status(l)),
	     (long long)price_units(l->price),
	     (long long)price_units(l->stop_price), (long long)qty_units(l->quantity),
	     (long long)qty_units(l->filled), l->state == LEG_CANCELLING);
}

static void on_fill(void *ctx, const struct fill_report *f)
{
	line(ctx, "fill %lld %s %lld %lld %lld %lld %s %d %lld\n", (long long)f->id,
	     f->leg->client_order_id, (long long)f->trade_id, (long long)price_units(f->price),
	     (long long)qty_units(f->quantity), (long long)f->fee_e8, f->fee_asset, f->maker,
	     (long long)f->at_us);
}

static void on_ledger(void *ctx, const struct sim_ledger_row *r)
{
	line(ctx, "ledger %lld %lld %s %s %lld %s %lld\n", (long long)r->entry_id,
	     (long long)r->bot_id, ledger_account_name(r->account), r->asset,
	     (long long)r->amount_e8, ledger_kind_name(r->kind), (long long)r->at_us);
}

struct reporter digest_reporter(struct digest *d)
{
	return (struct reporter){ .ctx = d, .order = on_order, .leg = on_leg, .fill = on_fill };
}

struct sim_store digest_sim_store(struct digest *d)
{
	return (struct sim_store){ .ctx = d, .ledger = on_ledger };
}

void digest_hex(struct digest *d, char out[SHA256_HEX_MAX])
{
	sha256_hex(d->hash, out);
}

uint64_t digest_lines(const struct digest *d)
{
	return d->lines;
}
