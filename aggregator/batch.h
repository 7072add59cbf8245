/*
 * batch.h - netting: what many changes add up to, per restaurant and window.
 *
 * A change takes one from the windows of its old moment and adds one to those of
 * its new one.  A hundred changes of one restaurant become one delta a window, and
 * what comes and goes within a batch becomes nothing at all.
 *
 * One thread.  Errors are negative errno.
 */
#ifndef FAVFS_BATCH_H
#define FAVFS_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"

struct delta {
	window_t window;
	uint32_t name; /* offset of the restaurant's name in batch->names */
	int64_t sum;
};

/* Zero-initialise but for @kinds; free with batch_fini. */
struct batch {
	window_kinds_t kinds;
	struct delta *deltas; /* owned */
	size_t count;
	size_t capacity;
	char *names; /* owned: NUL-terminated, one after the other */
	size_t names_size;
	size_t names_capacity;
};

void batch_fini(struct batch *batch);

/* Takes the windows of one change in. */
int batch_add(struct batch *batch, const struct log_entry *entry);

/* Leaves one delta for each (window, restaurant) that changes, in that order, none of 0. */
void batch_net(struct batch *batch);

/* Nets, adds all to @derived inside its transaction, and empties the batch. */
int batch_apply(struct batch *batch, struct derived *derived, int64_t now_ns);

#endif
