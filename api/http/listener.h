/*
 * listener.h - the port: may it be opened, and why not.
 */
#ifndef API_HTTP_LISTENER_H
#define API_HTTP_LISTENER_H

#include "common/config.h"

#include <event2/http.h>
#include <event2/listener.h>

/* Descriptors beside those of connections: database, uploads, child processes, logs. */
#define LISTENER_SPARE_FILES 64

/*
 * ERR_LIMIT: this process may not open the files that API_MAX_CONNECTIONS connections need;
 * most: RLIMIT_NOFILE.
 */
MUST_CHECK int listener_room(const struct config *cfg, int64_t most, struct err *e);
/*
 * Listens on API_BIND and API_PORT. *out is borrowed (http's own), *port what the system gave.
 * ERR_INVALID: API_BIND is no address; ERR_IO: the system refuses, with what to do.
 */
MUST_CHECK int listener_open(struct evhttp *http, const struct config *cfg,
			     struct evconnlistener **out, int *port, struct err *e);

#endif
