/*
 * clock.h - the two clocks, in nanoseconds.
 */
#ifndef FAVFS_CLOCK_H
#define FAVFS_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Since 1970 UTC; may be set back. */
static inline int64_t clock_realtime_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Since some moment; only grows. */
static inline int64_t clock_monotonic_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
