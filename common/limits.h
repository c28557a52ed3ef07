/*
 * limits.h - what a child process may take of the machine.
 *
 * For the time between fork and exec: nothing here takes a lock or memory.
 */
#ifndef COMMON_LIMITS_H
#define COMMON_LIMITS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Address space, processor time, no core file; and the end when "parent" (getpid() of
 * who forks) ends, also when it ended already. Sanitizers take terabytes of addresses:
 * with one there is no limit of memory.
 */
void limits_set(pid_t parent, int64_t memory_mb, int64_t cpu_s);
/* The same for a copy that goes on without an exec; memory_mb is data beside what it has already. */
void limits_set_copy(pid_t parent, int64_t memory_mb, int64_t cpu_s);

#endif
