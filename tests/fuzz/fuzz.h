/*
 * fuzz.h - what fuzz targets are made of.
 *
 * A target, NAME.c, judges any bytes whatever: it asserts what must hold of what the code says
 * of them.  libFuzzer makes bytes up (make fuzz); replay.c feeds it the files of corpus/NAME,
 * which is what make check does.
 */
#ifndef FAVFS_TESTS_FUZZ_H
#define FAVFS_TESTS_FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Returns 0, or -1 for what is not worth to be kept. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of the input. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* Takes a number of up to @bytes bytes; where there are none it ends in zeros. */
static inline uint64_t input_number(struct input *input, int bytes)
{
	uint64_t number = 0;

	for (; bytes > 0; bytes--) {
		number <<= 8;
		if (input->left > 0) {
			number |= *input->at++;
			input->left--;
		}
	}
	return number;
}

/* A NUL-terminated copy in memory of exactly its size; the caller frees it. */
static inline char *input_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	assert(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
