#include "api/http/head_check.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SINGLES (sizeof(singles) / sizeof(singles[0]))

enum { LENGTH, ENCODING };	/* places in singles[] that are looked at again */

static const char *const singles[] = {
	[LENGTH] = "Content-Length",
	[ENCODING] = "Transfer-Encoding",
	"Host",
	"Authorization",
	"Content-Type",
	"Origin",
};

static void fault(struct head_fault *out, int http, const char *code, const char *text,
		  const char *name)
{
	out->http = http;
	out->code = code;
	snprintf(out->text, sizeof(out->text), "%s%.40s", text, name);
}

static bool is_token(const char *name)
{
	static const bool fits[256] = {
		['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
		['!'] = true, ['#' ... '\''] = true, ['*'] = true, ['+'] = true, ['-'] = true,
		['.'] = true, ['^' ... '`'] = true, ['|'] = true, ['~'] = true,
	};
	const unsigned char *p = (const unsigned char *)name;

	while (fits[*p])
		p++;
	return name[0] && *p == '\0';
}

static bool is_length(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n < 19 && text[n] == '\0';
}

/* One header into seen[]; false: out says what is wrong with it. */
static bool take(const struct evkeyval *kv, const char *seen[SINGLES], struct head_fault *out)
{
	if (!is_token(kv->key)) {
		fault(out, 400, "malformed_request", "the name of a header is no token", "");
		return false;
	}
	for (size_t i = 0; i < SINGLES; i++) {
		/* The first letters differ mostly; '|' makes them small. */
		if ((kv->key[0] | ' ') != (singles[i][0] | ' ') ||
		    strcasecmp(kv->key, singles[i]) != 0)
			continue;
		if (seen[i]) {
			fault(out, 400, "malformed_request", "given twice: the header ",
			      singles[i]);
			return false;
		}
		seen[i] = kv->value;
	}
	return true;
}

void head_check(const char *uri, const struct evkeyvalq *headers, struct head_fault *out)
{
	const char *seen[SINGLES] = { NULL };
	const struct evkeyval *kv;
	size_t n = 0;

	out->http = 0;
	if (uri && strlen(uri) > HEAD_URI_MAX) {
		fault(out, 413, "too_large", "path and query have more than 8000 bytes", "");
		return;
	}
	/* evhttp takes the first part for a host; a proxy's rules see the whole as a path. */
	if (uri && uri[0] == '/' && uri[1] == '/') {
		fault(out, 400, "malformed_request", "the target begins with two slashes", "");
		return;
	}
	TAILQ_FOREACH(kv, headers, next) {
		if (++n > HEAD_LINES_MAX) {
			fault(out, 413, "too_large", "more than 100 headers", "");
			return;
		}
		if (!take(kv, seen, out))
			return;
	}
	if (seen[LENGTH] && !is_length(seen[LENGTH]))
		fault(out, 400, "malformed_request", "no number of bytes: Content-Length", "");
	else if (seen[LENGTH] && seen[ENCODING])
		fault(out, 400, "malformed_request",
		      "Content-Length and Transfer-Encoding exclude each other", "");
	else if (seen[ENCODING] && strcasecmp(seen[ENCODING], "chunked") != 0)
		fault(out, 400, "malformed_request", "only chunked is known as encoding", "");
}
