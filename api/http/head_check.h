/*
 * head_check.h - the request line and headers as a whole: what evhttp lets pass although two
 * programs could read it differently (request smuggling), and what nobody needs.
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
 * More than HEAD_LINES_MAX headers; a longer target than HEAD_URI_MAX; a header's name
 * that is no token (a blank before its colon); Host, Authorization, Content-Length,
 * Transfer-Encoding, Content-Type or Origin given twice; a length that is no number; a
 * length beside a transfer encoding; any encoding but "chunked". After each of these
 * the connection must end: where the request ends is not sure.
 */
void head_check(const char *uri, const struct evkeyvalq *headers, struct head_fault *out);

#endif
