/*
 * restaurants.c - restaurants/ and restaurants/R: ordinary directories, but for
 * R, which has one name in it, fans.
 */
#include "fs/kinds.h"

#include <errno.h>
#include <string.h>

#include "fs/listing.h"
#include "fs/request.h"
#include "fs/reply.h"

#define FANS        "fans"
#define FANS_COOKIE LISTING_FIRST

/* ---- attributes ---- */

static void restaurant_entry(
	const struct mount *m, const struct restaurant *restaurant, struct fuse_entry_param *e)
{
	struct node n = {.kind = NODE_RESTAURANT, .key = restaurant->id};

	*e = (struct fuse_entry_param){
		.ino = node_id(n),
		.attr_timeout = m->timeout_s,
		.entry_timeout = m->timeout_s,
	};
	attr_fill(m, n, restaurant->changed_ns, &e->attr);
}

/* The same restaurant may get a new fans/ after its old one was removed: another generation. */
static void fans_entry(
	const struct mount *m, const struct restaurant *restaurant, struct fuse_entry_param *e)
{
	struct node n = {.kind = NODE_FANS, .key = restaurant->id};

	*e = (struct fuse_entry_param){
		.ino = node_id(n),
		.generation = (uint64_t)restaurant->fans_made_ns,
		.attr_timeout = m->timeout_s,
		.entry_timeout = m->timeout_s,
	};
	attr_fill(m, n, restaurant->fans_changed_ns, &e->attr);
}

void directory_setattr(
	struct mount *m, fuse_req_t req, struct node n, const struct stat *st, int to_set)
{
	struct stat now;
	int error = node_ops[n.kind]->getattr(m, n, &now);

	if (!error && (to_set & FUSE_SET_ATTR_MODE) &&
		(st->st_mode & 07777) != (now.st_mode & 07777))
		error = -EPERM;
	if (!error && (to_set & FUSE_SET_ATTR_UID) && st->st_uid != now.st_uid)
		error = -EPERM;
	if (!error && (to_set & FUSE_SET_ATTR_GID) && st->st_gid != now.st_gid)
		error = -EPERM;
	reply_attr(req, error, &now, m->timeout_s);
}

/* ---- restaurants/ ---- */

static int restaurants_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct totals totals;
	int error = reader_totals(m->reader, &totals);

	if (!error)
		attr_fill(m, n, totals.changed_ns, st);
	return error;
}

static int restaurants_lookup(
	struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	struct restaurant restaurant;
	int error = reader_restaurant(m->reader, name, &restaurant);

	(void)n;
	if (!error)
		restaurant_entry(m, &restaurant, e);
	return error;
}

static void made_restaurant(struct request *r, const union changed *after)
{
	struct fuse_entry_param e;

	restaurant_entry(r->mount, &after->restaurant, &e);
	reply_entry(r->req, 0, &e);
}

static void restaurants_mkdir(struct mount *m, fuse_req_t req, struct node n, const char *name)
{
	struct request *r = request_new(m, req, CHANGE_MAKE_RESTAURANT, 0, name);

	(void)n;
	if (!r)
		return;
	r->reply = made_restaurant;
	request_submit(r);
}

static void restaurants_rmdir(struct mount *m, fuse_req_t req, struct node n, const char *name)
{
	struct request *r = request_new(m, req, CHANGE_REMOVE_RESTAURANT, 0, name);

	(void)n;
	if (r)
		request_submit(r);
}

/* Of R and of R/fans; mv(1) takes EXDEV as the word to copy and remove, which works. */
static void restaurants_rename(struct mount *m, fuse_req_t req, struct node n, const char *name,
	struct node to, const char *to_name, unsigned flags)
{
	(void)m;
	(void)n;
	(void)name;
	(void)to;
	(void)to_name;
	(void)flags;
	reply_error(req, -EXDEV);
}

struct filling {
	struct mount *mount;
	struct listing *listing;
};

static bool add_restaurant(void *arg, int64_t cookie, const struct restaurant *restaurant)
{
	struct filling *f = arg;
	struct fuse_entry_param e;

	restaurant_entry(f->mount, restaurant, &e);
	return listing_add(f->listing, cookie + LISTING_FIRST - 1, restaurant->name, &e);
}

static int restaurants_list(struct mount *m, struct node n, struct listing *l)
{
	struct filling f = {m, l};
	int64_t after = l->after < LISTING_FIRST ? 0 : l->after - (LISTING_FIRST - 1);

	(void)n;
	return reader_restaurants(m->reader, after, add_restaurant, &f);
}

const struct node_ops restaurants_ops = {
	.mode = S_IFDIR | 0755,
	.getattr = restaurants_getattr,
	.setattr = directory_setattr,
	.lookup = restaurants_lookup,
	.mkdir = restaurants_mkdir,
	.rmdir = restaurants_rmdir,
	.rename = restaurants_rename,
	.list = restaurants_list,
};

/* ---- restaurants/R ---- */

static int restaurant_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct restaurant restaurant;
	int error = reader_restaurant_by_id(m->reader, n.key, &restaurant);

	if (!error)
		attr_fill(m, n, restaurant.changed_ns, st);
	return error;
}

static int restaurant_lookup(
	struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	struct restaurant restaurant;
	int error = strcmp(name, FANS) ? -ENOENT : 0;

	if (!error)
		error = reader_restaurant_by_id(m->reader, n.key, &restaurant);
	if (!error && !restaurant.fans_made_ns)
		error = -ENOENT;
	if (!error)
		fans_entry(m, &restaurant, e);
	return error;
}

static void made_fans(struct request *r, const union changed *after)
{
	struct fuse_entry_param e;

	fans_entry(r->mount, &after->restaurant, &e);
	reply_entry(r->req, 0, &e);
}

static void restaurant_mkdir(struct mount *m, fuse_req_t req, struct node n, const char *name)
{
	struct request *r;

	if (strcmp(name, FANS) != 0) {
		reply_error(req, -EPERM);
		return;
	}
	r = request_new(m, req, CHANGE_MAKE_FANS, n.key, NULL);
	if (!r)
		return;
	r->reply = made_fans;
	request_submit(r);
}

static void restaurant_rmdir(struct mount *m, fuse_req_t req, struct node n, const char *name)
{
	struct request *r;

	if (strcmp(name, FANS) != 0) {
		reply_error(req, -ENOENT);
		return;
	}
	r = request_new(m, req, CHANGE_REMOVE_FANS, n.key, NULL);
	if (r)
		request_submit(r);
}

static int restaurant_list(struct mount *m, struct node n, struct listing *l)
{
	struct fuse_entry_param e;
	int error;

	if (l->after >= FANS_COOKIE)
		return 0;
	error = restaurant_lookup(m, n, FANS, &e);
	if (!error)
		(void)listing_add(l, FANS_COOKIE, FANS, &e); /* the only one */
	return error == -ENOENT ? 0 : error;
}

const struct node_ops restaurant_ops = {
	.mode = S_IFDIR | 0755,
	.getattr = restaurant_getattr,
	.setattr = directory_setattr,
	.lookup = restaurant_lookup,
	.mkdir = restaurant_mkdir,
	.rmdir = restaurant_rmdir,
	.rename = restaurants_rename,
	.list = restaurant_list,
};
