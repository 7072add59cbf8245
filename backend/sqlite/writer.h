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
#include <sys/types.h>

#include <sqlite3.h>

#include "backend/backend.h"

/* Changes in one transaction: bounds its time and its memory. */
#define BATCH_CHANGES_MAX 2048

/* Favourites that expire in one transaction. */
#define EXPIRE_ROWS_MAX 1000

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
	W_FANS_FIRST,
	W_FAVORITE_FIND,
	W_FAVORITE_BY_ID,
	W_FAVORITE_ADD,
	W_FAVORITE_REMOVE,
	W_FAVORITE_MOVE,
	W_FAVORITE_SET,
	W_FAVORITE_EXPIRED,
	W_EXPIRY_CLEAR,
	W_EXPIRY_NEXT,
	W_ATTRIBUTE_GET,
	W_ATTRIBUTE_SET,
	W_ATTRIBUTE_REMOVE,
	W_ATTRIBUTES_REMOVE,
	W_ATTRIBUTE_BYTES,
	W_ATTRIBUTE_BYTES_ADD,
	W_CHANGE_ADD,
	W_CHANGE_TIME,
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

/* The newest change at some moment of the clock; seq 0: not noted. */
struct log_mark {
	int64_t seq;
	int64_t at_ns;
};

struct writer {
	const struct store *store;
	sqlite3 *db;
	sqlite3_stmt *sql[W_STATEMENTS];
	struct counters now; /* with what this transaction did */
	struct counters committed;
	struct log_mark mark; /* only while the log is ahead of the clock */
	unsigned short random[3]; /* of tags */
	dev_t wal_device; /* of the file that holds SQLite's log */
	ino_t wal_inode;
	int wal_pages; /* after the last commit */
	int64_t tidy_due_ns; /* monotonic: not sooner than this again */
	int64_t force_due_ns; /* the same, waiting for readers */
	bool behind; /* fans/ changed in this transaction without a request on them */
	_Atomic uint64_t commits; /* that wrote anything, since it was opened; any thread reads */
	bool is_doubtful; /* a sync has failed: SQLite's log may not be what is read of it */
	int64_t *touched; /* restaurants whose fans/ changed */
	size_t touched_count;
	size_t touched_capacity;
	int64_t touched_ns; /* when, for all of them */
	struct effects *effects; /* of this transaction on others; NULL: none, or nobody cares */
	int64_t clock_ns; /* one moment for all that a change does; writer_tick */
	int64_t next_expiry_ns; /* not later than the first to expire; INT64_MAX: none */
};

int writer_open(const struct store *store, struct writer *ret_writer);
void writer_close(struct writer *writer); /* brings the log home */

/* SQLite's log: what was committed survives power loss when that file is synced. */
sqlite3_file *writer_wal(struct writer *writer);

int writer_begin(struct writer *writer);

/*
 * 0 when all since writer_begin is committed, though not synced; otherwise nothing of it
 * happened.  -ENXIO: the file under the connection is gone or another.
 */
int writer_commit(struct writer *writer);
void writer_rollback(struct writer *writer);

/* Whether SQLite's own log has grown, and it is time to see to it. */
bool writer_is_untidy(const struct writer *writer);

/*
 * Empties it into the database, as far as readers allow.  An error is that of a
 * commit: after a failed sync nothing more may be acknowledged.
 */
int writer_tidy(struct writer *writer);

/*
 * Applies one change inside a transaction: 0 and change->after, or a refusal
 * (-ENOENT, -EEXIST, -ENOTEMPTY, -EINVAL, -ENODATA, -EDQUOT) that did nothing.  Any other error has spoilt
 * the transaction: roll back.
 */
int writer_apply(struct writer *writer, struct change *change);
bool writer_is_refusal(int error);

/*
 * expiry.c: removes what has expired, a bounded piece, inside a transaction.  Sets
 * next_expiry_ns.
 */
int writer_expire(struct writer *writer);

/* Finds out when the first expires. */
int writer_next_expiry(struct writer *writer);

/* Removes all of a restaurant, which have expired.  -ENOTEMPTY: one of them is damaged. */
int writer_expire_all(struct writer *writer, const struct restaurant *restaurant);

/*
 * Looking before writing: 0, -ENOENT or an error of the engine.  A favourite that has
 * expired is removed on the way and -ENOENT.
 */
int writer_find_restaurant(struct writer *writer, int64_t id, struct restaurant *ret_restaurant);
int writer_find_favorite(struct writer *writer, const struct restaurant *restaurant,
	const char *user, struct favorite *ret_favorite);
int writer_find_favorite_by_id(struct writer *writer, int64_t id, struct favorite *ret_favorite,
	struct restaurant *ret_restaurant, char *ret_user);

/* Changing what was found.  The log says @op. */
int writer_make_restaurant(
	struct writer *writer, const char *name, struct restaurant *ret_restaurant);
int writer_make_fans(struct writer *writer, struct restaurant *restaurant);
int writer_add_favorite(struct writer *writer, const struct restaurant *restaurant,
	const char *user, struct favorite *favorite);
int writer_remove_favorite(struct writer *writer, const struct favorite *favorite,
	const char *restaurant, const char *user, enum log_op op);
int writer_set_created(struct writer *writer, struct favorite *favorite,
	const struct restaurant *restaurant, const char *user, int64_t created_ns);
int writer_save_favorite(struct writer *writer, struct favorite *favorite);

/* import.c, attributes.c, expiry.c: what these changes do. */
int writer_import(struct writer *writer, struct change *change);
int writer_set_attribute(struct writer *writer, struct change *change);
int writer_remove_attribute(struct writer *writer, struct change *change);
int writer_set_expiry(struct writer *writer, struct change *change);

/* Tells of something that nobody asked for by name; names may be NULL; 0 or -ENOMEM. */
int writer_effect(
	struct writer *writer, struct effect effect, const char *restaurant, const char *user);

/* Looks at the clock: what follows happens now. */
void writer_tick(struct writer *writer);

/* Remembers that fans/ of a restaurant changed; written by the commit.  0 or -ENOMEM. */
int writer_touch_fans(struct writer *writer, int64_t restaurant, int64_t when_ns);

/* changes.c: appends to the log; time never falls (invariant 1). */
int writer_log(struct writer *writer, enum log_op op, int64_t restaurant_id, const char *restaurant,
	const char *user, int64_t created_ns, int64_t previous_ns);

/*
 * changes.c: removes what is older than the retention and counted (@applied,
 * invariant 7), a bounded piece in a transaction of its own, and only when it pays.
 * *more: to go on
 * with what was begun; then whether there is more.  Nothing where @applied is not of this log.
 */
int writer_trim(struct writer *writer, const struct position *applied, bool *more);

#endif
