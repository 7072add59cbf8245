#include "fs/unlinker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/confine.h"
#include "backend/log.h"

/* What only this mount answers, and only this process is answered. */
#define SIGN       ".favfs-unlinker"
#define SIGN_ERROR EALREADY

/* At the end it gets a second. */
#define END_TICK_NS 10000000
#define END_TICKS   100

enum job_kind {
	JOB_REMOVE,
	JOB_REFRESH,
	JOB_REST,
};

/* One message; each is answered by an int, 0 or an errno. */
struct job {
	enum job_kind kind;
	char restaurant[NAME_BYTES_MAX + 1];
	char user[NAME_BYTES_MAX + 1];
};

/* I: set at start; L: under lock. */
struct unlinker {
	pid_t pid; /* I; ours until unlinker_free, for nobody else waits for it */
	int socket; /* I */
	bool gone; /* of the thread that gives the jobs */
	_Atomic bool ending; /* told to */
	pthread_mutex_t lock;
	int64_t restaurant; /* L: whose favourite is being removed; 0: none */
	int64_t favorite; /* L */
	char user[NAME_BYTES_MAX + 1]; /* L */
};

/* ---- in the process ---- */

struct worker {
	const char *mountpoint;
	bool known; /* the device below is the mount's */
	dev_t device;
	int root; /* -1: not open, so that the mount is not busy */
	int fans;
	char restaurant[NAME_BYTES_MAX + 1]; /* whose fans are open */
};

static void let_go(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* a directory */
	*fd = -1;
}

static int get_device(int fd, dev_t *ret_device)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &stx) < 0)
		return -errno;
	*ret_device = makedev(stx.stx_dev_major, stx.stx_dev_minor);
	return 0;
}

/* Something else may have been mounted over it: that is never touched. */
static int check_mount(struct worker *worker)
{
	dev_t device = 0;
	struct stat st;
	int error = get_device(worker->root, &device);

	if (error)
		return error;
	if (worker->known)
		return device == worker->device ? 0 : -EXDEV;
	if (fstatat(worker->root, SIGN, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != SIGN_ERROR)
		return -EXDEV;
	worker->known = true;
	worker->device = device;
	return 0;
}

static int open_root(struct worker *worker)
{
	int error;

	if (worker->root >= 0)
		return 0;
	worker->root = open(worker->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (worker->root < 0)
		return -errno;
	error = check_mount(worker);
	if (error)
		let_go(&worker->root);
	return error;
}

static int open_fans(struct worker *worker, const char *restaurant)
{
	const struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	char path[sizeof("restaurants//fans") + NAME_BYTES_MAX];
	int error;

	if (worker->fans >= 0 && !strcmp(worker->restaurant, restaurant))
		return 0;
	let_go(&worker->fans);
	error = open_root(worker);
	if (error)
		return error;
	(void)snprintf(path, sizeof(path), "restaurants/%s/fans", restaurant);
	worker->fans = (int)syscall(SYS_openat2, worker->root, path, &how, sizeof(how));
	if (worker->fans < 0)
		return -errno;
	strcpy(worker->restaurant, restaurant);
	return 0;
}

static int work(struct worker *worker, const struct job *job)
{
	int error;

	if (job->kind == JOB_REST) {
		let_go(&worker->fans);
		let_go(&worker->root);
		return 0;
	}
	error = open_fans(worker, job->restaurant);
	if (!error && job->kind == JOB_REMOVE)
		error = unlinkat(worker->fans, job->user, 0) < 0 ? -errno : 0;
	else if (!error) /* before it says EEXIST the kernel looks whether it still is there */
		error = mknodat(worker->fans, job->user, S_IFREG, 0) < 0 ? -errno : 0;
	return error == -ENOENT || error == -EEXIST ? 0 : error;
}

/* Ends when nobody is left to give jobs. */
static void __attribute__((noreturn)) run(const char *mountpoint, int socket)
{
	struct worker worker = {.mountpoint = mountpoint, .root = -1, .fans = -1};
	struct job job;
	int null, answer;

	(void)prctl(PR_SET_NAME, "favfs-unlinker");
	(void)setsid(); /* favfs leaves its caller's later (daemon.h) */
	(void)chdir("/"); /* else the directory stays busy; nothing more is lost */
	socket = fcntl(socket, F_DUPFD, STDERR_FILENO + 1);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && null >= 0; fd++)
		(void)dup2(null, fd);
	socket = dup2(socket, STDERR_FILENO + 1);
	closefrom(STDERR_FILENO + 2);
	confine_privileges(CONFINE_WORKER);
	confine_calls(CONFINE_WORKER);
	while (recv(socket, &job, sizeof(job), 0) == sizeof(job)) {
		answer = work(&worker, &job);
		if (send(socket, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(EXIT_SUCCESS);
}

/* ---- beginning and end ---- */

int unlinker_start(const char *mountpoint, struct unlinker **ret_unlinker)
{
	struct unlinker *unlinker = calloc(1, sizeof(*unlinker));
	int ends[2], error;

	if (!unlinker)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		error = -errno;
		free(unlinker);
		return error;
	}
	unlinker->pid = fork();
	if (unlinker->pid == 0)
		run(mountpoint, ends[1]);
	error = unlinker->pid < 0 ? -errno : 0;
	(void)close(ends[1]); /* the other's end */
	unlinker->socket = ends[0];
	(void)pthread_mutex_init(&unlinker->lock, NULL); /* glibc: cannot fail */
	if (error) {
		unlinker_free(unlinker);
		return error;
	}
	*ret_unlinker = unlinker;
	return 0;
}

void unlinker_end(struct unlinker *unlinker)
{
	if (!unlinker || unlinker->pid <= 0)
		return;
	unlinker->ending = true;
	(void)shutdown(unlinker->socket, SHUT_RDWR); /* whoever waits for an answer gets none */
	(void)kill(unlinker->pid, SIGKILL);
}

/* One that waits for a lock cannot even be killed: it goes when that is free. */
static void wait_for_end(pid_t pid)
{
	const struct timespec tick = {.tv_nsec = END_TICK_NS};

	for (int i = 0; i < END_TICKS && waitpid(pid, NULL, WNOHANG) == 0; i++)
		(void)nanosleep(&tick, NULL);
}

void unlinker_free(struct unlinker *unlinker)
{
	if (!unlinker)
		return;
	if (unlinker->pid > 0)
		wait_for_end(unlinker->pid);
	(void)close(unlinker->socket); /* holds no data */
	(void)pthread_mutex_destroy(&unlinker->lock);
	free(unlinker);
}

/* ---- giving jobs ---- */

static int give(struct unlinker *unlinker, const struct job *job)
{
	int answer;

	if (unlinker->gone)
		return -EPIPE;
	if (send(unlinker->socket, job, sizeof(*job), MSG_NOSIGNAL) == sizeof(*job) &&
		recv(unlinker->socket, &answer, sizeof(answer), 0) == sizeof(answer))
		return answer;
	unlinker->gone = true;
	if (!unlinker->ending)
		log_line(LOG_WARNING,
			"favfs-unlinker is gone: inotify shows no DELETE of favourites that"
			" expire any more");
	return -EPIPE;
}

static void expect(
	struct unlinker *unlinker, int64_t restaurant, int64_t favorite, const char *user)
{
	(void)pthread_mutex_lock(&unlinker->lock);
	unlinker->restaurant = restaurant;
	unlinker->favorite = favorite;
	strcpy(unlinker->user, user);
	(void)pthread_mutex_unlock(&unlinker->lock);
}

int unlinker_remove(struct unlinker *unlinker, int64_t restaurant_id, int64_t favorite,
	const char *restaurant, const char *user)
{
	struct job job = {.kind = JOB_REMOVE};
	int error;

	strcpy(job.restaurant, restaurant);
	strcpy(job.user, user);
	expect(unlinker, restaurant_id, favorite, user);
	error = give(unlinker, &job);
	expect(unlinker, 0, 0, "");
	return error;
}

int unlinker_refresh(struct unlinker *unlinker, const char *restaurant, const char *user)
{
	struct job job = {.kind = JOB_REFRESH};

	strcpy(job.restaurant, restaurant);
	strcpy(job.user, user);
	return give(unlinker, &job);
}

void unlinker_rest(struct unlinker *unlinker)
{
	struct job job = {.kind = JOB_REST};

	(void)give(unlinker, &job);
}

/* ---- in the mount ---- */

bool unlinker_asks(const struct unlinker *unlinker, fuse_req_t req)
{
	return unlinker && fuse_req_ctx(req)->pid == unlinker->pid;
}

int unlinker_lookup(
	struct unlinker *unlinker, struct node n, const char *name, int64_t *ret_favorite)
{
	int error = -ENOENT;

	if (n.kind == NODE_ROOT && !strcmp(name, SIGN))
		return -SIGN_ERROR;
	(void)pthread_mutex_lock(&unlinker->lock);
	if (n.kind == NODE_FANS && n.key == unlinker->restaurant && !strcmp(name, unlinker->user)) {
		*ret_favorite = unlinker->favorite;
		error = 0;
	}
	(void)pthread_mutex_unlock(&unlinker->lock);
	return error;
}
