/*
 * pace: how long touching takes, one after the other, until it is told to stop.
 *
 *	pace FANS PREFIX
 *
 * Makes FANS/PREFIX0, FANS/PREFIX1 ... until SIGTERM, then prints how many it made and, in us,
 * what half of them, 99 of 100, and all of them took at most.
 *
 * Exit status: 0; 1 when a call failed; 2 for usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 1000000

static volatile sig_atomic_t told_to_stop;
static uint32_t samples_us[SAMPLES_MAX];

static void stop(int signal)
{
	(void)signal;
	told_to_stop = 1;
}

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char *argv[])
{
	size_t count = 0;

	if (argc != 3) {
		(void)fprintf(stderr, "pace: usage: pace FANS PREFIX\n");
		return 2;
	}
	(void)signal(SIGTERM, stop);
	while (!told_to_stop && count < SAMPLES_MAX) {
		char path[4096];
		int64_t began = now_us();
		int fd;

		(void)snprintf(path, sizeof(path), "%s/%s%zu", argv[1], argv[2], count);
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
		if (fd < 0 || close(fd) < 0) {
			(void)fprintf(stderr, "pace: %s: %s\n", path, strerror(errno));
			return EXIT_FAILURE;
		}
		samples_us[count++] = (uint32_t)(now_us() - began);
	}
	qsort(samples_us, count, sizeof(*samples_us), compare);
	if (count)
		(void)printf("%zu %u %u %u\n", count, samples_us[count / 2],
			samples_us[count - count / 100 - 1], samples_us[count - 1]);
	return EXIT_SUCCESS;
}
