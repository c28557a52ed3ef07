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

#endif
