/*
 * snapshot.h - states of derived.db that are held for a while.
 *
 * A snapshot is a connection with an open read transaction: it sees one moment
 * however much is committed meanwhile.  It is shared by all who look at that moment,
 * kept as long as it was promised to somebody (RANKING_PROMISE_NS) or is used by
 * an open ranking, and given up then: a held snapshot stops the log of
 * derived.db from being recycled (invariant 10).
 *
 * All calls belong to the reader's thread.
 */
#ifndef FAVFS_SNAPSHOT_H
#define FAVFS_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "backend/window.h"

/*
 * Snapshots held at once.  Promised ones make room for newer ones; when all are in use by
 * open rankings no newer one is handed out.
 */
#define SNAPSHOTS_MAX 48

/* While versions follow each other fast, at most one is handed out in this time. */
#define SNAPSHOT_AGE_NS INT64_C(5000000)

enum snapshot_statement {
	S_RANKING, /* version, rows, text_bytes, changed_ns of a window */
	S_TIES, /* rows (count, restaurant) with this count, after this name */
	S_APPLIED, /* seq of the position */
	S_BELOW, /* rows below this count, most favourites first */
	S_STATEMENTS,
};

struct snapshot {
	sqlite3 *db;
	sqlite3_stmt *sql[S_STATEMENTS];
	int64_t taken_ns; /* monotonic */
	int64_t promised_ns; /* monotonic: not given up before, but for news */
	int64_t applied; /* the change up to which it counts */
	int64_t version_base; /* added to the versions in this file */
	unsigned users; /* open rankings */
	int held; /* whether its transaction is open */
};

struct store;
struct snapshots;
struct ranking_info;

int snapshots_open(struct store *store, struct snapshots **ret_snapshots);
void snapshots_close(struct snapshots *snapshots); /* NULL is fine */

/* The next snapshots_newest takes a new one. */
void snapshots_refresh(struct snapshots *snapshots);

/*
 * A snapshot of now or of a moment ago, promised for RANKING_PROMISE_NS; -ENOENT while
 * nothing was ever derived.
 */
int snapshots_newest(struct snapshots *snapshots, struct snapshot **ret_snapshot);

/* The held snapshot in which the ranking has a version of this key; -ESTALE if there is none. */
int snapshots_find(
	struct snapshots *snapshots, window_t window, int64_t key, struct snapshot **ret_snapshot);

/* Remembers that somebody was shown this version. */
void snapshots_shown(struct snapshots *snapshots, int64_t version);

/* What the ranking of a window is at that moment. */
int snapshot_ranking(struct snapshot *snapshot, window_t window, struct ranking_info *ret_info);

/* Users keep a snapshot held. */
void snapshot_use(struct snapshot *snapshot);
void snapshot_leave(struct snapshot *snapshot);

/*
 * Gives up what nobody needs, with @promised_too also what was promised; returns the ns until
 * there is more to do, or -1.
 */
int64_t snapshots_expire(struct snapshots *snapshots, bool promised_too);

/* How many are held. */
int64_t snapshots_held(const struct snapshots *snapshots);

/* The open rankings of this reader; ranking.c keeps them. */
struct ranking **snapshots_rankings(struct snapshots *snapshots);
const struct store *snapshots_store(const struct snapshots *snapshots);

#endif
