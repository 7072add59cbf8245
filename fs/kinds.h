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

/* rankings.c: tries the waiting reads again; call it after reader_work. */
void rankings_retry(struct mount *m);

/* restaurants.c: times of a directory can be set, without effect; nothing else. */
void directory_setattr(
	struct mount *m, fuse_req_t req, struct node n, const struct stat *st, int to_set);

#endif
