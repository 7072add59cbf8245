/*
 * users.c - users/U/favorites/R: what a user marks, as symbolic links to the restaurants.
 */
#include "fs/kinds.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/listing.h"

#define FAVORITES        "favorites"
#define FAVORITES_COOKIE LISTING_FIRST

/* A link's node is its user and its restaurant. */
#define RESTAURANT_BITS 31

static struct node link_node(int64_t user, int64_t restaurant)
{
	return (struct node){.kind = NODE_LINK, .key = user << RESTAURANT_BITS | restaurant};
}

/* ---- users/ ---- */

static int users_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct totals totals;
	int error = reader_totals(m->reader, &totals);

	if (!error)
		attr_fill(m, n, totals.newest_ns, st);
	return error;
}

static int users_lookup(
	struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	struct user user;
	struct node found = {.kind = NODE_USER};
	int error = reader_user(m->reader, name, &user);

	(void)n;
	if (error)
		return error;
	found.key = user.id;
	e->ino = node_id(found);
	attr_fill(m, found, user.changed_ns, &e->attr);
	return 0;
}

static bool add_user(void *arg, int64_t cookie, const struct user *user)
{
	struct node n = {.kind = NODE_USER, .key = user->id};

	return listing_add_name(arg, cookie + LISTING_FIRST - 1, user->name, n, S_IFDIR);
}

static int users_list(struct mount *m, struct node n, struct listing *l)
{
	int64_t after = l->after < LISTING_FIRST ? 0 : l->after - (LISTING_FIRST - 1);

	(void)n;
	return reader_users(m->reader, after, add_user, l);
}

const struct node_ops users_ops = {
	.mode = S_IFDIR | 0555,
	.derived = true,
	.getattr = users_getattr,
	.lookup = users_lookup,
	.list = users_list,
};

/* ---- users/U ---- */

static int user_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct user user;
	int error = reader_user_by_id(m->reader, n.key, &user);

	if (!error)
		attr_fill(m, n, user.changed_ns, st);
	return error;
}

static int user_lookup(struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	struct node found = {.kind = NODE_FAVORITES, .key = n.key};

	if (strcmp(name, FAVORITES) != 0)
		return -ENOENT;
	e->ino = node_id(found);
	return user_getattr(m, found, &e->attr);
}

static int user_list(struct mount *m, struct node n, struct listing *l)
{
	struct node favorites = {.kind = NODE_FAVORITES, .key = n.key};

	(void)m;
	if (l->after < FAVORITES_COOKIE)
		(void)listing_add_name(l, FAVORITES_COOKIE, FAVORITES, favorites, S_IFDIR);
	return 0;
}

const struct node_ops user_ops = {
	.mode = S_IFDIR | 0555,
	.derived = true,
	.getattr = user_getattr,
	.lookup = user_lookup,
	.list = user_list,
};

/* ---- users/U/favorites ---- */

static int format_target(const struct link *link, char *target, size_t size)
{
	int length = snprintf(target, size, "../../../restaurants/%s", link->name);

	return (size_t)length < size ? length : -ENAMETOOLONG;
}

static int link_attr(const struct mount *m, struct node n, const struct link *link, struct stat *st)
{
	char target[LINK_TARGET_MAX];
	int length = format_target(link, target, sizeof(target));

	if (length < 0)
		return length;
	attr_fill(m, n, link->created_ns, st);
	st->st_size = length;
	return 0;
}

static int favorites_lookup(
	struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	struct restaurant restaurant;
	struct link link;
	int error = reader_restaurant(m->reader, name, &restaurant);

	if (!error)
		error = reader_link(m->reader, n.key, restaurant.id, &link);
	if (error)
		return error;
	e->ino = node_id(link_node(n.key, restaurant.id));
	return link_attr(m, link_node(n.key, restaurant.id), &link, &e->attr);
}

struct filling {
	struct listing *listing;
	int64_t user;
};

static bool add_link(void *arg, int64_t cookie, const struct link *link)
{
	struct filling *f = arg;

	return listing_add_name(f->listing, cookie + LISTING_FIRST - 1, link->name,
		link_node(f->user, link->restaurant), S_IFLNK);
}

static int favorites_list(struct mount *m, struct node n, struct listing *l)
{
	struct filling f = {l, n.key};
	int64_t after = l->after < LISTING_FIRST ? 0 : l->after - (LISTING_FIRST - 1);

	return reader_links(m->reader, n.key, after, add_link, &f);
}

const struct node_ops favorites_ops = {
	.mode = S_IFDIR | 0555,
	.derived = true,
	.getattr = user_getattr,
	.lookup = favorites_lookup,
	.list = favorites_list,
};

/* ---- users/U/favorites/R ---- */

static int find_link(struct mount *m, struct node n, struct link *ret_link)
{
	return reader_link(
		m->reader, n.key >> RESTAURANT_BITS, n.key & (RESTAURANT_ID_MAX - 1), ret_link);
}

static int link_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct link link;
	int error = find_link(m, n, &link);

	return error ? error : link_attr(m, n, &link, st);
}

static int link_readlink(struct mount *m, struct node n, char *target, size_t size)
{
	struct link link;
	int error = find_link(m, n, &link);

	if (!error)
		error = format_target(&link, target, size);
	return error < 0 ? error : 0;
}

const struct node_ops link_ops = {
	.mode = S_IFLNK | 0777,
	.derived = true,
	.getattr = link_getattr,
	.readlink = link_readlink,
};
