/*
 * holders.h - who uses a mount.
 */
#ifndef FAVFS_HOLDERS_H
#define FAVFS_HOLDERS_H

#include <stdbool.h>

#define HOLDERS_TEXT_MAX 256

/*
 * Whether a program has something open below @mountpoint, or is in there: then @ret_text has
 * the first ones, like "pid 17 (bash), pid 21 (tail)".  Not those that we started, nor those that we
 * may not look at.  Only reads /proc, and never touches the mount.
 */
bool holders_find(const char *mountpoint, char ret_text[static HOLDERS_TEXT_MAX]);

#endif
