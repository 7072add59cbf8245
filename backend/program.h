/*
 * program.h - where the other programs of favfs are.
 */
#ifndef FAVFS_PROGRAM_H
#define FAVFS_PROGRAM_H

#include <limits.h>

/*
 * For execlp(3): the program @name beside our own, or in the bin beside our sbin, or else the bare
 * name, for PATH to find.
 */
void program_find(const char *name, char ret_program[static PATH_MAX]);

#endif
