/*
 * proxy.h - whose request it is, when it comes through proxies that we trust.
 *
 *	caller 203.0.113.9 --> proxy 10.0.0.2 --> API
 *	                       X-Forwarded-For: whatever the caller claims, 203.0.113.9
 *
 * Each proxy adds at the right end the address that it saw. So the list is read from the
 * right while the address before belongs to a proxy of API_TRUSTED_PROXIES; the first
 * that does not is the caller's. What stands further left anybody can have written.
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
 * Addresses and networks (10.0.0.0/8, fd00::/8) separated by blanks or commas; "" none.
 * ERR_INVALID names the one that is not.
 */
MUST_CHECK int proxies_parse(const char *text, struct proxies *out, struct err *e);
bool proxies_trust(const struct proxies *p, const struct in6_addr *address);
/*
 * The caller's address as text into out (INET6_ADDRSTRLEN bytes): peer, or what the
 * X-Forwarded-For headers of a trusted peer say. What is no address there ends the way.
 */
void proxies_caller(const struct proxies *p, const char *peer, const struct evkeyvalq *headers,
		    char *out);

#endif
