#include "common/limits.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void limit(int resource, int64_t value)
{
	struct rlimit r = { (rlim_t)value, (rlim_t)value };

	(void)setrlimit((__rlimit_resource_t)resource, &r);
}

static void set(pid_t parent, int memory, int64_t bytes, int64_t cpu_s)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	(void)memory;
	(void)bytes;
#else
	limit(memory, bytes);
#endif
	limit(RLIMIT_CPU, cpu_s);
	limit(RLIMIT_CORE, 0);
}

void limits_set(pid_t parent, int64_t memory_mb, int64_t cpu_s)
{
	set(parent, RLIMIT_AS, memory_mb << 20, cpu_s);
}

/* Bytes of data and stack that the process has already; 0 when the kernel does not say. */
static int64_t data_now(void)
{
	char text[128] = "", *at = text;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	int64_t pages = 0;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	for (int field = 0; field < 6; field++) /* the sixth: data and stack */
		pages = strtoll(at, &at, 10);
	return pages * sysconf(_SC_PAGESIZE);
}

void limits_set_copy(pid_t parent, int64_t memory_mb, int64_t cpu_s)
{
	set(parent, RLIMIT_DATA, data_now() + (memory_mb << 20), cpu_s);
}
