/*
 * head_check.h - refuses request heads that evhttp accepts although a proxy and this server
 * could read them differently (request smuggling), and heads that are needlessly large.
 */
#ifndef API_HTTP_HEAD_CHECK_H
#define API_HTTP_HEAD_CHECK_H

#include <event2/keyvalq_struct.h>
#include <sys/queue.h>
#include <stddef.h>

#define HEAD_LINES_MAX 100	/* headers of one request */
#define HEAD_URI_MAX 8000	/* bytes of its target, with the query */

struct head_fault {		/* http 0: nothing is wrong */
	int http;		/* 400, 413 */
	const char *code;	/* malformed_request, too_large */
	char text[120];		/* for a person */
};

/*
 * Faults: a target that begins with "//" or is longer than HEAD_URI_MAX; more than
 * HEAD_LINES_MAX headers; a header name that is not a token (a blank before its colon); Host,
 * Authorization, Content-Length, Transfer-Encoding, Content-Type or Origin given twice; a
 * length that is not a number; a length beside a transfer encoding; any encoding but "chunked".
 * After each of these the connection must end, because it is not certain where the request
 * ends.
 */
void head_check(const char *uri, const struct evkeyvalq *headers, struct head_fault *out);

#endif
