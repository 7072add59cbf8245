#include "fs/listing.h"
#include "fs/reply.h"

#include <errno.h>
#include <stdlib.h>

/* The kernel asks for its caller's buffer, whatever that is; no more than this is filled. */
#define LISTING_BYTES_MAX ((size_t)256 * 1024)

bool listing_add(
	struct listing *l, off_t cookie, const char *name, const struct fuse_entry_param *e)
{
	char *at = l->buffer + l->used;
	size_t left = l->size - l->used;
	size_t need = l->plus ? fuse_add_direntry_plus(l->req, at, left, name, e, cookie)
			      : fuse_add_direntry(l->req, at, left, name, &e->attr, cookie);

	if (need > left)
		return true;
	l->used += need;
	return false;
}

bool listing_add_name(struct listing *l, off_t cookie, const char *name, struct node n, mode_t mode)
{
	/* ino 0: no look-up happened */
	struct fuse_entry_param e = {.attr = {.st_ino = node_id(n), .st_mode = mode}};

	return listing_add(l, cookie, name, &e);
}

static bool add_dots(struct listing *l, struct node n)
{
	struct node root = {.kind = NODE_ROOT};

	if (l->after < 1 && listing_add_name(l, 1, ".", n, S_IFDIR))
		return true;
	return l->after < 2 && listing_add_name(l, 2, "..", root, S_IFDIR);
}

void listing_reply(
	struct mount *m, fuse_req_t req, struct node n, size_t size, off_t after, bool plus)
{
	struct listing l = {
		.req = req,
		.size = size < LISTING_BYTES_MAX ? size : LISTING_BYTES_MAX,
		.after = after,
		.plus = plus,
	};
	int error = 0;

	l.buffer = malloc(l.size);
	if (!l.buffer) {
		reply_error(req, -ENOMEM);
		return;
	}
	if (!add_dots(&l, n))
		error = node_ops[n.kind]->list(m, n, &l);
	if (error && l.used == 0)
		reply_error(req, error);
	else
		reply_bytes(req, l.buffer, l.used);
	free(l.buffer);
}
