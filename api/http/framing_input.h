/*
 * framing_input.h - the scanner of framing.h on the input of a connection, in front of evhttp.
 */
#ifndef API_HTTP_FRAMING_INPUT_H
#define API_HTTP_FRAMING_INPUT_H

#include "api/http/framing.h"

struct evbuffer;

/*
 * Scans the input from "at" on. The line that is not complete is still in the input, because
 * evhttp takes whole lines. Empty lines before a request are taken away. With f->fault the rest is
 * made lines that evhttp refuses. tls: the input is no frozen one.
 */
void framing_input_scan(struct framing *f, struct evbuffer *in, size_t at, bool tls);

#endif
