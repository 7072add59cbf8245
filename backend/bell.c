#include "backend/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define RETRY_SECONDS 1

/* Nobody opens and closes it for writing but who calls, and who ends. */
#define EVENTS_OF_CALLS IN_CLOSE_WRITE

/* A file that a ringer holds open tells of its removal by IN_ATTRIB only. */
#define EVENTS_OF_LOSS (IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)

/*
 * Either the inotify watch stands or the timer runs, never both.  The timer is
 * there from the start: what has run out when it is needed may well be descriptors.
 */
struct bell_watch {
	int epoll_fd; /* holds the other two; the number that the caller polls */
	int timer_fd;
	int inotify_fd; /* -1 while there is none to be had */
	int wd; /* -1 while the timer runs */
	bool rests;
	char path[];
};

int bell_open(const char *path, int *ret_fd)
{
	int fd = open(
		path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int bell_ring(int fd)
{
	ssize_t written = pwrite(fd, "!", 1, 0);

	if (written < 0)
		return -errno;
	return written == 1 ? 0 : -EIO;
}

/* How many names the file has tells nothing: it may have been moved, or linked by a backup. */
static bool is_at(int fd, const char *path)
{
	struct stat named, held;

	return stat(path, &named) == 0 && fstat(fd, &held) == 0 && named.st_ino == held.st_ino &&
	       named.st_dev == held.st_dev;
}

int bell_ring_at(int *fd, const char *path)
{
	int fresh = -1, error;

	if (is_at(*fd, path))
		return bell_ring(*fd);
	error = bell_open(path, &fresh);
	if (error)
		return error;
	(void)close(*fd); /* nobody can hear it any more */
	*fd = fresh;
	return bell_ring(fresh);
}

int bell_call(const char *path)
{
	int fd = -1;
	int error = bell_open(path, &fd);

	if (error)
		return error;
	error = bell_ring(fd);
	(void)close(fd); /* holds no data */
	return error;
}

static int file_make(const char *path)
{
	int fd = open(
		path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	(void)close(fd); /* nothing was written, so nothing can be lost */
	return 0;
}

static int epoll_add(int epoll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* 0 stops it.  Cannot fail: the descriptor is a timer's and the values are constants. */
static void timer_set(struct bell_watch *watch, int seconds)
{
	struct itimerspec once = {.it_value = {.tv_sec = seconds}};

	(void)timerfd_settime(watch->timer_fd, 0, &once, NULL);
}

static int inotify_start(struct bell_watch *watch)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0)
		return -errno;

	int r = epoll_add(watch->epoll_fd, fd);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	watch->inotify_fd = fd;
	return 0;
}

/* Watches whatever file has the name now; of one that is watched already it changes the events. */
static int inotify_watch(const struct bell_watch *watch, int *ret_wd)
{
	const uint32_t events = (watch->rests ? 0 : IN_MODIFY) | EVENTS_OF_CALLS | IN_ATTRIB |
				IN_DELETE_SELF | IN_MOVE_SELF;
	int wd = inotify_add_watch(watch->inotify_fd, watch->path, events);

	if (wd < 0 && errno == ENOENT) {
		int r = file_make(watch->path);
		if (r < 0)
			return r;
		wd = inotify_add_watch(watch->inotify_fd, watch->path, events);
	}
	if (wd < 0)
		return -errno;
	*ret_wd = wd;
	return 0;
}

static int watch_listen(struct bell_watch *watch, int *ret_wd)
{
	if (watch->inotify_fd < 0) {
		int r = inotify_start(watch);
		if (r < 0)
			return r;
	}
	return inotify_watch(watch, ret_wd);
}

/*
 * Sets the watch on the file that has the name now, or starts the timer and tells
 * why.  What is left of a watch on another file goes; its IN_IGNORED is ignored.
 */
static int watch_renew(struct bell_watch *watch)
{
	int wd = -1;
	int r = watch_listen(watch, &wd);

	if (watch->wd >= 0 && watch->wd != wd)
		(void)inotify_rm_watch(watch->inotify_fd, watch->wd); /* often gone by itself */
	watch->wd = wd;
	timer_set(watch, wd < 0 && r != -EROFS ? RETRY_SECONDS : 0);
	return r;
}

static bool is_shortage(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOSPC || r == -ENOMEM;
}

static int watch_fill(struct bell_watch *watch)
{
	watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (watch->epoll_fd < 0)
		return -errno;
	watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (watch->timer_fd < 0)
		return -errno;

	int r = epoll_add(watch->epoll_fd, watch->timer_fd);
	if (r < 0)
		return r;
	r = watch_renew(watch);
	return is_shortage(r) || r == -EROFS ? 0 : r; /* where nobody can ring */
}

int bell_watch_open(const char *path, struct bell_watch **ret_watch)
{
	struct bell_watch *watch = malloc(sizeof(*watch) + strlen(path) + 1);

	if (!watch)
		return -ENOMEM;
	*watch = (struct bell_watch){.epoll_fd = -1, .timer_fd = -1, .inotify_fd = -1, .wd = -1};
	strcpy(watch->path, path);

	int r = watch_fill(watch);
	if (r < 0) {
		bell_watch_close(watch);
		return r;
	}
	*ret_watch = watch;
	return 0;
}

static void fd_close(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void bell_watch_close(struct bell_watch *watch)
{
	if (!watch)
		return;
	fd_close(watch->inotify_fd);
	fd_close(watch->timer_fd);
	fd_close(watch->epoll_fd);
	free(watch);
}

int bell_watch_fd(const struct bell_watch *watch)
{
	return watch->epoll_fd;
}

/* What happened to the file that is watched; an overflow may have been anything. */
static uint32_t all_events(const struct inotify_event *events, size_t count, int wd)
{
	uint32_t all = 0;

	for (size_t i = 0; i < count; i++) {
		if (events[i].mask & IN_Q_OVERFLOW)
			all |= EVENTS_OF_LOSS | EVENTS_OF_CALLS;
		if (events[i].wd == wd)
			all |= events[i].mask;
	}
	return all;
}

/*
 * The events of a watched file have no name, so they are an array.  A read that
 * leaves room has emptied the queue: a tireless ringer cannot keep us here.
 */
static uint32_t inotify_drain(const struct bell_watch *watch)
{
	struct inotify_event events[64];
	uint32_t all = 0;
	ssize_t got;

	do {
		got = read(watch->inotify_fd, events, sizeof(events));
		if (got > 0)
			all |= all_events(events, (size_t)got / sizeof(events[0]), watch->wd);
	} while (got == (ssize_t)sizeof(events));
	return all;
}

bool bell_watch_drain(struct bell_watch *watch)
{
	uint64_t ticks;
	bool renew = read(watch->timer_fd, &ticks, sizeof(ticks)) > 0;
	uint32_t events = watch->inotify_fd >= 0 ? inotify_drain(watch) : 0;

	if (renew || events & EVENTS_OF_LOSS)
		(void)watch_renew(watch); /* a failure has started the timer, which tries again */
	return events & EVENTS_OF_CALLS;
}

void bell_watch_rest(struct bell_watch *watch, bool rests)
{
	watch->rests = rests;
	if (watch->wd >= 0)
		(void)watch_renew(watch); /* as above */
}

bool bell_watch_is_live(const struct bell_watch *watch)
{
	return watch->wd >= 0;
}
