#include "common/fault.h"

#ifdef FAULTS
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct {
	bool loaded;
	long commit_at, write_at, step_at, sql_at, request_at;	/* 0: never */
	bool after;			/* the commit, not before it */
	long commits, writes, steps, sqls, requests;	/* so far */
} fault;

void fault_restart(void)
{
	const char *commit = getenv("FAULT_COMMIT"), *write = getenv("FAULT_WRITE");
	const char *step = getenv("FAULT_STEP"), *request = getenv("FAULT_REQUEST");
	const char *sql = getenv("FAULT_SQL");
	char *end;

	memset(&fault, 0, sizeof(fault));
	fault.loaded = true;
	if (commit) {
		fault.commit_at = strtol(commit, &end, 10);
		fault.after = strcmp(end, ":after") == 0;
	}
	if (write)
		fault.write_at = strtol(write, NULL, 10);
	if (step)
		fault.step_at = strtol(step, NULL, 10);
	if (sql)
		fault.sql_at = strtol(sql, NULL, 10);
	if (request)
		fault.request_at = strtol(request, NULL, 10);
}

void fault_before_commit(void)
{
	if (!fault.loaded)
		fault_restart();
	if (++fault.commits == fault.commit_at && !fault.after)
		raise(SIGKILL);
}

void fault_after_commit(void)
{
	if (fault.commits == fault.commit_at && fault.after)
		raise(SIGKILL);
}

bool fault_write(void)
{
	if (!fault.loaded)
		fault_restart();
	return ++fault.writes == fault.write_at;
}

bool fault_request(void)
{
	if (!fault.loaded)
		fault_restart();
	return ++fault.requests == fault.request_at;
}

void fault_sql(void)
{
	if (!fault.loaded)
		fault_restart();
	if (++fault.sqls == fault.sql_at)
		raise(SIGKILL);
}

void fault_step(void)
{
	if (!fault.loaded)
		fault_restart();
	if (++fault.steps == fault.step_at)
		raise(SIGKILL);
}
#endif
