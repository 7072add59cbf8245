/*
 * listing.h - one reply to READDIR or READDIRPLUS being filled.
 *
 * Cookies: 1 and 2 are "." and "..", a directory's own entries come after.  They are
 * keys, not places, so a listing goes on rightly whatever came and went meanwhile.
 */
#ifndef FAVFS_LISTING_H
#define FAVFS_LISTING_H

#include <stdbool.h>

#include "fs/mount.h"

#define LISTING_FIRST 3 /* the first cookie of a directory's own entries */

struct listing {
	fuse_req_t req;
	char *buffer; /* owned */
	size_t size;
	size_t used;
	off_t after; /* the cookie of the last entry that the caller has had */
	bool plus; /* entries with attributes are wanted */
};

/* Adds one entry; true: there is no room for it, enough. */
bool listing_add(
	struct listing *l, off_t cookie, const char *name, const struct fuse_entry_param *e);

/* The same where the kernel shall look the name up by itself if it wants to know more. */
bool listing_add_name(
	struct listing *l, off_t cookie, const char *name, struct node n, mode_t mode);

/* Answers READDIR or READDIRPLUS of @n. */
void listing_reply(
	struct mount *m, fuse_req_t req, struct node n, size_t size, off_t after, bool plus);

#endif
