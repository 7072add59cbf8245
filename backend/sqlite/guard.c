#include "backend/sqlite/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/sqlite/internal.h"

/* All that a store consists of; whatever else lies there is never opened. */
static const char *const files[] = {"lock", FAVORITES_DB, FAVORITES_DB "-wal", FAVORITES_DB "-shm",
	DERIVED_DB, DERIVED_DB "-wal", DERIVED_DB "-shm", FAVORITES_BELL, DERIVED_BELL};

/* Whoever has the root directory has everything below it: nobody, in some user namespaces. */
static bool is_trusted(uid_t uid)
{
	struct stat root;

	return uid == 0 || uid == geteuid() || (stat("/", &root) == 0 && uid == root.st_uid);
}

static int check_above(const char *directory, struct complaint *ret_why)
{
	struct stat st;

	if (stat(directory, &st) < 0)
		return complain(ret_why, -errno, "%s: %s", directory, strerror(errno));
	if (geteuid() != 0 && !is_trusted(st.st_uid)) /* root knows whose folder that is */
		return complain(ret_why, -EPERM,
			"%s: belongs to uid %u, who could put another store in the place of one"
			" below it",
			directory, st.st_uid);
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return complain(ret_why, -EPERM,
			"%s: may be written by anybody (mode %03o), who could put another store in"
			" the place of one below it",
			directory, st.st_mode & 0777);
	return 0;
}

/* @path and all above it; absolute, and without symbolic links. */
static int check_all_above(char *path, struct complaint *ret_why)
{
	char *slash;
	int error = check_above(*path ? path : "/", ret_why);

	while (!error && (slash = strrchr(path, '/'))) {
		*slash = '\0';
		error = check_above(*path ? path : "/", ret_why);
	}
	return error;
}

int guard_place(const char *path, struct complaint *ret_why)
{
	char copy[PATH_MAX], *above;
	int error;

	(void)snprintf(copy, sizeof(copy), "%s", path); /* a longer one cannot be made */
	above = realpath(dirname(copy), NULL);
	if (!above)
		return complain(
			ret_why, -errno, "%s: cannot make the store: %s", path, strerror(errno));
	error = check_all_above(above, ret_why);
	free(above);
	return error;
}

int guard_directory(const char *path, const struct stat *st, struct complaint *ret_why)
{
	if (st->st_uid != geteuid())
		return complain(ret_why, -EPERM, "%s: belongs to uid %u, not to uid %u", path,
			st->st_uid, geteuid());
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return complain(ret_why, -EPERM,
			"%s: may be written by others (mode %03o): chmod go-w makes it a store",
			path, st->st_mode & 0777);
	return 0;
}

static int check_files(const char *path, uid_t owner, struct complaint *ret_why)
{
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), error = 0;
	struct stat st;

	if (directory < 0)
		return complain(ret_why, -errno, "%s: %s", path, strerror(errno));
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !error; i++) {
		if (fstatat(directory, files[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* missing, mostly; whoever needs it says what is wrong */
		if (!S_ISREG(st.st_mode) || st.st_uid != owner)
			error = complain(ret_why, -EPERM, "%s/%s: %s", path, files[i],
				S_ISLNK(st.st_mode)   ? "a symbolic link is not followed"
				: S_ISREG(st.st_mode) ? "belongs to another user than the store"
						      : "not an ordinary file");
	}
	(void)close(directory); /* O_PATH: nothing to lose */
	return error;
}

int guard_store(const char *path, struct complaint *ret_why)
{
	struct stat st;
	int error = guard_place(path, ret_why);

	if (!error && stat(path, &st) < 0)
		error = complain(ret_why, -errno, "%s: %s", path, strerror(errno));
	if (!error && S_ISDIR(st.st_mode))
		error = guard_directory(path, &st, ret_why);
	if (!error && S_ISDIR(st.st_mode))
		error = check_files(path, st.st_uid, ret_why);
	return error;
}
