/*
 * syncer.h - the thread that waits for the medium.
 *
 * The committer commits into SQLite's log and goes on with the next batch, while this thread
 * syncs the log and then answers those whose change was in it (invariant 2).  One sync covers
 * all commits before it.  It also holds the one verdict that outlives all requests: after a
 * failed sync nothing more is acknowledged.
 */
#ifndef FAVFS_SYNCER_H
#define FAVFS_SYNCER_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

struct change;
struct histogram;
struct store;
struct syncer;

/* How far commits have come. */
struct mark {
	uint64_t commits; /* that wrote anything */
	int64_t next_favorite; /* favourites below it were made by them, or earlier */
};

/* @log: the file of SQLite's log, in use longer than the syncer; @start: all that is there. */
int syncer_open(const struct store *store, sqlite3_file *log, struct mark start,
	struct syncer **ret_syncer);

/* Answers what was submitted, then ends the thread; NULL is fine. */
void syncer_close(struct syncer *syncer);

/* Returns when all that was submitted before is answered. */
void syncer_settle(struct syncer *syncer);

/*
 * The committer's: returns when all that was committed is synced.  Until it commits again the
 * syncer has no reason to touch the log.
 */
void syncer_make_safe(struct syncer *syncer);

/* The committer's: from now on a sync has to cover this much.  Before anybody hears of it. */
void syncer_committed(struct syncer *syncer, struct mark mark);

/*
 * Answers the changes of the list @batch (linked by next, NULL is fine) when all that was committed
 * before survives power loss.  Any thread.
 */
void syncer_submit(struct syncer *syncer, struct change *batch);

/* The same, but on the caller's thread where nobody else waits. */
void syncer_run(struct syncer *syncer, struct change *batch);

/* Whether a favourite that exists was made by a commit that survives power loss. */
bool syncer_has(const struct syncer *syncer, int64_t favorite);

/* From now on nothing is acknowledged any more; told once, with @why for a person. */
void syncer_fail(struct syncer *syncer, const char *why);

/* -EIO after a failure, or 0. */
int syncer_failed(const struct syncer *syncer);

/* How long syncs took so far. */
void syncer_figures(struct syncer *syncer, struct histogram *ret_sync);

#endif
