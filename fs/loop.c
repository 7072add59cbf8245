#include "fs/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "backend/clock.h"
#include "fs/aside.h"
#include "fs/barrier.h"
#include "fs/kinds.h"
#include "fs/notifier.h"

/* So many requests in a row before everything else gets its turn. */
#define REQUESTS_IN_A_ROW 64

/* At the end, the kernel gets this long to take what it is told. */
#define FINISH_NS INT64_C(5000000000)

struct loop {
	struct mount *mount;
	struct supervisor *supervisor;
	struct fuse_buf buffer;
	int fuse_fd;
	int signal_fd;
	int derived_fd;
	bool told_to_end;
};

/* Serves what has come: true if there may be more. */
static bool serve(struct loop *loop)
{
	struct fuse_session *session = loop->mount->session;

	reader_hold(loop->mount->reader);
	for (int i = 0; i < REQUESTS_IN_A_ROW; i++) {
		int got = fuse_session_receive_buf(session, &loop->buffer);

		if (got == -EINTR)
			continue;
		if (got <= 0) {
			if (got != -EAGAIN)
				fuse_session_exit(session); /* unmounted, or aborted */
			return false;
		}
		fuse_session_process_buf(session, &loop->buffer);
	}
	return true;
}

/* What is due by time; returns the ns until more is, or -1. */
static int64_t do_due(struct loop *loop)
{
	int64_t next = reader_work(loop->mount->reader);

	next = clock_sooner(next, rankings_look(loop->mount));
	next = clock_sooner(next, barriers_look(loop->mount));
	return clock_sooner(next, supervisor_look(loop->supervisor));
}

static void wait_for_more(struct loop *loop, int64_t timeout_ns)
{
	struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
	struct pollfd fds[] = {
		{.fd = loop->fuse_fd, .events = POLLIN},
		{.fd = loop->told_to_end ? -1 : loop->signal_fd, .events = POLLIN},
		{.fd = loop->derived_fd, .events = POLLIN},
		{.fd = supervisor_fd(loop->supervisor), .events = POLLIN},
	};

	reader_rest(loop->mount->reader);
	if (ppoll(fds, sizeof(fds) / sizeof(*fds), timeout_ns < 0 ? NULL : &timeout, NULL) < 0)
		return; /* a wake-up like any other */
	if (fds[1].revents)
		loop->told_to_end = true;
	if (fds[3].revents)
		supervisor_wake(loop->supervisor);
	if (fds[2].revents) {
		store_derived_look(loop->mount->store);
		rankings_wake(loop->mount);
	}
}

/* One turn; returns the ns until the next, if nothing comes before, or -1. */
static int64_t take_turn(struct loop *loop)
{
	bool more = serve(loop);
	int64_t next;

	aside_serve(loop->mount);
	next = do_due(loop);
	return more || aside_waits(loop->mount) ? 0 : next;
}

/* A kind of busy waiting is not needed: requests come while others are being committed. */
static void run(struct loop *loop)
{
	while (!loop->told_to_end && !fuse_session_exited(loop->mount->session)) {
		int64_t next = take_turn(loop);

		if (!fuse_session_exited(loop->mount->session))
			wait_for_more(loop, next);
	}
}

/*
 * Told to end: the notifier may be waiting for a directory's lock, which a caller holds whose
 * request nobody has read yet.  So requests are served until it is done.
 */
static void finish(struct loop *loop)
{
	const int64_t tick_ns = 10000000;
	int64_t until_ns = clock_monotonic_ns() + FINISH_NS;

	notifier_set_mute(loop->mount->notifier, true);
	while (!fuse_session_exited(loop->mount->session) &&
		!notifier_is_idle(loop->mount->notifier) && clock_monotonic_ns() < until_ns)
		wait_for_more(loop, clock_sooner(tick_ns, take_turn(loop)));
}

static int open_signals(int *ret_fd)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int loop_run(struct mount *m, struct supervisor *supervisor)
{
	struct loop loop = {
		.mount = m,
		.supervisor = supervisor,
		.fuse_fd = fuse_session_fd(m->session),
		.derived_fd = store_derived_fd(m->store),
	};
	int error = loop.derived_fd < 0 ? loop.derived_fd : open_signals(&loop.signal_fd);

	if (error)
		return error;
	error = set_nonblocking(loop.fuse_fd);
	if (!error) {
		run(&loop);
		finish(&loop);
	}
	free(loop.buffer.mem); /* libfuse made it */
	(void)close(loop.signal_fd); /* holds no data */
	return error;
}
