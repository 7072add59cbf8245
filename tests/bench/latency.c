#include "latency.h"

#include <stddef.h>

/*
 * Values below 256 have a bucket each; above, every power of two is cut into 128 steps, so the
 * bucket's number is the value's exponent followed by its seven bits after the leading one.
 */
static size_t bucket_of(uint64_t value)
{
	if (value < (UINT64_C(2) << LATENCY_STEP_BITS))
		return (size_t)value;
	unsigned int shift = 63 - (unsigned int)__builtin_clzll(value) - LATENCY_STEP_BITS;
	return ((size_t)shift << LATENCY_STEP_BITS) + (size_t)(value >> shift);
}

static uint64_t bucket_start(size_t bucket)
{
	if (bucket < (2U << LATENCY_STEP_BITS))
		return bucket;
	size_t shift = (bucket >> LATENCY_STEP_BITS) - 1;
	return (uint64_t)(bucket - (shift << LATENCY_STEP_BITS)) << shift;
}

void latency_add(struct latency *latency, uint64_t took_ns)
{
	latency->total++;
	latency->counts[bucket_of(took_ns)]++;
	if (took_ns > latency->max_ns)
		latency->max_ns = took_ns;
}

void latency_merge(struct latency *into, const struct latency *from)
{
	into->total += from->total;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	for (size_t i = 0; i < LATENCY_BUCKETS; i++)
		into->counts[i] += from->counts[i];
}

uint64_t latency_quantile_ns(const struct latency *latency, double share)
{
	double wanted = share * (double)latency->total;
	uint64_t seen = 0;

	for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
		seen += latency->counts[i];
		if (seen > 0 && (double)seen >= wanted)
			return bucket_start(i);
	}
	return 0;
}
