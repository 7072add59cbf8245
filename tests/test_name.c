#include "backend/name.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A literal with its length, as some of these hold a NUL. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static const struct sample {
	const char *bytes;
	size_t length;
	int expected;
} samples[] = {
	/* Ordinary. */
	{BYTES("taj-mahal"), 0},
	{BYTES("a"), 0},
	{BYTES(" "), 0},
	{BYTES("St. John"), 0},
	{BYTES("\\"), 0},
	{BYTES("caf\xc3\xa9"), 0},
	{BYTES("cafe\xcc\x81"), 0},
	{BYTES("\xe5\x8d\x97\xe7\xbf\x94"), 0},
	{BYTES("\xf0\x9f\x8d\x9c"), 0},

	/* Dots. */
	{BYTES("."), -EINVAL},
	{BYTES(".."), -EINVAL},
	{BYTES("..."), 0},
	{BYTES(".a"), 0},
	{BYTES("a."), 0},
	{BYTES("..a"), 0},
	{BYTES(". "), 0},

	/* Empty, NUL, slash, controls. */
	{BYTES(""), -EINVAL},
	{BYTES("\0"), -EINVAL},
	{BYTES("a\0b"), -EINVAL},
	{BYTES("/"), -EINVAL},
	{BYTES("a/b"), -EINVAL},
	{BYTES("a\n"), -EINVAL},
	{BYTES("\x1b[31m"), -EINVAL},
	{BYTES("\x1f"), -EINVAL},
	{BYTES("\x7e"), 0},
	{BYTES("\x7f"), -EINVAL},

	/* C1 and its neighbours. */
	{BYTES("\xc2\x80"), -EINVAL},
	{BYTES("\xc2\x85"), -EINVAL},
	{BYTES("\xc2\x9b"), -EINVAL},
	{BYTES("\xc2\x9f"), -EINVAL},
	{BYTES("\xc2\xa0"), 0},
	{BYTES("\x9b"), -EILSEQ},

	/* Separators and their neighbours. */
	{BYTES("\xe2\x80\xa7"), 0},
	{BYTES("\xe2\x80\xa8"), -EINVAL},
	{BYTES("\xe2\x80\xa9"), -EINVAL},
	{BYTES("\xe2\x80\xaa"), 0},

	/* The first and last character of each length. */
	{BYTES("\xdf\xbf"), 0},
	{BYTES("\xe0\xa0\x80"), 0},
	{BYTES("\xef\xbf\xbf"), 0},
	{BYTES("\xf0\x90\x80\x80"), 0},
	{BYTES("\xf4\x8f\xbf\xbf"), 0},

	/* Overlong: slash, NUL, the last that would be shorter. */
	{BYTES("\xc0\xaf"), -EILSEQ},
	{BYTES("\xc0\x80"), -EILSEQ},
	{BYTES("\xc1\xbf"), -EILSEQ},
	{BYTES("\xe0\x80\xaf"), -EILSEQ},
	{BYTES("\xe0\x9f\xbf"), -EILSEQ},
	{BYTES("\xf0\x80\x80\xaf"), -EILSEQ},
	{BYTES("\xf0\x8f\xbf\xbf"), -EILSEQ},

	/* Past U+10FFFF, and the forms of five and six bytes. */
	{BYTES("\xf4\x90\x80\x80"), -EILSEQ},
	{BYTES("\xf5\x80\x80\x80"), -EILSEQ},
	{BYTES("\xf7\xbf\xbf\xbf"), -EILSEQ},
	{BYTES("\xf8\x88\x80\x80\x80"), -EILSEQ},
	{BYTES("\xfc\x84\x80\x80\x80\x80"), -EILSEQ},
	{BYTES("\xfe"), -EILSEQ},
	{BYTES("\xff"), -EILSEQ},

	/* Continued where nothing began, or by what continues nothing. */
	{BYTES("\x80"), -EILSEQ},
	{BYTES("\xbf"), -EILSEQ},
	{BYTES("\xc3\xa9\xa9"), -EILSEQ},
	{BYTES("\xc3("), -EILSEQ},
	{BYTES("\xc3\xc3"), -EILSEQ},
	{BYTES("\xe2\x82("), -EILSEQ},
	{BYTES("\xe2(\xac"), -EILSEQ},
	{BYTES("\xf0\x9f\x8d("), -EILSEQ},
	{BYTES("\xf0\x9f(\x9c"), -EILSEQ},
	{BYTES("\xf0\x9f\x8d\xc0"), -EILSEQ},

	/* The first offence decides. */
	{BYTES("\n\xff"), -EINVAL},
	{BYTES("\xff\n"), -EILSEQ},
	{BYTES("\xc3\n"), -EILSEQ},
	{BYTES("\xe2\x80\xa8\xff"), -EINVAL},
};

START_TEST(each_sample_is_judged_as_the_contract_says)
{
	const struct sample *sample = &samples[_i];

	ck_assert_int_eq(name_check_bytes(sample->bytes, sample->length), sample->expected);
	if (strlen(sample->bytes) == sample->length)
		ck_assert_int_eq(name_check(sample->bytes), sample->expected);
}
END_TEST

/* What a single byte among plain letters gets. */
static int byte_expected(int byte)
{
	if (byte >= 0x80)
		return -EILSEQ;
	return byte < 0x20 || byte == 0x7f || byte == '/' ? -EINVAL : 0;
}

START_TEST(every_byte_is_judged_alike_in_every_place)
{
	for (size_t place = 0; place < 5; place++) {
		char name[] = "aaaaa";

		name[place] = (char)_i;
		ck_assert_int_eq(name_check_bytes(name, 5), byte_expected(_i));
	}
}
END_TEST

START_TEST(every_byte_alone_is_judged_as_among_others_but_for_the_dot)
{
	char name[] = {(char)_i, '\0'};

	ck_assert_int_eq(name_check_bytes(name, 1), _i == '.' ? -EINVAL : byte_expected(_i));
}
END_TEST

/* As RFC 3629 has it, in other words than the module's. */
static size_t encode(uint32_t character, char bytes[static 4])
{
	static const uint32_t limits[] = {0x80, 0x800, 0x10000};
	static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
	size_t more = 0;

	while (more < COUNT(limits) && character >= limits[more])
		more++;
	for (size_t i = more; i > 0; i--, character >>= 6)
		bytes[i] = (char)(0x80 | (character & 0x3f));
	bytes[0] = (char)(leads[more] | character);
	return more + 1;
}

static int character_expected(uint32_t character)
{
	if (character >= 0xd800 && character <= 0xdfff)
		return -EILSEQ;
	if (character < 0x20 || (character >= 0x7f && character <= 0x9f))
		return -EINVAL;
	if (character == '/' || character == '.')
		return -EINVAL;
	return character == 0x2028 || character == 0x2029 ? -EINVAL : 0;
}

START_TEST(every_character_of_unicode_is_judged_as_the_contract_says)
{
	for (uint32_t character = 0; character <= 0x10ffff; character++) {
		char bytes[4];
		int got = name_check_bytes(bytes, encode(character, bytes));

		if (got != character_expected(character))
			ck_abort_msg("U+%04X: %d", character, got);
	}
}
END_TEST

START_TEST(a_lone_surrogate_is_not_utf8)
{
	for (uint32_t surrogate = 0xd800; surrogate <= 0xdfff; surrogate++) {
		char bytes[4];
		size_t length = encode(surrogate, bytes);

		ck_assert_int_eq(name_check_bytes(bytes, length), -EILSEQ);
	}
}
END_TEST

START_TEST(a_pair_of_surrogates_is_not_utf8)
{
	ck_assert_int_eq(name_check("\xed\xa0\xbc\xed\xbd\x9c"), -EILSEQ);
}
END_TEST

START_TEST(a_truncated_character_is_not_utf8_and_nothing_past_the_end_is_read)
{
	static const char *const characters[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8d\x9c"};

	for (size_t i = 0; i < COUNT(characters); i++) {
		for (size_t length = 1; length < strlen(characters[i]); length++) {
			char *exact = malloc(length); /* so that a sanitizer sees */

			ck_assert_ptr_nonnull(exact);
			memcpy(exact, characters[i], length);
			ck_assert_int_eq(name_check_bytes(exact, length), -EILSEQ);
			free(exact);
		}
	}
}
END_TEST

static int length_expected(size_t length)
{
	if (length > 255)
		return -ENAMETOOLONG;
	return length == 0 ? -EINVAL : 0;
}

START_TEST(a_name_has_1_to_255_bytes)
{
	char name[4097];

	for (size_t length = 0; length < sizeof(name); length++) {
		memset(name, 'a', length);
		name[length] = '\0';
		ck_assert_int_eq(name_check_bytes(name, length), length_expected(length));
		ck_assert_int_eq(name_check(name), length_expected(length));
	}
}
END_TEST

START_TEST(bytes_and_not_characters_are_counted)
{
	static const char euro[] = "\xe2\x82\xac";
	char full[NAME_BYTES_MAX + 4];

	for (size_t at = 0; at < 258; at += 3)
		memcpy(full + at, euro, 3);
	ck_assert_int_eq(name_check_bytes(full, 255), 0);
	ck_assert_int_eq(name_check_bytes(full, 254), -EILSEQ);
	ck_assert_int_eq(name_check_bytes(full, 258), -ENAMETOOLONG);
}
END_TEST

START_TEST(too_long_comes_before_any_other_offence)
{
	static const char offences[] = {'/', '\n', '\xff', '\0'};
	char name[NAME_BYTES_MAX + 1];

	for (size_t i = 0; i < COUNT(offences); i++) {
		memset(name, offences[i], sizeof(name));
		ck_assert_int_eq(name_check_bytes(name, sizeof(name)), -ENAMETOOLONG);
	}
}
END_TEST

START_TEST(a_long_text_is_not_read_past_its_limit)
{
	char unended[NAME_BYTES_MAX + 1];

	memset(unended, 'a', sizeof(unended));
	ck_assert_int_eq(name_check(unended), -ENAMETOOLONG);
}
END_TEST

static Suite *name_suite(void)
{
	Suite *suite = suite_create("name");
	TCase *tcase = tcase_create("name");

	tcase_add_loop_test(
		tcase, each_sample_is_judged_as_the_contract_says, 0, (int)COUNT(samples));
	tcase_add_loop_test(tcase, every_byte_is_judged_alike_in_every_place, 0, 256);
	tcase_add_loop_test(
		tcase, every_byte_alone_is_judged_as_among_others_but_for_the_dot, 0, 256);
	tcase_add_test(tcase, every_character_of_unicode_is_judged_as_the_contract_says);
	tcase_add_test(tcase, a_lone_surrogate_is_not_utf8);
	tcase_add_test(tcase, a_pair_of_surrogates_is_not_utf8);
	tcase_add_test(tcase, a_truncated_character_is_not_utf8_and_nothing_past_the_end_is_read);
	tcase_add_test(tcase, a_name_has_1_to_255_bytes);
	tcase_add_test(tcase, bytes_and_not_characters_are_counted);
	tcase_add_test(tcase, too_long_comes_before_any_other_offence);
	tcase_add_test(tcase, a_long_text_is_not_read_past_its_limit);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(name_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
