#include "backend/sqlite/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Seats lie where notes, all below, never reach. */
#define SEAT_OFFSET (1 << 20)

static struct flock range(enum lease_seat seat)
{
	return (struct flock){
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = SEAT_OFFSET + (off_t)seat,
		.l_len = 1,
	};
}

int lease_open(const char *directory, int *ret_fd)
{
	int fd = -1, error = 0;
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return -errno;
	fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == EROFS) { /* to take a seat will fail; to look at one is fine */
		fd = openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		error = fd < 0 && errno != ENOENT ? -errno : 0;
	} else if (fd < 0)
		error = -errno;
	(void)close(dir); /* O_PATH: nothing to lose */
	if (!error)
		*ret_fd = fd;
	return error;
}

int lease_try(int fd, enum lease_seat seat)
{
	struct flock lock = range(seat);

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return -EBUSY;
	return errno == EBADF ? -EROFS : -errno; /* it was opened to look only */
}

int lease_wait(int fd, enum lease_seat seat)
{
	struct flock lock = range(seat);

	if (fcntl(fd, F_OFD_SETLKW, &lock) == 0)
		return 0;
	return errno == EBADF ? -EROFS : -errno;
}

int lease_note(int fd, enum lease_seat seat, const char *note)
{
	char block[LEASE_NOTE_MAX] = "";

	(void)snprintf(block, sizeof(block), "%s", note); /* a path of 4 KiB may be cut */
	if (pwrite(fd, block, sizeof(block), (off_t)seat * LEASE_NOTE_MAX) < 0)
		return -errno;
	return 0;
}

void lease_read(int fd, enum lease_seat seat, char ret_note[static LEASE_NOTE_MAX])
{
	ssize_t got = pread(fd, ret_note, LEASE_NOTE_MAX - 1, (off_t)seat * LEASE_NOTE_MAX);

	ret_note[got > 0 ? got : 0] = '\0';
}

int lease_is_taken(int fd, enum lease_seat seat)
{
	struct flock lock = range(seat);

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
