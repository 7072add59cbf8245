/*
 * view.h - derived.db as it is now, for one reader.
 */
#ifndef FAVFS_VIEW_H
#define FAVFS_VIEW_H

struct view;
struct store;

void view_close(struct view *view); /* NULL is fine */

#endif
