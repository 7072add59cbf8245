/*
 * text.h - lengths of the texts that files of the mount consist of.
 */
#ifndef FAVFS_TEXT_H
#define FAVFS_TEXT_H

#include <stdint.h>

/* Decimal digits of a number that is not negative. */
static inline int64_t text_digits(int64_t number)
{
	int64_t count = 1;

	while (number >= 10) {
		number /= 10;
		count++;
	}
	return count;
}

/* Columns of the rank in a ranking of so many rows. */
static inline int64_t text_rank_width(int64_t rows)
{
	int64_t width = text_digits(rows);

	return width < 6 ? 6 : width;
}

#endif
