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

/* The sooner of two times to wait; negative: for ever. */
static inline int64_t clock_sooner(int64_t a_ns, int64_t b_ns)
{
	if (a_ns < 0 || b_ns < 0)
		return a_ns < 0 ? b_ns : a_ns;
	return a_ns < b_ns ? a_ns : b_ns;
}

#endif
