/*
 * status: shows the worker and each bot, from the database.
 */
#include "common/clock.h"
#include "common/db/db.h"
#include "common/registry/commands.h"
#include "common/registry/markets.h"
#include "common/registry/worker_blocked.h"
#include "worker/cli/cli.h"

#include <stdio.h>

static const char SQL_BOTS[] =
	"SELECT b.id, b.name, coalesce(s.status, 'STOPPED'), coalesce(c.symbol, '-'),"
	" coalesce(s.open_positions, 0), coalesce(s.pending_orders, 0), coalesce(s.equity, 0),"
	" coalesce(s.last_price, 0), coalesce(s.error, ''),"
	" (SELECT coalesce(sum(net), 0) FROM trading_stats t WHERE t.bot_id = b.id)"
	" FROM bots b LEFT JOIN bot_state s ON s.bot_id = b.id"
	" LEFT JOIN trading_configs c ON c.bot_id = b.id ORDER BY b.id";

static void print_worker(struct db *db)
{
	char why[WORKER_BLOCKED_TEXT];
	struct heartbeat h;
	int64_t now_us = clock_now_us(), pid;
	struct err e = { 0 };
	int rc = store_heartbeat_get(db, &h, &e);

	if (rc && rc != ERR_NOT_FOUND) {
		printf("worker: not known: %s\n", e.msg);
		return;
	}
	if (rc) {
		puts("worker: never ran on this database; start trading-bot-worker");
		return;
	}
	pid = heartbeat_alive(&h, now_us) ? 0 : 
	      worker_blocked(db_path(db), h.stopped_us ? 0 : h.pid, why);
	if (pid) {
		printf("worker: alive (pid %lld), but it has stored nothing for %lld s: %s\n",
		       (long long)pid, (long long)((now_us - h.beat_us) / US_PER_S), why);
		return;
	}
	if (!heartbeat_alive(&h, now_us)) {
		printf("worker: not running for %lld s; start trading-bot-worker\n",
		       (long long)((now_us - h.beat_us) / US_PER_S));
		return;
	}
	printf("worker: alive (pid %lld), %s, market data %s %s%s%s\n", (long long)h.pid,
	       h.trading_mode, h.market_data, h.feed_state, h.feed_message[0] ? ": " : "",
	       h.feed_message);
	if (h.trades_late + h.trades_repeated + h.decode_errors + h.feed_gaps)
		printf("        so far %lld trades late, %lld twice, %lld refused; %lld frames "
		       "refused, %lld gaps%s%s\n", (long long)h.trades_late,
		       (long long)h.trades_repeated, (long long)h.trades_refused,
		       (long long)h.decode_errors, (long long)h.feed_gaps,
		       h.feed_problem[0] ? "; the newest: " : "", h.feed_problem);
}

static int print_bots(struct db *db, struct err *e)
{
	char equity[MONEY_TEXT_MAX], net[MONEY_TEXT_MAX], price[MONEY_TEXT_MAX];
	struct stmt *s;
	int rc = db_stmt(db, SQL_BOTS, &s, e);

	if (rc)
		return rc;
	printf("%4s  %-20s %-8s %-12s %9s %7s %14s %12s %14s\n", "id", "name", "status", "symbol",
	       "positions", "pending", "equity", "net", "last price");
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		printf("%4lld  %-20.20s %-8s %-12s %9lld %7lld %14s %12s %14s\n",
		       (long long)stmt_int(s, 0), stmt_text(s, 1), stmt_text(s, 2), stmt_text(s, 3),
		       (long long)stmt_int(s, 4), (long long)stmt_int(s, 5),
		       money_text(stmt_money(s, 6), equity), money_text(stmt_money(s, 9), net),
		       price_text(stmt_price(s, 7), price));
		if (stmt_text(s, 8)[0])
			printf("      %s\n", stmt_text(s, 8));
	}
	stmt_done(s);
	return rc;
}

static void print_market(void *ctx, const char *source, const struct symbol_info *info)
{
	char text[SYMBOL_RULES_MAX];

	(void)ctx;
	printf("market (%s) %s\n", source, symbol_rules_text(info, text));
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
	if (rc == 0) {
		print_worker(db);
		rc = print_bots(db, &e);
	}
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
