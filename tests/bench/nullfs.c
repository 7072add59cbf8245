/*
 * nullfs [LINES] MOUNTPOINT: the ceiling of FUSE. The tree restaurants/R/fans/U in memory and
 * nothing else: one thread, no durability, no log, nothing freed before the end. It remembers
 * names, so that what was made is found, listed and can be removed. The kernel may cache all it was
 * told, for good. LINES is a file of what it has from the start, without the kernel knowing: lines
 * as `import` of favfs takes them, `add RESTAURANT USER` with tabs.
 * Stays in the foreground; SIGTERM or umount(8) ends it.
 */
#include <errno.h>
#include <stdbool.h>
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
	struct node **list; /* owned; all that ever was in it, in the order of making */
	size_t listed;
	bool is_removed;
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

/* The array doubles whenever the number in it is a power of two. */
static bool list_add(struct node *parent, struct node *node)
{
	size_t count = parent->listed;

	if ((count & (count - 1)) == 0) {
		size_t capacity = count == 0 ? 1 : 2 * count;
		struct node **list = realloc(parent->list, capacity * sizeof(*list));
		if (list == NULL)
			return false;
		parent->list = list;
	}
	parent->list[parent->listed++] = node;
	return true;
}

static int node_add(struct node *parent, const char *name, mode_t mode, struct node **ret_node)
{
	struct node **slot = slot_of(parent, name);
	size_t size = strlen(name) + 1;

	if (*slot != NULL)
		return EEXIST;
	struct node *node = calloc(1, sizeof(*node) + size);
	if (node == NULL || !list_add(parent, node)) {
		free(node);
		return ENOMEM;
	}
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
		(*slot)->is_removed = true;
		*slot = (*slot)->next; /* the node stays: the kernel may still hold it */
		node_of(parent)->children--;
	}
	(void)fuse_reply_err(req, err);
}

/* 0: the buffer is full. The cookie of a node is its place in the list, counted from 1. */
static size_t put_entry(
	fuse_req_t req, char *at, size_t left, struct node *parent, size_t place, bool is_plus)
{
	const struct node *node = parent->list[place];
	struct fuse_entry_param entry = entry_of(node);
	off_t cookie = (off_t)place + 1;
	size_t need = is_plus ? fuse_add_direntry_plus(req, at, left, node->name, &entry, cookie)
			      : fuse_add_direntry(req, at, left, node->name, &node->attr, cookie);

	return need > left ? 0 : need;
}

static void list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t after, bool is_plus)
{
	struct node *parent = node_of(ino);
	char *buffer = malloc(size);
	size_t used = 0;

	if (buffer == NULL) {
		(void)fuse_reply_err(req, ENOMEM);
		return;
	}
	for (size_t place = (size_t)after; place < parent->listed; place++) {
		if (parent->list[place]->is_removed)
			continue;
		size_t need = put_entry(req, buffer + used, size - used, parent, place, is_plus);
		if (need == 0)
			break;
		used += need;
	}
	(void)fuse_reply_buf(req, buffer, used);
	free(buffer);
}

static void null_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t after, struct fuse_file_info *file)
{
	(void)file;
	list(req, ino, size, after, false);
}

static void null_readdirplus(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t after, struct fuse_file_info *file)
{
	(void)file;
	list(req, ino, size, after, true);
}

static const struct fuse_lowlevel_ops null_ops = {
	.lookup = null_lookup,
	.getattr = null_getattr,
	.setattr = null_setattr,
	.readdir = null_readdir,
	.readdirplus = null_readdirplus,
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

static int find_or_add(struct node *parent, const char *name, mode_t mode, struct node **ret_node)
{
	struct node *found = *slot_of(parent, name);

	if (found == NULL)
		return node_add(parent, name, mode, ret_node);
	*ret_node = found;
	return 0;
}

static int take_line(struct node *restaurants, char *line)
{
	struct node *node = restaurants;
	char *rest = line;

	(void)strsep(&rest, "\t");
	const char *restaurant = strsep(&rest, "\t");
	const char *user = strsep(&rest, "\t\n");
	if (restaurant == NULL || user == NULL)
		return EINVAL;
	int err = find_or_add(node, restaurant, DIRECTORY_MODE, &node);
	if (err == 0)
		err = find_or_add(node, "fans", DIRECTORY_MODE, &node);
	return err != 0 ? err : find_or_add(node, user, FILE_MODE, &node);
}

static int take_lines(struct node *restaurants, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[1024];
	int err = file == NULL ? errno : 0;

	while (err == 0 && fgets(line, sizeof(line), file) != NULL)
		err = take_line(restaurants, line);
	if (err == 0 && ferror(file))
		err = EIO;
	if (err != 0)
		(void)fprintf(stderr, "nullfs: %s: %s\n", path, strerror(err));
	if (file != NULL)
		(void)fclose(file); /* opened for reading: nothing to lose */
	return err;
}

static int fill(int argc, char **argv)
{
	struct node *restaurants;
	int err = node_add(&root, "restaurants", DIRECTORY_MODE, &restaurants);

	return err != 0 || argc < 3 ? err : take_lines(restaurants, argv[1]);
}

int main(int argc, char **argv)
{
	char *words[] = {argv[0], "-odefault_permissions,fsname=nullfs,subtype=nullfs", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, words);

	if (argc < 2 || argc > 3) {
		(void)fputs("usage: nullfs [LINES] MOUNTPOINT\n", stderr);
		return 2;
	}
	root.attr.st_uid = geteuid();
	root.attr.st_gid = getegid();
	if (fill(argc, argv) != 0)
		return EXIT_FAILURE;
	struct fuse_session *session = fuse_session_new(&args, &null_ops, sizeof(null_ops), NULL);
	if (session == NULL)
		return EXIT_FAILURE;
	int result = serve(session, argv[argc - 1]);
	fuse_session_destroy(session);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
