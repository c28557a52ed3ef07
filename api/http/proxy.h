/*
 * proxy.h - finds the caller's address when a request comes through trusted proxies.
 *
 *	caller 203.0.113.9 --> proxy 10.0.0.2 --> API
 *	                       X-Forwarded-For: whatever the caller claims, 203.0.113.9
 *
 * Each proxy appends the address that it saw at the right end. So the list is read from the
 * right as long as the address belongs to a proxy of API_TRUSTED_PROXIES; the first other
 * address is the caller's. Addresses further left are not trusted, because the caller may
 * have written them.
 */
#ifndef API_HTTP_PROXY_H
#define API_HTTP_PROXY_H

#include "common/err.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define PROXIES_MAX 32

struct proxies {
	size_t n;
	struct {
		struct in6_addr net;	/* IPv4 in its mapped form */
		unsigned bits;		/* of its prefix, 0..128 */
	} list[PROXIES_MAX];
};

/*
 * Reads addresses and networks (10.0.0.0/8, fd00::/8) separated by blanks or commas; "" none.
 * ERR_INVALID names the word that is neither.
 */
MUST_CHECK int proxies_parse(const char *text, struct proxies *out, struct err *e);
bool proxies_trust(const struct proxies *p, const struct in6_addr *address);
/*
 * Writes the caller's address as text into out (INET6_ADDRSTRLEN bytes): peer, or the address
 * that the X-Forwarded-For headers of a trusted peer give. A word there that is not an
 * address ends the search.
 */
void proxies_caller(const struct proxies *p, const char *peer, const struct evkeyvalq *headers,
		    char *out);

#endif
