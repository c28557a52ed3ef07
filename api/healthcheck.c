#include "api/healthcheck.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_MAX ((size_t)64 << 10)

/* HTTP/1.0: the end of the answer is the end of the connection. */
static const char REQUEST[] = "GET /api/v1/health HTTP/1.0\r\nHost: localhost\r\n\r\n";

/* Where a listener on api_bind can be reached from the same machine. */
static const char *host_of(const struct config *cfg)
{
	const char *bind = cfg->api_bind;

	if (!strcmp(bind, "0.0.0.0") || !strcmp(bind, "*") || !bind[0])
		return "127.0.0.1";
	return strcmp(bind, "::") ? bind : "::1";
}

static BIO *plain_connection(const struct config *cfg, int timeout_s)
{
	struct timeval limit = { timeout_s, 0 };
	BIO *b = BIO_new(BIO_s_connect());
	bool v6 = strchr(host_of(cfg), ':') != NULL;
	char where[128];
	int fd;

	ASSERT(b != NULL);
	snprintf(where, sizeof(where), "%s%s%s:%d", v6 ? "[" : "", host_of(cfg), v6 ? "]" : "",
		 (int)cfg->api_port);
	BIO_set_conn_hostname(b, where);
	if (BIO_do_connect(b) <= 0) {
		BIO_free_all(b);
		return NULL;
	}
	fd = (int)BIO_get_fd(b, NULL);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return b;
}

/*
 * Does not verify the certificate: it is for the name that users call, not for this address,
 * and nothing secret is sent.
 */
static BIO *connection(const struct config *cfg, int timeout_s, SSL_CTX *tls)
{
	BIO *plain = plain_connection(cfg, timeout_s);
	BIO *b;

	if (!plain || !cfg->api_tls_cert[0])
		return plain;
	b = BIO_new_ssl(tls, 1);
	ASSERT(b != NULL);
	b = BIO_push(b, plain);
	if (BIO_do_handshake(b) > 0)
		return b;
	BIO_free_all(b);
	return NULL;
}

static void exchange(BIO *b, struct buf *out)
{
	char part[4096];
	int n;

	if (BIO_write(b, REQUEST, (int)strlen(REQUEST)) <= 0)
		return;
	while (out->len < ANSWER_MAX && (n = BIO_read(b, part, sizeof(part))) > 0)
		buf_add(out, part, (size_t)n);
}

int healthcheck_ask(const struct config *cfg, int timeout_s, struct buf *answer, struct err *e)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	struct buf all = { 0 };
	const char *text, *body;
	int code = 0;
	BIO *b;

	ASSERT(tls != NULL);
	b = connection(cfg, timeout_s, tls);
	if (b)
		exchange(b, &all);
	text = buf_text(&all);
	body = strstr(text, "\r\n\r\n");
	if (!strncmp(text, "HTTP/1.", 7) && strlen(text) > 12)
		code = (int)strtol(text + 9, NULL, 10);
	if (code && body)
		buf_puts(answer, body + 4);
	BIO_free_all(b);
	SSL_CTX_free(tls);
	buf_free(&all);
	if (code == 200)
		return 0;
	if (code)
		return err_set(e, ERR_UNAVAILABLE, "the API's health check answered %d", code);
	return err_set(e, ERR_UNAVAILABLE, "nothing answers HTTP%s on %s port %d",
		       cfg->api_tls_cert[0] ? "S" : "", host_of(cfg), (int)cfg->api_port);
}
