/*
 * counts.c - counts/, counts/R and counts/R/W: one number a file.
 */
#include "fs/kinds.h"

#include <errno.h>
#include <stdio.h>

#include "fs/listing.h"
#include "fs/reply.h"

#define COUNT_TEXT_MAX 24 /* 20 digits, newline, NUL */

/* Cookies of counts/R: "all" first, then the windows by number. */
#define ALL_COOKIE    LISTING_FIRST
#define WINDOW_COOKIE (ALL_COOKIE + 1)

/* ---- counts/ ---- */

static struct node count_dir_node(const struct restaurant *restaurant)
{
	return (struct node){.kind = NODE_COUNT_DIR, .key = restaurant->id};
}

static int counts_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct totals totals;
	int error = reader_totals(m->reader, &totals);

	if (!error)
		attr_fill(m, n, totals.changed_ns, st);
	return error;
}

static int counts_lookup(
	struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	struct restaurant restaurant;
	int error = reader_restaurant(m->reader, name, &restaurant);

	(void)n;
	if (error)
		return error;
	e->ino = node_id(count_dir_node(&restaurant));
	attr_fill(m, count_dir_node(&restaurant), restaurant.fans_changed_ns, &e->attr);
	return 0;
}

static bool add_restaurant(void *arg, int64_t cookie, const struct restaurant *restaurant)
{
	return listing_add_name(arg, cookie + LISTING_FIRST - 1, restaurant->name,
		count_dir_node(restaurant), S_IFDIR);
}

static int counts_list(struct mount *m, struct node n, struct listing *l)
{
	int64_t after = l->after < LISTING_FIRST ? 0 : l->after - (LISTING_FIRST - 1);

	(void)n;
	return reader_restaurants(m->reader, after, add_restaurant, l);
}

const struct node_ops counts_ops = {
	.mode = S_IFDIR | 0555,
	.derived = true,
	.getattr = counts_getattr,
	.lookup = counts_lookup,
	.list = counts_list,
};

/* ---- counts/R ---- */

static int count_dir_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct restaurant restaurant;
	int error = reader_restaurant_by_id(m->reader, n.key, &restaurant);

	if (!error)
		attr_fill(m, n, restaurant.fans_changed_ns, st);
	return error;
}

static int read_count(struct mount *m, struct node n, struct count *ret_count)
{
	struct restaurant restaurant;
	int error = reader_restaurant_by_id(m->reader, n.key, &restaurant);

	return error ? error : reader_count(m->reader, restaurant.name, n.window, ret_count);
}

static int format_count(int64_t count, char text[static COUNT_TEXT_MAX])
{
	return snprintf(text, COUNT_TEXT_MAX, "%lld\n", (long long)count);
}

static int count_getattr(struct mount *m, struct node n, struct stat *st)
{
	char text[COUNT_TEXT_MAX];
	struct count count;
	int error = read_count(m, n, &count);

	if (error)
		return error;
	attr_fill(m, n, count.changed_ns, st);
	st->st_size = format_count(count.count, text);
	return 0;
}

static int count_dir_lookup(
	struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	struct node found = {.kind = NODE_COUNT, .key = n.key};

	if (window_parse(name, &found.window) < 0 ||
		!(store_windows(m->store) & (1u << window_kind(found.window))))
		return -ENOENT;
	e->ino = node_id(found);
	return count_getattr(m, found, &e->attr);
}

struct filling {
	struct listing *listing;
	int64_t restaurant;
};

static bool add_window(void *arg, int64_t cookie, window_t window)
{
	struct filling *f = arg;
	struct node n = {.kind = NODE_COUNT, .window = window, .key = f->restaurant};
	char name[WINDOW_TEXT_MAX];

	(void)window_format(window, name);
	return listing_add_name(f->listing, cookie + WINDOW_COOKIE, name, n, S_IFREG);
}

static int count_dir_list(struct mount *m, struct node n, struct listing *l)
{
	struct filling f = {l, n.key};
	struct node all = {.kind = NODE_COUNT, .window = window_of(WINDOW_ALL, 0), .key = n.key};
	int64_t after = l->after < WINDOW_COOKIE ? 0 : l->after - WINDOW_COOKIE;
	struct restaurant restaurant;
	int error;

	if (l->after < ALL_COOKIE && listing_add_name(l, ALL_COOKIE, "all", all, S_IFREG))
		return 0;
	error = reader_restaurant_by_id(m->reader, n.key, &restaurant);
	return error ? error
		     : reader_count_windows(m->reader, restaurant.name, after, add_window, &f);
}

const struct node_ops count_dir_ops = {
	.mode = S_IFDIR | 0555,
	.derived = true,
	.getattr = count_dir_getattr,
	.lookup = count_dir_lookup,
	.list = count_dir_list,
};

/* ---- counts/R/W ---- */

/* The open file is the number of that moment; direct, for the size may be another by now. */
static void count_open(struct mount *m, fuse_req_t req, struct node n, struct fuse_file_info *fi)
{
	struct count count;
	int error = read_count(m, n, &count);

	if (error) {
		reply_error(req, error);
		return;
	}
	fi->fh = (uint64_t)count.count;
	fi->direct_io = 1;
	fi->noflush = 1;
	(void)reply_open(req, fi); /* nothing to take back */
}

static void count_read(struct mount *m, fuse_req_t req, struct node n, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	char text[COUNT_TEXT_MAX];
	size_t length = (size_t)format_count((int64_t)fi->fh, text);
	size_t skip = (uint64_t)offset < length ? (size_t)offset : length;

	(void)m;
	(void)n;
	length -= skip;
	reply_bytes(req, text + skip, length < size ? length : size);
}

const struct node_ops count_ops = {
	.mode = S_IFREG | 0444,
	.derived = true,
	.getattr = count_getattr,
	.open = count_open,
	.read = count_read,
};
