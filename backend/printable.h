/*
 * printable.h - text of others on its way to a person: a terminal can show it, and it stays on
 * its line.
 */
#ifndef FAVFS_PRINTABLE_H
#define FAVFS_PRINTABLE_H

#include <stddef.h>
#include <stdio.h>

/* Of a line written by print_line; what is longer is cut. */
#define PRINTABLE_LINE_MAX 16384

/*
 * Copies @text; what is not printable, or not UTF-8, is written as \xNN.  What does not fit into
 * @size bytes (at least 8) is cut, and ends in "...".  Returns @ret_shown.
 */
char *printable(const char *text, char *ret_shown, size_t size);

/* Writes one line so, with a newline: 0, or -1 as of fputs(3). */
__attribute__((format(printf, 2, 3))) int print_line(FILE *out, const char *format, ...);

/*
 * What getopt_long(3) has just refused, as a word: with opterr 0, for getopt itself would write
 * it as it is.
 */
const char *printable_option(char *const argv[]);

#endif
