/*
 * attributes.c - extended attributes of favourites, and of rankings.
 *
 *	user.favfs.created_at	read only, not listed
 *	user.favfs.expires_at	RFC 3339, or "+90d" from now; removing it clears it
 *	user.*			the caller's own
 */
#include "fs/kinds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "backend/clock.h"
#include "backend/moment.h"
#include "fs/reply.h"
#include "fs/request.h"

#define OURS       "user.favfs."
#define CREATED_AT "user.favfs.created_at"
#define EXPIRES_AT "user.favfs.expires_at"

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* 0 for what favourites can have at all. */
static int check_name(const char *name)
{
	if (!starts_with(name, "user.") || !name[strlen("user.")])
		return -EOPNOTSUPP;
	return strlen(name) > NAME_BYTES_MAX ? -ERANGE : 0;
}

/* 0 for what one may be called from now on: getfattr(1) writes names as they are. */
static int check_new_name(const char *name)
{
	int error = check_name(name);

	return error ? error : name_check_text(name, strlen(name));
}

/* ---- reading ---- */

static void answer_moment(fuse_req_t req, int64_t moment_ns, size_t size)
{
	char text[MOMENT_TEXT_BYTES];

	moment_format(moment_ns, text);
	reply_xattr(req, text, sizeof(text), size);
}

static void get_ours(struct mount *m, fuse_req_t req, struct node n, const char *name, size_t size)
{
	struct favorite favorite;
	int error = reader_favorite_by_id(m->reader, n.key, &favorite);

	if (!error && !strcmp(name, CREATED_AT))
		answer_moment(req, favorite.created_ns, size);
	else if (!error && !strcmp(name, EXPIRES_AT) && favorite.expires_ns)
		answer_moment(req, favorite.expires_ns, size);
	else
		reply_error(req, error ? error : -ENODATA);
}

void favorite_getxattr(
	struct mount *m, fuse_req_t req, struct node n, const char *name, size_t size)
{
	char value[ATTRIBUTES_BYTES_MAX];
	ssize_t length;

	if (check_name(name) < 0) {
		reply_error(req, -EOPNOTSUPP);
	} else if (starts_with(name, OURS)) {
		get_ours(m, req, n, name, size);
	} else {
		length = reader_attribute(m->reader, n.key, name, value, sizeof(value));
		if (length < 0)
			reply_error(req, (int)length);
		else
			reply_xattr(req, value, (size_t)length, size);
	}
}

struct names {
	char text[ATTRIBUTES_BYTES_MAX + sizeof(EXPIRES_AT)];
	size_t size;
};

static bool add_name(void *arg, const char *name)
{
	struct names *names = arg;
	size_t size = strlen(name) + 1;

	if (names->size + size > sizeof(names->text))
		return true;
	memcpy(names->text + names->size, name, size);
	names->size += size;
	return false;
}

void favorite_listxattr(struct mount *m, fuse_req_t req, struct node n, size_t size)
{
	struct names names = {.size = 0};
	struct favorite favorite;
	int error = reader_favorite_by_id(m->reader, n.key, &favorite);

	if (!error && favorite.expires_ns)
		(void)add_name(&names, EXPIRES_AT); /* there is room */
	if (!error)
		error = reader_attributes(m->reader, n.key, add_name, &names);
	if (error)
		reply_error(req, error);
	else
		reply_xattr(req, names.text, names.size, size);
}

/* ---- writing ---- */

static int parse_expiry(const char *value, size_t size, int64_t *ret_expires_ns)
{
	char text[64];
	int64_t after_ns;
	int error;

	if (size == 0 || size >= sizeof(text) || memchr(value, '\0', size))
		return -EINVAL;
	if (*value != '+')
		return moment_parse(value, size, ret_expires_ns);
	memcpy(text, value + 1, size - 1);
	text[size - 1] = '\0';
	error = duration_parse(text, &after_ns);
	if (error || after_ns > MOMENT_NS_MAX - clock_realtime_ns())
		return -EINVAL;
	*ret_expires_ns = clock_realtime_ns() + after_ns;
	return 0;
}

static void set_expiry(
	struct mount *m, fuse_req_t req, struct node n, int64_t expires_ns, int flags)
{
	struct request *r = request_new(m, req, CHANGE_SET_EXPIRY, n.key, NULL);

	if (!r)
		return;
	r->change.created_ns = expires_ns;
	r->change.exclusive = flags & XATTR_CREATE;
	r->change.must = flags & XATTR_REPLACE;
	request_submit(r);
}

static void set_own(struct mount *m, fuse_req_t req, struct node n, const char *name,
	const char *value, size_t size, int flags)
{
	struct request *r = request_new(m, req, CHANGE_SET_ATTRIBUTE, n.key, NULL);

	if (!r)
		return;
	r->value = malloc(size ? size : 1);
	if (!r->value) {
		request_free(r);
		reply_error(req, -ENOMEM);
		return;
	}
	memcpy(r->value, value, size);
	strcpy(r->change.name, name); /* fits: checked */
	r->change.value = r->value;
	r->change.value_size = size;
	r->change.exclusive = flags & XATTR_CREATE;
	r->change.must = flags & XATTR_REPLACE;
	request_submit(r);
}

void favorite_setxattr(struct mount *m, fuse_req_t req, struct node n, const char *name,
	const char *value, size_t size, int flags)
{
	int64_t expires_ns;
	int error = check_new_name(name);

	if (!error && !strcmp(name, EXPIRES_AT)) {
		error = parse_expiry(value, size, &expires_ns);
		if (!error) {
			set_expiry(m, req, n, expires_ns, flags);
			return;
		}
	} else if (!error && starts_with(name, OURS)) {
		error = -EPERM;
	} else if (!error && size > ATTRIBUTES_BYTES_MAX) {
		error = -ENOSPC;
	}
	if (error)
		reply_error(req, error);
	else
		set_own(m, req, n, name, value, size, flags);
}

void favorite_removexattr(struct mount *m, fuse_req_t req, struct node n, const char *name)
{
	struct request *r;
	int error = check_name(name);

	if (!error && !strcmp(name, EXPIRES_AT)) {
		set_expiry(m, req, n, 0, 0);
		return;
	}
	if (!error && starts_with(name, OURS))
		error = -EPERM;
	if (error) {
		reply_error(req, error);
		return;
	}
	r = request_new(m, req, CHANGE_REMOVE_ATTRIBUTE, n.key, NULL);
	if (!r)
		return;
	strcpy(r->change.name, name); /* fits: checked */
	request_submit(r);
}
