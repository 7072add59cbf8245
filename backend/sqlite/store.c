#include "backend/sqlite/internal.h"

#include <dirent.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <mntent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <sodium/crypto_shorthash.h>

#include "backend/bell.h"
#include "backend/clock.h"
#include "backend/sqlite/committer.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/guard.h"
#include "backend/sqlite/lease.h"
#include "backend/version.h"

/* How long to wait for a holder that is no longer mounted, and how often to look. */
#define HOLDER_LEAVES_MS 5000
#define HOLDER_LOOK_MS   10

_Static_assert(HASH_KEY_BYTES == crypto_shorthash_KEYBYTES, "the key of a store fits its hash");

void store_path(const struct store *store, const char *file, char ret_path[static PATH_MAX])
{
	(void)snprintf(ret_path, PATH_MAX, "%s/%s", store->path, file); /* path is checked */
}

int64_t store_place(const struct store *store, const char *user)
{
	uint64_t hash;

	_Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "one word");
	(void)crypto_shorthash((unsigned char *)&hash, (const unsigned char *)user, strlen(user),
		store->hash_key); /* always 0 */
	return (int64_t)(hash % (uint64_t)(COOKIE_MAX - 1)) + 1;
}

/* ---- the directory ---- */

static bool is_ours(const char *file)
{
	static const char *const starts[] = {
		"lock", FAVORITES_DB, DERIVED_DB, FAVORITES_BELL, DERIVED_BELL};

	if (!strcmp(file, ".") || !strcmp(file, "..") || !strcmp(file, "lost+found"))
		return true;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (!strncmp(file, starts[i], strlen(starts[i])))
			return true;
	return false;
}

/* 0 where all that is in @path may be; else @error and @what, with the first of the others by name. */
static int check_only(const char *path, bool (*may_be)(const char *), int error, const char *what,
	struct complaint *ret_why)
{
	char first[NAME_MAX + 1] = "", more[48] = "";
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t others = 0;

	if (!dir)
		return complain(ret_why, -errno, "%s: %s", path, strerror(errno));
	while ((entry = readdir(dir))) {
		if (may_be(entry->d_name))
			continue;
		others += *first != '\0';
		if (!*first || strcmp(entry->d_name, first) < 0)
			(void)snprintf(first, sizeof(first), "%s", entry->d_name);
	}
	(void)closedir(dir);
	if (!*first)
		return 0;
	if (others)
		(void)snprintf(
			more, sizeof(more), " and %zu other%s", others, others > 1 ? "s" : "");
	return complain(ret_why, error, "%s: %s (%s%s %s in it)", path, what, first, more,
		others ? "are" : "is");
}

/* A directory with anything in it that is not ours shall not become a store. */
static int check_nothing_foreign(const char *path, struct complaint *ret_why)
{
	return check_only(path, is_ours, -ENOTEMPTY, "not a store, and not empty", ret_why);
}

/* SQLite's log needs memory that all of its readers share, and locks that hold. */
const char *store_network_name(uint32_t type)
{
	static const struct {
		uint32_t type;
		const char *name;
	} networks[] = {
		{NFS_SUPER_MAGIC, "NFS"},
		{SMB_SUPER_MAGIC, "SMB"},
		{CIFS_SUPER_MAGIC, "CIFS"},
		{SMB2_SUPER_MAGIC, "SMB"},
		{CEPH_SUPER_MAGIC, "Ceph"},
		{AFS_SUPER_MAGIC, "AFS"},
		{AFS_FS_MAGIC, "AFS"},
		{CODA_SUPER_MAGIC, "Coda"},
	};

	for (size_t i = 0; i < sizeof(networks) / sizeof(*networks); i++)
		if (networks[i].type == type)
			return networks[i].name;
	return NULL;
}

static int check_directory(const char *path, struct complaint *ret_why)
{
	const char *network;
	struct statfs fs;
	struct stat st;
	int error;

	if (stat(path, &st) < 0)
		return complain(ret_why, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return complain(ret_why, -ENOTDIR, "%s: a store is a directory", path);
	error = guard_directory(path, &st, ret_why);
	if (error)
		return error;
	network = statfs(path, &fs) == 0 ? store_network_name((uint32_t)fs.f_type) : NULL;
	if (network)
		return complain(ret_why, -EREMOTE,
			"%s: lies on a network filesystem (%s), where no store is safe: take a"
			" local disk",
			path, network);
	return 0;
}

/* A store is there after a power cut only if its name is.  Who may not look there cannot. */
static int sync_parent(const char *path)
{
	char copy[PATH_MAX];
	int fd, error = 0;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fsync(fd) < 0 && errno != EINVAL) /* which filesystems say that have no need of it */
		error = -errno;
	(void)close(fd);
	return error;
}

static int make_directory(const char *path, struct complaint *ret_why)
{
	int error = guard_place(path, ret_why);

	if (error)
		return error;
	if (mkdir(path, 0700) == 0)
		error = sync_parent(path);
	else if (errno != EEXIST)
		error = -errno;
	return error ? complain(ret_why, error, "%s: cannot make the store: %s", path,
			       strerror(-error))
		     : 0;
}

static int refuse_url(const char *where, struct complaint *ret_why)
{
	assert(where);
	if (!strstr(where, "://"))
		return 0;
	return complain(ret_why, -EPROTONOSUPPORT,
		"%s: this favfs has no engine for such a store, only for directories", where);
}

int store_locate(const char *where, char **ret_path, struct complaint *ret_why)
{
	int error = refuse_url(where, ret_why);
	char *path = error ? NULL : realpath(where, NULL);

	if (error)
		return error;
	if (!path)
		return complain(ret_why, -errno, "%s: %s", where, strerror(errno));
	if (strlen(path) + sizeof("/" FAVORITES_DB ".new-journal") > PATH_MAX) {
		free(path);
		return complain(ret_why, -ENAMETOOLONG, "%s: path too long", where);
	}
	error = guard_store(path, ret_why);
	if (error)
		free(path);
	else
		*ret_path = path;
	return error;
}

/* ---- the seat of the writing mount ---- */

/* Whether the mountpoint of the holder's note is still mounted; autofs stays below, and waits. */
static bool is_mounted(const char *mountpoint)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	bool found = false;

	while (mounts && !found && (entry = getmntent(mounts)))
		found = !strcmp(entry->mnt_dir, mountpoint) &&
			strcmp(entry->mnt_type, "autofs") != 0;
	if (mounts)
		(void)endmntent(mounts);
	return found;
}

/* Whoever wrote the note may have been killed, and its mountpoint be a dead one. */
static bool is_gone(const char *note)
{
	int pid;

	return sscanf(note, "pid %d at ", &pid) == 1 && kill(pid, 0) < 0 && errno == ESRCH;
}

/*
 * The lock of the directory stands for that of the file, which somebody may remove.  A process that
 * is killed, or a child of its that is about to become another program, lets them go one
 * after the other.
 */
static int try_seat(const struct store *store)
{
	int error = lease_try(store->lease_fd, LEASE_SERVE);

	if (!error && flock(store->directory_fd, LOCK_EX | LOCK_NB) < 0)
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
	return error;
}

static int complain_taken(const struct store *store, const char *note, struct complaint *ret_why)
{
	if (lease_try(store->lease_fd, LEASE_SERVE) == 0)
		return complain(
			ret_why, -EBUSY, "%s: in use, and its file lock was removed", store->path);
	return complain(ret_why, -EBUSY, "%s: in use by %s", store->path,
		*note ? note : "another favfs that is just starting");
}

static int take_seat(struct store *store, struct complaint *ret_why)
{
	const struct timespec pause = {.tv_nsec = HOLDER_LOOK_MS * 1000000L};
	char note[LEASE_NOTE_MAX] = "";
	int error = -EBUSY;

	for (int waited = 0; waited <= HOLDER_LEAVES_MS; waited += HOLDER_LOOK_MS) {
		const char *at;

		error = try_seat(store);
		if (error != -EBUSY)
			break;
		lease_read(store->lease_fd, LEASE_SERVE, note);
		at = strstr(note, " at ");
		if (at && !is_gone(note) && is_mounted(at + strlen(" at ")))
			break;
		(void)nanosleep(&pause, NULL); /* the holder is leaving: bounded */
	}
	if (error == -EBUSY)
		return complain_taken(store, note, ret_why);
	return error ? complain(ret_why, error, "%s/lock: %s", store->path, strerror(-error)) : 0;
}

static int sit_down(struct store *store, const char *mountpoint, struct complaint *ret_why)
{
	char note[LEASE_NOTE_MAX];
	int error = take_seat(store, ret_why);

	if (error)
		return error;
	if (snprintf(note, sizeof(note), "pid %d at %s", (int)getpid(), mountpoint) < 0)
		return -EINVAL;
	error = lease_note(store->lease_fd, LEASE_SERVE, note);
	return error ? complain(ret_why, error, "%s/lock: %s", store->path, strerror(-error)) : 0;
}

/* ---- favorites.db ---- */

static int complain_db(const char *path, int error, struct complaint *ret_why)
{
	switch (error) {
	case -EPROTO:
		return complain(ret_why, error,
			"%s: made by a later version of favfs than this (" VERSION ")", path);
	case -ENOEXEC:
		return complain(ret_why, error,
			"%s: made by an earlier version of favfs; mounting it without -o ro brings"
			" it up to date",
			path);
	case -EUCLEAN:
	case -ENODATA:
		return complain(ret_why, -EUCLEAN,
			"%s: damaged, or not favfs's; fsck.favfs tells more", path);
	default:
		return complain(ret_why, error, "%s: %s", path, strerror(-error));
	}
}

/* Made under another name and moved into place, so that it is whole or not there. */
static int make_favorites(
	const struct store *store, const struct store_form *form, struct complaint *ret_why)
{
	window_kinds_t windows = form->windows ? form->windows : WINDOW_KINDS_DEFAULT;
	char path[PATH_MAX], final[PATH_MAX], wal[PATH_MAX + 8];
	sqlite3 *db = NULL;
	int error;
	bool done = false;

	store_path(store, FAVORITES_DB ".new", path);
	store_path(store, FAVORITES_DB, final);
	(void)unlink(path); /* what a crash left; mostly missing */
	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	(void)unlink(wal);
	error = db_open(path, DB_CREATE, 1024, &db);
	if (!error)
		error = schema_make_favorites(db, store->now_ns(), windows, zone_name());
	if (!error) /* what stays in the log would be lost with it */
		error = db_checkpoint(db, SQLITE_CHECKPOINT_TRUNCATE, CHECKPOINT_WAIT_MS, &done);
	if (!error && !done)
		error = -EIO;
	db_close(db);
	(void)unlink(wal); /* was checkpointed and emptied by the close */
	(void)snprintf(wal, sizeof(wal), "%s-shm", path);
	(void)unlink(wal);
	if (!error && rename(path, final) < 0)
		error = -errno;
	if (!error)
		error = sync_parent(final);
	return error ? complain(ret_why, error, "%s: cannot make it: %s", final, strerror(-error))
		     : 0;
}

static int make_missing(
	const struct store *store, const struct store_form *form, struct complaint *ret_why)
{
	char path[PATH_MAX];

	store_path(store, FAVORITES_DB, path);
	if (access(path, F_OK) == 0)
		return 0;
	store_path(store, DERIVED_DB, path);
	if (access(path, F_OK) == 0)
		return complain(ret_why, -EUCLEAN,
			"%s/" FAVORITES_DB ": missing, but " DERIVED_DB
			" is there: restore it from a backup",
			store->path);
	return make_favorites(store, form, ret_why);
}

/* Only whoever serves it may. */
static int upgrade(struct store *store, struct complaint *ret_why)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL;
	int error;

	store_path(store, FAVORITES_DB, path);
	error = db_open(path, DB_READ, 64, &db);
	if (!error)
		error = schema_check_favorites(db);
	db_close(db);
	if (error != -ENOEXEC)
		return 0; /* whoever looks at it next tells what is wrong */
	error = db_open(path, DB_WRITE, 256, &db);
	if (!error)
		error = schema_upgrade_favorites(db);
	db_close(db);
	return error ? complain(ret_why, error, "%s: cannot be brought up to date: %s", path,
			       strerror(-error))
		     : 0;
}

static int set_zone(const char *name, struct complaint *ret_why)
{
	int error = zone_set(name);

	if (error == -EINVAL)
		return complain(ret_why, error,
			"%s: not the name of a time zone, like UTC or Europe/Berlin", name);
	return error ? complain(ret_why, error,
			       "%s: this machine knows no such time zone (tzdata): %s", name,
			       strerror(-error))
		     : 0;
}

static int read_store_row(struct store *store, sqlite3 *db)
{
	static const char *const sql = "SELECT hash_key, windows, timezone FROM store";
	sqlite3_stmt *select;
	int error = db_prepare(db, &sql, 1, &select), found;

	if (error)
		return error;
	found = db_step(select);
	if (found < 0) /* cannot be read: that is no damage */
		error = found;
	else if (!found || sqlite3_column_bytes(select, 0) != HASH_KEY_BYTES ||
		 sqlite3_column_bytes(select, 2) <= 0 ||
		 sqlite3_column_bytes(select, 2) >= ZONE_NAME_MAX)
		error = -EUCLEAN;
	if (!error) {
		memcpy(store->hash_key, sqlite3_column_blob(select, 0), HASH_KEY_BYTES);
		store->windows = (window_kinds_t)sqlite3_column_int64(select, 1) |
				 (1u << WINDOW_ALL);
		strcpy(store->timezone, (const char *)sqlite3_column_text(select, 2));
	}
	db_finalize(&select, 1);
	return error;
}

static int look_at_favorites(struct store *store, struct complaint *ret_why)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL;
	int error;

	store_path(store, FAVORITES_DB, path);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return complain(ret_why, -ENOENT, "%s: not a store (no " FAVORITES_DB " in it)",
			store->path);
	error = db_open(path, DB_READ, 256, &db);
	if (!error)
		error = schema_check_favorites(db);
	if (!error)
		error = read_store_row(store, db);
	db_close(db);
	return error ? complain_db(path, error, ret_why) : set_zone(store->timezone, ret_why);
}

/* ---- making one ---- */

static bool is_nothing(const char *file)
{
	return !strcmp(file, ".") || !strcmp(file, "..") || !strcmp(file, "lost+found");
}

/* @made: the directory is new; else it must be empty. */
static int make_new_directory(const char *path, bool *ret_made, struct complaint *ret_why)
{
	char favorites[PATH_MAX];
	struct stat st;
	int error = 0;

	*ret_made = mkdir(path, 0700) == 0;
	if (*ret_made)
		error = sync_parent(path);
	if (error)
		return complain(ret_why, error, "%s: %s", path, strerror(-error));
	if (*ret_made)
		return 0;
	if (errno != EEXIST)
		return complain(ret_why, -errno, "%s: %s", path, strerror(errno));
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return complain(ret_why, -EEXIST, "%s: exists, and is no directory", path);
	(void)snprintf(favorites, sizeof(favorites), "%s/" FAVORITES_DB, path);
	if (access(favorites, F_OK) == 0)
		return complain(ret_why, -EEXIST, "%s: exists, and is a store", path);
	return check_only(path, is_nothing, -EEXIST, "exists, and is not empty", ret_why);
}

/* Two may get here at once. */
static int fill_new(struct store *store, const struct store_form *form, struct complaint *ret_why)
{
	char path[PATH_MAX];
	int error = lease_try(store->lease_fd, LEASE_SERVE);

	if (error)
		return complain(ret_why, error, "%s/lock: %s", store->path, strerror(-error));
	store_path(store, FAVORITES_DB, path);
	if (access(path, F_OK) == 0)
		return complain(ret_why, -EEXIST, "%s: exists", path);
	return make_favorites(store, form, ret_why);
}

/* What is half made goes again; a file of another makes the directory stay. */
static void unmake(const struct store *store, bool made)
{
	static const char *const files[] = {FAVORITES_DB ".new", FAVORITES_DB ".new-wal", "lock"};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		store_path(store, files[i], path);
		(void)unlink(path); /* may never have been made */
	}
	if (made)
		(void)rmdir(store->path);
}

int store_make(const char *where, const struct store_form *form, struct complaint *ret_why)
{
	struct store store = {.lease_fd = -1, .now_ns = clock_realtime_ns};
	bool made = false;
	int error = refuse_url(where, ret_why);

	if (!error)
		error = set_zone(form->timezone ? form->timezone : ZONE_DEFAULT, ret_why);
	if (!error)
		error = guard_place(where, ret_why);
	if (!error)
		error = make_new_directory(where, &made, ret_why);
	if (!error)
		error = check_directory(where, ret_why);
	if (!error)
		error = store_locate(where, &store.path, ret_why);
	if (error)
		return error;
	error = lease_open(store.path, &store.lease_fd);
	if (error)
		(void)complain(ret_why, error, "%s/lock: %s", store.path, strerror(-error));
	else
		error = fill_new(&store, form, ret_why);
	if (error && error != -EEXIST && error != -EBUSY)
		unmake(&store, made);
	if (store.lease_fd >= 0)
		(void)close(store.lease_fd); /* and the seat is free */
	free(store.path);
	return error;
}

/* ---- opening and closing ---- */

/* As in windows=LIST; ten bytes are enough for a kind and its comma. */
struct kinds_text {
	char text[WINDOW_KINDS * 10];
};

static struct kinds_text kinds_text(window_kinds_t kinds)
{
	struct kinds_text list = {""};

	for (unsigned kind = 0; kind < WINDOW_KINDS; kind++)
		if (kinds & (1u << kind)) {
			strcat(list.text, *list.text ? "," : "");
			strcat(list.text, window_kind_name((enum window_kind)kind));
		}
	return list;
}

/* What was asked for in vain. */
static int compare_form(
	const struct store *store, const struct store_form *form, struct complaint *ret_why)
{
	window_kinds_t windows = form->windows | (1u << WINDOW_ALL);

	if (form->windows && windows != store->windows)
		return complain(ret_why, -EINVAL, "%s: was made with windows=%s, not %s",
			store->path, kinds_text(store->windows).text, kinds_text(windows).text);
	if (form->timezone && strcmp(form->timezone, store->timezone) != 0)
		return complain(ret_why, -EINVAL, "%s: was made with timezone=%s, not %s",
			store->path, store->timezone, form->timezone);
	return 0;
}

static int open_serving(
	struct store *store, const struct store_options *options, struct complaint *ret_why)
{
	const struct store_form *form = &options->form;
	char path[PATH_MAX];
	int error = sit_down(store, options->mountpoint, ret_why);

	if (!error)
		error = set_zone(form->timezone ? form->timezone : ZONE_DEFAULT, ret_why);
	if (!error)
		error = make_missing(store, form, ret_why);
	if (!error)
		error = upgrade(store, ret_why);
	if (!error)
		error = look_at_favorites(store, ret_why);
	if (!error)
		error = compare_form(store, form, ret_why);
	if (error)
		return error;
	error = committer_open(store, &store->committer);
	if (!error)
		return 0;
	store_path(store, FAVORITES_DB, path);
	return complain_db(path, error, ret_why);
}

static int prepare_directory(const char *where, enum store_mode mode, struct complaint *ret_why)
{
	char favorites[PATH_MAX];
	int error = refuse_url(where, ret_why);

	if (!error && mode == STORE_SERVE)
		error = make_directory(where, ret_why);
	if (!error)
		error = check_directory(where, ret_why);
	if (error)
		return error;
	(void)snprintf(favorites, sizeof(favorites), "%s/" FAVORITES_DB, where);
	if (mode == STORE_SERVE && access(favorites, F_OK) < 0)
		error = check_nothing_foreign(where, ret_why);
	return error;
}

static int open_store(struct store *store, const char *where, const struct store_options *options,
	struct complaint *ret_why)
{
	int error = options->form.timezone ? set_zone(options->form.timezone, ret_why) : 0;

	if (!error) /* not before: nothing shall be left of what is refused */
		error = prepare_directory(where, options->mode, ret_why);
	if (!error)
		error = store_locate(where, &store->path, ret_why);
	if (error || !store->path)
		return error ? error : -EINVAL;
	error = options->mode == STORE_READ ? look_at_favorites(store, ret_why) : 0;
	if (error)
		return error;
	store->directory_fd = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->directory_fd < 0)
		return complain(ret_why, -errno, "%s: %s", store->path, strerror(errno));
	error = lease_open(store->path, &store->lease_fd);
	if (error)
		return complain(ret_why, error, "%s/lock: %s", store->path, strerror(-error));
	return options->mode == STORE_SERVE ? open_serving(store, options, ret_why) : 0;
}

int store_open(const char *where, const struct store_options *options, struct store **ret_store,
	struct complaint *ret_why)
{
	struct store *store = calloc(1, sizeof(*store));
	int error;

	if (!store)
		return complain(ret_why, -ENOMEM, "%s: %s", where, strerror(ENOMEM));
	store->lease_fd = -1;
	store->directory_fd = -1;
	store->now_ns = options->now_ns ? options->now_ns : clock_realtime_ns;
	store->relaxed = options->relaxed;
	store->ttl_ns = options->ttl_ns;
	store->behind = options->behind;
	store->failed = options->failed;
	store->behind_arg = options->behind_arg;
	store->retention_ns = options->retention_ns ? options->retention_ns : RETENTION_NS_DEFAULT;
	error = open_store(store, where, options, ret_why);
	if (error) {
		store_close(store);
		return error;
	}
	*ret_store = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	committer_close(store->committer);
	bell_watch_close(store->derived_watch);
	if (store->lease_fd >= 0)
		(void)close(store->lease_fd); /* and the seats are free */
	if (store->directory_fd >= 0)
		(void)close(store->directory_fd);
	free(store->path);
	free(store);
}

window_kinds_t store_windows(const struct store *store)
{
	return store->windows;
}

const char *store_timezone(const struct store *store)
{
	return store->timezone;
}

int64_t store_committed(const struct store *store)
{
	return committer_committed(store->committer);
}

bool store_has(const struct store *store, int64_t favorite)
{
	return committer_has(store->committer, favorite);
}

void store_submit(struct store *store, struct change *change)
{
	committer_submit(store->committer, change);
}

void store_settle(struct store *store)
{
	committer_settle(store->committer);
}

const char *store_engine(void)
{
	return db_engine();
}

const char *store_engine_flaw(void)
{
	return db_has_reset_bug(sqlite3_libversion_number())
		       ? "This SQLite can lose a commit when one connection writes and another"
			 " checkpoints\n(the WAL-reset bug of 3.7.0 to 3.51.2; 3.44.6 and 3.50.7 are"
			 " mended, too).\nfavfs is not affected: one connection does both.  Change"
			 " a store with nothing else."
		       : NULL;
}

void store_figures(struct store *store, struct figures *ret_figures)
{
	committer_figures(store->committer, ret_figures);
}

pid_t store_aggregator(const struct store *store)
{
	char note[LEASE_NOTE_MAX];

	if (!lease_is_taken(store->lease_fd, LEASE_DERIVE))
		return 0;
	lease_read(store->lease_fd, LEASE_DERIVE, note);
	return strncmp(note, "pid ", 4) ? 0 : (pid_t)atoi(note + 4);
}

const char *store_where(const struct store *store)
{
	return store->path;
}

int store_space(const struct store *store, struct statvfs *ret_space)
{
	return statvfs(store->path, ret_space) == 0 ? 0 : -errno;
}

/* ---- bells ---- */

int store_watch_log(struct store *store, struct bell_watch **ret_watch)
{
	char path[PATH_MAX];

	store_path(store, FAVORITES_BELL, path);
	return bell_watch_open(path, ret_watch);
}

void store_call_aggregator(const struct store *store)
{
	char path[PATH_MAX];

	store_path(store, FAVORITES_BELL, path);
	(void)bell_call(path); /* who cannot write here cannot wait for much either */
}

void store_remove_bell(const struct store *store)
{
	char path[PATH_MAX];

	store_path(store, FAVORITES_BELL, path);
	(void)unlink(path); /* if it stays somebody looks in vain */
}

int store_derived_fd(struct store *store)
{
	char path[PATH_MAX];
	int error;

	if (!store->derived_watch) {
		store_path(store, DERIVED_BELL, path);
		error = bell_watch_open(path, &store->derived_watch);
		if (error)
			return error;
	}
	return bell_watch_fd(store->derived_watch);
}

void store_derived_look(struct store *store)
{
	if (store->derived_watch)
		(void)bell_watch_drain(store->derived_watch); /* a call is a ring */
	store->derived_looked++;
}
