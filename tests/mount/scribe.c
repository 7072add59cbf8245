/*
 * scribe: marks and unmarks, COUNT times or without end, and writes down what was acknowledged.
 *
 *	scribe SEED PREFIX RESTAURANTS MANIFEST [COUNT]
 *
 * RESTAURANTS is that folder of a mount; in each restaurant there it has users of its own,
 * named PREFIX-N.  It first writes down which of them it has seen there.  Each change gets
 * two lines at the end of MANIFEST, the first before it is asked for, the second after it was
 * acknowledged, in one write(2) each:
 *
 *	seen|ask|done TAB add|remove TAB RESTAURANT TAB USER
 *
 * so a change without its second line may have happened or not.
 *
 * Exit status: 0 when the mount went away under it, or COUNT changes are done; 1 for any other
 * failure; 2 for usage.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESTAURANTS_MAX 16
#define USERS           16

struct scribe {
	const char *prefix;
	int manifest;
	int restaurants;
	char *names[RESTAURANTS_MAX];
	unsigned count;
	bool marked[RESTAURANTS_MAX][USERS];
};

static int fail(const char *what)
{
	(void)fprintf(stderr, "scribe: %s: %s\n", what, strerror(errno));
	return EXIT_FAILURE;
}

/* What a caller sees of a filesystem that is killed or unmounted at that moment. */
static bool is_gone(int error)
{
	return error == ENOTCONN || error == ECONNABORTED;
}

static int list_restaurants(struct scribe *scribe)
{
	DIR *dir = fdopendir(dup(scribe->restaurants));
	struct dirent *entry;

	if (!dir)
		return -1;
	while (scribe->count < RESTAURANTS_MAX && (entry = readdir(dir)))
		if (*entry->d_name != '.')
			scribe->names[scribe->count++] = strdup(entry->d_name);
	(void)closedir(dir);
	return scribe->count ? 0 : -1;
}

static int note(const struct scribe *scribe, const char *stage, bool add, const char *restaurant,
	const char *user)
{
	char line[600];
	int length = snprintf(line, sizeof(line), "%s\t%s\t%s\t%s\n", stage, add ? "add" : "remove",
		restaurant, user);

	return write(scribe->manifest, line, (size_t)length) == length ? 0 : -1;
}

/* What an earlier one has left is where this one goes on. */
static int see(struct scribe *scribe, unsigned restaurant)
{
	const char *name = scribe->names[restaurant];
	char user[256], path[600];
	struct stat st;

	for (unsigned i = 0; i < USERS; i++) {
		bool *marked = &scribe->marked[restaurant][i];

		(void)snprintf(user, sizeof(user), "%s-%u", scribe->prefix, i);
		(void)snprintf(path, sizeof(path), "%s/fans/%s", name, user);
		*marked = fstatat(scribe->restaurants, path, &st, 0) == 0;
		if (!*marked && errno != ENOENT)
			return -1;
		if (note(scribe, "seen", *marked, name, user) < 0)
			return -2;
	}
	return 0;
}

static int mark(const struct scribe *scribe, const char *path)
{
	int fd = openat(scribe->restaurants, path, O_CREAT | O_EXCL | O_WRONLY, 0644);

	/* Opening says that it is there, closing that it stays. */
	return fd < 0 || close(fd) < 0 ? -1 : 0;
}

/* 0; -1 when the mount did not do it; -2 when the manifest could not be written. */
static int change(struct scribe *scribe, unsigned restaurant, unsigned number)
{
	bool *marked = &scribe->marked[restaurant][number];
	const char *name = scribe->names[restaurant];
	char user[256], path[600];
	int error;

	(void)snprintf(user, sizeof(user), "%s-%u", scribe->prefix, number);
	(void)snprintf(path, sizeof(path), "%s/fans/%s", name, user);
	if (note(scribe, "ask", !*marked, name, user) < 0)
		return -2;
	error = *marked ? unlinkat(scribe->restaurants, path, 0) : mark(scribe, path);
	if (error)
		return -1;
	if (note(scribe, "done", !*marked, name, user) < 0)
		return -2;
	*marked = !*marked;
	return 0;
}

int main(int argc, char *argv[])
{
	struct scribe scribe = {0};
	unsigned long left;
	unsigned seed;
	int result = 0;

	if (argc != 5 && argc != 6) {
		(void)fprintf(
			stderr, "scribe: usage: scribe SEED PREFIX RESTAURANTS MANIFEST [COUNT]\n");
		return 2;
	}
	seed = (unsigned)strtoul(argv[1], NULL, 10);
	scribe.prefix = argv[2];
	scribe.restaurants = open(argv[3], O_RDONLY | O_DIRECTORY);
	if (scribe.restaurants < 0 || list_restaurants(&scribe) < 0)
		return is_gone(errno) ? EXIT_SUCCESS : fail(argv[3]);
	scribe.manifest = open(argv[4], O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (scribe.manifest < 0)
		return fail(argv[4]);
	left = argc == 6 ? strtoul(argv[5], NULL, 10) : ULONG_MAX;
	for (unsigned i = 0; i < scribe.count && result == 0; i++)
		result = see(&scribe, i);
	while (result == 0 && left--)
		result = change(&scribe, (unsigned)rand_r(&seed) % scribe.count,
			(unsigned)rand_r(&seed) % USERS);
	for (size_t i = 0; i < scribe.count; i++)
		free(scribe.names[i]);
	if (result == 0 || (result == -1 && is_gone(errno)))
		return EXIT_SUCCESS;
	return fail("changing");
}
