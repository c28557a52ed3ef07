/*
 * file.h - a program's log lines in files, beside stderr.
 *
 *	LOG_DIR/trading-bot-worker.log			the newest lines
 *	LOG_DIR/trading-bot-worker.log.1 ... .4		older ones; .4 is the oldest
 *
 * When the next line would take a file over LOG_FILE_BYTES, each file gets the next number
 * and the oldest is removed: two programs have 250 MB at most. A file that somebody moves or
 * deletes is made again within a second.
 *
 * A disk that is full, or a folder that can't be written, never stops a program: lines are
 * left out and counted, and a line says how many as soon as one can be written. While less
 * than LOG_FILE_SPARE bytes are free nothing is written, because the database needs them more.
 */
#ifndef COMMON_LOG_FILE_H
#define COMMON_LOG_FILE_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_FILE_BYTES (25 * 1000 * 1000)
#define LOG_FILES 5
#define LOG_FILE_SPARE (16LL * 1000 * 1000)
#define LOG_FILES_OFF "off"		/* of LOG_DIR: no files */

/*
 * The lines of this process go to files in folder from now on. If the folder is missing, the
 * lines are kept in memory (the first 64 kB) until log_files_make, because a program that is
 * started in a wrong place must make no folder. folder LOG_FILES_OFF: nothing happens.
 */
void log_files_begin(const char *folder, const char *service);
/* The place is right: makes the folder if need be. What fails is logged as a warning. */
void log_files_make(void);

/* ---- one such file ---- */

struct log_file_args {
	const char *folder, *name;	/* copied; the folder must be there */
	int64_t bytes;			/* of one file, at most */
	int files;			/* with the newest */
	int64_t spare;			/* bytes that must stay free */
};
struct log_file;
MUST_CHECK int log_file_open(const struct log_file_args *a, struct log_file **out, struct err *e);
/* A whole line with its newline. False: it was not written. */
bool log_file_put(struct log_file *f, const char *line, size_t len);
void log_file_free(struct log_file *f);	/* (tests) */

#endif
