/*
 * process.h - what each of our programs does first of all, and undoes for its children.
 */
#ifndef COMMON_PROCESS_H
#define COMMON_PROCESS_H

/*
 * The first thing in main. Descriptors 0 to 2 that are closed are opened on /dev/null:
 * else the next file, the database for one, would become stdout. SIGPIPE and SIGXFSZ are
 * ignored: a reader that went away and a limit on file sizes are failed writes (EPIPE,
 * EFBIG), not the end of trading.
 */
void process_begin(void);

/* Between fork and exec: signals as a program expects them. Takes no lock. */
void process_child_signals(void);

#endif
