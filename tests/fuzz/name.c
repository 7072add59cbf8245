/* The names that are taken are those of the manual, and each refusal is the one it promises. */
#include <errno.h>
#include <stdbool.h>

#include "backend/name.h"
#include "tests/fuzz/fuzz.h"

/* Decodes as RFC 3629 has it, by arithmetic; 0 for what is no character. */
static size_t decode(const uint8_t *at, size_t left, uint32_t *ret_character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t bytes = at[0] < 0x80   ? 1
		       : at[0] < 0xc0 ? 0
		       : at[0] < 0xe0 ? 2
		       : at[0] < 0xf0 ? 3
				      : 4;
	uint32_t character = bytes == 1 ? at[0] : bytes ? at[0] - (0xff00u >> bytes & 0xff) : 0;

	if (bytes == 0 || bytes > left)
		return 0;
	for (size_t i = 1; i < bytes; i++) {
		if (at[i] / 64 != 2)
			return 0;
		character = character * 64 + at[i] % 64;
	}
	if (character < least[bytes] || character > 0x10ffff || character / 0x800 == 27)
		return 0;
	*ret_character = character;
	return bytes;
}

static bool is_forbidden(uint32_t c)
{
	return c < ' ' || c == '/' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

static int expected(const uint8_t *data, size_t size)
{
	uint32_t character;

	if (size > 255)
		return -ENAMETOOLONG;
	if (size == 0 || (size == 1 && data[0] == '.') ||
		(size == 2 && data[0] == '.' && data[1] == '.'))
		return -EINVAL;
	for (size_t at = 0, bytes; at < size; at += bytes) {
		bytes = decode(data + at, size - at, &character);
		if (bytes == 0)
			return -EILSEQ;
		if (is_forbidden(character))
			return -EINVAL;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_text(data, size);
	int error = expected(data, size);

	text = realloc(text, size ? size : 1); /* nothing behind it may be looked at */
	assert(text);
	assert(name_check_bytes(text, size) == error);
	free(text);
	text = input_text(data, size);
	if (strlen(text) == size)
		assert(name_check(text) == error);
	free(text);
	return 0;
}
