/*
 * array.h - room in an array that grows by doubling.
 */
#ifndef FAVFS_ARRAY_H
#define FAVFS_ARRAY_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* Makes room for @more elements of @size behind the @count at *array; 0 or -ENOMEM. */
static inline int array_reserve(
	void **array, size_t *capacity, size_t count, size_t more, size_t size)
{
	size_t wanted = *capacity ? *capacity : 64;
	void *grown;

	if (count + more <= *capacity)
		return 0;
	while (wanted < count + more)
		wanted *= 2;
	grown = realloc(*array, wanted * size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*capacity = wanted;
	return 0;
}

#endif
