/* The system calls that touch(1), rm(1), stat(1) and sync(1) make in a tree restaurants/R/fans/U. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 256

struct tree {
	int root_fd; /* owned */
};

static void tree_close(void *connection)
{
	struct tree *tree = connection;

	if (tree == NULL)
		return;
	if (tree->root_fd >= 0)
		(void)close(tree->root_fd); /* a directory: nothing to lose */
	free(tree);
}

static int tree_open(const char *where, uint32_t client, void **ret_connection)
{
	(void)client;
	struct tree *tree = malloc(sizeof(*tree));

	if (tree == NULL)
		return -ENOMEM;
	tree->root_fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree->root_fd < 0) {
		int err = -errno;
		tree_close(tree);
		return err;
	}
	*ret_connection = tree;
	return 0;
}

static int make_directory(const struct tree *tree, const char *path)
{
	if (mkdirat(tree->root_fd, path, 0777) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static int tree_add_restaurant(void *connection, const char *restaurant)
{
	const struct tree *tree = connection;
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "restaurants/%s", restaurant);
	int err = make_directory(tree, path);
	if (err < 0)
		return err;
	(void)snprintf(path, sizeof(path), "restaurants/%s/fans", restaurant);
	return make_directory(tree, path);
}

static void favourite_path(char path[PATH_SIZE], const char *restaurant, const char *user)
{
	(void)snprintf(path, PATH_SIZE, "restaurants/%s/fans/%s", restaurant, user);
}

static int tree_mark(void *connection, const char *restaurant, const char *user)
{
	const struct tree *tree = connection;
	char path[PATH_SIZE];

	favourite_path(path, restaurant, user);
	int fd = openat(tree->root_fd, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	int err = futimens(fd, NULL) < 0 ? -errno : 0;
	if (close(fd) < 0 && err == 0)
		err = -errno;
	return err;
}

static int sync_file(const struct tree *tree, const char *path)
{
	int fd = openat(tree->root_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int err = fsync(fd) < 0 ? -errno : 0;
	(void)close(fd); /* opened for reading: nothing to lose */
	return err;
}

static int tree_fresh(void *connection, const char *restaurant, const char *user)
{
	int err = tree_mark(connection, restaurant, user);

	return err < 0 ? err : sync_file(connection, "rankings/all");
}

static int tree_unmark(void *connection, const char *restaurant, const char *user)
{
	const struct tree *tree = connection;
	char path[PATH_SIZE];

	favourite_path(path, restaurant, user);
	return unlinkat(tree->root_fd, path, 0) < 0 ? -errno : 0;
}

static int tree_stat(void *connection, const char *restaurant, const char *user)
{
	const struct tree *tree = connection;
	char path[PATH_SIZE];
	struct stat found;

	favourite_path(path, restaurant, user);
	return fstatat(tree->root_fd, path, &found, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

const struct target target_tree = {
	.scheme = "tree",
	.open = tree_open,
	.close = tree_close,
	.add_restaurant = tree_add_restaurant,
	.ops =
		{
			[TARGET_OP_MARK] = tree_mark,
			[TARGET_OP_UNMARK] = tree_unmark,
			[TARGET_OP_STAT] = tree_stat,
			[TARGET_OP_FRESH] = tree_fresh,
		},
};
