#include "backend/sqlite/snapshot.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "backend/clock.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/derived.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/text.h"

#define CACHE_KIB 512

/* Idle connections kept for the next snapshots; opening one costs about 100 us. */
#define SPARE_MAX 8

static const char *const statements[S_STATEMENTS] = {
	[S_RANKING] = "SELECT version, rows, text_bytes, changed_ns FROM ranking WHERE window = ?",
	/* count > 0 is for the index; likely(), or SQLite reads all of the window by it, and sorts. */
	[S_TIES] = "SELECT count, restaurant FROM count"
		   " WHERE window = ? AND count = ? AND restaurant > ? AND likely(count > 0)"
		   " ORDER BY restaurant",
	[S_APPLIED] = "SELECT seq FROM position",
	[S_BELOW] = "SELECT count, restaurant FROM count"
		    " WHERE window = ? AND count < ? AND count > 0"
		    " ORDER BY count DESC, restaurant",
};

struct snapshots {
	struct store *store;
	struct snapshot *all[SNAPSHOTS_MAX]; /* held or spare; NULL: not open */
	struct snapshot *newest; /* NULL: none is held that may be handed out */
	struct ranking *rankings;
	uint64_t looked; /* of the store, when newest was taken */
	int64_t version_base;
	int64_t version_top; /* the highest version ever shown */
	int refresh;
};

int snapshots_open(struct store *store, struct snapshots **ret_snapshots)
{
	struct snapshots *snapshots = calloc(1, sizeof(*snapshots));

	if (!snapshots)
		return -ENOMEM;
	snapshots->store = store;
	*ret_snapshots = snapshots;
	return 0;
}

static void close_snapshot(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	assert(snapshot->users == 0);
	db_finalize(snapshot->sql, S_STATEMENTS);
	db_close(snapshot->db);
	free(snapshot);
}

void snapshots_close(struct snapshots *snapshots)
{
	if (!snapshots)
		return;
	assert(!snapshots->rankings); /* rankings are closed before their reader */
	for (int i = 0; i < SNAPSHOTS_MAX; i++)
		close_snapshot(snapshots->all[i]);
	free(snapshots);
}

void snapshots_shown(struct snapshots *snapshots, int64_t version)
{
	if (version > snapshots->version_top)
		snapshots->version_top = version;
}

void snapshots_refresh(struct snapshots *snapshots)
{
	snapshots->refresh = 1;
}

struct ranking **snapshots_rankings(struct snapshots *snapshots)
{
	return &snapshots->rankings;
}

int64_t snapshots_held(const struct snapshots *snapshots)
{
	int64_t held = 0;

	for (int i = 0; i < SNAPSHOTS_MAX; i++)
		held += snapshots->all[i] && snapshots->all[i]->held;
	return held;
}

const struct store *snapshots_store(const struct snapshots *snapshots)
{
	return snapshots->store;
}

/* ---- holding and giving up ---- */

static int open_snapshot(const struct store *store, struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	char path[PATH_MAX];
	int error;

	if (!snapshot)
		return -ENOMEM;
	store_path(store, DERIVED_DB, path);
	error = db_open(path, DB_READ, CACHE_KIB, &snapshot->db);
	if (!error)
		error = db_prepare(snapshot->db, statements, S_STATEMENTS, snapshot->sql);
	if (error) { /* a damaged one is as good as missing: the aggregator makes it anew */
		close_snapshot(snapshot);
		return error == -EUCLEAN ? -ENOENT : error;
	}
	*ret_snapshot = snapshot;
	return 0;
}

static int read_applied(struct snapshot *snapshot)
{
	DB_SCOPED row = snapshot->sql[S_APPLIED];
	int found = db_step(row);

	if (found != 1)
		return found ? found : -EUCLEAN;
	snapshot->applied = sqlite3_column_int64(row, 0);
	return 0;
}

/*
 * Whether the file under the name has counted something: until then the one that was removed,
 * while it is open here, shows more than a new one.
 */
static bool is_counted(const struct store *store)
{
	struct position position = {0};

	return derived_applied(store, &position) == 0 && position.seq > 0;
}

/* Whether the snapshot's file is another's past. */
static bool is_outdated(const struct snapshots *snapshots, const struct snapshot *snapshot)
{
	return db_has_moved(snapshot->db) && is_counted(snapshots->store);
}

/* BEGIN alone sees nothing yet: the first read fixes the moment. */
static int hold(struct snapshot *snapshot)
{
	int error = db_exec(snapshot->db, "BEGIN");

	if (!error)
		error = read_applied(snapshot);
	if (error) {
		(void)db_exec(snapshot->db, "ROLLBACK"); /* nothing was written */
		return error;
	}
	snapshot->held = 1;
	snapshot->taken_ns = clock_monotonic_ns();
	return 0;
}

static void give_up(struct snapshots *snapshots, struct snapshot *snapshot)
{
	(void)db_exec(snapshot->db, "COMMIT"); /* nothing was written */
	snapshot->held = 0;
	if (snapshots->newest == snapshot)
		snapshots->newest = NULL;
}

/*
 * A spare connection, or else a free slot to open one in.  One whose file was
 * replaced is closed: versions of the new file go on above all that was shown.
 */
static struct snapshot **find_slot(struct snapshots *snapshots)
{
	struct snapshot **empty = NULL;

	for (int i = 0; i < SNAPSHOTS_MAX; i++) {
		struct snapshot **slot = &snapshots->all[i];

		if (*slot && !(*slot)->held && is_outdated(snapshots, *slot)) {
			close_snapshot(*slot);
			*slot = NULL;
			snapshots->version_base = snapshots->version_top;
		}
		if (*slot && !(*slot)->held)
			return slot;
		if (!*slot && !empty)
			empty = slot;
	}
	return empty;
}

/* News are worth more than a promise: with all held, the oldest that nobody has opened goes. */
static struct snapshot **free_slot(struct snapshots *snapshots)
{
	struct snapshot *oldest = NULL;

	for (int i = 0; i < SNAPSHOTS_MAX; i++) {
		struct snapshot *snapshot = snapshots->all[i];

		if (!snapshot->users && (!oldest || snapshot->taken_ns < oldest->taken_ns))
			oldest = snapshot;
	}
	if (!oldest)
		return NULL;
	give_up(snapshots, oldest);
	return find_slot(snapshots);
}

static int take(struct snapshots *snapshots)
{
	struct snapshot **slot = find_slot(snapshots);
	struct snapshot *snapshot;
	int error = 0;

	if (!slot)
		slot = free_slot(snapshots);
	if (!slot)
		return -EMFILE;
	snapshot = *slot;
	if (snapshots->newest && db_has_moved(snapshots->newest->db)) {
		if (!is_counted(snapshots->store))
			return 0; /* it stays the newest */
		snapshots->version_base = snapshots->version_top;
	}
	if (!snapshot)
		error = open_snapshot(snapshots->store, &snapshot);
	if (error)
		return error;
	*slot = snapshot;
	snapshot->version_base = snapshots->version_base;
	error = hold(snapshot);
	if (error)
		return error;
	snapshots->looked = snapshots->store->derived_looked;
	snapshots->refresh = 0;
	snapshots->newest = snapshot;
	return 0;
}

static int is_good_enough(const struct snapshots *snapshots)
{
	if (!snapshots->newest || snapshots->refresh)
		return 0;
	return snapshots->looked == snapshots->store->derived_looked ||
	       clock_monotonic_ns() - snapshots->newest->taken_ns < SNAPSHOT_AGE_NS;
}

int snapshots_newest(struct snapshots *snapshots, struct snapshot **ret_snapshot)
{
	int error = is_good_enough(snapshots) ? 0 : take(snapshots);

	if (error && !snapshots->newest)
		return error;
	snapshots->newest->promised_ns = clock_monotonic_ns() + RANKING_PROMISE_NS;
	*ret_snapshot = snapshots->newest;
	return 0;
}

/* Where an old file held that number unseen, it is the new file's that was shown. */
static bool is_later(const struct snapshot *one, int64_t version, const struct snapshot *other,
	int64_t other_version)
{
	if (one->version_base != other->version_base)
		return one->version_base > other->version_base;
	return version > other_version;
}

int snapshots_find(
	struct snapshots *snapshots, window_t window, int64_t key, struct snapshot **ret_snapshot)
{
	struct snapshot *found = NULL;
	int64_t version = 0;

	for (int i = 0; i < SNAPSHOTS_MAX; i++) {
		struct snapshot *snapshot = snapshots->all[i];
		struct ranking_info info;

		if (!snapshot || !snapshot->held ||
			snapshot_ranking(snapshot, window, &info) != 0 ||
			ranking_key(info.version) != key)
			continue;
		if (!found || is_later(snapshot, info.version, found, version)) {
			found = snapshot;
			version = info.version;
		}
	}
	if (!found)
		return -ESTALE;
	*ret_snapshot = found;
	return 0;
}

void snapshot_use(struct snapshot *snapshot)
{
	snapshot->users++;
}

void snapshot_leave(struct snapshot *snapshot)
{
	assert(snapshot->users > 0);
	snapshot->users--;
}

/* Connections beyond a few are closed with their snapshot. */
static void thin_out(struct snapshots *snapshots)
{
	int spare = 0;

	for (int i = 0; i < SNAPSHOTS_MAX; i++) {
		struct snapshot **slot = &snapshots->all[i];

		if (!*slot || (*slot)->held || ++spare <= SPARE_MAX)
			continue;
		close_snapshot(*slot);
		*slot = NULL;
	}
}

int64_t snapshots_expire(struct snapshots *snapshots, bool promised_too)
{
	int64_t now = clock_monotonic_ns(), next = -1;

	for (int i = 0; i < SNAPSHOTS_MAX; i++) {
		struct snapshot *snapshot = snapshots->all[i];

		if (!snapshot || !snapshot->held || snapshot->users)
			continue;
		if (promised_too || snapshot->promised_ns <= now)
			give_up(snapshots, snapshot);
		else if (next < 0 || snapshot->promised_ns - now < next)
			next = snapshot->promised_ns - now;
	}
	thin_out(snapshots);
	return next;
}

/* ---- rankings at that moment ---- */

/* Of all names and counts: what is more cannot be. */
#define TEXT_BYTES_MAX (RESTAURANT_ID_MAX * (NAME_BYTES_MAX + 20))

/* Adds to the version. */
static int read_ranking(sqlite3_stmt *row, struct ranking_info *info)
{
	int64_t version = sqlite3_column_int64(row, 0), text_bytes = sqlite3_column_int64(row, 2);

	info->rows = sqlite3_column_int64(row, 1);
	if (version < 0 || version >= RANKING_VERSION_MAX || info->rows < 0 ||
		info->rows >= RESTAURANT_ID_MAX || text_bytes < 0 || text_bytes > TEXT_BYTES_MAX)
		return -EUCLEAN;
	info->version += version;
	info->changed_ns = sqlite3_column_int64(row, 3);
	/* rank, tab, count, tab, name, newline */
	info->size_bytes = info->rows * (text_rank_width(info->rows) + 3) + text_bytes;
	return 0;
}

int snapshot_ranking(struct snapshot *snapshot, window_t window, struct ranking_info *ret_info)
{
	DB_SCOPED row = snapshot->sql[S_RANKING];
	struct ranking_info info = {.version = snapshot->version_base + 1};
	int found;

	db_bind(row, "i", (int64_t)window);
	found = db_step(row);
	if (found == 1)
		found = read_ranking(row, &info);
	if (!found)
		*ret_info = info;
	return found;
}
