#include "common/child.h"

#include "common/clock.h"
#include "common/limits.h"
#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Between fork and exec: nothing that takes a lock, because another thread of the parent may
 * have held it.
 */
_Noreturn static void become(const struct child_plan *plan, int out, pid_t parent)
{
	char *const nothing[] = { NULL };
	char *const *argv;

	(void)setpgid(0, 0);
	process_child_signals();
	if (plan->nice && setpriority(PRIO_PROCESS, 0, plan->nice) < 0)
		_exit(126);
	if (plan->run) {
		limits_set_copy(parent, plan->memory_mb, plan->cpu_s);
		plan->run(plan->ctx, out);
		_exit(126);
	}
	limits_set(parent, plan->memory_mb, plan->cpu_s);
	if ((plan->in >= 0 && dup2(plan->in, STDIN_FILENO) < 0) || dup2(out, plan->out) < 0)
		_exit(126);
	(void)close_range(plan->out > STDERR_FILENO ? (unsigned)plan->out + 1 : STDERR_FILENO + 1,
			  ~0U, 0);
	memcpy(&argv, &plan->argv, sizeof(argv));	/* exec does not change them */
	if (plan->bare)
		execve(plan->program, argv, nothing);
	else
		execv(plan->program, argv);
	_exit(127);
}

int child_start(struct child *c, const struct child_plan *plan, struct err *e)
{
	pid_t self = getpid(), pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return err_set(e, ERR_IO, "no pipe for a child process: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		become(plan, fds[1], self);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return err_set(e, ERR_IO, "no child process: %s", strerror(errno));
	}
	(void)setpgid(pid, pid);	/* whoever of the two comes first */
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*c = (struct child){
		.pid = pid,
		.fd = fds[0],
		.deadline_us = clock_mono_us() + plan->wall_us,
		.grace_us = plan->grace_us,
		.most = plan->most,
	};
	return 0;
}

void child_close(struct child *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void kill_group(struct child *c)
{
	c->killed = true;
	if (c->pid <= 0)
		return;
	kill(-c->pid, SIGKILL);
}

ssize_t child_read(struct child *c, char *bytes, size_t size)
{
	ssize_t n = read(c->fd, bytes, size);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0) {
		c->heard += (size_t)n;
		if (!c->most || c->heard <= c->most)
			return n;
		kill_group(c);
	}
	child_close(c);
	return -1;
}

void child_drain(struct child *c, struct buf *out)
{
	char bytes[4096];
	ssize_t n;

	while (c->fd >= 0 && (n = child_read(c, bytes, sizeof(bytes))) > 0)
		buf_add(out, bytes, (size_t)n);
}

void child_end(struct child *c)
{
	if (c->pid <= 0 || c->kill_us)
		return;
	c->kill_us = clock_mono_us() + c->grace_us;
	if (c->grace_us)
		kill(-c->pid, SIGTERM);
	else
		kill_group(c);
}

static void reap(struct child *c)
{
	pid_t pid;

	do {
		pid = waitpid(c->pid, &c->status, 0);
	} while (pid < 0 && errno == EINTR);
	c->lost = pid < 0;
	c->pid = 0;
}

bool child_look(struct child *c, int64_t now_us)
{
	siginfo_t info = { 0 };
	int rc = waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT);

	if (rc < 0 ? errno != EINTR : info.si_pid != 0) {
		/* Until it is reaped its number is no other group's: what it started ends now. */
		if (rc == 0)
			kill(-c->pid, SIGKILL);
		reap(c);
		return true;
	}
	if (c->kill_us && now_us >= c->kill_us) {
		kill_group(c);
	} else if (!c->kill_us && now_us >= c->deadline_us) {
		c->late = true;
		child_end(c);
	}
	return false;
}

void child_stop(struct child *c)
{
	if (c->pid > 0) {
		kill_group(c);
		reap(c);
	}
	child_close(c);
}

int child_exit_code(const struct child *c)
{
	return !c->lost && WIFEXITED(c->status) ? WEXITSTATUS(c->status) : -1;
}

int child_signal(const struct child *c)
{
	return !c->lost && WIFSIGNALED(c->status) ? WTERMSIG(c->status) : 0;
}

const char *child_text(const struct child *c, char out[CHILD_TEXT_MAX])
{
	int sig = child_signal(c);

	if (sig)
		snprintf(out, CHILD_TEXT_MAX, "signal %d (%s)", sig,
			 sigabbrev_np(sig) ? sigabbrev_np(sig) : "?");
	else
		snprintf(out, CHILD_TEXT_MAX, "exit code %d", child_exit_code(c));
	return out;
}
