#include "backend/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void __attribute__((noreturn)) wait_for(pid_t child, int fd)
{
	char byte;
	int status;

	if (read(fd, &byte, 1) == 1)
		_exit(EXIT_SUCCESS);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

int daemon_fork(int *ret_ready_fd)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0) {
		int error = -errno;

		(void)close(ends[0]); /* empty pipes */
		(void)close(ends[1]);
		return error;
	}
	(void)close(ends[child ? 1 : 0]); /* the other's end */
	if (child)
		wait_for(child, ends[0]);
	*ret_ready_fd = ends[1];
	return 0;
}

void daemon_leave(int ready_fd)
{
	if (ready_fd >= 0)
		(void)setsid(); /* a fresh child leads no group: cannot fail */
}

/* The protocol of sd_notify(3) is one datagram: not worth a library. */
static void notify(const char *state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
		return;
	memcpy(address.sun_path, path, length);
	if (*path == '@') /* an abstract name */
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	(void)close(fd); /* whoever does not listen does not hear it */
}

void daemon_ready(int ready_fd)
{
	int null;

	notify("READY=1");
	(void)unsetenv("NOTIFY_SOCKET"); /* it is nothing to the programs that we start */
	if (ready_fd < 0)
		return;
	(void)chdir("/"); /* else the directory stays busy; nothing more is lost */
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && null >= 0; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		(void)close(null);
	(void)!write(ready_fd, "r", 1); /* a parent that was killed need not know */
	(void)close(ready_fd);
}
