/*
 * repair.c - making right what follows from the rest of a store.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/bell.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/lease.h"

#define CACHE_KIB 16384

#define ATTRIBUTE_BYTES                                                                            \
	"coalesce((SELECT sum(length(CAST(name AS BLOB)) + length(value)) FROM attribute"          \
	" WHERE attribute.favorite = favorite.id), 0)"

/* In this order: attributes that go do not count. */
static const char repairs[] =
	"BEGIN IMMEDIATE;"
	"DELETE FROM attribute WHERE favorite NOT IN (SELECT id FROM favorite);"
	"UPDATE favorite SET attribute_bytes = " ATTRIBUTE_BYTES
	" WHERE attribute_bytes <> " ATTRIBUTE_BYTES ";"
	"UPDATE state SET favorites = (SELECT count(*) FROM favorite),"
	" restaurants = (SELECT count(*) FROM restaurant),"
	" next_favorite = max(next_favorite, (SELECT coalesce(max(id), 0) + 1 FROM favorite));"
	"UPDATE state SET (next_seq, last_tag, last_ns, end_bytes) ="
	" (SELECT seq + 1, tag, time_ns, end_bytes FROM change ORDER BY seq DESC LIMIT 1)"
	" WHERE EXISTS (SELECT 1 FROM change);"
	"INSERT INTO sqlite_sequence (name, seq) SELECT 'restaurant', 0"
	" WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'restaurant');"
	"UPDATE sqlite_sequence SET seq = max(seq,"
	" (SELECT coalesce(max(id), 0) FROM restaurant),"
	" (SELECT coalesce(max(restaurant_id), 0) FROM change)) WHERE name = 'restaurant';"
	"COMMIT;";

static int repair(const char *path)
{
	sqlite3 *db = NULL;
	int error = db_open(path, DB_WRITE, CACHE_KIB, &db);

	if (!error)
		error = schema_check_favorites(db);
	if (!error)
		error = db_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
	if (!error)
		error = db_exec(db, repairs);
	db_close(db); /* takes an unfinished transaction back */
	return error;
}

/* Opens the store's lock; *ret_store is to be closed by leave. */
static int enter(const char *where, struct store *ret_store, struct complaint *ret_why)
{
	int error;

	*ret_store = (struct store){.lease_fd = -1};
	error = store_locate(where, &ret_store->path, ret_why);
	if (error)
		return error;
	error = lease_open(ret_store->path, &ret_store->lease_fd);
	return error ? complain(ret_why, error, "%s/lock: %s", ret_store->path, strerror(-error))
		     : 0;
}

static void leave(struct store *store)
{
	if (store->lease_fd >= 0)
		(void)close(store->lease_fd); /* and the seats are free */
	free(store->path);
}

static int repair_alone(struct store *store, struct complaint *ret_why)
{
	char path[PATH_MAX], note[LEASE_NOTE_MAX];
	int error = lease_try(store->lease_fd, LEASE_SERVE);

	if (error == -EBUSY) {
		lease_read(store->lease_fd, LEASE_SERVE, note);
		return complain(ret_why, error, "%s: in use by %s", store->path, note);
	}
	(void)snprintf(note, sizeof(note), "a repair, pid %d", (int)getpid());
	if (!error)
		error = lease_note(store->lease_fd, LEASE_SERVE, note);
	store_path(store, FAVORITES_DB, path);
	if (!error)
		error = repair(path);
	return error ? complain(
			       ret_why, error, "%s: cannot be repaired: %s", path, strerror(-error))
		     : 0;
}

int store_repair(const char *where, struct complaint *ret_why)
{
	struct store store;
	int error = enter(where, &store, ret_why);

	if (!error)
		error = repair_alone(&store, ret_why);
	leave(&store);
	return error;
}

/* ---- what is derived ---- */

static int ring(const struct store *store)
{
	char path[PATH_MAX];
	int bell, error;

	store_path(store, FAVORITES_BELL, path);
	error = bell_open(path, &bell);
	if (error)
		return error;
	error = bell_ring(bell);
	(void)close(bell); /* holds no data */
	return error;
}

/*
 * Only the database itself: what lies beside it may be another's by the time that it went, and
 * whoever makes the next one removes it first.
 */
static int forget(struct store *store, bool *ret_taken)
{
	char path[PATH_MAX];
	int error = lease_try(store->lease_fd, LEASE_DERIVE);
	bool taken = error == -EBUSY;

	if (error && !taken)
		return error;
	store_path(store, DERIVED_DB, path);
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	if (taken)
		error = ring(store);
	if (!error)
		*ret_taken = taken;
	return error;
}

int store_forget_derived(const char *where, bool *ret_taken, struct complaint *ret_why)
{
	struct store store;
	int error = enter(where, &store, ret_why);

	if (!error) {
		error = forget(&store, ret_taken);
		if (error)
			(void)complain(ret_why, error, "%s/" DERIVED_DB ": %s", store.path,
				strerror(-error));
	}
	leave(&store);
	return error;
}
