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

/*
 * Changes in one transaction.  Where many wait there are as many as fit into a time, for a page
 * that all of them touch is written once.
 */
#define PIPELINE_CHANGES_MAX 200000

/* Of counting anew: @done of @all favourites; false: stop. */
typedef bool pipeline_progress(void *arg, int64_t done, int64_t all);

struct pipeline_options {
	int64_t changes_max; /* in a transaction; 0: PIPELINE_CHANGES_MAX */
	pipeline_progress *progress; /* called often; NULL: not wanted */
	void *arg;
};

struct pipeline {
	struct pipeline_options options;
	struct reader *reader;
	struct derived *derived;
	struct batch batch;
	struct position position;
	int64_t limit; /* of changes in the next batch */
	int64_t read; /* changes in the batch */
	int64_t done, all; /* favourites, while all are counted anew */
	bool recount_due; /* something was set aside */
};

/* Borrows @reader and @derived until pipeline_fini. */
int pipeline_init(struct pipeline *pipeline, struct store *store, struct reader *reader,
	struct derived *derived, const struct pipeline_options *options);
void pipeline_fini(struct pipeline *pipeline);

/*
 * Whether the log goes on from where the counts are.  If it does not (nothing is counted yet, or
 * favorites.db is another) all is counted anew, from the favourites and not from the log, so
 * that what may be wrong with that does no harm; the old rankings are there until that is
 * done.  *ret_rebuilt says which.  -ECANCELED: it was told to stop.
 */
int pipeline_resume(struct pipeline *pipeline, bool *ret_rebuilt);

/*
 * Applies the next changes; returns how many (0: none wait), or a negative errno.
 * -ESTALE: derived.db is another, or somebody else moved its position; open it again.
 * A change that cannot be (a damaged row) is set aside; once none waits all is counted anew.
 */
int pipeline_step(struct pipeline *pipeline);

/* Whether there may be more than the last step took. */
bool pipeline_is_behind(const struct pipeline *pipeline);

#endif
