/*
 * role.h - what a connection is for: which tables it may write (policy.h), and what it needs
 * of the file (open.c).
 */
#ifndef COMMON_DB_ROLE_H
#define COMMON_DB_ROLE_H

enum db_role {
	DB_WORKER,	/* may write everything */
	DB_API,		/* authorizer: may not write what the worker owns */
	DB_CLI,		/* the command line: writes tokens, jobs, audit rows, commands */
	DB_SECRETS,	/* as DB_CLI, and the sealed secrets of trading_configs */
	DB_COMMAND,	/* reads, and inserts into commands; also on a newer or older schema */
	DB_READ,	/* reads; also an older schema */
	DB_TOOL,	/* no authorizer, any schema: tests, and threads of a program */
	DB_ALONE	/* as DB_TOOL, for a file that the caller has to himself: see db_lock */
};

#endif
