/*
 * output.h - puts bytes into the output of a stream so that they take little memory.
 *
 * evbuffer_add makes a new chunk as large as the one before it: behind a shared message of
 * 200 kB, two bytes would take 200 kB of each client's memory (libevent 2.1, evbuffer_add).
 */
#ifndef API_PUSH_OUTPUT_H
#define API_PUSH_OUTPUT_H

#include <stddef.h>

struct evbuffer;

/* Copies them. */
void output_add(struct evbuffer *out, const void *data, size_t len);

#endif
