/*
 * trading-bot-api: HTTP on API_BIND:API_PORT. It reads the database, writes what
 * the API owns, and leaves commands for the worker.
 */
#include "api/healthcheck.h"
#include "api/http/listener.h"
#include "api/server.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/db/start.h"
#include "common/log/file.h"
#include "common/log/libevent.h"
#include "common/log.h"
#include "common/output.h"
#include "common/process.h"
#include "common/supervisor.h"

#include <event2/event.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#define SERVICE "trading-bot-api"
#define HEALTH_TIMEOUT_S 5
#define KEPT_BYTES (2 << 20)	/* free memory at the end of each heap */

struct options {
	bool check_config, print_link, healthcheck, new_database;
};

static void usage(FILE *out)
{
	fputs("usage: trading-bot-api [--check-config] [--healthcheck] [--print-link]\n"
	      "                       [--new-database] [--version] [--help]\n"
	      "\n"
	      "Answers HTTP for the trading bot. Settings come from the environment and from\n"
	      "./.env; docs/CONFIGURATION.md lists them.\n"
	      "\n"
	      "  --check-config  print the settings in use, secrets masked, and exit\n"
	      "  --healthcheck   ask the running API how it is; exit code 0: it serves\n"
	      "  --print-link    print the dashboard's link with the token in it\n"
	      "  --new-database  begin with an empty database where app.db is missing\n", out);
}

/* Returns -1 to go on, else the exit code. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "check-config", no_argument, NULL, 'c' },
		{ "healthcheck", no_argument, NULL, 'k' },
		{ "print-link", no_argument, NULL, 'l' },
		{ "new-database", no_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->check_config = true;
			break;
		case 'k':
			o->healthcheck = true;
			break;
		case 'l':
			o->print_link = true;
			break;
		case 'n':
			o->new_database = true;
			break;
		case 'v':
			puts(SERVICE " " VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "unknown argument %s\n", argv[optind]);
		usage(stderr);
		return 2;
	}
	return -1;
}

static int print_config(const struct config *cfg)
{
	struct buf out = { 0 };

	config_print(cfg, &out);
	fputs(buf_text(&out), stdout);
	buf_free(&out);
	return 0;
}

static int check_health(const struct config *cfg)
{
	struct buf answer = { 0 };
	struct err e = { 0 };
	int rc = healthcheck_ask(cfg, HEALTH_TIMEOUT_S, &answer, &e);

	printf("%s%s%s\n", e.msg, rc && answer.len ? ": " : "", buf_text(&answer));
	buf_free(&answer);
	return rc ? 1 : 0;
}

/* Without slashes at its end. */
static int base_len(const char *url)
{
	size_t n = strlen(url);

	while (n && url[n - 1] == '/')
		n--;
	return (int)n;
}

/* The token is in the fragment, because browsers don't send a fragment to any server. */
static void print_link(const struct server *s, const struct config *cfg, bool asked)
{
	const char *host = cfg->api_bind;
	bool made, v6;
	const char *token = server_token(s, &made);
	struct buf out = { 0 };

	if (!strcmp(host, "0.0.0.0") || !strcmp(host, "::") || !strcmp(host, "*"))
		host = "127.0.0.1";
	v6 = strchr(host, ':') != NULL;
	if (!made && !asked && !isatty(STDOUT_FILENO))
		return;
	if (cfg->api_public_url[0])
		buf_printf(&out, "Dashboard: %.*s/", base_len(cfg->api_public_url),
			   cfg->api_public_url);
	else
		buf_printf(&out, "Dashboard: %s://%s%s%s:%d/",
			   cfg->api_tls_cert[0] ? "https" : "http", v6 ? "[" : "", host,
			   v6 ? "]" : "", server_port(s));
	if (token[0])
		buf_printf(&out, "#token=%s\n", token);
	else
		buf_puts(&out, "\n(the token is not known here; make another: trading-bot token "
			 "create)\n");
	output_line(STDOUT_FILENO, out.data, out.len);
	buf_free(&out);
}

/* API_PUBLIC_URL says that users reach the port through TLS, or from this machine only. */
static bool safe_url(const char *url)
{
	static const char *const safe[] = { "https://", "http://localhost", "http://127." };

	for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
		if (strncmp(url, safe[i], strlen(safe[i])) == 0)
			return true;
	return false;
}

static bool loopback(const char *address)
{
	return !strncmp(address, "127.", 4) || !strcmp(address, "::1") ||
	       !strcasecmp(address, "localhost");
}

/* Without TLS the tokens would cross the network in clear text. */
static void warn_about_bind(const struct config *cfg)
{
	if (!cfg->api_tls_cert[0] && !loopback(cfg->api_bind) && !safe_url(cfg->api_public_url))
		log_warn("main", NULL,
			 "API_BIND=%s opens the API to the network without TLS: set "
			 "API_TLS_CERT and API_TLS_KEY, or keep it behind a TLS proxy",
			 cfg->api_bind);
}

static void on_stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	log_info("main", NULL, "%s: stopping", fd == SIGINT ? "SIGINT" : "SIGTERM");
	server_stop(arg);
}

static void on_hangup_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	server_reload(arg);
}

static void on_watchdog_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	supervisor_alive(arg, clock_mono_us());
}

static struct event *watchdog(struct server *s, struct supervisor *supervisor)
{
	int64_t every_us = supervisor->every_us;
	struct timeval tv = { every_us / US_PER_S, every_us % US_PER_S };
	struct event *ev = event_new(server_base(s), -1, EV_PERSIST, on_watchdog_cb, supervisor);

	ASSERT(ev != NULL);
	if (every_us)
		event_add(ev, &tv);
	return ev;
}

static void run(struct server *s, struct supervisor *supervisor)
{
	struct event *beat = watchdog(s, supervisor);
	static const struct {
		int sig;
		event_callback_fn cb;
	} signals[] = {
		{ SIGTERM, on_stop_cb },
		{ SIGINT, on_stop_cb },
		{ SIGHUP, on_hangup_cb },
	};
	struct event *events[3];

	for (size_t i = 0; i < 3; i++) {
		events[i] = evsignal_new(server_base(s), signals[i].sig, signals[i].cb, s);
		ASSERT(events[i] != NULL);
		event_add(events[i], NULL);
	}
	supervisor_ready(supervisor);
	server_run(s);
	supervisor_stopping(supervisor);
	event_free(beat);
	for (size_t i = 0; i < 3; i++)
		event_free(events[i]);
}

static int check_files(const struct config *cfg, struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return 0;
	return listener_room(cfg, files.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)files.rlim_cur,
			     e);
}

/* The log files have the reason as well; on stderr it is plain text. */
static _Noreturn void fail(const struct err *e)
{
	log_set_fd(-1);
	log_error("main", NULL, "%s", e->msg);
	die("%s: %s", SERVICE, e->msg);
}

int main(int argc, char **argv)
{
	static struct config cfg;
	struct supervisor supervisor;
	struct options o = { 0 };
	struct server *s = NULL;
	struct err e = { 0 };
	bool lost;
	int rc;

	process_begin();
	/* An answer's memory is wanted again by the next: giving it back in between costs more. */
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	rc = parse(argc, argv, &o);
	if (rc >= 0)
		return rc;
	if (config_load(&cfg, &e))
		die("%s: %s", SERVICE, e.msg);
	if (o.check_config)
		return print_config(&cfg);
	if (o.healthcheck)
		return check_health(&cfg);
	log_init(SERVICE, cfg.debug_mode ? LOG_DEBUG : cfg.log_level);
	supervisor_init(&supervisor);
	(void)signal(SIGHUP, SIG_IGN);	/* until the loop listens */
	log_start();
	log_libevent_begin();
	log_files_begin(cfg.log_dir, SERVICE);
	if (check_files(&cfg, &e) || (o.new_database && db_start(&cfg, true, &e)) ||
	    server_open(&cfg, &s, &e))
		fail(&e);
	log_files_make();
	log_info("main", NULL, "listening on %s:%d (%s), %s, database %s", cfg.api_bind,
		 server_port(s), cfg.api_tls_cert[0] ? "HTTPS" : "plain HTTP", cfg.environment,
		 cfg.db_path);
	warn_about_bind(&cfg);
	print_link(s, &cfg, o.print_link);
	run(s, &supervisor);
	lost = server_lost(s);
	server_close(s);
	log_info("main", NULL, "stopped");
	return lost ? 1 : 0;
}
