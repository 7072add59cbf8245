/*
 * name.h - which names a restaurant or a user may have.
 *
 * A name is 1 to NAME_BYTES_MAX bytes of valid UTF-8, without '/', control
 * characters (C0, DEL, C1) and line or paragraph separators (U+2028, U+2029),
 * and neither "." nor "..".  So no name can end a line of a ranking early, or
 * send an escape sequence to a terminal.  Case matters; nothing is normalised.
 *
 * Pure: no state, no allocation, any thread.
 */
#ifndef FAVFS_NAME_H
#define FAVFS_NAME_H

#include <stddef.h>

#define NAME_BYTES_MAX 255

/*
 * Judges the @length bytes at @name (which need not end in NUL).
 * Returns 0, or -ENAMETOOLONG for more than NAME_BYTES_MAX bytes, whatever they are,
 * -EINVAL for the empty name, ".", ".." or a forbidden character,
 * -EILSEQ for bytes that are not UTF-8 (truncated, overlong, surrogates, past U+10FFFF).
 * The first offence in reading order decides between -EINVAL and -EILSEQ.
 */
int name_check_bytes(const char *name, size_t length);

/* Only of its characters, '/' allowed: 0, -EINVAL or -EILSEQ, as above. */
int name_check_text(const char *text, size_t length);

/* The same as name_check_bytes for a NUL-terminated name. */
int name_check(const char *name);

#endif
