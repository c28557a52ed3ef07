#include "api/http/listener.h"

#include "common/log.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

int listener_room(const struct config *cfg, int64_t most, struct err *e)
{
	int64_t need = cfg->api_max_connections + LISTENER_SPARE_FILES;

	if (need <= most)
		return 0;
	return err_set(e, ERR_LIMIT,
		       "API_MAX_CONNECTIONS=%lld needs %lld open files, and this process may have "
		       "%lld: set it to %lld or less, or raise the hard limit (ulimit -Hn, "
		       "systemd's LimitNOFILE, docker's --ulimit nofile)",
		       (long long)cfg->api_max_connections, (long long)need, (long long)most,
		       (long long)(most > LISTENER_SPARE_FILES ? most - LISTENER_SPARE_FILES : 1));
}

/* evhttp says no more of a name that it can't look up than that it failed. */
static int check_address(const struct config *cfg, struct err *e)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE,
	};
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(cfg->api_bind, NULL, &hints, &list);

	if (rc)
		return err_set(e, ERR_INVALID,
			       "API_BIND=%s is no address: %s; 127.0.0.1 is this machine only, "
			       "0.0.0.0 every network",
			       cfg->api_bind, gai_strerror(rc));
	freeaddrinfo(list);
	return 0;
}

static const char *what_to_do(int os)
{
	switch (os) {
	case EADDRINUSE: return "another program uses the port: end it, or set API_PORT";
	case EADDRNOTAVAIL: return "no network interface of this machine has that address: "
				   "change API_BIND (ip address lists them)";
	case EACCES: return "ports below 1024 are for root: set API_PORT to a higher one, or give "
			    "the program CAP_NET_BIND_SERVICE";
	case EAFNOSUPPORT: return "this machine has no such network (IPv6 is off?): change "
				  "API_BIND";
	default: return "change API_BIND or API_PORT";
	}
}

int listener_open(struct evhttp *http, const struct config *cfg, struct evconnlistener **out,
		  int *port, struct err *e)
{
	struct evhttp_bound_socket *bound;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addr = { 0 };
	socklen_t len = sizeof(addr);
	const int on = 1;
	int fd, rc = check_address(cfg, e);

	if (rc)
		return rc;
	bound = evhttp_bind_socket_with_handle(http, cfg->api_bind, (ev_uint16_t)cfg->api_port);
	if (!bound)
		return err_set(e, ERR_IO, "can't listen on %s port %lld: %s; %s", cfg->api_bind,
			       (long long)cfg->api_port, strerror(errno), what_to_do(errno));
	fd = evhttp_bound_socket_get_fd(bound);
	/* Accepted sockets inherit it, so that the end of a large answer waits for no ACK. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		log_warn("http", NULL, "TCP_NODELAY: %s", strerror(errno));
	if (getsockname(fd, &addr.any, &len))
		return err_set(e, ERR_IO, "getsockname: %s", strerror(errno));
	*out = evhttp_bound_socket_get_listener(bound);
	*port = ntohs(addr.any.sa_family == AF_INET6 ? addr.v6.sin6_port : addr.v4.sin_port);
	return 0;
}
