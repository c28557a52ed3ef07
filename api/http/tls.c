#include "api/http/tls.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* TLS 1.2: forward secrecy and authenticated encryption only. 1.3 has nothing else. */
#define CIPHERS_TLS12 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define ALPN "\x08http/1.1"
#define EXPIRES_SOON_S (14 * 86400)

struct tls {
	SSL_CTX *ctx;
	char *cert_path, *key_path;
};

/* A server can't ask a person, so a key with a passphrase is an error instead of a prompt. */
static int no_passphrase_cb(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	*(int *)arg = 1;
	return 0;
}

/* A client that does not offer HTTP/1.1 goes on without ALPN. */
static int choose_alpn_cb(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			  const unsigned char *in, unsigned in_len, void *arg)
{
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, (const unsigned char *)ALPN, sizeof(ALPN) - 1,
				  in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static const char *why(void)
{
	unsigned long code = ERR_peek_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;

	return text ? text : "it can't be read";
}

static int readable(const char *key, const char *path, struct err *e)
{
	int rc;

	if (!access(path, R_OK))
		return 0;
	rc = file_error(e, "read", path);
	err_prefix(e, "%s", key);
	return rc;
}

static int take_certificate(SSL_CTX *ctx, const char *path, struct err *e)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, path) == 1)
		return 0;
	return err_set(e, ERR_INVALID, "API_TLS_CERT: %s is no certificate in PEM form (%s)", path,
		       why());
}

static int take_key(SSL_CTX *ctx, const char *path, const char *cert_path, struct err *e)
{
	int asked = 0, ok;

	ERR_clear_error();
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase_cb);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, &asked);
	ok = SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) == 1;
	SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
	if (ok && SSL_CTX_check_private_key(ctx) == 1)
		return 0;
	if (asked)
		return err_set(e, ERR_INVALID,
			       "API_TLS_KEY: %s is protected by a passphrase; store it without "
			       "one: openssl pkey -in FILE -out FILE2",
			       path);
	if (ok || ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH ||
	    ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_TYPE_MISMATCH)
		return err_set(e, ERR_INVALID,
			       "API_TLS_KEY: the key %s does not belong to the certificate %s",
			       path, cert_path);
	return err_set(e, ERR_INVALID, "API_TLS_KEY: %s is no private key in PEM form (%s)", path,
		       why());
}

static void warn_about_key(const char *path)
{
	struct stat st;

	if (!stat(path, &st) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_warn("tls", NULL,
			 "API_TLS_KEY %s can be used by others (mode %03o): chmod 600 it", path,
			 (unsigned)(st.st_mode & 0777));
}

static void warn_about_dates(SSL_CTX *ctx, const char *path)
{
	const X509 *cert = SSL_CTX_get0_certificate(ctx);
	time_t now = (time_t)(clock_now_us() / US_PER_S), soon = now + EXPIRES_SOON_S;

	if (!cert)
		return;
	if (X509_cmp_time(X509_get0_notBefore(cert), &now) > 0)
		log_warn("tls", NULL, "the certificate %s is not valid yet", path);
	else if (X509_cmp_time(X509_get0_notAfter(cert), &now) < 0)
		log_warn("tls", NULL, "the certificate %s has expired: clients will refuse it",
			 path);
	else if (X509_cmp_time(X509_get0_notAfter(cert), &soon) < 0)
		log_warn("tls", NULL, "the certificate %s expires in less than 14 days", path);
}

static SSL_CTX *new_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	ASSERT(ctx != NULL);
	ASSERT(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
	ASSERT(SSL_CTX_set_cipher_list(ctx, CIPHERS_TLS12) == 1);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
			    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ctx, choose_alpn_cb, NULL);
	return ctx;
}

int tls_reload(struct tls *t, struct err *e)
{
	SSL_CTX *ctx = new_context();
	int rc;

	rc = readable("API_TLS_CERT", t->cert_path, e);
	if (!rc)
		rc = readable("API_TLS_KEY", t->key_path, e);
	if (!rc)
		rc = take_certificate(ctx, t->cert_path, e);
	if (!rc)
		rc = take_key(ctx, t->key_path, t->cert_path, e);
	ERR_clear_error();
	if (rc) {
		SSL_CTX_free(ctx);
		return rc;
	}
	warn_about_key(t->key_path);
	warn_about_dates(ctx, t->cert_path);
	SSL_CTX_free(t->ctx);
	t->ctx = ctx;
	return 0;
}

int tls_open(const char *cert_path, const char *key_path, struct tls **out, struct err *e)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	int rc;

	t->cert_path = xstrdup(cert_path);
	t->key_path = xstrdup(key_path);
	rc = tls_reload(t, e);
	if (rc)
		tls_free(t);
	else
		*out = t;
	return rc;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t->cert_path);
	free(t->key_path);
	free(t);
}

int64_t tls_not_after_s(const struct tls *t)
{
	const X509 *cert = SSL_CTX_get0_certificate(t->ctx);
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, s = 0;

	ASSERT(cert && epoch);
	if (!ASN1_TIME_diff(&days, &s, epoch, X509_get0_notAfter(cert)))
		days = s = 0;
	ASN1_TIME_free(epoch);
	return (int64_t)days * 86400 + s;
}

struct bufferevent *tls_bufferevent(struct tls *t, struct event_base *base)
{
	SSL *ssl = SSL_new(t->ctx);
	struct bufferevent *bev;

	if (!ssl)
		return NULL;
	bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
					     BEV_OPT_CLOSE_ON_FREE);
	if (!bev) {
		SSL_free(ssl);
		return NULL;
	}
	/* Many clients end without a close_notify; a client sees a cut answer by its length. */
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}
