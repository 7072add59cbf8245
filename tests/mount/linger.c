/*
 * linger: looks at a file that is going to vanish, as often as it can.
 *
 *	linger PATH SECONDS
 *
 * Prints, in ns since 1970: when the last lstat(2) that succeeded was begun, when the first that
 * failed had ended, and how many succeeded after that; 0 for what never happened.
 *
 * Exit status: 0; 1 when a call failed otherwise than with ENOENT; 2 for usage.
 */
#include <errno.h>
#include <stdint.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int main(int argc, char *argv[])
{
	int64_t until = argc == 3 ? now_ns() + atoi(argv[2]) * INT64_C(1000000000) : 0;
	int64_t begun, last_there = 0, first_gone = 0, back = 0;
	struct stat st;

	if (argc != 3) {
		(void)fprintf(stderr, "linger: usage: linger PATH SECONDS\n");
		return 2;
	}
	while ((begun = now_ns()) < until) {
		if (lstat(argv[1], &st) == 0) {
			last_there = begun;
			back += first_gone != 0;
		} else if (errno != ENOENT) {
			(void)fprintf(stderr, "linger: %s: %s\n", argv[1], strerror(errno));
			return EXIT_FAILURE;
		} else if (!first_gone) {
			first_gone = now_ns();
		}
	}
	(void)printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", last_there, first_gone, back);
	return EXIT_SUCCESS;
}
