/*
 * shutdown: the disk under a filesystem is gone.
 *
 *	shutdown DIRECTORY
 *
 * Tells the filesystem of DIRECTORY (ext4, xfs) to stop at once: from then on every call fails
 * with EIO, and what had not reached the disk never will, its own journal included.  Linux may tell
 * an fdatasync(2) of success that is just under way then, and drop what it was about.
 *
 * Exit status: 0; 1 when it cannot do that; 2 for usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SHUTDOWN         _IOR('X', 125, uint32_t)
#define WITHOUT_FLUSHING 1

int main(int argc, char *argv[])
{
	uint32_t how = WITHOUT_FLUSHING;
	int fd;

	if (argc != 2) {
		(void)fprintf(stderr, "shutdown: usage: shutdown DIRECTORY\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY | O_DIRECTORY);
	if (fd < 0 || ioctl(fd, SHUTDOWN, &how) < 0) {
		(void)fprintf(stderr, "shutdown: %s: %s\n", argv[1], strerror(errno));
		return EXIT_FAILURE;
	}
	return close(fd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
