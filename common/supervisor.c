#include "common/supervisor.h"

#include "common/number.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEATS_PER_LIMIT 3

static void send_text(const struct supervisor *s, const char *text)
{
	int fd;

	if (!s->socket_len)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		     (const struct sockaddr *)&s->socket, s->socket_len);
	close(fd);
}

/* A number of the environment; 0 when it is none. */
static int64_t number(const char *name)
{
	const char *text = getenv(name);
	int64_t n = 0;

	return text && number_int(text, 0, INT64_MAX, &n) ? n : 0;
}

void supervisor_init(struct supervisor *s)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int64_t pid = number("WATCHDOG_PID");
	size_t n = path ? strlen(path) : 0;

	memset(s, 0, sizeof(*s));
	if (n > 1 && n < sizeof(s->socket.sun_path) && (*path == '/' || *path == '@')) {
		s->socket.sun_family = AF_UNIX;
		memcpy(s->socket.sun_path, path, n);
		if (*path == '@')
			s->socket.sun_path[0] = '\0';	/* Linux's namespace without files */
		s->socket_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	}
	if (!pid || pid == getpid())
		s->every_us = number("WATCHDOG_USEC") / BEATS_PER_LIMIT;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void supervisor_ready(struct supervisor *s)
{
	send_text(s, "READY=1");
}

void supervisor_alive(struct supervisor *s, int64_t mono_us)
{
	if (!s->every_us || mono_us < s->due_us)
		return;
	s->due_us = mono_us + s->every_us;
	send_text(s, "WATCHDOG=1");
}

void supervisor_stopping(struct supervisor *s)
{
	send_text(s, "STOPPING=1");
}
