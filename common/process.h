/*
 * process.h - what each program sets up first, and undoes for its child processes.
 */
#ifndef COMMON_PROCESS_H
#define COMMON_PROCESS_H

/*
 * Call this first in main. Opens closed descriptors 0 to 2 on /dev/null, because otherwise
 * the next file, such as the database, would become stdout. Ignores SIGPIPE and SIGXFSZ,
 * because a reader that went away or a limit on file sizes must be a failed write (EPIPE,
 * EFBIG) and not the end of trading. Raises the limit of open files to the hard limit,
 * because shells and containers begin with 1024, and nothing here uses select().
 */
void process_begin(void);

/* Between fork and exec: restores the default signal handling. Takes no lock. */
void process_child_signals(void);

#endif
