/*
 * limits.h - how much of the machine a child process may use.
 *
 * Called between fork and exec: nothing here takes a lock or allocates memory.
 */
#ifndef COMMON_LIMITS_H
#define COMMON_LIMITS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Limits this process's address space and processor time, and turns core files off. The
 * kernel kills this process when "parent" (the getpid() of the process that forked) ends,
 * also when it ended already. A sanitizer build gets no memory limit, because sanitizers
 * reserve terabytes of addresses.
 */
void limits_set(pid_t parent, int64_t memory_mb, int64_t cpu_s);
/* The same for a copy that goes on without an exec; memory_mb: data on top of what it has. */
void limits_set_copy(pid_t parent, int64_t memory_mb, int64_t cpu_s);

#endif
