/*
 * scratch.h - a folder of its own for each test, and work in a child process.
 *
 * scratch_setup and scratch_teardown are cmocka fixtures; scratch_path names a
 * file in the folder.
 */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char scratch_folder[64];

static inline int scratch_setup(void **state)
{
	(void)state;
	snprintf(scratch_folder, sizeof(scratch_folder), "/tmp/trading-bot-test.XXXXXX");
	return mkdtemp(scratch_folder) ? 0 : -1;
}

static inline int scratch_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int scratch_teardown(void **state)
{
	(void)state;
	return nftw(scratch_folder, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* Borrowed until four calls later. */
static inline const char *scratch_path(const char *name)
{
	static char path[4][256];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", scratch_folder, name);
	return p;
}

/* Runs work in a child; its exit code, or -signal when one ended it. */
static inline int scratch_child(int (*work)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(work(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

#endif
