/*
 * people.h - whose name a favourite may bear, with -o login_names.
 */
#ifndef FAVFS_PEOPLE_H
#define FAVFS_PEOPLE_H

#include "fs/mount.h"

/*
 * 0 if the caller of @req may make, remove or rename a favourite of @user: always without
 * login_names; with it root, the mounting user, and the user of that login name.
 * Otherwise -EPERM.
 */
int people_may(const struct mount *m, fuse_req_t req, const char *user);

#endif
