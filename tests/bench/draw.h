/*
 * Which restaurant and which user a client takes next.
 *
 * A client's pairs depend on the plan and on the client's number alone, never on timing: a run of
 * `unmark` with the seed, clients and count of a run of `mark` takes back exactly what that made,
 * and `stat` finds it. Within a plan no pair comes twice: a restaurant walks through all users in
 * a scattered order, and after the last one goes round again with a numbered suffix.
 *
 * Errors: 0 or -ENOMEM. A plan is shared by all threads and not changed after draw_plan_init; a
 * stream belongs to one thread.
 */
#ifndef FAVFS_BENCH_DRAW_H
#define FAVFS_BENCH_DRAW_H

#include <stdint.h>

#define DRAW_NAME_SIZE 48

enum draw_spread {
	DRAW_SPREAD_ZIPF, /* restaurants by Zipf's law, exponent 0.99 */
	DRAW_SPREAD_OWN, /* client i has restaurant i (modulo their number) to itself */
};

struct draw_plan {
	uint64_t seed;
	uint32_t clients;
	uint32_t restaurants;
	uint32_t users;
	enum draw_spread spread;
	uint32_t user_stride;
	double *up_to; /* owned; up_to[r]: probability of a restaurant <= r */
};

struct draw_stream {
	const struct draw_plan *plan;
	uint32_t client;
	uint64_t random;
	uint32_t *drawn; /* owned; how often this client has had each restaurant */
};

struct draw_pair {
	char restaurant[DRAW_NAME_SIZE];
	char user[DRAW_NAME_SIZE];
};

/* The caller has set seed, clients, restaurants, users (each >= 1) and spread. */
int draw_plan_init(struct draw_plan *plan);
void draw_plan_fini(struct draw_plan *plan);

int draw_stream_init(struct draw_stream *stream, const struct draw_plan *plan, uint32_t client);
void draw_stream_fini(struct draw_stream *stream);

void draw_next(struct draw_stream *stream, struct draw_pair *ret_pair);
void draw_restaurant_name(uint32_t restaurant, char ret_name[DRAW_NAME_SIZE]);

#endif
