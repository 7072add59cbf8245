#include "backend/backend.h"

const int64_t latency_bounds_ns[LATENCY_BUCKETS - 1] = {
	50000,
	100000,
	200000,
	500000,
	1000000,
	2000000,
	5000000,
	10000000,
	20000000,
	50000000,
	100000000,
	200000000,
	500000000,
	1000000000,
	5000000000,
};

void histogram_add(struct histogram *histogram, int64_t ns)
{
	int bucket = 0;

	while (bucket < LATENCY_BUCKETS - 1 && ns > latency_bounds_ns[bucket])
		bucket++;
	histogram->buckets[bucket]++;
	histogram->count++;
	histogram->sum_ns += ns;
}
