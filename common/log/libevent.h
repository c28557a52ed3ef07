/*
 * libevent.h - libevent's own messages in our log, at most so many a minute.
 *
 * libevent writes its warnings to stderr as bare lines, and some of them once per turn of the
 * loop, so that a fault that lasts would fill a disk. Of a minute the first LOG_LIBEVENT_MOST
 * messages are logged, and the first message of a later minute says how many were left out.
 */
#ifndef COMMON_LOG_LIBEVENT_H
#define COMMON_LOG_LIBEVENT_H

#define LOG_LIBEVENT_MOST 10	/* messages a minute */

/* From now on, for the whole process. Call it before the first event_base. */
void log_libevent_begin(void);

#endif
