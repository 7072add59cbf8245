/*
 * listing: a directory is listed while entries come and go.
 *
 *	listing ROUNDS SEED DIRECTORY PREFIX COUNT VISITOR
 *
 * DIRECTORY has PREFIX0 to PREFIX(COUNT-1), which stay; another process makes and removes
 * VISITOR0 to VISITOR99 there all the time.  Each listing goes on in a descriptor of its own
 * from a random place on.  Prints "VISITS visits, WRONG wrong": those that stay and were not
 * listed exactly once.
 *
 * Exit status: 0; 1 when a call failed; 2 for usage.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define VISITORS 100

struct listing {
	const char *directory;
	const char *prefix;
	size_t count;
	unsigned char *seen; /* [count], how often */
};

static void __attribute__((noreturn)) give_up(const char *what)
{
	(void)fprintf(stderr, "listing: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		give_up(path);
	return fd;
}

static void __attribute__((noreturn)) visit(int directory, const char *visitor, long *visits)
{
	for (long i = 0;; i++) {
		char name[256];
		int fd;

		(void)snprintf(name, sizeof(name), "%s%ld", visitor, i % VISITORS);
		fd = openat(directory, name, O_CREAT | O_WRONLY, 0644);
		if (fd < 0 || close(fd) < 0 || unlinkat(directory, name, 0) < 0)
			give_up(name);
		++*visits;
	}
}

static void note(struct listing *listing, const char *name)
{
	size_t length = strlen(listing->prefix), number;
	char *end;

	if (strncmp(name, listing->prefix, length) != 0)
		return;
	number = strtoul(name + length, &end, 10);
	if (!*end && number < listing->count && listing->seen[number] < 255)
		listing->seen[number]++;
}

/* Moves to a new descriptor at the place reached when @entries have been seen. */
static long list(struct listing *listing, long entries)
{
	char buffer[65536];
	int fd = open_directory(listing->directory);
	ssize_t got;
	long wrong = 0;

	memset(listing->seen, 0, listing->count);
	while ((got = getdents64(fd, buffer, sizeof(buffer))) > 0) {
		off64_t place = 0;

		for (ssize_t at = 0; at < got && (entries != 0 || !place);) {
			const struct dirent64 *entry = (const void *)(buffer + at);

			note(listing, entry->d_name);
			at += entry->d_reclen;
			if (entries > 0 && --entries == 0)
				place = entry->d_off;
		}
		if (place) {
			(void)close(fd);
			fd = open_directory(listing->directory);
			if (lseek64(fd, place, SEEK_SET) < 0)
				give_up("lseek");
			entries = -1;
		}
	}
	if (got < 0)
		give_up("getdents");
	(void)close(fd);
	for (size_t i = 0; i < listing->count; i++)
		wrong += listing->seen[i] != 1;
	return wrong;
}

int main(int argc, char *argv[])
{
	struct listing listing;
	long rounds, wrong = 0, *visits;
	unsigned seed;
	pid_t visitor;
	int fd;

	if (argc != 7) {
		(void)fprintf(stderr, "listing: see the head of listing.c\n");
		return 2;
	}
	rounds = atol(argv[1]);
	seed = (unsigned)strtoul(argv[2], NULL, 10);
	listing = (struct listing){argv[3], argv[4], strtoul(argv[5], NULL, 10), NULL};
	listing.seen = malloc(listing.count + 1);
	visits = mmap(
		NULL, sizeof(*visits), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!listing.seen || visits == MAP_FAILED)
		give_up("memory");
	fd = open_directory(listing.directory);
	visitor = fork();
	if (visitor == 0)
		visit(fd, argv[6], visits);
	for (long i = 0; i < rounds; i++)
		wrong += list(&listing, 1 + (long)((size_t)rand_r(&seed) % (listing.count + 1)));
	(void)kill(visitor, SIGKILL);
	(void)waitpid(visitor, NULL, 0);
	(void)printf("%ld visits, %ld wrong\n", *visits, wrong);
	free(listing.seen);
	return EXIT_SUCCESS;
}
