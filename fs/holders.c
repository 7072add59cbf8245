#include "fs/holders.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than these are not named. */
#define HOLDERS_MAX 8

static bool is_below(int directory, const char *link, const char *mountpoint)
{
	char path[PATH_MAX];
	size_t length = strlen(mountpoint);
	ssize_t got = readlinkat(directory, link, path, sizeof(path) - 1);

	path[got > 0 ? got : 0] = '\0';
	return !strncmp(path, mountpoint, length) && (path[length] == '/' || path[length] == '\0');
}

static bool has_open(int process, const char *mountpoint)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *fds = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	if (!fds && fd >= 0)
		(void)close(fd); /* a directory */
	while (fds && !found && (entry = readdir(fds)))
		found = is_below(fd, entry->d_name, mountpoint);
	if (fds)
		(void)closedir(fds);
	return found;
}

/* The name of a process and its parent, from "PID (NAME) STATE PPID ...". */
static bool read_stat(int process, char ret_name[static 32], int *ret_parent)
{
	char text[256];
	int fd = openat(process, "stat", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *name, *end;

	if (fd >= 0)
		(void)close(fd); /* was read only */
	text[got > 0 ? got : 0] = '\0';
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end || sscanf(end, ") %*c %d", ret_parent) != 1)
		return false;
	(void)snprintf(ret_name, 32, "%.*s", (int)(end - name - 1), name + 1);
	for (char *at = ret_name; *at; at++) /* it goes to a log, and anybody chooses it */
		*at = isprint((unsigned char)*at) ? *at : '?';
	return true;
}

/* Whether the process @pid is one, and its name. */
static bool is_holder(const char *pid, const char *mountpoint, char ret_name[static 32])
{
	static const char *const places[] = {"cwd", "root"};
	char path[NAME_MAX + sizeof("/proc/")];
	int process, parent = 0;
	bool found = false;

	(void)snprintf(path, sizeof(path), "/proc/%s", pid);
	process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return false;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places) && !found; i++)
		found = is_below(process, places[i], mountpoint);
	found = (found || has_open(process, mountpoint)) && read_stat(process, ret_name, &parent) &&
		parent != getpid();
	(void)close(process);
	return found;
}

bool holders_find(const char *mountpoint, char ret_text[static HOLDERS_TEXT_MAX])
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t length = 0;
	int count = 0;

	while (proc && count <= HOLDERS_MAX && (entry = readdir(proc))) {
		char name[32];

		if (!isdigit((unsigned char)*entry->d_name) || atoi(entry->d_name) == getpid() ||
			!is_holder(entry->d_name, mountpoint, name))
			continue;
		if (count++ < HOLDERS_MAX)
			length += (size_t)snprintf(ret_text + length, HOLDERS_TEXT_MAX - length,
				"%spid %.10s (%.15s)", length ? ", " : "", entry->d_name, name);
		else
			(void)snprintf(ret_text + length, HOLDERS_TEXT_MAX - length, " and others");
	}
	if (proc)
		(void)closedir(proc);
	return count > 0;
}
