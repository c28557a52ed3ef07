#include "worker/venue/sim/ledger.h"

#include <stdio.h>
#include <string.h>

static const char *const ACCOUNT_NAMES[LEDGER_ACCOUNTS] = {
	[LEDGER_CAPITAL] = "capital", [LEDGER_FREE] = "free", [LEDGER_RESERVED] = "reserved",
	[LEDGER_MARGIN] = "margin", [LEDGER_FEES] = "fees", [LEDGER_MARKET] = "market",
	[LEDGER_FUNDING] = "funding", [LEDGER_PNL] = "pnl",
};

static const char *const KIND_NAMES[] = {
	[LEDGER_DEPOSIT] = "deposit", [LEDGER_RESERVE] = "reserve",
	[LEDGER_RELEASE] = "release", [LEDGER_FILL] = "fill", [LEDGER_FEE] = "fee",
	[LEDGER_FUNDING_PAID] = "funding", [LEDGER_LIQUIDATION] = "liquidation",
	[LEDGER_RESET] = "reset",
};

/* What we hold can't be negative; the other accounts are counterparties and may be. */
static const bool NEVER_NEGATIVE[LEDGER_ACCOUNTS] = {
	[LEDGER_FREE] = true, [LEDGER_RESERVED] = true, [LEDGER_MARGIN] = true,
};

static int64_t add_checked(int64_t a, int64_t b)
{
	int64_t sum;
	bool overflow = __builtin_add_overflow(a, b, &sum);

	ASSERT(!overflow);
	return sum;
}

static void report_row(const struct ledger *l, const struct ledger_book *b,
		       const struct ledger_entry *en, size_t asset, size_t account)
{
	struct sim_ledger_row row = {
		.entry_id = l->next_entry,
		.bot_id = b->bot_id,
		.epoch = b->epoch,
		.account = (enum ledger_account)account,
		.amount_e8 = en->amount_e8[asset][account],
		.kind = en->kind,
		.at_us = en->at_us,
	};

	if (!l->store->ledger)
		return;
	memcpy(row.asset, b->asset[asset], sizeof(row.asset));
	snprintf(row.client_order_id, sizeof(row.client_order_id), "%s", en->client_order_id);
	l->store->ledger(l->store->ctx, &row);
}

static void report_balance(const struct ledger *l, const struct ledger_book *b, size_t asset,
			   size_t account)
{
	struct sim_balance row = {
		.bot_id = b->bot_id,
		.epoch = b->epoch,
		.account = (enum ledger_account)account,
		.amount_e8 = b->balance_e8[asset][account],
	};

	if (!l->store->balance)
		return;
	memcpy(row.asset, b->asset[asset], sizeof(row.asset));
	l->store->balance(l->store->ctx, &row);
}

void ledger_book_init(struct ledger_book *b, int64_t bot_id, int64_t epoch, const char *base,
		      const char *quote)
{
	ASSERT(strcmp(base, quote) != 0);
	memset(b, 0, sizeof(*b));
	b->bot_id = bot_id;
	b->epoch = epoch;
	snprintf(b->asset[LEDGER_BASE], SIM_ASSET_MAX, "%s", base);
	snprintf(b->asset[LEDGER_QUOTE], SIM_ASSET_MAX, "%s", quote);
}

void ledger_begin(struct ledger_entry *en, enum ledger_kind kind, const char *client_order_id,
		  int64_t at_us)
{
	memset(en, 0, sizeof(*en));
	en->kind = kind;
	en->client_order_id = client_order_id;
	en->at_us = at_us;
}

void ledger_add(struct ledger_entry *en, enum ledger_asset asset, enum ledger_account account,
		int64_t amount_e8)
{
	int64_t *cell = &en->amount_e8[asset][account];

	*cell = add_checked(*cell, amount_e8);
}

void ledger_move(struct ledger_entry *en, enum ledger_asset asset, enum ledger_account from,
		 enum ledger_account to, int64_t amount_e8)
{
	ASSERT(amount_e8 != INT64_MIN);
	ledger_add(en, asset, from, -amount_e8);
	ledger_add(en, asset, to, amount_e8);
}

void ledger_commit(struct ledger *l, struct ledger_book *b, const struct ledger_entry *en)
{
	size_t rows = 0;

	for (size_t s = 0; s < LEDGER_ASSETS; s++) {
		int64_t sum = 0;

		for (size_t a = 0; a < LEDGER_ACCOUNTS; a++) {
			sum = add_checked(sum, en->amount_e8[s][a]);
			rows += en->amount_e8[s][a] != 0;
		}
		ASSERT(sum == 0);
	}
	if (rows == 0)
		return;
	for (size_t s = 0; s < LEDGER_ASSETS; s++) {
		for (size_t a = 0; a < LEDGER_ACCOUNTS; a++) {
			int64_t *balance = &b->balance_e8[s][a];

			if (en->amount_e8[s][a] == 0)
				continue;
			*balance = add_checked(*balance, en->amount_e8[s][a]);
			ASSERT(*balance >= 0 || !NEVER_NEGATIVE[a]);
			report_row(l, b, en, s, a);
		}
	}
	for (size_t s = 0; s < LEDGER_ASSETS; s++)
		for (size_t a = 0; a < LEDGER_ACCOUNTS; a++)
			if (en->amount_e8[s][a] != 0)
				report_balance(l, b, s, a);
	l->next_entry++;
}

int64_t ledger_sum(const struct ledger_book *b, enum ledger_asset asset)
{
	int64_t sum = 0;

	for (size_t a = 0; a < LEDGER_ACCOUNTS; a++)
		sum = add_checked(sum, b->balance_e8[asset][a]);
	return sum;
}

const char *ledger_account_name(enum ledger_account a)
{
	return ACCOUNT_NAMES[a];
}

int ledger_account_parse(const char *name, enum ledger_account *out)
{
	for (size_t a = 0; a < LEDGER_ACCOUNTS; a++) {
		if (strcmp(name, ACCOUNT_NAMES[a]) == 0) {
			*out = (enum ledger_account)a;
			return 0;
		}
	}
	return ERR_INVALID;
}

const char *ledger_kind_name(enum ledger_kind k)
{
	return KIND_NAMES[k];
}
