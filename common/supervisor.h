/*
 * supervisor.h - tells systemd that we are ready, alive and stopping (sd_notify's protocol).
 *
 * A datagram per message to the socket that NOTIFY_SOCKET names. Started by anything
 * else there is no such socket, and every call does nothing. Messages that can't be sent
 * are lost on purpose: the loop must not wait for its supervisor.
 */
#ifndef COMMON_SUPERVISOR_H
#define COMMON_SUPERVISOR_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct supervisor {
	struct sockaddr_un socket;
	socklen_t socket_len;		/* 0: nobody listens */
	int64_t every_us;		/* how often to say that we live; 0: nobody asks */
	int64_t due_us;			/* monotonic: when next */
};

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and removes them from the
 * environment: they are not meant for our children.
 */
void supervisor_init(struct supervisor *s);
void supervisor_ready(struct supervisor *s);
/*
 * The loop turns. Cheap to call in each turn: sends three times in the time after
 * which the watchdog would end us.
 */
void supervisor_alive(struct supervisor *s, int64_t mono_us);
void supervisor_stopping(struct supervisor *s);

#endif
