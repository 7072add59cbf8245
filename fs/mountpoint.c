#include "fs/mountpoint.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mntent.h>

char *mountpoint_absolute(const char *path)
{
	char *copy = strdup(path), *copy2 = strdup(path), *parent = NULL, *whole = NULL;

	if (copy && copy2)
		parent = realpath(dirname(copy), NULL);
	if (parent &&
		asprintf(&whole, "%s/%s", strcmp(parent, "/") ? parent : "", basename(copy2)) < 0)
		whole = NULL;
	free(parent);
	free(copy);
	free(copy2);
	return whole;
}

/* The type of what is mounted at @path, topmost last; empty if nothing is. */
static void find_mount(const char *path, char ret_type[static 64])
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;

	*ret_type = '\0';
	while (mounts && (entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_dir, path))
			(void)snprintf(ret_type, 64, "%s", entry->mnt_type);
	if (mounts)
		(void)endmntent(mounts);
}

static int fusermount(const char *path)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		(void)execlp("fusermount3", "fusermount3", "-u", "-z", "-q", path, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

static int detach(const char *path, struct complaint *ret_why)
{
	char type[64];
	int error;

	find_mount(path, type);
	if (strcmp(type, "fuse.favfs") != 0)
		return complain(ret_why, -EBUSY, "%s: a dead mount of type %s is there", path,
			*type ? type : "unknown");
	error = umount2(path, MNT_DETACH) == 0 ? 0 : -errno;
	if (error == -EPERM)
		error = fusermount(path);
	return error ? complain(ret_why, error, "%s: cannot take the dead mount away: %s", path,
			       strerror(-error))
		     : 0;
}

static int check(const char *path, struct complaint *ret_why)
{
	struct stat st;
	char type[64];

	if (stat(path, &st) < 0)
		return complain(ret_why, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return complain(ret_why, -ENOTDIR, "%s: a mountpoint is a directory", path);
	if (geteuid() != 0 && st.st_uid != geteuid()) /* fusermount3 asks for less */
		return complain(ret_why, -EPERM, "%s: belongs to uid %u: take a folder of your own",
			path, st.st_uid);
	find_mount(path, type);
	if (*type && strcmp(type, "autofs") != 0) /* that waits for us */
		return complain(ret_why, -EBUSY,
			"%s: something is mounted there (type %s): unmount it,"
			" or take another place",
			path, type);
	return 0;
}

/* stat(2) would be answered from what the kernel remembers of a dead mount. */
static bool is_dead(const char *path)
{
	struct statvfs space;

	return statvfs(path, &space) < 0 && errno == ENOTCONN;
}

int mountpoint_prepare(const char *path, char **ret_path, struct complaint *ret_why)
{
	char *whole = is_dead(path) ? mountpoint_absolute(path) : realpath(path, NULL);
	int error = 0;

	if (!whole)
		return complain(ret_why, -errno, "%s: %s%s", path, strerror(errno),
			errno == ENOENT ? ": make the mountpoint first" : "");
	while (!error && is_dead(whole)) /* dead mounts may be stacked */
		error = detach(whole, ret_why);
	if (!error)
		error = check(whole, ret_why);
	if (error)
		free(whole);
	else
		*ret_path = whole;
	return error;
}
