/*
 * kinds.h - the kinds of node, each from the file of its top-level name.
 */
#ifndef FAVFS_KINDS_H
#define FAVFS_KINDS_H

#include "fs/mount.h"

extern const struct node_ops root_ops;
extern const struct node_ops restaurants_ops; /* restaurants.c */
extern const struct node_ops restaurant_ops;
extern const struct node_ops fans_ops; /* fans.c */
extern const struct node_ops favorite_ops;
extern const struct node_ops counts_ops; /* counts.c */
extern const struct node_ops count_dir_ops;
extern const struct node_ops count_ops;
extern const struct node_ops rankings_ops; /* rankings.c */
extern const struct node_ops ranking_ops;
extern const struct node_ops alias_ops;
extern const struct node_ops users_ops; /* users.c */
extern const struct node_ops user_ops;
extern const struct node_ops favorites_ops;
extern const struct node_ops link_ops;
extern const struct node_ops changes_ops; /* changes.c */
extern const struct node_ops import_ops; /* import.c */
extern const struct node_ops status_ops; /* status.c */
extern const struct node_ops metrics_ops;

/* changes.c: the node of the log as it is retained now. */
int changes_lookup(struct mount *m, struct fuse_entry_param *e);

/* fans.c: what the unlinker finds where nothing is; an error as of unlinker_lookup. */
int fans_lookup_removed(
	struct mount *m, struct node n, const char *name, struct fuse_entry_param *e);

/* rankings.c: for the end: closes what is open; after aside_close. */
void rankings_close_all(struct mount *m);

/* rankings.c: there may be newer ones: those who poll an older one are to be told. */
void rankings_wake(struct mount *m);

/* rankings.c: tells some of them; returns 0 while there are more to look at, else -1. */
int64_t rankings_look(struct mount *m);

/* attributes.c */
void favorite_getxattr(
	struct mount *m, fuse_req_t req, struct node n, const char *name, size_t size);
void favorite_listxattr(struct mount *m, fuse_req_t req, struct node n, size_t size);
void favorite_setxattr(struct mount *m, fuse_req_t req, struct node n, const char *name,
	const char *value, size_t size, int flags);
void favorite_removexattr(struct mount *m, fuse_req_t req, struct node n, const char *name);

/* restaurants.c: times of a directory can be set, without effect; nothing else. */
void directory_setattr(
	struct mount *m, fuse_req_t req, struct node n, const struct stat *st, int to_set);

#endif
