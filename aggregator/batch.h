/*
 * batch.h - netting: what many changes add up to, per restaurant and window.
 *
 * A change takes one from the windows of its old moment and adds one to those of
 * its new one.  A hundred changes of one restaurant become one delta a window, and
 * what comes and goes within a batch becomes nothing at all.  Of a user's favourite
 * only its last image counts.
 *
 * One thread.  Errors are negative errno.
 */
#ifndef FAVFS_BATCH_H
#define FAVFS_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"

/* One favourite seen from its user: what it is after all changes of the batch. */
struct last_image {
	uint32_t user; /* offsets of names in batch->names */
	uint32_t restaurant;
	int64_t restaurant_id;
	int64_t created_ns; /* MOMENT_NONE: gone */
	uint32_t order; /* of the change in the batch */
};

struct delta {
	window_t window;
	uint32_t name; /* offset of the restaurant's name in batch->names */
	int64_t sum;
};

/* Zero-initialise but for @kinds; free with batch_fini. */
struct batch {
	window_kinds_t kinds;
	struct delta *deltas; /* owned; in no order until they are netted */
	size_t count;
	size_t capacity;
	struct last_image *images; /* owned: one a change, until they are netted */
	size_t image_count;
	size_t image_capacity;
	char *names; /* owned: NUL-terminated, one after the other */
	size_t names_size;
	size_t names_capacity;
};

void batch_fini(struct batch *batch);

/*
 * Why a change cannot be counted, or NULL.  All was checked when it was logged; what a disk
 * made of it since must not count anywhere.
 */
const char *batch_refuses(const struct log_entry *entry);

/* Takes the windows of one change in, which is not refused.  Nets deltas before they grow. */
int batch_add(struct batch *batch, const struct log_entry *entry);

/*
 * Leaves one delta for each (window, restaurant) that changes, in that order, none of
 * 0, and the last image of each (user, restaurant), in that order.
 */
void batch_net(struct batch *batch);

/* What it has taken in, in memory. */
size_t batch_bytes(const struct batch *batch);

/* Forgets what it has taken in. */
void batch_empty(struct batch *batch);

/* Nets, adds all to @derived inside its transaction, and empties the batch. */
int batch_apply(struct batch *batch, struct derived *derived, int64_t now_ns);

#endif
