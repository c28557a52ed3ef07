/*
 * The header values that are judged before anything else, one in each line:
 * Authorization, Host, Origin, X-Correlation-Id, a time, a decimal, X-Forwarded-For.
 */
#include "api/http/auth.h"
#include "api/http/proxy.h"
#include "common/clock.h"
#include "common/log.h"
#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <strings.h>
#include <sys/queue.h>

#define LINES 7

static void check_host(const char *host, const char *origin)
{
	static const char allowed[] = "bot.example.org, bot";
	bool ok = auth_host_ok(host, "127.0.0.1", allowed);

	/* A name that is neither ours nor an address is never taken. */
	ASSERT(!ok || !host[strspn(host, "0123456789abcdefABCDEF.:[]")] ||
	       !strncasecmp(host, "localhost", 9) || !strncasecmp(host, "bot", 3));
	if (auth_origin_ok(origin, host))
		ASSERT(!strncasecmp(origin, "http", 4) && strlen(origin) > strlen(host) &&
		       !strcasecmp(origin + strlen(origin) - strlen(host), host));
}

/* Whatever is claimed, the caller is the peer or an address. */
static void check_forwarded(const char *claimed)
{
	struct proxies p = { 0 };
	struct evkeyvalq headers;
	char out[INET6_ADDRSTRLEN];
	unsigned char address[16];

	ASSERT(proxies_parse("10.0.0.0/8, fd00::/8", &p, NULL) == 0);
	TAILQ_INIT(&headers);
	evhttp_add_header(&headers, "X-Forwarded-For", claimed);
	proxies_caller(&p, "10.0.0.2", &headers, out);
	ASSERT(inet_pton(strchr(out, ':') ? AF_INET6 : AF_INET, out, address) == 1);
	proxies_caller(&p, "203.0.113.9", &headers, out);
	ASSERT(!strcmp(out, "203.0.113.9"));
	evhttp_clear_headers(&headers);
	(void)!proxies_parse(claimed, &p, NULL);
}

static void check_money(const char *text)
{
	char out[MONEY_TEXT_MAX];
	struct price p, again;

	if (price_parse(text, &p))
		return;
	ASSERT(price_parse(price_text(p, out), &again) == 0);
	ASSERT(price_cmp(p, again) == 0);
}

static void check_time(const char *text)
{
	char out[CLOCK_TEXT_MAX];
	int64_t us, again;

	if (clock_parse(text, &us))
		return;
	ASSERT(clock_parse(clock_text(us, out), &again) == 0);
	ASSERT(us == again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct auth *nobody;
	char *text = fuzz_text(data, size), *line[LINES];
	struct identity who = { 0 };
	enum log_level level;
	char *p = text;

	if (!nobody)
		nobody = auth_new();
	for (size_t i = 0; i < LINES; i++) {
		line[i] = p;
		p += strcspn(p, "\n");
		if (*p)
			*p++ = '\0';
	}
	ASSERT(!auth_identify(nobody, line[0], 1, &who) && who.token_id == 0);
	check_host(line[1], line[2]);
	if (correlation_id_ok(line[3]))
		ASSERT(strlen(line[3]) < CORRELATION_ID_MAX && !strpbrk(line[3], "\r\n\" <>\\"));
	check_time(line[4]);
	check_money(line[5]);
	check_forwarded(line[6]);
	if (!log_level_parse(line[3], &level))
		ASSERT(log_level_name(level) != NULL);
	free(text);
	return 0;
}
