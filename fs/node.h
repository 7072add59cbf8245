/*
 * node.h - node ids: what the kernel calls inodes.
 *
 * A node id is a kind and a key of the database, so there is no table of inodes:
 * nothing grows with what the kernel has cached, FORGET is nothing, and ids
 * survive a restart.
 *
 *	63..59	kind
 *	58..34	window (for those that have one)
 *	33..0	restaurant, or key of a version of a ranking
 *	58..0	otherwise: the row id
 *
 * The root is 1, as FUSE wants it: kind 0, key 1.
 */
#ifndef FAVFS_NODE_H
#define FAVFS_NODE_H

#include <stdint.h>

#include "backend/window.h"

enum node_kind {
	NODE_ROOT,
	NODE_RESTAURANTS,
	NODE_RESTAURANT, /* key: restaurant */
	NODE_FANS, /* key: restaurant */
	NODE_FAVORITE, /* key: favourite */
	NODE_COUNTS,
	NODE_COUNT_DIR, /* key: restaurant */
	NODE_COUNT, /* window; key: restaurant */
	NODE_RANKINGS,
	NODE_RANKING, /* window; key: of a version */
	NODE_ALIAS, /* key: kind of window */
	NODE_USERS,
	NODE_USER, /* key: user */
	NODE_FAVORITES, /* key: user */
	NODE_LINK, /* key: user << 31 | restaurant */
	NODE_CHANGES, /* key: place of its first byte in the text of the log */
	NODE_IMPORT,
	NODE_STATUS,
	NODE_METRICS,
	NODE_KINDS,
};

#define NODE_KEY_BITS    34 /* beside a window */
#define NODE_WINDOW_BITS 25
#define NODE_ROW_BITS    59

struct node {
	enum node_kind kind;
	window_t window; /* 0 for kinds without one */
	int64_t key;
};

/* The node id.  Keys that do not fit are our mistake: asserted. */
uint64_t node_id(struct node node);

/* The node of an id; kind NODE_KINDS for a number that is none. */
struct node node_of(uint64_t id);

#endif
