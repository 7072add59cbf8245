/*
 * root.c - the top of the mount: a fixed set of names.
 */
#include "fs/kinds.h"

#include <errno.h>
#include <string.h>

#include "fs/listing.h"

static const struct {
	const char *name;
	enum node_kind kind;
} entries[] = {
	{"restaurants", NODE_RESTAURANTS},
	{"counts", NODE_COUNTS},
	{"rankings", NODE_RANKINGS},
	{"users", NODE_USERS},
	{"changes", NODE_CHANGES},
	{"import", NODE_IMPORT},
	{"status", NODE_STATUS},
	{"metrics", NODE_METRICS},
};

#define ENTRIES (sizeof(entries) / sizeof(*entries))

static int getattr(struct mount *m, struct node n, struct stat *st)
{
	attr_fill(m, n, m->mounted_ns, st);
	return 0;
}

static int lookup(struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	(void)n;
	for (size_t i = 0; i < ENTRIES; i++) {
		struct node found = {.kind = entries[i].kind};

		if (strcmp(name, entries[i].name) != 0)
			continue;
		if (found.kind == NODE_CHANGES) /* its node is that of the oldest line */
			return changes_lookup(m, e);
		e->ino = node_id(found);
		e->entry_timeout = TIMEOUT_LONG_S;
		return node_ops[found.kind]->getattr(m, found, &e->attr);
	}
	return -ENOENT;
}

static int list(struct mount *m, struct node n, struct listing *l)
{
	(void)m;
	(void)n;
	for (size_t i = 0; i < ENTRIES; i++) {
		off_t cookie = LISTING_FIRST + (off_t)i;
		struct node found = {.kind = entries[i].kind};

		if (cookie > l->after && listing_add_name(l, cookie, entries[i].name, found,
						 node_ops[found.kind]->mode))
			break;
	}
	return 0;
}

const struct node_ops root_ops = {
	.mode = S_IFDIR | 0555,
	.getattr = getattr,
	.lookup = lookup,
	.list = list,
};
