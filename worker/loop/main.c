/*
 * trading-bot-worker: reads market data, runs the bots, sends orders, writes rows.
 */
#include "common/config.h"
#include "common/log/libevent.h"
#include "common/log.h"
#include "common/number.h"
#include "common/process.h"
#include "worker/loop/worker.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char USAGE[] =
	"Usage: trading-bot-worker [--check-config] [--new-database]\n"
	"                          [--bot-id N [--symbol S]\n"
	"                          [--config-json JSON [--confirm-wide]]]\n"
	"\n"
	"Runs every bot of the database DATA_DIR/app.db until SIGTERM or Ctrl-C. Settings come\n"
	"from the environment and .env; docs/CONFIGURATION.md lists them.\n"
	"\n"
	"  --check-config      print the effective settings, secrets masked, and end\n"
	"  --bot-id N          run this bot only; refused while others have open orders\n"
	"  --symbol S          trade this symbol (kept in the bot's config)\n"
	"  --config-json JSON  change settings of the bot: '{\"max_positions\": 3}'; keys named\n"
	"                      _pct are fractions (0.009: 0.9 %) or percent as text: \"0.9%\"\n"
	"  --confirm-wide      a target or stop over 0.1 (10 %) is meant\n"
	"  --new-database      begin with an empty database where app.db is missing\n"
	"  --version, --help\n";

static int64_t bot_number(const char *text)
{
	int64_t n;

	if (!number_int(text, 1, INT64_MAX, &n))
		die("--bot-id takes a number from 1, not \"%s\"", text);
	return n;
}

/*
 * Ends at once with success. Until the loop handles signals, nothing is half done that a crash
 * would not leave safe as well, so a signal during the start is a clean end.
 */
static void end_early(int number)
{
	(void)number;
	_exit(0);
}

static void check_config(const struct config *c)
{
	struct buf out = { 0 };

	config_print(c, &out);
	fputs(buf_text(&out), stdout);
	buf_free(&out);
	exit(0);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check-config", no_argument, NULL, 'c' },
		{ "bot-id", required_argument, NULL, 'b' },
		{ "symbol", required_argument, NULL, 's' },
		{ "config-json", required_argument, NULL, 'j' },
		{ "confirm-wide", no_argument, NULL, 'w' },
		{ "new-database", no_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct worker_args args = { 0 };
	static struct config config;
	bool check = false;
	struct err e = { 0 };
	int option;

	process_begin();
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c': check = true; break;
		case 'b': args.only_bot = bot_number(optarg); break;
		case 's': args.symbol = optarg; break;
		case 'j': args.config_json = optarg; break;
		case 'w': args.confirm_wide = true; break;
		case 'n': args.new_database = true; break;
		case 'v': puts("trading-bot-worker " VERSION); return 0;
		case 'h': fputs(USAGE, stdout); return 0;
		default: fputs(USAGE, stderr); return 2;
		}
	}
	if (optind < argc || ((args.symbol || args.config_json) && !args.only_bot)) {
		fputs(USAGE, stderr);
		return 2;
	}
	if (config_load(&config, &e))
		die("trading-bot-worker: %s", e.msg);
	if (check)
		check_config(&config);
	log_init("trading-bot-worker", config.debug_mode ? LOG_DEBUG : config.log_level);
	log_start();
	log_libevent_begin();
	args.config = &config;
	worker_listen();
	(void)signal(SIGHUP, SIG_IGN);	/* until the loop listens */
	(void)signal(SIGTERM, end_early);
	(void)signal(SIGINT, end_early);
	if (worker_run(&args, &e)) {
		log_error("worker", NULL, "%s", e.msg);
		return 1;
	}
	return 0;
}
