#include "draw.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ZIPF_EXPONENT 0.99

/* Multiples of the golden ratio lie evenly on a circle, wherever one stops. */
#define GOLDEN_RATIO 0.6180339887498949

/* splitmix64's finaliser: neighbouring inputs get unrelated outputs. */
static uint64_t scatter(uint64_t value)
{
	value += UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

static double random_share(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return (double)(scatter(*state) >> 11) * 0x1p-53;
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static uint32_t user_stride(uint32_t users)
{
	uint32_t stride = (uint32_t)((double)users * GOLDEN_RATIO) + 1;

	while (common_divisor(stride, users) != 1)
		stride++;
	return stride;
}

static void fill_zipf(double *up_to, uint32_t restaurants)
{
	double sum = 0;

	for (uint32_t i = 0; i < restaurants; i++) {
		sum += pow((double)i + 1, -ZIPF_EXPONENT);
		up_to[i] = sum;
	}
	for (uint32_t i = 0; i < restaurants; i++)
		up_to[i] /= sum;
}

int draw_plan_init(struct draw_plan *plan)
{
	plan->up_to = calloc(plan->restaurants, sizeof(*plan->up_to));
	if (plan->up_to == NULL)
		return -ENOMEM;
	fill_zipf(plan->up_to, plan->restaurants);
	plan->user_stride = user_stride(plan->users);
	return 0;
}

void draw_plan_fini(struct draw_plan *plan)
{
	free(plan->up_to);
	plan->up_to = NULL;
}

int draw_stream_init(struct draw_stream *stream, const struct draw_plan *plan, uint32_t client)
{
	stream->drawn = calloc(plan->restaurants, sizeof(*stream->drawn));
	if (stream->drawn == NULL)
		return -ENOMEM;
	stream->plan = plan;
	stream->client = client;
	stream->random = scatter(plan->seed ^ scatter(client));
	return 0;
}

void draw_stream_fini(struct draw_stream *stream)
{
	free(stream->drawn);
	stream->drawn = NULL;
}

/* The first restaurant whose share of the whole reaches beyond a random point. */
static uint32_t zipf_restaurant(struct draw_stream *stream)
{
	const double *up_to = stream->plan->up_to;
	double point = random_share(&stream->random);
	uint32_t low = 0;
	uint32_t high = stream->plan->restaurants - 1;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (up_to[middle] > point)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static uint32_t next_restaurant(struct draw_stream *stream)
{
	if (stream->plan->spread == DRAW_SPREAD_OWN)
		return stream->client % stream->plan->restaurants;
	return zipf_restaurant(stream);
}

/*
 * The clients share out a restaurant's walk: client c takes its steps c, c + clients, and so on.
 * A stride without a common divisor with the number of users visits each once a round.
 */
static void name_user(struct draw_stream *stream, uint32_t restaurant, char *ret_name)
{
	const struct draw_plan *plan = stream->plan;
	uint64_t step = (uint64_t)stream->drawn[restaurant]++ * plan->clients + stream->client;
	uint64_t start = scatter(plan->seed + restaurant) % plan->users;
	uint64_t user = (start + step % plan->users * plan->user_stride) % plan->users;
	uint64_t round = step / plan->users;

	if (round == 0)
		(void)snprintf(ret_name, DRAW_NAME_SIZE, "user-%06" PRIu64, user);
	else
		(void)snprintf(
			ret_name, DRAW_NAME_SIZE, "user-%06" PRIu64 ".%" PRIu64, user, round);
}

void draw_restaurant_name(uint32_t restaurant, char ret_name[DRAW_NAME_SIZE])
{
	(void)snprintf(ret_name, DRAW_NAME_SIZE, "restaurant-%05" PRIu32, restaurant);
}

void draw_next(struct draw_stream *stream, struct draw_pair *ret_pair)
{
	uint32_t restaurant = next_restaurant(stream);

	draw_restaurant_name(restaurant, ret_pair->restaurant);
	name_user(stream, restaurant, ret_pair->user);
}
