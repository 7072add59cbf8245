/*
 * disk.h - a disk under SQLite that fails when it is told to, and can lose its power.
 *
 * A VFS over the one for real files.  It lets one kind of call fail, and remembers of each
 * database in a watched directory what was written since it was last synced: an image is the
 * directory as a power cut at this moment may leave it.  Each write that was not synced is
 * there, missing or torn at the sectors of the disk; so is the end of a file, and what became of
 * names, in the order in which it happened.  A sync that failed has damaged what it
 * should have written for good, although whoever reads the file does not see that before the
 * power is cut.  Nothing is ever synced really.
 *
 * What the engine does to names without SQLite has to be told (disk_renamed, disk_unlinked).
 * Any thread; faults and the watched directory are set while no database is in use.
 */
#ifndef FAVFS_TESTS_DISK_H
#define FAVFS_TESTS_DISK_H

#include <stdbool.h>
#include <stddef.h>

enum disk_call {
	DISK_OPEN,
	DISK_READ,
	DISK_WRITE,
	DISK_TRUNCATE,
	DISK_SYNC,
	DISK_SIZE,
	DISK_LOCK,
	DISK_SHM, /* getting hold of the shared memory beside a database */
	DISK_CALLS,
};

/* Makes this disk the default of SQLite.  Call it once, before anything else of SQLite. */
void disk_install(void);

/* ---- failing ---- */

struct disk_fault {
	enum disk_call call;
	unsigned nth; /* the first that fails, from 1 on; 0: none does */
	bool for_ever; /* and all after it */
	int code; /* of SQLite, what it says then */
};

/* Counts anew, and lets calls fail from now on. */
void disk_fail(const struct disk_fault *fault);
unsigned disk_calls(enum disk_call call); /* since then */
unsigned disk_failures(void);

/* ---- losing power ---- */

/* Broken on purpose, to see tests fail. */
enum disk_lie {
	DISK_HONEST,
	DISK_SYNCS_NOTHING, /* but says so */
	DISK_SYNCS_LATE, /* what the sync before this one should have */
	DISK_SYNCS_NO_DATABASE, /* only their logs */
};

/*
 * Everything in @directory is on the medium when this is called; @point is called before each
 * call that changes something there, under the lock of the disk.
 */
typedef void disk_point(void *arg, enum disk_call call);
void disk_watch(
	const char *directory, unsigned seed, enum disk_lie lie, disk_point *point, void *arg);
void disk_unwatch(void);

void disk_renamed(const char *from, const char *to);
void disk_unlinked(const char *path);
void disk_directory_synced(int fd); /* nothing if it is another */

struct disk_image;

/* What a power cut now may leave, by chance. */
struct disk_image *disk_image_take(unsigned seed);
void disk_image_free(struct disk_image *image);

/* Makes its files in an empty directory.  Whether anything of a write was left out. */
bool disk_image_write(const struct disk_image *image, const char *directory);

#endif
