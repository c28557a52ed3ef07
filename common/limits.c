#include "common/limits.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void limit(int resource, int64_t value)
{
	struct rlimit r = { (rlim_t)value, (rlim_t)value };

	(void)setrlimit((__rlimit_resource_t)resource, &r);
}

void limits_set(pid_t parent, int64_t memory_mb, int64_t cpu_s)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	(void)memory_mb;
#else
	limit(RLIMIT_AS, memory_mb << 20);
#endif
	limit(RLIMIT_CPU, cpu_s);
	limit(RLIMIT_CORE, 0);
}
