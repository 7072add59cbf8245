/*
 * A histogram of latencies of fixed size: a value is kept to within 1/128 of itself, the greatest
 * one exactly. Times in nanoseconds. No function fails. Not thread-safe: one a client, merged at
 * the end.
 */
#ifndef FAVFS_BENCH_LATENCY_H
#define FAVFS_BENCH_LATENCY_H

#include <stdint.h>

#define LATENCY_STEP_BITS 7
#define LATENCY_BUCKETS   ((64 - LATENCY_STEP_BITS + 1) << LATENCY_STEP_BITS)

struct latency {
	uint64_t total;
	uint64_t max_ns;
	uint64_t counts[LATENCY_BUCKETS];
};

void latency_add(struct latency *latency, uint64_t took_ns);
void latency_merge(struct latency *into, const struct latency *from);

/* The time within which this share (0 to 1) of all values lie; 0 where there is none. */
uint64_t latency_quantile_ns(const struct latency *latency, double share);

#endif
