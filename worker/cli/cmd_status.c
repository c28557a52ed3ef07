/*
 * status: shows the worker and each bot, from the database.
 */
#include "common/clock.h"
#include "common/db/db.h"
#include "common/registry/accounts.h"
#include "common/registry/markets.h"
#include "common/view/bot_view.h"
#include "worker/cli/cli.h"

#include <stdio.h>

static const char SQL_NET[] =
	"SELECT coalesce(sum(net), 0) FROM trading_stats WHERE bot_id = ?1 AND account_id = "
	ACCOUNT_NOW;

struct listing {
	struct db *db;
	int rc;
	struct err *e;
};

static void print_counts(const struct heartbeat *h)
{
	if (h->trades_late + h->trades_repeated + h->decode_errors + h->feed_gaps)
		printf("        so far %lld trades late, %lld twice, %lld refused; %lld frames "
		       "refused, %lld gaps%s%s\n", (long long)h->trades_late,
		       (long long)h->trades_repeated, (long long)h->trades_refused,
		       (long long)h->decode_errors, (long long)h->feed_gaps,
		       h->feed_problem[0] ? "; the newest: " : "", h->feed_problem);
}

static int print_worker(struct db *db, struct err *e)
{
	struct worker_look w;
	const struct heartbeat *h = &w.beat;
	int rc = heartbeat_look(db, clock_now_us(), &w, e);
	long long age_s = w.age_us / US_PER_S;

	if (rc)
		return rc;
	switch (w.state) {
	case WORKER_NEVER:
		puts("worker: never ran on this database; start trading-bot-worker");
		break;
	case WORKER_BLOCKED:
		printf("worker: alive (pid %lld), but it has stored nothing for %lld s: %s\n",
		       (long long)h->pid, age_s, w.blocked);
		break;
	case WORKER_STOPPED:
	case WORKER_AWAY:
		printf("worker: not running for %lld s; start trading-bot-worker\n", age_s);
		break;
	case WORKER_RUNNING:
		printf("worker: alive (pid %lld), %s, market data %s %s%s%s\n", (long long)h->pid,
		       h->trading_mode, h->market_data, h->feed_state,
		       h->feed_message[0] ? ": " : "", h->feed_message);
		print_counts(h);
		break;
	}
	return 0;
}

static int read_net(struct db *db, int64_t bot_id, struct money *net, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_NET, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		*net = stmt_money(s, 0);
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

static void print_bot(void *ctx, const struct bot_view *b)
{
	char equity[MONEY_TEXT_MAX], net_text[MONEY_TEXT_MAX], price[MONEY_TEXT_MAX];
	struct listing *l = ctx;
	struct money net = money_of_units(0);

	if (l->rc == 0)
		l->rc = read_net(l->db, b->bot_id, &net, l->e);
	if (l->rc)
		return;
	printf("%4lld  %-20.20s %-8s %-12s %9lld %7lld %14s %12s %14s\n", (long long)b->bot_id,
	       b->name, b->status, b->symbol[0] ? b->symbol : "-", (long long)b->open_positions,
	       (long long)b->pending_orders, money_text(b->equity, equity),
	       money_text(net, net_text), price_text(b->last_price, price));
	if (b->error[0])
		printf("      %s\n", b->error);
}

static int print_bots(struct db *db, struct err *e)
{
	struct listing l = { .db = db, .e = e };
	int rc;

	printf("%4s  %-20s %-8s %-12s %9s %7s %14s %12s %14s\n", "id", "name", "status", "symbol",
	       "positions", "pending", "equity", "net", "last price");
	rc = bot_view_each(db, print_bot, &l, e);
	return rc ? rc : l.rc;
}

static void print_market(void *ctx, const struct symbol_info *info)
{
	char text[SYMBOL_RULES_MAX];

	(void)ctx;
	printf("market (%s) %s\n", info->source, symbol_rules_text(info, text));
}

static int run(const struct config *c, int argc, char **argv)
{
	struct db *db = NULL;
	struct err e = { 0 };
	int rc;

	(void)argv;
	if (argc > 1) {
		fputs("Usage: trading-bot status\n", stderr);
		return 2;
	}
	rc = cli_db_open(c, DB_READ, &db, &e);
	if (rc == 0)
		rc = print_worker(db, &e);
	if (rc == 0)
		rc = print_bots(db, &e);
	if (rc == 0)
		rc = store_markets_each(db, print_market, NULL, &e);
	if (rc)
		fprintf(stderr, "trading-bot: %s\n", e.msg);
	db_close(db);
	return rc ? 1 : 0;
}

const struct cli_command cli_status = {
	.name = "status", .arguments = "", .help = "the worker, every bot and the markets",
	.place_only = true, .run = run,
};
