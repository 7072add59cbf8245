#include "backend/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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
	(void)setsid(); /* a fresh child leads no group: cannot fail */
	*ret_ready_fd = ends[1];
	return 0;
}

void daemon_ready(int ready_fd)
{
	int null;

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
