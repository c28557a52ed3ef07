/*
 * supervisor.h - tells systemd that we are ready, alive and stopping (sd_notify's protocol).
 *
 * Sends one datagram per message to the socket that NOTIFY_SOCKET names. Without that
 * variable (not started by systemd) every call does nothing. A message that can't be sent is
 * dropped, because the loop must not wait for its supervisor.
 */
#ifndef COMMON_SUPERVISOR_H
#define COMMON_SUPERVISOR_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct supervisor {
	struct sockaddr_un socket;
	socklen_t socket_len;		/* 0: nobody listens */
	int64_t every_us;		/* how often to say that we are alive; 0: never */
	int64_t due_us;			/* monotonic: when next */
};

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and removes them from the
 * environment, because they are not meant for our child processes.
 */
void supervisor_init(struct supervisor *s);
void supervisor_ready(struct supervisor *s);
/*
 * Says that the loop runs. Cheap to call in each turn: sends only three times within the
 * time after which the watchdog would kill us.
 */
void supervisor_alive(struct supervisor *s, int64_t mono_us);
void supervisor_stopping(struct supervisor *s);

#endif
