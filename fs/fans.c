/*
 * fans.c - restaurants/R/fans and the favourites in it.
 */
#include "fs/kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "backend/clock.h"
#include "fs/listing.h"
#include "fs/people.h"
#include "fs/request.h"
#include "fs/reply.h"
#include "fs/unlinker.h"

/* ---- attributes ---- */

static void favorite_attr(const struct mount *m, const struct favorite *favorite, struct stat *st)
{
	struct node n = {.kind = NODE_FAVORITE, .key = favorite->id};

	attr_fill(m, n, favorite->created_ns, st);
	st->st_ctim = timespec_of(favorite->changed_ns);
	st->st_uid = favorite->uid;
	st->st_gid = favorite->gid;
}

/* The kernel counts in ticks, and from when the caller got round to taking the answer. */
#define EXPIRY_MARGIN_S 1.0

/* Nobody shall see one that has expired, also not from what the kernel remembers. */
static double favorite_timeout(const struct mount *m, const struct favorite *favorite)
{
	double left_s;

	if (!favorite->expires_ns)
		return m->timeout_s;
	left_s = (double)(favorite->expires_ns - clock_realtime_ns()) / 1e9 - EXPIRY_MARGIN_S;
	if (left_s < 0)
		left_s = 0;
	return left_s < m->timeout_s ? left_s : m->timeout_s;
}

static void favorite_entry(
	const struct mount *m, const struct favorite *favorite, struct fuse_entry_param *e)
{
	double timeout_s = favorite_timeout(m, favorite);

	*e = (struct fuse_entry_param){.attr_timeout = timeout_s, .entry_timeout = timeout_s};
	favorite_attr(m, favorite, &e->attr);
	e->ino = e->attr.st_ino;
}

/* ---- fans/ ---- */

static int fans_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct restaurant restaurant;
	int error = reader_restaurant_by_id(m->reader, n.key, &restaurant);

	if (!error)
		attr_fill(m, n, restaurant.fans_changed_ns, st);
	return error;
}

static int fans_lookup(struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	struct favorite favorite;
	int error = reader_favorite(m->reader, n.key, name, &favorite);

	if (!error)
		favorite_entry(m, &favorite, e);
	return error;
}

/* For the unlinker there is one that the store has removed already. */
int fans_lookup_removed(
	struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	struct node favorite = {.kind = NODE_FAVORITE};
	int error = unlinker_lookup(m->unlinker, n, name, &favorite.key);

	if (error)
		return error;
	attr_fill(m, favorite, 0, &e->attr);
	e->ino = e->attr.st_ino;
	return 0;
}

/* The store has done it; what is there under that name now stays. */
static void answer_unlinker(struct mount *m, fuse_req_t req, struct node n, const char *name)
{
	struct favorite favorite;
	int error = reader_favorite(m->reader, n.key, name, &favorite);

	reply_error(req, error == -ENOENT ? 0 : error ? error : -ENOENT);
}

static void marked(struct request *r, const union changed *after)
{
	struct fuse_entry_param e;

	favorite_entry(r->mount, &after->favorite, &e);
	reply_entry(r->req, 0, &e);
}

static void created(struct request *r, const union changed *after)
{
	struct fuse_entry_param e;

	favorite_entry(r->mount, &after->favorite, &e);
	r->fi.noflush = store_has(r->mount->store, after->favorite.id);
	reply_create(r->req, &e, &r->fi);
}

static struct request *new_if_allowed(const struct mount *m, fuse_req_t req, enum change_kind kind,
	struct node n, const char *name)
{
	int error = people_may(m, req, name);

	if (!error)
		return request_new(m, req, kind, n.key, name);
	reply_error(req, error);
	return NULL;
}

static void fans_create(struct mount *m, fuse_req_t req, struct node n, const char *name,
	const struct fuse_file_info *fi)
{
	const struct fuse_ctx *caller = fuse_req_ctx(req);
	struct request *r = NULL;

	if (unlinker_asks(m->unlinker, req))
		reply_error(req, -EEXIST); /* it only asks whether it still is there */
	else
		r = new_if_allowed(m, req, CHANGE_MARK, n, name);
	if (!r)
		return;
	r->change.early = fi; /* what follows waits: utimens(2), or close(2) */
	r->change.exclusive = !fi || (fi->flags & O_EXCL);
	r->change.uid = caller->uid;
	r->change.gid = caller->gid;
	r->reply = fi ? created : marked;
	if (fi)
		r->fi = *fi;
	request_submit(r);
}

static void fans_unlink(struct mount *m, fuse_req_t req, struct node n, const char *name)
{
	struct request *r = NULL;

	if (unlinker_asks(m->unlinker, req))
		answer_unlinker(m, req, n, name);
	else
		r = new_if_allowed(m, req, CHANGE_UNMARK, n, name);
	if (r)
		request_submit(r);
}

static void fans_rename(struct mount *m, fuse_req_t req, struct node n, const char *name,
	struct node to, const char *to_name, unsigned flags)
{
	struct request *r = NULL;
	int error = to.kind != NODE_FANS ? -EPERM : name_check(to_name);

	if (flags & ~(unsigned)RENAME_NOREPLACE)
		error = -EINVAL;
	if (!error)
		error = people_may(m, req, to_name);
	if (error)
		reply_error(req, error);
	else
		r = new_if_allowed(m, req, CHANGE_MOVE, n, name);
	if (!r)
		return;
	r->change.exclusive = flags & RENAME_NOREPLACE;
	r->change.to_id = to.key;
	strcpy(r->change.to_name, to_name); /* fits: checked */
	request_submit(r);
}

struct filling {
	struct mount *mount;
	struct listing *listing;
};

static bool add_favorite(
	void *arg, int64_t cookie, const char *user, const struct favorite *favorite)
{
	struct filling *f = arg;
	struct fuse_entry_param e;

	favorite_entry(f->mount, favorite, &e);
	return listing_add(f->listing, cookie + LISTING_FIRST - 1, user, &e);
}

static bool add_name(void *arg, int64_t cookie, const char *user, int64_t favorite)
{
	struct node n = {.kind = NODE_FAVORITE, .key = favorite};

	return listing_add_name(arg, cookie + LISTING_FIRST - 1, user, n, S_IFREG);
}

static int fans_list(struct mount *m, struct node n, struct listing *l)
{
	struct filling f = {m, l};
	int64_t after = l->after < LISTING_FIRST ? 0 : l->after - (LISTING_FIRST - 1);

	if (!l->plus)
		return reader_names(m->reader, n.key, after, add_name, l);
	return reader_favorites(m->reader, n.key, after, add_favorite, &f);
}

const struct node_ops fans_ops = {
	.mode = S_IFDIR | 01777,
	.getattr = fans_getattr,
	.setattr = directory_setattr,
	.lookup = fans_lookup,
	.create = fans_create,
	.unlink = fans_unlink,
	.rename = fans_rename,
	.list = fans_list,
};

/* ---- a favourite ---- */

/*
 * A favourite that was removed while somebody has it open is a file without a
 * name, as anywhere: what is known of it is that there was one.
 */
static int removed_attr(struct mount *m, struct node n, struct stat *st)
{
	struct totals totals;
	int error = reader_totals(m->reader, &totals);

	if (error)
		return error;
	if (n.key >= totals.next_favorite)
		return -ENOENT;
	attr_fill(m, n, 0, st);
	st->st_nlink = 0;
	return 0;
}

/* *ret_timeout_s: how long the kernel may keep it. */
static int read_attr(struct mount *m, struct node n, struct stat *st, double *ret_timeout_s)
{
	struct favorite favorite;
	int error = reader_favorite_by_id(m->reader, n.key, &favorite);

	if (error == -ENOENT)
		return removed_attr(m, n, st);
	if (error)
		return error;
	favorite_attr(m, &favorite, st);
	*ret_timeout_s = favorite_timeout(m, &favorite);
	return 0;
}

static void changed(struct request *r, const union changed *after)
{
	struct stat st;

	favorite_attr(r->mount, &after->favorite, &st);
	reply_attr(r->req, 0, &st, favorite_timeout(r->mount, &after->favorite));
}

static void set_created(struct mount *m, fuse_req_t req, struct node n, const struct stat *st)
{
	struct request *r;
	int64_t created_ns;
	int error = moment_of(&st->st_mtim, &created_ns);

	if (error) {
		reply_error(req, error);
		return;
	}
	r = request_new(m, req, CHANGE_SET_CREATED, n.key, NULL);
	if (!r)
		return;
	r->change.created_ns = created_ns;
	r->reply = changed;
	request_submit(r);
}

static void set_owner(
	struct mount *m, fuse_req_t req, struct node n, const struct stat *st, int to_set)
{
	struct request *r = request_new(m, req, CHANGE_SET_OWNER, n.key, NULL);

	if (!r)
		return;
	r->change.uid = to_set & FUSE_SET_ATTR_UID ? st->st_uid : (uid_t)-1;
	r->change.gid = to_set & FUSE_SET_ATTR_GID ? st->st_gid : (gid_t)-1;
	r->reply = changed;
	request_submit(r);
}

static void touched(struct request *r, const union changed *after)
{
	(void)after;
	reply_attr(r->req, 0, &r->st, r->timeout_s);
}

/* Of one that was made a moment ago: the answer to touch(1). */
static void answer_attr_late(struct mount *m, fuse_req_t req, struct node n)
{
	struct request *r = request_new(m, req, CHANGE_SYNC, 0, NULL);
	int error = r ? read_attr(m, n, &r->st, &r->timeout_s) : 0;

	if (!r)
		return;
	if (error) {
		reply_error(req, error);
		request_free(r);
		return;
	}
	r->reply = touched;
	request_submit(r);
}

static int favorite_getattr(struct mount *m, struct node n, struct stat *st)
{
	double ignored;

	return read_attr(m, n, st, &ignored);
}

static void answer_attr(struct mount *m, fuse_req_t req, struct node n)
{
	struct stat st;
	double timeout_s = 0;
	int error = read_attr(m, n, &st, &timeout_s);

	reply_attr(req, error, &st, timeout_s);
}

/* chmod, atime and "now" succeed and change nothing; there is no content to grow. */
static void favorite_setattr(
	struct mount *m, fuse_req_t req, struct node n, const struct stat *st, int to_set)
{
	if ((to_set & FUSE_SET_ATTR_SIZE) && st->st_size > 0)
		reply_error(req, -EPERM);
	else if (to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		set_owner(m, req, n, st, to_set);
	else if ((to_set & FUSE_SET_ATTR_MTIME) && !(to_set & FUSE_SET_ATTR_MTIME_NOW))
		set_created(m, req, n, st);
	else if (!m->read_only && !store_has(m->store, n.key))
		answer_attr_late(m, req, n);
	else
		answer_attr(m, req, n);
}

/* One that is gone, though the kernel does not know yet, is looked up again, and made. */
static void favorite_open(struct mount *m, fuse_req_t req, struct node n, struct fuse_file_info *fi)
{
	struct favorite favorite;
	int error = reader_favorite_by_id(m->reader, n.key, &favorite);

	fi->noflush = store_has(m->store, n.key);
	if (error)
		reply_error(req, error == -ENOENT ? -ESTALE : error);
	else
		(void)reply_open(req, fi); /* nothing to take back */
}

static void favorite_read(struct mount *m, fuse_req_t req, struct node n, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	(void)m;
	(void)n;
	(void)size;
	(void)offset;
	(void)fi;
	reply_bytes(req, NULL, 0);
}

const struct node_ops favorite_ops = {
	.mode = S_IFREG | 0644,
	.getattr = favorite_getattr,
	.answer_getattr = answer_attr,
	.setattr = favorite_setattr,
	.getxattr = favorite_getxattr,
	.listxattr = favorite_listxattr,
	.setxattr = favorite_setxattr,
	.removexattr = favorite_removexattr,
	.open = favorite_open,
	.read = favorite_read,
};
