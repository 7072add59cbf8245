/*
 * oracle.h - what the files of the mount should say, told a second time.
 *
 * Written from the manual alone, simple and slow, without a line of the code
 * that is tested.
 */
#ifndef FAVFS_TESTS_ORACLE_H
#define FAVFS_TESTS_ORACLE_H

#include <stddef.h>
#include <stdint.h>

#include "tests/support/fixture.h"

struct row {
	int64_t count;
	char name[NAME_BYTES_MAX + 1];
};

/* The text of a ranking of these rows (which it sorts); the caller frees it. */
char *oracle_ranking(struct row *rows, size_t count, size_t *ret_size);

/* The line of a change. */
#define ORACLE_LINE_MAX 1024
size_t oracle_line(const struct logged *entry, char ret_line[static ORACLE_LINE_MAX]);

#endif
