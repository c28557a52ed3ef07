/*
 * server.h - the HTTP server: listens, checks each request, calls its route.
 *
 * A request with several faults is refused for the first of these checks that fails:
 * head (400, 413), host (403), rate (429), route (404, 405), token (401), role (403), origin (403),
 * query (400), body (413, 415, 400, 422), database (503).
 */
#ifndef API_SERVER_H
#define API_SERVER_H

#include "api/app.h"

struct server;

/*
 * Opens what cfg describes: the database, the token, and the listener on API_BIND:API_PORT
 * (port 0: any free one). cfg is borrowed for the server's life.
 */
MUST_CHECK int server_open(const struct config *cfg, struct server **out, struct err *e);
bool server_lost(const struct server *s);	/* the loop ended because the database is lost */
/* Answers the requests that wait, then closes the connections and the database. */
void server_close(struct server *s);

int server_port(const struct server *s);
/* The admin token, "" when only its hash is known; *made: it was made at this start. */
const char *server_token(const struct server *s, bool *made);
/* Reads the certificate and its key again (SIGHUP). */
void server_reload(struct server *s);
struct event_base *server_base(const struct server *s);

/* Runs until server_stop. */
void server_run(struct server *s);
/* From the loop's own thread or a signal event. */
void server_stop(struct server *s);

#endif
