#include "backend/name.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * The well-formed sequences of UTF-8 (Unicode, table 3-7).  All that is overlong,
 * a surrogate or past U+10FFFF is excluded by the range of the second byte.
 */
static const struct sequence {
	uint8_t first_min, first_max;
	uint8_t second_min, second_max;
	uint8_t bytes;
} sequences[] = {
	{0x00, 0x7f, 0x00, 0x00, 1},
	{0xc2, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3},
	{0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* The characters that no name may hold, as ranges. */
static const struct range {
	uint32_t first, last;
} forbidden[] = {
	{0x00, 0x1f},
	{'/', '/'},
	{0x7f, 0x9f},
	{0x2028, 0x2029},
};

static const struct sequence *sequence_of(uint8_t first)
{
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
		if (first >= sequences[i].first_min && first <= sequences[i].first_max)
			return &sequences[i];
	return NULL;
}

static bool is_continued(const struct sequence *sequence, const uint8_t *at)
{
	if (sequence->bytes > 1 && (at[1] < sequence->second_min || at[1] > sequence->second_max))
		return false;
	for (size_t i = 2; i < sequence->bytes; i++)
		if ((at[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Decodes the character at @at; returns the number of its bytes, or 0 where there is none. */
static size_t character_read(const uint8_t *at, size_t left, uint32_t *ret_character)
{
	const struct sequence *sequence = sequence_of(at[0]);

	if (!sequence || sequence->bytes > left || !is_continued(sequence, at))
		return 0;

	uint32_t character = sequence->bytes == 1 ? at[0] : at[0] & (0x7fu >> sequence->bytes);
	for (size_t i = 1; i < sequence->bytes; i++)
		character = character << 6 | (at[i] & 0x3f);
	*ret_character = character;
	return sequence->bytes;
}

static bool is_forbidden(uint32_t character)
{
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if (character >= forbidden[i].first && character <= forbidden[i].last)
			return true;
	return false;
}

static bool is_dots(const char *name, size_t length)
{
	return length <= 2 && memcmp(name, "..", length) == 0;
}

/* No character: all that are forbidden are. */
#define NONE UINT32_MAX

static int check_characters(const char *text, size_t length, uint32_t allowed)
{
	for (size_t at = 0; at < length;) {
		uint32_t character;
		size_t taken = character_read((const uint8_t *)text + at, length - at, &character);

		if (taken == 0)
			return -EILSEQ;
		if (is_forbidden(character) && character != allowed)
			return -EINVAL;
		at += taken;
	}
	return 0;
}

int name_check_bytes(const char *name, size_t length)
{
	if (length > NAME_BYTES_MAX)
		return -ENAMETOOLONG;
	if (length == 0 || is_dots(name, length))
		return -EINVAL;
	return check_characters(name, length, NONE);
}

int name_check_text(const char *text, size_t length)
{
	return check_characters(text, length, '/');
}

int name_check(const char *name)
{
	return name_check_bytes(name, strnlen(name, NAME_BYTES_MAX + 1));
}
