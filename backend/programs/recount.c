#include "backend/programs/recount.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/clock.h"
#include "backend/program.h"

/* Ten million favourites take two minutes. */
#define RECOUNT_MAX_NS INT64_C(1800000000000)

/* Whoever only looks does not wait long for another's work. */
#define AWAIT_MAX_NS INT64_C(60000000000)

/* How often to see whether another's aggregator still is there. */
#define ANOTHER_LOOK_NS INT64_C(100000000)

/* How long our own may take to end after all is counted. */
#define END_MS 2000

/* A store seen by somebody who waits for its counts. */
struct wait {
	struct store *store;
	struct reader *reader;
	int64_t newest; /* seq: that far it has to count */
	pid_t child; /* 0: another's aggregator counts */
	bool starts; /* one of its own where that ends before it is done */
	int pidfd; /* of the child; -1: none */
};

static int open_wait(struct wait *ret_wait, const char *where, struct complaint *ret_why)
{
	static const struct store_options reading = {.mode = STORE_READ};
	struct totals totals = {0};
	int error;

	*ret_wait = (struct wait){.pidfd = -1};
	error = store_open(where, &reading, &ret_wait->store, ret_why);
	if (error)
		return error;
	error = reader_open(ret_wait->store, &ret_wait->reader);
	if (!error)
		error = reader_totals(ret_wait->reader, &totals);
	ret_wait->newest = totals.newest_seq;
	return error ? complain(ret_why, error, "%s: %s", where, strerror(-error)) : 0;
}

static void close_wait(struct wait *wait)
{
	reader_close(wait->reader);
	store_close(wait->store);
}

/* ---- the aggregator ---- */

static int start_aggregator(struct wait *wait)
{
	char program[PATH_MAX];
	pid_t parent = getpid();

	program_find("favfs-aggregator", program);
	(void)fflush(NULL); /* what is buffered must not be written twice */
	wait->child = fork();
	if (wait->child < 0)
		return -errno;
	if (wait->child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == parent)
			(void)execlp(program, "favfs-aggregator", "--once",
				store_where(wait->store), (char *)NULL);
		_exit(127);
	}
	wait->pidfd = (int)syscall(SYS_pidfd_open, wait->child, 0);
	return wait->pidfd < 0 ? -errno : 0;
}

/* It may wait for its turn while another does the work. */
static int end_aggregator(struct wait *wait)
{
	struct pollfd child = {.fd = wait->pidfd, .events = POLLIN};
	int status = 0;

	if (wait->child <= 0)
		return 0;
	(void)poll(
		&child, wait->pidfd < 0 ? 0 : 1, END_MS); /* it sees by itself that all is done */
	(void)kill(wait->child, SIGTERM); /* gone already, mostly */
	while (waitpid(wait->child, &status, 0) < 0 && errno == EINTR)
		;
	if (wait->pidfd >= 0)
		(void)close(wait->pidfd); /* of a process that is gone */
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGTERM ? 0 : -ECHILD;
	return WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

/* ---- waiting ---- */

static int is_counted(struct wait *wait, bool *ret_counted)
{
	struct position position;
	int error;

	store_derived_look(wait->store);
	error = reader_position(wait->reader, &position);
	if (!error)
		*ret_counted = position.seq >= wait->newest;
	/* Damage is about to be replaced, or shows in the next check. */
	return error == -EUCLEAN ? 0 : error;
}

static bool has_ended(const struct wait *wait)
{
	struct pollfd child = {.fd = wait->pidfd, .events = POLLIN};

	return wait->pidfd >= 0 && poll(&child, 1, 0) == 1;
}

/* Until the bell rings or the child ends. */
static int wait_for_news(struct wait *wait, int64_t until_ns)
{
	struct pollfd fds[] = {
		{.fd = store_derived_fd(wait->store), .events = POLLIN},
		{.fd = wait->pidfd, .events = POLLIN},
	};
	int64_t left_ns = until_ns - clock_monotonic_ns();

	if (fds[0].fd < 0)
		return fds[0].fd;
	if (left_ns <= 0)
		return -ETIMEDOUT;
	if (!wait->child && left_ns > ANOTHER_LOOK_NS) /* another's end rings nothing */
		left_ns = ANOTHER_LOOK_NS;
	return poll(fds, 2, (int)(left_ns / 1000000 + 1)) < 0 && errno != EINTR ? -errno : 0;
}

/* The watch comes before the first look. */
static int wait_for_counts(struct wait *wait, int64_t until_ns)
{
	bool counted = false;
	int error = store_derived_fd(wait->store);

	for (error = error < 0 ? error : 0; !error;) {
		bool ended = has_ended(wait);

		error = is_counted(wait, &counted);
		if (error || ended || (counted && !wait->child))
			break;
		if (counted && store_aggregator(wait->store) != wait->child)
			break; /* another did it; ours still waits for its turn */
		if (!wait->child && !store_aggregator(wait->store)) {
			error = wait->starts ? start_aggregator(wait) : 0;
			if (!wait->starts)
				break;
			continue;
		}
		error = wait_for_news(wait, until_ns);
	}
	return error;
}

static int recount_with(struct wait *wait, bool taken)
{
	int error = taken ? 0 : start_aggregator(wait), ended;

	wait->starts = true;
	if (!error)
		error = wait_for_counts(wait, clock_monotonic_ns() + RECOUNT_MAX_NS);
	ended = end_aggregator(wait);
	return error ? error : ended;
}

static int recount_in(struct wait *wait, const char *where, struct complaint *ret_why)
{
	bool taken = false;
	int error = store_forget_derived(where, &taken, ret_why);

	if (error)
		return error;
	error = recount_with(wait, taken);
	if (error == -ECHILD)
		return complain(ret_why, error, "%s: favfs-aggregator failed", where);
	return error ? complain(ret_why, error, "%s: waiting for favfs-aggregator: %s", where,
			       strerror(-error))
		     : 0;
}

int recount(const char *store, struct complaint *ret_why)
{
	struct wait wait;
	int error = open_wait(&wait, store, ret_why);

	if (!error)
		error = recount_in(&wait, store, ret_why);
	close_wait(&wait);
	return error;
}

void recount_await(const char *store)
{
	struct complaint why;
	struct wait wait;
	struct position position = {0};

	if (open_wait(&wait, store, &why) == 0 && store_aggregator(wait.store) &&
		reader_position(wait.reader, &position) == 0 && position.seq == 0)
		(void)wait_for_counts(&wait, clock_monotonic_ns() + AWAIT_MAX_NS); /* or as it is */
	close_wait(&wait);
}
