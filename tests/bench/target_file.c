/* What one fdatasync(2) costs here: a block of a file that exists, overwritten again and again. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_BYTES 4096

struct file {
	int fd; /* owned */
	unsigned char block[BLOCK_BYTES];
};

static void file_close(void *connection)
{
	struct file *file = connection;

	if (file == NULL)
		return;
	if (file->fd >= 0)
		(void)close(file->fd); /* what matters was synced */
	free(file);
}

static int file_overwrite(void *connection, const char *restaurant, const char *user)
{
	(void)restaurant;
	(void)user;
	struct file *file = connection;

	file->block[0]++; /* no layer below may find that nothing changed */
	ssize_t written = pwrite(file->fd, file->block, sizeof(file->block), 0);
	if (written < 0)
		return -errno;
	if (written != (ssize_t)sizeof(file->block))
		return -ENOSPC;
	return fdatasync(file->fd) < 0 ? -errno : 0;
}

/* The first write allocates; it happens here, so that only overwriting is measured. */
static int file_open(const char *where, uint32_t client, void **ret_connection)
{
	char path[PATH_MAX];
	struct file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return -ENOMEM;
	(void)snprintf(path, sizeof(path), "%s/overwrite-%" PRIu32, where, client);
	file->fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	int err = file->fd < 0 ? -errno : file_overwrite(file, NULL, NULL);
	if (err < 0) {
		file_close(file);
		return err;
	}
	*ret_connection = file;
	return 0;
}

const struct target target_file = {
	.scheme = "file",
	.open = file_open,
	.close = file_close,
	.ops = {[TARGET_OP_OVERWRITE] = file_overwrite},
};
