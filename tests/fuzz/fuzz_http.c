/*
 * The whole API server against bytes on a connection: whatever comes, each answer is
 * one, and none of them is a 500. The first byte says where the bytes are cut in two.
 */
#include "api/server.h"
#include "common/clock.h"
#include "common/log.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <event2/event.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOKEN "tb_fuzz"			/* stands in the corpus */
#define TURNS_MAX 2000			/* of the loop, for one input */
#define WAIT_US (2 * US_PER_S)

static struct server *server;

static char folder[] = "/tmp/trading-bot-fuzz.XXXXXX";

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* After a crash the folder stays: it may tell something. */
static void clean_up(void)
{
	server_close(server);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void start(void)
{
	static struct config cfg;
	struct err e = { 0 };

	signal(SIGPIPE, SIG_IGN);
	log_init("fuzz_http", LOG_ERROR);
	log_set_fd(-1);
	ASSERT(mkdtemp(folder) != NULL);
	atexit(clean_up);
	config_defaults(&cfg);
	snprintf(cfg.data_dir, sizeof(cfg.data_dir), "%s", folder);
	snprintf(cfg.db_path, sizeof(cfg.db_path), "%s/app.db", folder);
	snprintf(cfg.master_key_file, sizeof(cfg.master_key_file), "%s/master.key", folder);
	snprintf(cfg.api_token, sizeof(cfg.api_token), "%s", TOKEN);
	cfg.api_port = 0;
	cfg.api_rate_limit = 0;
	if (server_open(&cfg, &server, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		abort();
	}
}

static void turn(void)
{
	event_base_loop(server_base(server), EVLOOP_NONBLOCK);
}

/* The fuzzer's own timer signal may break off the wait for a connection, not the connection. */
static int goes_on(int fd)
{
	struct pollfd wait = { fd, POLLOUT, 0 };
	int interrupted = errno == EINTR, broken = 0;
	socklen_t size = sizeof(broken);

	while (interrupted && poll(&wait, 1, WAIT_US / 1000) < 0 && errno == EINTR)
		;
	return interrupted && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &broken, &size) && !broken &&
	       (wait.revents & POLLOUT);
}

static int connect_to(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct linger at_once = { 1, 0 };
	struct sockaddr_in from = { .sin_family = AF_INET };
	static uint32_t turns;

	/* The ports of one address would all be in TIME_WAIT after some seconds. */
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + turns++ % 65536);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT(fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) && !goes_on(fd)) {
		perror("fuzz_http: connect");
		abort();
	}
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return fd;
}

static void put(int fd, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0 && errno != EAGAIN)
			return; /* it has ended the connection */
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
		turn();
	}
}

/* evhttp's own "100 Continue" names the client's version, whatever that is. */
static const char *behind_continue(const char *answer)
{
	static const char CONTINUE[] = " 100 Continue\r\n\r\n";
	const char *status = strchr(answer, ' ');

	if (status && !strncmp(status, CONTINUE, strlen(CONTINUE)))
		return status + strlen(CONTINUE);
	return answer;
}

/* What comes back up to the end of the connection. */
static void get(int fd)
{
	static char answer[65536];
	int64_t until = clock_mono_us() + WAIT_US;
	size_t len = 0;
	const char *final;

	for (int i = 0; i < TURNS_MAX && clock_mono_us() < until; i++) {
		ssize_t n = recv(fd, answer + len, sizeof(answer) - 1 - len, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0 && len < sizeof(answer) / 2)
			len += (size_t)n;
		turn();
	}
	answer[len] = '\0';
	final = behind_continue(answer);
	if (!*final)
		return;
	ASSERT(!strncmp(final, "HTTP/1.1 ", 9) || !strncmp(final, "HTTP/1.0 ", 9));
	ASSERT(strncmp(final + 9, "500", 3) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut;
	int fd;

	if (!server)
		start();
	if (size < 2 || size > 32768)
		return 0;
	cut = 1 + (size_t)data[0] % (size - 1);
	fd = connect_to(server_port(server));
	put(fd, data + 1, cut);
	turn();
	put(fd, data + 1 + cut, size - 1 - cut);
	shutdown(fd, SHUT_WR);
	get(fd);
	close(fd);
	turn();
	return 0;
}
