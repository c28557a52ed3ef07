/*
 * reply.h - turns a finished request into an HTTP answer.
 */
#ifndef API_HTTP_REPLY_H
#define API_HTTP_REPLY_H

#include "common/err.h"

struct request;

/*
 * Sends r's answer: the handler's output (rc 0), or the error form (http_error.h) of rc and
 * e. Logs a 5xx, counts the answer, adds its audit row, frees r.
 */
void reply_send(struct request *r, int rc, struct err *e);

/* The HTTP status and the code word that an error of ours becomes. */
int reply_http_status(int rc);
const char *reply_code(int rc);

#endif
