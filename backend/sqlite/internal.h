/*
 * internal.h - what the files of the SQLite engine share.
 *
 * A store is a directory:
 *	favorites.db	restaurants, favourites, the log; written by the committer
 *	derived.db	counts, rankings, position; written by the aggregator
 *	favorites.bell	rung after each commit that made the log grow
 *	derived.bell	rung after each commit of derived data
 *	lock		the seats of the two writers (lease.h)
 */
#ifndef FAVFS_INTERNAL_H
#define FAVFS_INTERNAL_H

#include <limits.h>
#include <stdint.h>

#include <sqlite3.h>

#include "backend/backend.h"
#include "backend/sqlite/schema.h"
#include "backend/zone.h"

#define FAVORITES_DB   "favorites.db"
#define DERIVED_DB     "derived.db"
#define FAVORITES_BELL "favorites.bell"
#define DERIVED_BELL   "derived.bell"

#define PAGE_BYTES 4096

struct committer;

/* I: set by store_open; O: the thread that opened the store. */
struct store {
	char *path; /* I: the directory, absolute */
	int64_t (*now_ns)(void); /* I */
	int64_t retention_ns; /* I */
	window_kinds_t windows; /* I */
	char timezone[ZONE_NAME_MAX]; /* I */
	bool relaxed; /* I */
	int64_t ttl_ns; /* I */
	void (*behind)(void *arg, struct effects *effects); /* I */
	void (*failed)(void *arg, const char *why); /* I */
	void *behind_arg; /* I */
	unsigned char hash_key[HASH_KEY_BYTES]; /* I */
	int directory_fd; /* I: its flock stands for LEASE_SERVE, too: a directory is not replaced */
	int lease_fd; /* I: holds LEASE_SERVE in SERVE mode, LEASE_DERIVE in an aggregator */
	struct committer *committer; /* I: NULL in READ mode */
	struct bell_watch *derived_watch; /* O: NULL until somebody asks for it */
	uint64_t derived_looked; /* O: how often it was told to look */
};

/*
 * The whole path of an existing directory that names a store here; owned by the caller.
 * Whether there is a store in it is another question.
 */
int store_locate(const char *where, char **ret_path, struct complaint *ret_why);

/* What a filesystem of that type (statfs(2)) is called if stores cannot lie on it; or NULL. */
const char *store_network_name(uint32_t type);

/* The path of one of its files, by one of the names above. */
void store_path(const struct store *store, const char *file, char ret_path[static PATH_MAX]);

/* The order of favourites in a listing, and their cookie: 1 to COOKIE_MAX - 1. */
int64_t store_place(const struct store *store, const char *user);

#endif
