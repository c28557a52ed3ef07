/*
 * output.h - writes lines to stdout and stderr without ever making the caller wait.
 *
 *	output_line --> queue (bounded) --> a thread of its own --> write()
 *
 * A reader that hangs (a terminal under Ctrl-S, a pager) or reads slowly costs lines but
 * never stops trading: a line that finds no room is dropped and counted, and a notice says
 * how many as soon as the reader goes on. Lines keep their order, also across both streams
 * when these are one file (2>&1). The descriptor stays blocking, because making it
 * non-blocking would also change it for whoever shares it (the shell, the other program).
 * Lines to a regular file are written at once, without the thread. Thread-safe.
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

/* From now on output_takes() is true for both streams; atexit flushes them. */
void output_start(void);
/* fn writes this stream's notices from now on. If both streams are one file, stderr's fn does. */
void output_on_dropped(int fd, output_notice *fn);
bool output_takes(int fd);
/* Queues whole lines; never blocks. fd: one for which output_takes() is true. */
void output_line(int fd, const char *text, size_t len);

/* ---- for tests: a stream of their own ---- */

struct output_lane;
struct output_lane *output_lane_new(int fd, output_notice *fn);
void output_lane_line(struct output_lane *l, const char *text, size_t len);
bool output_lane_flush(struct output_lane *l, int64_t wait_us);	/* false: the time was up */
/* fd must not block any more. */
void output_lane_free(struct output_lane *l);	/* (tests) */

#endif
