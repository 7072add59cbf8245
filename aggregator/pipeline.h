/*
 * pipeline.h - from the change log to what is derived from it.
 *
 * Each call is one transaction: counts and position together (invariant 4), so
 * that whatever is killed whenever, a change is counted once.
 */
#ifndef FAVFS_PIPELINE_H
#define FAVFS_PIPELINE_H

#include <stdbool.h>

#include "aggregator/batch.h"
#include "backend/backend.h"

/* Changes in one transaction: bounds its time and the memory of netting. */
#define PIPELINE_CHANGES_MAX 10000

struct pipeline {
	struct reader *reader;
	struct derived *derived;
	struct batch batch;
	struct position position;
	int64_t read; /* changes in the batch */
};

/* Borrows @reader and @derived until pipeline_fini. */
int pipeline_init(struct pipeline *pipeline, struct store *store, struct reader *reader,
	struct derived *derived);
void pipeline_fini(struct pipeline *pipeline);

/*
 * Whether the log goes on from where the counts are.  If it does not (nothing is counted yet, or
 * favorites.db is another) all is counted anew, from the favourites and not from the log, so
 * that what may be wrong with that does no harm; the old rankings are there until that is
 * done.  *ret_rebuilt says which.
 */
int pipeline_resume(struct pipeline *pipeline, bool *ret_rebuilt);

/*
 * Applies the next changes; returns how many (0: none wait), or a negative errno.
 * -ESTALE: derived.db is another, or somebody else moved its position; open it again.
 */
int pipeline_step(struct pipeline *pipeline);

#endif
