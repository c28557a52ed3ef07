/*
 * tls.h - the API's certificate and key: TLS 1.2 and 1.3 on every connection.
 *
 * The files are PEM: the certificate with its chain behind it, and its private key
 * without a passphrase. A reload replaces both or, when something is wrong with the new ones,
 * neither; open connections keep what they began with.
 */
#ifndef API_HTTP_TLS_H
#define API_HTTP_TLS_H

#include "common/err.h"

#include <stdint.h>

struct bufferevent;
struct event_base;
struct tls;

/*
 * ERR_NOT_FOUND, ERR_DENIED, ERR_INVALID (not PEM, a passphrase, key and certificate
 * do not belong together): the message names the file. The paths are copied. Logs a warning
 * for a key that others can read and for an expired certificate.
 */
MUST_CHECK int tls_open(const char *cert_path, const char *key_path, struct tls **out,
			struct err *e);
void tls_free(struct tls *t);
/* Reads both files again; on failure the old certificate and key stay in use. */
MUST_CHECK int tls_reload(struct tls *t, struct err *e);
/* When the certificate in use ends: seconds since 1970. */
int64_t tls_not_after_s(const struct tls *t);
/* The server's side of a new connection, without a socket yet; NULL: out of memory. */
struct bufferevent *tls_bufferevent(struct tls *t, struct event_base *base);

#endif
