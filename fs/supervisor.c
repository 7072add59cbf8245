#include "fs/supervisor.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/clock.h"
#include "backend/log.h"
#include "backend/program.h"

#define PAUSE_MIN_NS INT64_C(100000000)
#define PAUSE_MAX_NS INT64_C(30000000000)

/* Whoever lived so long is well again: the pause starts over. */
#define HEALTHY_NS INT64_C(10000000000)

/*
 * After SIGTERM, the time for most transactions to finish; then SIGKILL, after which the next one
 * does it again.  A favfs that follows waits longer than that (HOLDER_LEAVES_MS).
 */
#define TERM_MS 2500

struct supervisor {
	const char *store;
	char program[PATH_MAX];
	pid_t pid; /* 0: none runs */
	int pidfd; /* -1: none runs */
	bool woken; /* it has ended, perhaps */
	int64_t started_ns; /* monotonic */
	int64_t due_ns; /* monotonic: when to start the next */
	int64_t pause_ns;
};

int supervisor_open(const char *store, struct supervisor **ret_supervisor)
{
	struct supervisor *supervisor = calloc(1, sizeof(*supervisor));

	if (!supervisor)
		return -ENOMEM;
	supervisor->store = store;
	supervisor->pidfd = -1;
	supervisor->pause_ns = PAUSE_MIN_NS;
	program_find("favfs-aggregator", supervisor->program);
	*ret_supervisor = supervisor;
	return 0;
}

/* Only what may be called between fork and exec in a program with threads. */
static void __attribute__((noreturn)) become(const struct supervisor *supervisor, pid_t parent)
{
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) /* died before that took effect */
		_exit(EXIT_FAILURE);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execlp(
		supervisor->program, "favfs-aggregator", "-f", supervisor->store, (char *)NULL);
	_exit(127);
}

static void start(struct supervisor *supervisor)
{
	pid_t parent = getpid(), child = fork();

	if (child == 0)
		become(supervisor, parent);
	supervisor->started_ns = clock_monotonic_ns();
	if (child < 0) {
		log_line(LOG_ERR, "cannot start favfs-aggregator: %s", strerror(errno));
		supervisor->due_ns = supervisor->started_ns + supervisor->pause_ns;
		return;
	}
	supervisor->pid = child;
	supervisor->pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	if (supervisor->pidfd < 0)
		log_line(LOG_ERR, "favfs-aggregator (pid %d) cannot be watched: %s", (int)child,
			strerror(errno));
}

static void tell_end(const struct supervisor *supervisor, int status)
{
	if (WIFSIGNALED(status))
		log_line(LOG_ERR, "favfs-aggregator was killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == 127)
		log_line(LOG_ERR, "%s: cannot be run", supervisor->program);
	else
		log_line(LOG_ERR, "favfs-aggregator ended with status %d", WEXITSTATUS(status));
}

static void forget(struct supervisor *supervisor)
{
	if (supervisor->pidfd >= 0)
		(void)close(supervisor->pidfd); /* of a process that is gone */
	supervisor->pidfd = -1;
	supervisor->pid = 0;
}

static void reap(struct supervisor *supervisor)
{
	int64_t now = clock_monotonic_ns();
	int status;

	if (waitpid(supervisor->pid, &status, WNOHANG) != supervisor->pid)
		return;
	tell_end(supervisor, status);
	if (now - supervisor->started_ns >= HEALTHY_NS)
		supervisor->pause_ns = PAUSE_MIN_NS;
	supervisor->due_ns = now + supervisor->pause_ns;
	supervisor->pause_ns *= 2;
	if (supervisor->pause_ns > PAUSE_MAX_NS)
		supervisor->pause_ns = PAUSE_MAX_NS;
	forget(supervisor);
}

int supervisor_fd(const struct supervisor *supervisor)
{
	return supervisor ? supervisor->pidfd : -1;
}

void supervisor_wake(struct supervisor *supervisor)
{
	supervisor->woken = true;
}

int64_t supervisor_look(struct supervisor *supervisor)
{
	int64_t now;

	if (!supervisor)
		return -1;
	if (supervisor->pid && (supervisor->woken || supervisor->pidfd < 0))
		reap(supervisor);
	supervisor->woken = false;
	if (supervisor->pid)
		return -1;
	now = clock_monotonic_ns();
	if (supervisor->due_ns > now)
		return supervisor->due_ns - now;
	start(supervisor);
	return supervisor->pid ? -1 : supervisor->pause_ns;
}

void supervisor_close(struct supervisor *supervisor)
{
	const struct timespec tick = {.tv_nsec = 1000000};
	int waited = 0;

	if (!supervisor)
		return;
	if (supervisor->pid)
		(void)kill(supervisor->pid, SIGTERM);
	while (supervisor->pid && waitpid(supervisor->pid, NULL, WNOHANG) == 0) {
		(void)nanosleep(&tick, NULL); /* bounded: it ends after its transaction */
		if (++waited == TERM_MS)
			(void)kill(supervisor->pid, SIGKILL);
	}
	forget(supervisor);
	free(supervisor);
}
