/*
 * writer.h - the one connection that writes favorites.db (invariant 8).
 *
 * Belongs to the committer's thread.  All that happens between writer_begin and
 * writer_commit is one transaction; counters live in memory meanwhile and are
 * written once, by the commit.
 */
#ifndef FAVFS_WRITER_H
#define FAVFS_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "backend/backend.h"

/* Changes in one transaction: bounds its time and its memory. */
#define BATCH_CHANGES_MAX 2048

enum writer_statement {
	W_BEGIN,
	W_COMMIT,
	W_ROLLBACK,
	W_STATE_LOAD,
	W_STATE_SAVE,
	W_RESTAURANT_BY_ID,
	W_RESTAURANT_BY_NAME,
	W_RESTAURANT_ADD,
	W_RESTAURANT_REMOVE,
	W_FANS_SET,
	W_FANS_CHANGED,
	W_FANS_ANY,
	W_FAVORITE_FIND,
	W_FAVORITE_BY_ID,
	W_FAVORITE_ADD,
	W_FAVORITE_REMOVE,
	W_FAVORITE_MOVE,
	W_FAVORITE_SET,
	W_CHANGE_ADD,
	W_CHANGE_TIME,
	W_CHANGE_OLDEST,
	W_CHANGE_TRIM,
	W_STATEMENTS,
};

/* The one row of the table `state`. */
struct counters {
	int64_t next_favorite;
	int64_t next_seq;
	int64_t last_tag;
	int64_t last_ns;
	int64_t end_bytes;
	int64_t favorites;
	int64_t restaurants;
	int64_t changed_ns;
};

struct writer {
	const struct store *store;
	sqlite3 *db;
	sqlite3_stmt *sql[W_STATEMENTS];
	struct counters now; /* with what this transaction did */
	struct counters committed;
	unsigned short random[3]; /* of tags */
	int wal_pages; /* after the last commit */
	int64_t touched[BATCH_CHANGES_MAX * 3]; /* whose fans/ changed; a move touches three */
	size_t touched_count;
	int64_t touched_ns; /* when, for all of them */
};

int writer_open(const struct store *store, struct writer *ret_writer);
void writer_close(struct writer *writer); /* brings the log home */

int writer_begin(struct writer *writer);

/*
 * 0 when all since writer_begin is on the medium; otherwise nothing of it
 * happened.  -ENXIO: the file under the connection is gone or another.
 */
int writer_commit(struct writer *writer);
void writer_rollback(struct writer *writer);

/* Empties SQLite's own log into the database when it has grown. */
void writer_tidy(struct writer *writer);

/*
 * Applies one change inside a transaction: 0 and change->after, or a refusal
 * (-ENOENT, -EEXIST, -ENOTEMPTY, -EINVAL) that did nothing.  Any other error has spoilt
 * the transaction: roll back.
 */
int writer_apply(struct writer *writer, struct change *change);
bool writer_is_refusal(int error);

/* Remembers that fans/ of a restaurant changed; written by the commit. */
void writer_touch_fans(struct writer *writer, int64_t restaurant, int64_t when_ns);

/* changes.c: appends to the log; time never falls (invariant 1). */
int writer_log(struct writer *writer, enum log_op op, const char *restaurant, const char *user,
	int64_t created_ns, int64_t previous_ns);

/*
 * changes.c: removes what is older than the retention and counted (@applied,
 * invariant 7), a bounded piece in a transaction of its own, and only when it pays.
 * *ret_more: there is more to remove.  Nothing where @applied is not of this log.
 */
int writer_trim(struct writer *writer, const struct position *applied, bool *ret_more);

#endif
