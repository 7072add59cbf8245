/*
 * wake: one change, wait until it is counted, repeat.
 *
 *	wake COUNT LIMIT-MS SEED MOUNT RESTAURANT PREFIX [BELL...]
 *
 * Makes MOUNT/restaurants/RESTAURANT/fans/PREFIX0, PREFIX1 ... and waits for each until
 * MOUNT/counts/RESTAURANT/all has grown by it; then rests for up to 3 ms, so that the next comes
 * at any moment of those who fall asleep.  Before every tenth change each BELL is replaced by
 * another file.  Prints how many were not counted within LIMIT-MS, and the longest wait in ms.
 *
 * Exit status: 0; 1 when a call failed; 2 for usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REST_US 3000

static void __attribute__((noreturn)) give_up(const char *what)
{
	(void)fprintf(stderr, "wake: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static long count_of(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		give_up(path);
	(void)close(fd);
	return atol(text);
}

static void replace(const char *bell)
{
	char other[4096];
	int fd;

	(void)snprintf(other, sizeof(other), "%s.new", bell);
	fd = open(other, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || close(fd) < 0 || rename(other, bell) < 0)
		give_up(bell);
}

/* How long it took, or @limit_ms. */
static int64_t wait_for(const char *count, long wanted, int64_t limit_ms)
{
	int64_t began = now_ms(), took = 0;

	while (count_of(count) < wanted && (took = now_ms() - began) < limit_ms)
		(void)usleep(200);
	return took;
}

int main(int argc, char *argv[])
{
	char fans[4096], count[4096], path[4400];
	int64_t limit_ms, took, longest = 0;
	long changes, before, missed = 0;
	unsigned seed;

	if (argc < 7) {
		(void)fprintf(stderr, "wake: see the head of wake.c\n");
		return 2;
	}
	changes = atol(argv[1]);
	limit_ms = atol(argv[2]);
	seed = (unsigned)strtoul(argv[3], NULL, 10);
	(void)snprintf(fans, sizeof(fans), "%s/restaurants/%s/fans", argv[4], argv[5]);
	(void)snprintf(count, sizeof(count), "%s/counts/%s/all", argv[4], argv[5]);
	before = count_of(count);
	for (long i = 0; i < changes; i++) {
		int fd;

		for (int bell = 7; bell < argc && i % 10 == 9; bell++)
			replace(argv[bell]);
		(void)snprintf(path, sizeof(path), "%s/%s%ld", fans, argv[6], i);
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
		if (fd < 0 || close(fd) < 0)
			give_up(path);
		took = wait_for(count, before + i + 1, limit_ms);
		missed += took >= limit_ms;
		longest = took > longest ? took : longest;
		(void)usleep((useconds_t)rand_r(&seed) % REST_US);
	}
	(void)printf("%ld %lld\n", missed, (long long)longest);
	return EXIT_SUCCESS;
}
