/*
 * rankings.c - rankings/, its files, and the aliases of the current windows.
 *
 * The node of a ranking is one version of it: looking the name up gives the newest
 * version's node, and the bytes of a node never change (invariant 10).  So its
 * size is exact and the kernel may keep its pages.
 */
#include "fs/kinds.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/clock.h"
#include "fs/aside.h"
#include "fs/listing.h"
#include "fs/reply.h"

/* Cookies: one a kind of window ("all", then the aliases), then the windows by number. */
#define KIND_COOKIE   LISTING_FIRST
#define WINDOW_COOKIE (KIND_COOKIE + WINDOW_KINDS)

/* So many open rankings are looked at before everything else gets its turn. */
#define LOOKS_IN_A_ROW 512

/* ---- rankings/ ---- */

static window_t all_window(void)
{
	return window_of(WINDOW_ALL, 0);
}

static bool is_counted(const struct mount *m, enum window_kind kind)
{
	return store_windows(m->store) & (1u << kind);
}

static int rankings_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct ranking_info info;
	int error = reader_ranking(m->reader, all_window(), &info);

	if (!error)
		attr_fill(m, n, info.changed_ns, st);
	return error;
}

static int alias_getattr(struct mount *m, struct node n, struct stat *st);

static int lookup_alias(struct mount *m, enum window_kind kind, struct fuse_entry_param *e)
{
	struct node n = {.kind = NODE_ALIAS, .key = kind};

	if (!is_counted(m, kind))
		return -ENOENT;
	e->ino = node_id(n);
	return alias_getattr(m, n, &e->attr);
}

static void ranking_attr(
	const struct mount *m, struct node n, const struct ranking_info *info, struct stat *st)
{
	attr_fill(m, n, info->changed_ns, st);
	st->st_size = info->size_bytes;
	st->st_blocks = (info->size_bytes + 511) / 512;
}

static int lookup_window(struct mount *m, window_t window, struct fuse_entry_param *e)
{
	struct node n = {.kind = NODE_RANKING, .window = window};
	struct ranking_info info;
	int error = reader_ranking(m->reader, window, &info);

	if (error)
		return error;
	n.key = ranking_key(info.version);
	e->ino = node_id(n);
	e->generation = ranking_round(info.version);
	e->attr_timeout = TIMEOUT_LONG_S; /* of this version, for ever */
	ranking_attr(m, n, &info, &e->attr);
	return 0;
}

static int rankings_lookup(
	struct mount *m, struct node n, const char *name, struct fuse_entry_param *e)
{
	enum window_kind kind;
	window_t window;

	(void)n;
	if (window_kind_parse(name, &kind) == 0 && kind != WINDOW_ALL)
		return lookup_alias(m, kind, e);
	if (window_parse(name, &window) < 0 || !is_counted(m, window_kind(window)))
		return -ENOENT;
	return lookup_window(m, window, e);
}

static bool add_window(void *arg, int64_t cookie, window_t window)
{
	struct node n = {.kind = NODE_RANKING, .window = window};
	char name[WINDOW_TEXT_MAX];

	(void)window_format(window, name);
	return listing_add_name(arg, cookie + WINDOW_COOKIE, name, n, S_IFREG);
}

static bool add_kind(const struct mount *m, struct listing *l, enum window_kind kind)
{
	struct node alias = {.kind = NODE_ALIAS, .key = kind};
	struct node all = {.kind = NODE_RANKING, .window = all_window()};
	off_t cookie = KIND_COOKIE + (off_t)kind;

	if (cookie <= l->after || !is_counted(m, kind))
		return false;
	return listing_add_name(l, cookie, window_kind_name(kind), kind == WINDOW_ALL ? all : alias,
		kind == WINDOW_ALL ? S_IFREG : S_IFLNK);
}

static int rankings_list(struct mount *m, struct node n, struct listing *l)
{
	int64_t after = l->after < WINDOW_COOKIE ? 0 : l->after - WINDOW_COOKIE;

	(void)n;
	for (unsigned kind = 0; kind < WINDOW_KINDS; kind++)
		if (add_kind(m, l, (enum window_kind)kind))
			return 0;
	return reader_ranking_windows(m->reader, after, add_window, l);
}

const struct node_ops rankings_ops = {
	.mode = S_IFDIR | 0555,
	.derived = true,
	.getattr = rankings_getattr,
	.lookup = rankings_lookup,
	.list = rankings_list,
};

/* ---- the aliases ---- */

static int alias_readlink(struct mount *m, struct node n, char *target, size_t size)
{
	char name[WINDOW_TEXT_MAX];

	(void)m;
	if (n.key <= WINDOW_ALL || n.key >= WINDOW_KINDS)
		return -ENOENT;
	(void)window_format(window_of((enum window_kind)n.key, clock_realtime_ns()), name);
	if (strlen(name) >= size)
		return -ENAMETOOLONG;
	strcpy(target, name);
	return 0;
}

static int alias_getattr(struct mount *m, struct node n, struct stat *st)
{
	char target[WINDOW_TEXT_MAX];
	int error = alias_readlink(m, n, target, sizeof(target));

	if (error)
		return error;
	attr_fill(m, n, m->mounted_ns, st);
	st->st_size = (off_t)strlen(target);
	return 0;
}

const struct node_ops alias_ops = {
	.mode = S_IFLNK | 0777,
	.derived = true,
	.getattr = alias_getattr,
	.readlink = alias_readlink,
};

/* ---- one version of one ranking ---- */

/* One open file of a ranking. */
struct open_ranking {
	struct open_ranking *next;
	struct open_ranking **link; /* that points here */
	struct ranking *ranking;
	struct cost cost; /* the text of a version is one opener's */
	struct node node; /* as which it was opened */
	bool is_direct; /* in the place of that node's version, which was gone */
	struct fuse_pollhandle *waiting; /* whom to wake for a newer version; NULL: nobody */
};

/* The key of what was opened in the place of a node's own version; 0, the newest: nothing was. */
static int64_t opened_instead(const struct mount *m, struct node n)
{
	const struct open_ranking *open = m->rankings;
	struct ranking_info info = {.version = 0};

	while (open &&
		(!open->is_direct || open->node.window != n.window || open->node.key != n.key))
		open = open->next;
	if (open)
		ranking_info(open->ranking, &info);
	return ranking_key(info.version);
}

/*
 * What can be said of a node: its own version, or, where that is gone, the one that whoever
 * opened it since then reads, or the newest, which an open of it would get.
 */
static int open_shown(struct mount *m, struct node n, struct ranking **ret_ranking)
{
	int error = ranking_open(m->reader, n.window, n.key, ret_ranking);

	if (error == -ESTALE)
		error = ranking_open(m->reader, n.window, opened_instead(m, n), ret_ranking);
	return error;
}

/*
 * Of another version the kernel may know the size, for as long as it takes to tell: what it
 * keeps of this node's own bytes nobody reads any more, as all who have it open read directly.
 */
static int ranking_getattr(struct mount *m, struct node n, struct stat *st)
{
	struct ranking_info info;
	struct ranking *ranking;
	int error = open_shown(m, n, &ranking);

	if (error)
		return error;
	ranking_info(ranking, &info);
	ranking_close(ranking);
	ranking_attr(m, n, &info, st);
	return 0;
}

/*
 * The version that was looked up, or, where that took so long that it is gone, the
 * newest; then direct, because the kernel knows another size.
 */
static int open_version(
	struct mount *m, struct node n, struct fuse_file_info *fi, struct ranking **ret_ranking)
{
	int error = ranking_open(m->reader, n.window, n.key, ret_ranking);

	fi->keep_cache = 1;
	if (error == -ESTALE) {
		error = ranking_open(m->reader, n.window, 0, ret_ranking);
		fi->direct_io = 1;
	}
	return error;
}

/* Another who has the same version open pays for it from now on. */
static void pass_on(struct mount *m, struct open_ranking *open)
{
	struct open_ranking *other = m->rankings;

	while (other && other->ranking != open->ranking)
		other = other->next;
	if (other)
		shares_move_text(&m->shares, &open->cost, &other->cost);
}

static void wait_no_more(struct mount *m, struct open_ranking *open)
{
	if (!open->waiting)
		return;
	fuse_pollhandle_destroy(open->waiting);
	open->waiting = NULL;
	m->rankings_waiting--;
}

static void forget(struct mount *m, struct open_ranking *open)
{
	if (m->rankings_next == open)
		m->rankings_next = open->next;
	*open->link = open->next;
	if (open->next)
		open->next->link = open->link;
	if (open->cost.text_bytes && ranking_is_shared(open->ranking))
		pass_on(m, open);
	shares_give(&m->shares, &open->cost);
	wait_no_more(m, open);
	ranking_close(open->ranking);
	free(open);
}

static int pay(struct mount *m, fuse_req_t req, struct open_ranking *open)
{
	struct ranking_info info;

	open->cost = (struct cost){.uid = fuse_req_ctx(req)->uid, .memory_bytes = RANKING_MEMORY};
	ranking_info(open->ranking, &info);
	if (!ranking_is_shared(open->ranking))
		open->cost.text_bytes = info.size_bytes > RANKING_TEXT_MIN ? info.size_bytes
									   : RANKING_TEXT_MIN;
	return shares_take(&m->shares, &open->cost);
}

static void ranking_open_file(
	struct mount *m, fuse_req_t req, struct node n, struct fuse_file_info *fi)
{
	struct open_ranking *open = calloc(1, sizeof(*open));
	int error = open ? open_version(m, n, fi, &open->ranking) : -ENOMEM;

	if (!error)
		error = pay(m, req, open);
	if (error) {
		if (open)
			ranking_close(open->ranking);
		free(open);
		reply_error(req, error);
		return;
	}
	open->node = n;
	open->is_direct = fi->direct_io;
	open->next = m->rankings;
	open->link = &m->rankings;
	if (open->next)
		open->next->link = &open->next;
	m->rankings = open;
	fi->fh = (uintptr_t)open;
	fi->noflush = 1;
	if (reply_open(req, fi) < 0)
		forget(m, open);
}

/* ---- reading ---- */

/* A place far from what was read before is gone to by reader_work, in pieces. */
static void ranking_read_file(struct mount *m, fuse_req_t req, struct node n, size_t size,
	off_t offset, struct fuse_file_info *fi)
{
	static char buffer[READ_BYTES_MAX]; /* the loop's: one read at a time */
	const struct open_ranking *open = (const struct open_ranking *)(uintptr_t)fi->fh;
	ssize_t got = ranking_read(
		open->ranking, offset, buffer, size < sizeof(buffer) ? size : sizeof(buffer));

	if (got == -EAGAIN)
		aside_add(m, req, n, size, offset, fi);
	else if (got < 0)
		reply_error(req, (int)got);
	else
		reply_bytes(req, buffer, (size_t)got);
}

static void ranking_release(struct mount *m, struct node n, struct fuse_file_info *fi)
{
	(void)n;
	forget(m, (struct open_ranking *)(uintptr_t)fi->fh);
}

void rankings_close_all(struct mount *m)
{
	while (m->rankings)
		forget(m, m->rankings);
}

/* ---- poll(2): POLLPRI when a newer version exists ---- */

static bool is_outdated(struct mount *m, const struct open_ranking *open)
{
	struct ranking_info mine, newest;

	ranking_info(open->ranking, &mine);
	return reader_ranking(m->reader, open->node.window, &newest) == 0 &&
	       newest.version != mine.version;
}

static unsigned ranking_poll(
	struct mount *m, struct fuse_file_info *fi, struct fuse_pollhandle *handle)
{
	struct open_ranking *open = (struct open_ranking *)(uintptr_t)fi->fh;
	bool outdated = is_outdated(m, open);

	if (!outdated) { /* of a moment ago, perhaps; but then nobody would tell */
		reader_refresh(m->reader);
		outdated = is_outdated(m, open);
	}
	if (handle) {
		wait_no_more(m, open);
		open->waiting = handle;
		m->rankings_waiting++;
	}
	return POLLIN | POLLRDNORM | (outdated ? POLLPRI : 0);
}

void rankings_wake(struct mount *m)
{
	m->rankings_rung = true;
}

/* A round that is under way goes on to its end first, or the last would never have their turn. */
static void begin_round(struct mount *m)
{
	if (m->rankings_next || !m->rankings_rung)
		return;
	m->rankings_rung = false;
	if (!m->rankings_waiting)
		return;
	reader_refresh(m->reader); /* there is no second look */
	m->rankings_next = m->rankings;
}

int64_t rankings_look(struct mount *m)
{
	const struct ranking *last = NULL;
	bool outdated = false;

	begin_round(m);
	for (int i = 0; i < LOOKS_IN_A_ROW && m->rankings_next; i++) {
		struct open_ranking *open = m->rankings_next;

		m->rankings_next = open->next;
		if (!open->waiting)
			continue;
		if (open->ranking != last) /* many have the same one open */
			outdated = is_outdated(m, open);
		last = open->ranking;
		if (!outdated)
			continue;
		(void)fuse_lowlevel_notify_poll(open->waiting); /* whoever waited may be gone */
		wait_no_more(m, open);
	}
	return m->rankings_next || m->rankings_rung ? 0 : -1;
}

/* ---- user.favfs.applied: the change up to which this version counts ---- */

static void ranking_getxattr(
	struct mount *m, fuse_req_t req, struct node n, const char *name, size_t size)
{
	char text[24];
	struct ranking *ranking;
	int64_t applied;
	int error = strcmp(name, "user.favfs.applied") ? -ENODATA : 0;

	if (!error)
		error = open_shown(m, n, &ranking);
	if (error) {
		reply_error(req, error);
		return;
	}
	error = ranking_applied(ranking, &applied);
	ranking_close(ranking);
	if (error)
		reply_error(req, error);
	else
		reply_xattr(req, text,
			(size_t)snprintf(text, sizeof(text), "%lld", (long long)applied), size);
}

const struct node_ops ranking_ops = {
	.mode = S_IFREG | 0444,
	.derived = true,
	.rendered = true,
	.getattr = ranking_getattr,
	.open = ranking_open_file,
	.read = ranking_read_file,
	.release = ranking_release,
	.poll = ranking_poll,
	.getxattr = ranking_getxattr,
};
