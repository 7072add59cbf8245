/* A file of lines for `import` that makes the favourites which marking would have made. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_SIZE 128

/* A line is one write at the end of the file, so that those of several clients do not mix. */
struct lines {
	int fd; /* owned */
};

static void lines_close(void *connection)
{
	struct lines *lines = connection;

	if (lines == NULL)
		return;
	if (lines->fd >= 0)
		(void)close(lines->fd); /* writes to a local file fail when they are made */
	free(lines);
}

static int lines_open(const char *where, uint32_t client, void **ret_connection)
{
	(void)client;
	struct lines *lines = malloc(sizeof(*lines));

	if (lines == NULL)
		return -ENOMEM;
	lines->fd = open(where, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	if (lines->fd < 0) {
		int err = -errno;
		lines_close(lines);
		return err;
	}
	*ret_connection = lines;
	return 0;
}

static int lines_mark(void *connection, const char *restaurant, const char *user)
{
	const struct lines *lines = connection;
	char line[LINE_SIZE];
	int size = snprintf(line, sizeof(line), "add\t%s\t%s\n", restaurant, user);
	ssize_t written = write(lines->fd, line, (size_t)size);

	if (written < 0)
		return -errno;
	return written == size ? 0 : -ENOSPC;
}

const struct target target_lines = {
	.scheme = "lines",
	.open = lines_open,
	.close = lines_close,
	.ops = {[TARGET_OP_MARK] = lines_mark},
};
