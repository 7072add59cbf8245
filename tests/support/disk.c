#include "tests/support/disk.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#define SECTOR    512
#define NAMES_MAX 16

/* What was done to a file and is not on the medium: a write, or with no bytes a new end. */
struct op {
	size_t offset;
	size_t size;
	unsigned char *bytes;
};

/* A file, whatever its name is. */
struct node {
	struct node *next;
	ino_t inode;
	bool is_gone; /* nobody will find it any more */
	unsigned char *durable; /* what the medium holds */
	size_t durable_size;
	struct op *ops;
	size_t op_count;
	size_t op_capacity;
	size_t late; /* how many the last sync should have written */
};

struct name {
	char name[64];
	struct node *node;
};

struct names {
	struct name list[NAMES_MAX];
	size_t count;
};

/* @from becomes @to, "" for none. */
struct name_op {
	char from[64];
	char to[64];
	struct node *node;
};

struct image_file {
	char name[80];
	unsigned char *bytes;
	size_t size;
};

struct disk_image {
	struct image_file files[2 * NAMES_MAX];
	size_t count;
	bool is_damaged;
};

static struct {
	sqlite3_vfs *real;
	pthread_mutex_t lock; /* recursive; guards all that follows */
	struct disk_fault fault;
	unsigned calls[DISK_CALLS];
	unsigned failures;

	char directory[PATH_MAX]; /* "": none is watched */
	enum disk_lie lie;
	unsigned seed;
	disk_point *point;
	void *arg;
	struct node *nodes;
	struct names durable, now;
	struct name_op *name_ops; /* since the directory was last synced */
	size_t name_op_count;
} disk;

struct file {
	sqlite3_file base;
	struct node *node; /* NULL: not watched */
	bool syncs_directory; /* with its first sync, as SQLite does with a new log */
	bool is_log;
	sqlite3_file *real;
};

static void lock(void)
{
	(void)pthread_mutex_lock(&disk.lock);
}

static void unlock(void)
{
	(void)pthread_mutex_unlock(&disk.lock);
}

static void *need(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* Tests that let malloc fail do not mean us. */
static void *grow(void *memory, size_t count, size_t size)
{
	return need(reallocarray(memory, count, size));
}

static void *make(size_t size)
{
	return memset(grow(NULL, 1, size), 0, size);
}

/* ---- failing ---- */

void disk_fail(const struct disk_fault *fault)
{
	lock();
	disk.fault = *fault;
	disk.failures = 0;
	memset(disk.calls, 0, sizeof(disk.calls));
	unlock();
}

unsigned disk_calls(enum disk_call call)
{
	return disk.calls[call];
}

unsigned disk_failures(void)
{
	return disk.failures;
}

/* What a call has to say instead of being done; under the lock. */
static int judge(enum disk_call call)
{
	const struct disk_fault *fault = &disk.fault;
	unsigned n = ++disk.calls[call];

	if (fault->call != call || !fault->nth || n < fault->nth ||
		(n > fault->nth && !fault->for_ever))
		return SQLITE_OK;
	disk.failures++;
	return fault->code;
}

static int judge_locked(enum disk_call call)
{
	int code;

	lock();
	code = judge(call);
	unlock();
	return code;
}

/* ---- what is on the medium ---- */

static void set_size(unsigned char **bytes, size_t *size, size_t wanted)
{
	*bytes = grow(*bytes, wanted + 1, 1);
	if (wanted > *size)
		memset(*bytes + *size, 0, wanted - *size);
	*size = wanted;
}

static void apply(unsigned char **bytes, size_t *size, const struct op *op)
{
	if (!op->bytes) {
		set_size(bytes, size, op->offset);
		return;
	}
	if (op->offset + op->size > *size)
		set_size(bytes, size, op->offset + op->size);
	memcpy(*bytes + op->offset, op->bytes, op->size);
}

/* Each sector by chance. */
static void apply_torn(unsigned char **bytes, size_t *size, const struct op *op, unsigned *seed)
{
	size_t at = op->offset, end = op->offset + op->size;

	if (!op->bytes)
		return;
	if (end > *size && rand_r(seed) % 2)
		set_size(bytes, size, end); /* the file has grown, whatever is in it */
	while (at < end) {
		size_t next = (at / SECTOR + 1) * SECTOR < end ? (at / SECTOR + 1) * SECTOR : end;
		struct op piece = {at, next - at, op->bytes + (at - op->offset)};

		if (rand_r(seed) % 2)
			apply(bytes, size, &piece);
		at = next;
	}
}

static void drop_ops(struct node *node, size_t count)
{
	if (!count)
		return;
	for (size_t i = 0; i < count; i++)
		free(node->ops[i].bytes);
	node->op_count -= count;
	memmove(node->ops, node->ops + count, node->op_count * sizeof(*node->ops));
}

static void make_durable(struct node *node, size_t count)
{
	for (size_t i = 0; i < count; i++)
		apply(&node->durable, &node->durable_size, &node->ops[i]);
	drop_ops(node, count);
}

/* How the medium deals with the writes to one file. */
enum luck {
	NOTHING,
	EVERYTHING,
	BEGINNING, /* up to one that is torn */
	SOME,
	SECTORS, /* all may be torn */
	LUCKS,
};

/* What a power cut may leave of a file; whether anything is missing. */
static bool damage(const struct node *node, unsigned *seed, unsigned char **bytes, size_t *size)
{
	enum luck luck = (enum luck)(rand_r(seed) % LUCKS);
	size_t some = node->op_count ? (size_t)rand_r(seed) % node->op_count : 0;

	for (size_t i = 0; i < node->op_count && luck != NOTHING; i++) {
		const struct op *op = &node->ops[i];
		int chance = rand_r(seed) % 4;

		if (luck == EVERYTHING || (luck == BEGINNING && i < some) ||
			(luck == SOME && chance < 2))
			apply(bytes, size, op);
		else if ((luck == BEGINNING && i == some) || luck == SECTORS ||
			 (luck == SOME && chance == 2))
			apply_torn(bytes, size, op, seed);
	}
	return node->op_count && luck != EVERYTHING;
}

static void add_op(struct node *node, const struct op *op)
{
	struct op *to;

	if (node->op_count == node->op_capacity) {
		node->op_capacity = node->op_capacity ? 2 * node->op_capacity : 16;
		node->ops = grow(node->ops, node->op_capacity, sizeof(*node->ops));
	}
	to = &node->ops[node->op_count++];
	*to = *op;
	if (op->bytes) {
		to->bytes = grow(NULL, 1, op->size);
		memcpy(to->bytes, op->bytes, op->size);
	}
}

/* ---- names ---- */

static struct name *find_name(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->list[i].name, name))
			return &names->list[i];
	return NULL;
}

static void remove_name(struct names *names, const char *name)
{
	struct name *found = find_name(names, name);

	if (found)
		*found = names->list[--names->count];
}

static void do_name_op(struct names *names, const struct name_op *op)
{
	if (*op->from)
		remove_name(names, op->from);
	if (*op->to) {
		remove_name(names, op->to);
		assert(names->count < NAMES_MAX);
		names->list[names->count].node = op->node;
		memcpy(names->list[names->count++].name, op->to, sizeof(op->to));
	}
}

static void note_name_op(const char *from, const char *to, struct node *node)
{
	struct name_op op = {.node = node};

	(void)snprintf(op.from, sizeof(op.from), "%s", from);
	(void)snprintf(op.to, sizeof(op.to), "%s", to);
	do_name_op(&disk.now, &op);
	disk.name_ops = grow(disk.name_ops, disk.name_op_count + 1, sizeof(*disk.name_ops));
	disk.name_ops[disk.name_op_count++] = op;
}

/* The name of a file in the watched directory, or NULL. */
static const char *watched_name(const char *path)
{
	size_t length = strlen(disk.directory);

	if (!length || !path || strncmp(path, disk.directory, length) != 0 || path[length] != '/')
		return NULL;
	return strchr(path + length + 1, '/') ? NULL : path + length + 1;
}

void disk_unlinked(const char *path)
{
	const char *name;
	struct name *found;

	lock();
	name = watched_name(path);
	found = name ? find_name(&disk.now, name) : NULL;
	if (found) {
		found->node->is_gone = true;
		note_name_op(name, "", NULL);
	}
	unlock();
}

void disk_renamed(const char *from, const char *to)
{
	const char *name, *other;
	struct name *found, *victim;

	lock();
	name = watched_name(from);
	other = watched_name(to);
	found = name ? find_name(&disk.now, name) : NULL;
	if (found && other) {
		victim = find_name(&disk.now, other);
		if (victim)
			victim->node->is_gone = true;
		note_name_op(name, other, found->node);
	}
	unlock();
}

static void sync_names(void)
{
	disk.durable = disk.now;
	disk.name_op_count = 0;
}

void disk_directory_synced(int fd)
{
	struct stat st, watched;

	lock();
	if (*disk.directory && fstat(fd, &st) == 0 && stat(disk.directory, &watched) == 0 &&
		st.st_ino == watched.st_ino && st.st_dev == watched.st_dev)
		sync_names();
	unlock();
}

/* ---- watching ---- */

static struct node *node_of(ino_t inode)
{
	for (struct node *node = disk.nodes; node; node = node->next)
		if (node->inode == inode && !node->is_gone)
			return node;
	return NULL;
}

static void read_durable(struct node *node, const char *path, size_t size)
{
	FILE *file = need(fopen(path, "re")); /* before any lock is taken on it */

	set_size(&node->durable, &node->durable_size, size);
	if (fread(node->durable, 1, size, file) != size)
		abort();
	(void)fclose(file);
}

/* The node of a file that was opened: what is there before anything is written is durable. */
static struct node *watch_file(const char *path)
{
	const char *name = watched_name(path);
	struct node *node;
	struct stat st;

	if (!name || stat(path, &st) < 0)
		return NULL;
	node = node_of(st.st_ino);
	if (node)
		return node;
	node = make(sizeof(*node));
	node->inode = st.st_ino;
	node->next = disk.nodes;
	disk.nodes = node;
	if (st.st_size)
		read_durable(node, path, (size_t)st.st_size);
	note_name_op("", name, node);
	if (st.st_size)
		sync_names();
	return node;
}

void disk_watch(
	const char *directory, unsigned seed, enum disk_lie lie, disk_point *point, void *arg)
{
	disk_unwatch();
	lock();
	(void)snprintf(disk.directory, sizeof(disk.directory), "%s", directory);
	disk.seed = seed;
	disk.lie = lie;
	disk.point = point;
	disk.arg = arg;
	unlock();
}

void disk_unwatch(void)
{
	lock();
	for (struct node *node = disk.nodes, *next; node; node = next) {
		next = node->next;
		drop_ops(node, node->op_count);
		free(node->ops);
		free(node->durable);
		free(node);
	}
	free(disk.name_ops);
	disk.name_ops = NULL;
	disk.nodes = NULL;
	disk.now.count = disk.durable.count = disk.name_op_count = 0;
	disk.directory[0] = '\0';
	disk.point = NULL;
	unlock();
}

/* Under the lock. */
static void reach_point(const struct node *node, enum disk_call call)
{
	if (node && disk.point)
		disk.point(disk.arg, call);
}

/* ---- images ---- */

static struct image_file *add_file(struct disk_image *image, const char *name, const char *suffix)
{
	struct image_file *file = &image->files[image->count++];

	(void)snprintf(file->name, sizeof(file->name), "%s%s", name, suffix);
	file->bytes = make(1);
	return file;
}

/* Shared memory is no file that anybody relies on: it is missing, or holds anything. */
static void add_garbage(struct disk_image *image, const char *name, unsigned *seed)
{
	struct image_file *file;

	if (strchr(name, '-') || rand_r(seed) % 2)
		return;
	file = add_file(image, name, "-shm");
	set_size(&file->bytes, &file->size, 32768);
	for (size_t i = 0; i < file->size && rand_r(seed) % 16; i++)
		file->bytes[i] = (unsigned char)rand_r(seed);
}

struct disk_image *disk_image_take(unsigned seed)
{
	struct disk_image *image = make(sizeof(*image));
	struct names names;
	size_t kept;

	lock();
	names = disk.durable;
	kept = (size_t)rand_r(&seed) % (disk.name_op_count + 1);
	for (size_t i = 0; i < kept; i++)
		do_name_op(&names, &disk.name_ops[i]);
	image->is_damaged = kept < disk.name_op_count;
	for (size_t i = 0; i < names.count; i++) {
		const struct node *node = names.list[i].node;
		struct image_file *file = add_file(image, names.list[i].name, "");

		set_size(&file->bytes, &file->size, node->durable_size);
		if (node->durable_size)
			memcpy(file->bytes, node->durable, node->durable_size);
		if (damage(node, &seed, &file->bytes, &file->size))
			image->is_damaged = true;
		add_garbage(image, names.list[i].name, &seed);
	}
	unlock();
	return image;
}

void disk_image_free(struct disk_image *image)
{
	for (size_t i = 0; i < image->count; i++)
		free(image->files[i].bytes);
	free(image);
}

bool disk_image_write(const struct disk_image *image, const char *directory)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < image->count; i++) {
		const struct image_file *file = &image->files[i];
		FILE *to;

		(void)snprintf(path, sizeof(path), "%s/%s", directory, file->name);
		to = need(fopen(path, "we"));
		if (fwrite(file->bytes, 1, file->size, to) != file->size || fclose(to))
			abort();
	}
	return image->is_damaged;
}

/* ---- the calls of a file ---- */

static struct file *file_of(sqlite3_file *base)
{
	return (struct file *)base;
}

static int file_close(sqlite3_file *base)
{
	return file_of(base)->real->pMethods->xClose(file_of(base)->real);
}

static int file_read(sqlite3_file *base, void *bytes, int size, sqlite3_int64 offset)
{
	sqlite3_file *real = file_of(base)->real;
	int code = judge_locked(DISK_READ);

	return code ? code : real->pMethods->xRead(real, bytes, size, offset);
}

static int file_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 offset)
{
	struct file *file = file_of(base);
	const struct op op = {(size_t)offset, (size_t)size, (unsigned char *)bytes};
	int code;

	lock();
	reach_point(file->node, DISK_WRITE);
	code = judge(DISK_WRITE);
	if (!code)
		code = file->real->pMethods->xWrite(file->real, bytes, size, offset);
	if (!code && file->node)
		add_op(file->node, &op);
	unlock();
	return code;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct file *file = file_of(base);
	const struct op op = {.offset = (size_t)size};
	int code;

	lock();
	reach_point(file->node, DISK_TRUNCATE);
	code = judge(DISK_TRUNCATE);
	if (!code)
		code = file->real->pMethods->xTruncate(file->real, size);
	if (!code && file->node)
		add_op(file->node, &op);
	unlock();
	return code;
}

/* The kernel takes what it could not write for written, and nobody reads the medium till then. */
static void fail_sync(struct node *node)
{
	(void)damage(node, &disk.seed, &node->durable, &node->durable_size);
	drop_ops(node, node->op_count);
	node->late = 0;
}

static void sync_node(struct node *node, bool is_log)
{
	size_t late = node->late;

	node->late = node->op_count;
	switch (disk.lie) {
	case DISK_SYNCS_NOTHING:
		break;
	case DISK_SYNCS_LATE:
		make_durable(node, late);
		node->late = node->op_count;
		break;
	case DISK_SYNCS_NO_DATABASE:
		make_durable(node, is_log ? node->op_count : 0);
		break;
	case DISK_HONEST:
		make_durable(node, node->op_count);
		break;
	}
}

static int file_sync(sqlite3_file *base, int flags)
{
	struct file *file = file_of(base);
	int code;

	(void)flags;
	lock();
	reach_point(file->node, DISK_SYNC);
	code = judge(DISK_SYNC);
	if (file->node && code) {
		fail_sync(file->node);
	} else if (file->node) {
		sync_node(file->node, file->is_log);
		if (file->syncs_directory && disk.lie != DISK_SYNCS_NOTHING)
			sync_names();
		file->syncs_directory = false;
	}
	unlock();
	return code;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
	sqlite3_file *real = file_of(base)->real;
	int code = judge_locked(DISK_SIZE);

	return code ? code : real->pMethods->xFileSize(real, ret_size);
}

static int file_lock(sqlite3_file *base, int level)
{
	sqlite3_file *real = file_of(base)->real;
	int code = judge_locked(DISK_LOCK);

	return code ? code : real->pMethods->xLock(real, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
	return file_of(base)->real->pMethods->xUnlock(file_of(base)->real, level);
}

static int file_check_lock(sqlite3_file *base, int *ret_locked)
{
	return file_of(base)->real->pMethods->xCheckReservedLock(file_of(base)->real, ret_locked);
}

/* What a chunk of a file is made ready with would not be seen: nothing here asks for one. */
static int file_control(sqlite3_file *base, int what, void *arg)
{
	return file_of(base)->real->pMethods->xFileControl(file_of(base)->real, what, arg);
}

static int file_sector_size(sqlite3_file *base)
{
	return file_of(base)->real->pMethods->xSectorSize(file_of(base)->real);
}

static int file_characteristics(sqlite3_file *base)
{
	return file_of(base)->real->pMethods->xDeviceCharacteristics(file_of(base)->real);
}

static int file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **ret_map)
{
	sqlite3_file *real = file_of(base)->real;
	int code = judge_locked(DISK_SHM);

	return code ? code : real->pMethods->xShmMap(real, page, size, extend, ret_map);
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
	return file_of(base)->real->pMethods->xShmLock(file_of(base)->real, offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
	file_of(base)->real->pMethods->xShmBarrier(file_of(base)->real);
}

static int file_shm_unmap(sqlite3_file *base, int remove)
{
	return file_of(base)->real->pMethods->xShmUnmap(file_of(base)->real, remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* without reading by mmap */
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

/* ---- the calls of the disk ---- */

static int disk_open(
	sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *ret_flags)
{
	static const int logs = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
	struct file *file = file_of(base);
	int code;

	(void)vfs;
	*file = (struct file){.real = (sqlite3_file *)(file + 1)};
	lock();
	code = judge(DISK_OPEN);
	if (!code)
		code = disk.real->xOpen(disk.real, path, file->real, flags, ret_flags);
	if (!code) {
		file->base.pMethods = &methods;
		file->is_log = flags & logs;
		file->syncs_directory = file->is_log && flags & SQLITE_OPEN_CREATE;
		file->node = watch_file(path);
	}
	unlock();
	return code;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
	int code;

	(void)vfs;
	lock();
	if (watched_name(path) && disk.point)
		disk.point(disk.arg, DISK_TRUNCATE);
	code = disk.real->xDelete(disk.real, path, 0);
	if (!code)
		disk_unlinked(path);
	if (!code && sync_directory && watched_name(path))
		sync_names();
	unlock();
	return code;
}

static void make_recursive(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attributes;

	(void)pthread_mutexattr_init(&attributes);
	(void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(mutex, &attributes);
	(void)pthread_mutexattr_destroy(&attributes);
}

void disk_install(void)
{
	static sqlite3_vfs vfs;

	/* As db.c does, for whom it is too late afterwards. */
	(void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	make_recursive(&disk.lock);
	disk.real = sqlite3_vfs_find(NULL);
	vfs = *disk.real;
	vfs.zName = "disk";
	vfs.szOsFile = (int)sizeof(struct file) + disk.real->szOsFile;
	vfs.pNext = NULL;
	vfs.xOpen = disk_open;
	vfs.xDelete = disk_delete;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}
