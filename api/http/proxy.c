#include "api/http/proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#define MAPPED_BITS 96			/* of the prefix that stands before an IPv4 address */
#define NETWORK_MAX (INET6_ADDRSTRLEN + 4)
#define HEADERS_MAX 16			/* X-Forwarded-For lines that are looked at */

static bool read_address(const char *text, struct in6_addr *out)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct in_addr v4;

	if (inet_pton(AF_INET6, text, out) == 1)
		return true;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return false;
	memcpy(out->s6_addr, mapped, sizeof(mapped));
	memcpy(out->s6_addr + sizeof(mapped), &v4, sizeof(v4));
	return true;
}

/* "address" or "address/bits" */
static bool read_network(char *text, struct in6_addr *net, unsigned *bits)
{
	char *slash = strchr(text, '/'), *end;
	bool v6 = strchr(text, ':') != NULL;
	unsigned long most = v6 ? 128 : 32, n = most;

	if (slash) {
		*slash = '\0';
		n = slash[1] >= '0' && slash[1] <= '9' ? strtoul(slash + 1, &end, 10) : most + 1;
		if (n > most || *end)
			return false;
	}
	*bits = (unsigned)n + (v6 ? 0 : MAPPED_BITS);
	return read_address(text, net);
}

int proxies_parse(const char *text, struct proxies *out, struct err *e)
{
	struct proxies p = { 0 };
	size_t len;

	for (text += strspn(text, " ,"); *text; text += len, text += strspn(text, " ,")) {
		char one[NETWORK_MAX];

		len = strcspn(text, " ,");
		if (p.n == PROXIES_MAX)
			return err_set(e, ERR_INVALID, "API_TRUSTED_PROXIES has more than %d "
				       "addresses", PROXIES_MAX);
		snprintf(one, sizeof(one), "%.*s", (int)len, text);
		if (len >= sizeof(one) ||
		    !read_network(one, &p.list[p.n].net, &p.list[p.n].bits))
			return err_set(e, ERR_INVALID, "API_TRUSTED_PROXIES: %.*s is neither an "
				       "address nor a network such as 10.0.0.0/8",
				       (int)(len < 60 ? len : 60), text);
		p.n++;
	}
	*out = p;
	return 0;
}

static bool same_prefix(const struct in6_addr *a, const struct in6_addr *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(a->s6_addr, b->s6_addr, bytes) != 0)
		return false;
	return !rest || ((a->s6_addr[bytes] ^ b->s6_addr[bytes]) >> (8 - rest)) == 0;
}

bool proxies_trust(const struct proxies *p, const struct in6_addr *address)
{
	for (size_t i = 0; i < p->n; i++)
		if (same_prefix(&p->list[i].net, address, p->list[i].bits))
			return true;
	return false;
}

/* Writes an IPv4 address without the "::ffff:" that a dual-stack socket puts before it. */
static void put_address(const struct in6_addr *a, char *out)
{
	if (IN6_IS_ADDR_V4MAPPED(a))
		inet_ntop(AF_INET, a->s6_addr + 12, out, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, a, out, INET6_ADDRSTRLEN);
}

/* The last element of the list text[0..*len), which it shortens; false: none is left. */
static bool take_last(const char *text, size_t *len, char out[INET6_ADDRSTRLEN])
{
	size_t end, begin;

	if (*len == 0)
		return false;
	for (end = *len; end > 0 && strchr(" \t", text[end - 1]); end--)
		;
	for (begin = end; begin > 0 && text[begin - 1] != ','; begin--)
		;
	*len = begin > 0 ? begin - 1 : 0;
	for (; begin < end && strchr(" \t", text[begin]); begin++)
		;
	snprintf(out, INET6_ADDRSTRLEN, "%.*s",
		 end - begin < INET6_ADDRSTRLEN ? (int)(end - begin) : 0, text + begin);
	return true;
}

void proxies_caller(const struct proxies *p, const char *peer, const struct evkeyvalq *headers,
		    char *out)
{
	const char *lines[HEADERS_MAX];
	const struct evkeyval *kv;
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];
	size_t n = 0;

	snprintf(out, INET6_ADDRSTRLEN, "%s", peer);
	if (!read_address(peer, &address))
		return;
	put_address(&address, out);
	if (!proxies_trust(p, &address))
		return;
	TAILQ_FOREACH(kv, headers, next)
		if (!strcasecmp(kv->key, "X-Forwarded-For")) {
			/* more than that: the newest, which trusted ones have written */
			if (n == HEADERS_MAX)
				memmove(lines, lines + 1, --n * sizeof(lines[0]));
			lines[n++] = kv->value;
		}
	while (n-- > 0) {
		size_t len = strlen(lines[n]);

		while (take_last(lines[n], &len, text)) {
			if (!read_address(text, &address))
				return;
			put_address(&address, out);
			if (!proxies_trust(p, &address))
				return;
		}
	}
}
