/*
 * complaint.h - why something failed, in words for a person.
 */
#ifndef FAVFS_COMPLAINT_H
#define FAVFS_COMPLAINT_H

/* One line without newline, naming the thing; a terminal can show it (printable.h). */
struct complaint {
	char text[5120]; /* a path of PATH_MAX and a sentence */
};

/* Writes the words and returns @error, so that a caller can return both at once. */
__attribute__((format(printf, 3, 4))) int complain(
	struct complaint *ret_why, int error, const char *format, ...);

#endif
