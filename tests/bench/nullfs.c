/*
 * nullfs MOUNTPOINT: the ceiling of FUSE. The tree restaurants/R/fans/U in memory and nothing
 * else: one thread, no durability, no log, nothing freed before the end. It remembers names, so
 * that what was made is found and can be removed. The kernel may cache all it was told, for good.
 * Stays in the foreground; SIGTERM or umount(8) ends it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>

#define BUCKETS        (1U << 20)
#define FOREVER_S      86400.0
#define DIRECTORY_MODE (S_IFDIR | 01777)
#define FILE_MODE      (S_IFREG | 0644)

struct node {
	struct node *next; /* in its bucket */
	const struct node *parent;
	uint64_t children;
	struct stat attr;
	char name[]; /* owned */
};

static struct node *buckets[BUCKETS];
static struct node root = {
	.attr = {.st_ino = FUSE_ROOT_ID, .st_mode = DIRECTORY_MODE, .st_nlink = 1}};

static struct node *node_of(fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? &root : (struct node *)(uintptr_t)ino;
}

static struct node **slot_of(const struct node *parent, const char *name)
{
	uint64_t hash = (uintptr_t)parent;

	for (const char *at = name; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	struct node **slot = &buckets[(hash ^ (hash >> 32)) % BUCKETS];
	while (*slot != NULL && ((*slot)->parent != parent || strcmp((*slot)->name, name) != 0))
		slot = &(*slot)->next;
	return slot;
}

static int node_add(struct node *parent, const char *name, mode_t mode, struct node **ret_node)
{
	struct node **slot = slot_of(parent, name);
	size_t size = strlen(name) + 1;

	if (*slot != NULL)
		return EEXIST;
	struct node *node = calloc(1, sizeof(*node) + size);
	if (node == NULL)
		return ENOMEM;
	memcpy(node->name, name, size);
	node->parent = parent;
	node->attr.st_ino = (uintptr_t)node;
	node->attr.st_mode = mode;
	node->attr.st_nlink = 1;
	node->attr.st_uid = root.attr.st_uid;
	node->attr.st_gid = root.attr.st_gid;
	(void)clock_gettime(CLOCK_REALTIME, &node->attr.st_mtim); /* cannot fail for this clock */
	parent->children++;
	*slot = node;
	*ret_node = node;
	return 0;
}

static struct fuse_entry_param entry_of(const struct node *node)
{
	return (struct fuse_entry_param){
		.ino = node->attr.st_ino,
		.attr = node->attr,
		.attr_timeout = FOREVER_S,
		.entry_timeout = FOREVER_S,
	};
}

static void null_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	const struct node *node = *slot_of(node_of(parent), name);

	if (node == NULL) {
		(void)fuse_reply_err(req, ENOENT);
		return;
	}
	struct fuse_entry_param entry = entry_of(node);
	(void)fuse_reply_entry(req, &entry);
}

static void null_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	(void)file;
	(void)fuse_reply_attr(req, &node_of(ino)->attr, FOREVER_S);
}

/* Times only: what touch(1) sets. */
static void null_setattr(
	fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *file)
{
	(void)file;
	struct node *node = node_of(ino);

	if ((to_set & FUSE_SET_ATTR_MTIME_NOW) != 0)
		(void)clock_gettime(CLOCK_REALTIME, &node->attr.st_mtim);
	else if ((to_set & FUSE_SET_ATTR_MTIME) != 0)
		node->attr.st_mtim = attr->st_mtim;
	(void)fuse_reply_attr(req, &node->attr, FOREVER_S);
}

static void null_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)mode;
	struct node *node;
	int err = node_add(node_of(parent), name, DIRECTORY_MODE, &node);

	if (err != 0) {
		(void)fuse_reply_err(req, err);
		return;
	}
	struct fuse_entry_param entry = entry_of(node);
	(void)fuse_reply_entry(req, &entry);
}

static void null_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	struct fuse_file_info *file)
{
	(void)mode;
	struct node *node;
	int err = node_add(node_of(parent), name, FILE_MODE, &node);

	if (err != 0) {
		(void)fuse_reply_err(req, err);
		return;
	}
	file->noflush = 1;
	struct fuse_entry_param entry = entry_of(node);
	(void)fuse_reply_create(req, &entry, file);
}

static void null_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct node **slot = slot_of(node_of(parent), name);
	int err = *slot == NULL ? ENOENT : (*slot)->children > 0 ? ENOTEMPTY : 0;

	if (err == 0) {
		*slot = (*slot)->next; /* the node stays: the kernel may still hold it */
		node_of(parent)->children--;
	}
	(void)fuse_reply_err(req, err);
}

static const struct fuse_lowlevel_ops null_ops = {
	.lookup = null_lookup,
	.getattr = null_getattr,
	.setattr = null_setattr,
	.mkdir = null_mkdir,
	.create = null_create,
	.unlink = null_remove,
	.rmdir = null_remove,
};

static int serve(struct fuse_session *session, const char *mountpoint)
{
	if (fuse_set_signal_handlers(session) != 0)
		return -1;
	int result = fuse_session_mount(session, mountpoint);
	if (result == 0) {
		result = fuse_session_loop(session);
		fuse_session_unmount(session);
	}
	fuse_remove_signal_handlers(session);
	return result;
}

int main(int argc, char **argv)
{
	char *words[] = {argv[0], "-odefault_permissions,fsname=nullfs,subtype=nullfs", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, words);
	struct node *restaurants;

	if (argc != 2) {
		(void)fputs("usage: nullfs MOUNTPOINT\n", stderr);
		return 2;
	}
	root.attr.st_uid = geteuid();
	root.attr.st_gid = getegid();
	struct fuse_session *session = fuse_session_new(&args, &null_ops, sizeof(null_ops), NULL);
	if (session == NULL || node_add(&root, "restaurants", DIRECTORY_MODE, &restaurants) != 0)
		return EXIT_FAILURE;
	int result = serve(session, argv[1]);
	fuse_session_destroy(session);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
