/*
 * output.h - lines to stdout and stderr that never make their writer wait.
 *
 *	output_line --> queue (bounded) --> a thread of its own --> write()
 *
 * A reader that hangs (a terminal under Ctrl-S, a pager) or reads slowly costs lines,
 * never trading: what finds no room is dropped and counted, and a line says how many as
 * soon as it goes on. The order of lines is kept, across both streams when they are one
 * file (2>&1). Nothing is changed at the descriptor: who shares it (the shell, the other
 * program) would be changed with it. A regular file takes lines at once, without the thread.
 * From any thread.
 */
#ifndef COMMON_OUTPUT_H
#define COMMON_OUTPUT_H

#include "common/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTPUT_ROOM (1024 * 1024)	/* bytes that may wait, per stream */

/* Appends the line, with its newline, that says how many lines were dropped. */
typedef void output_notice(struct buf *out, unsigned long dropped);

/* From now on output_takes() is true for both streams; the end flushes them (atexit). */
void output_start(void);
/* fn makes the notices of this stream from now on; where both are one file, stderr's does. */
void output_on_dropped(int fd, output_notice *fn);
bool output_takes(int fd);
/* Whole lines. Does nothing that could block. fd: one that output_takes. */
void output_line(int fd, const char *text, size_t len);

/* ---- for tests: a stream of their own ---- */

struct output_lane;
struct output_lane *output_lane_new(int fd, output_notice *fn);
void output_lane_line(struct output_lane *l, const char *text, size_t len);
bool output_lane_flush(struct output_lane *l, int64_t wait_us);	/* false: the time was up */
/* fd must not block any more. */
void output_lane_free(struct output_lane *l);	/* (tests) */

#endif
