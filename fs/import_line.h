/*
 * import_line.h - one line of an import: OP TAB RESTAURANT TAB USER [TAB CREATED_AT].
 */
#ifndef FAVFS_IMPORT_LINE_H
#define FAVFS_IMPORT_LINE_H

#include "backend/backend.h"

/* The longest line, without its newline. */
#define IMPORT_LINE_BYTES_MAX 8192

/*
 * Reads the @length bytes at @text, which are followed by one byte that may be overwritten
 * (the newline): fields become NUL-terminated in place, and *ret_line points to
 * them.  0, or -EINVAL and in *ret_why what is wrong with it, printable.
 */
int import_line_parse(
	char *text, size_t length, struct import_line *ret_line, struct complaint *ret_why);

#endif
