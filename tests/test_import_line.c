#include "fs/import_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixture.h"

/* Parses a copy that ends where the line does: what lies behind is not ours. */
static int parse(const char *text, size_t length, char **ret_copy, struct import_line *ret_line,
	struct complaint *ret_why)
{
	*ret_copy = malloc(length + 1);
	ck_assert_ptr_nonnull(*ret_copy);
	memcpy(*ret_copy, text, length);
	(*ret_copy)[length] = '\n';
	return import_line_parse(*ret_copy, length, ret_line, ret_why);
}

static void assert_refused(const char *text, size_t length, const char *why)
{
	struct import_line line = {.created_ns = 4711};
	struct complaint complaint = {""};
	char *copy;
	int error = parse(text, length, &copy, &line, &complaint);

	ck_assert_msg(error == -EINVAL, "'%.60s': %d", text, error);
	ck_assert_msg(
		strstr(complaint.text, why), "'%.60s': '%s' lacks '%s'", text, complaint.text, why);
	for (const char *at = complaint.text; *at; at++)
		ck_assert_msg(*at >= ' ' && *at < 0x7f, "'%.60s': not printable", text);
	ck_assert_int_eq(line.created_ns, 4711); /* untouched */
	free(copy);
}

/* ---- what is taken ---- */

static const struct {
	const char *text;
	enum log_op op;
	const char *restaurant;
	const char *user;
	int64_t created_ns;
} taken[] = {
	{"add\tnoma\tann", LOG_ADD, "noma", "ann", MOMENT_NONE},
	{"remove\tnoma\tann", LOG_REMOVE, "noma", "ann", MOMENT_NONE},
	{"update\tnoma\tann", LOG_UPDATE, "noma", "ann", MOMENT_NONE},
	{"expire\tnoma\tann", LOG_EXPIRE, "noma", "ann", MOMENT_NONE},
	{"add\tnoma\tann\t-", LOG_ADD, "noma", "ann", MOMENT_NONE},
	{"remove\tnoma\tann\t-", LOG_REMOVE, "noma", "ann", MOMENT_NONE},
	{"add\tnoma\tann\t1970-01-01T00:00:00Z", LOG_ADD, "noma", "ann", 0},
	{"update\tst john\tO'Brien\t1970-01-01T00:00:01.000000002Z", LOG_UPDATE, "st john",
		"O'Brien", NS_PER_SECOND + 2},
	{"remove\tnoma\tann\t1970-01-01T00:00:01Z", LOG_REMOVE, "noma", "ann", NS_PER_SECOND},
	{"add\t-\t-\t-", LOG_ADD, "-", "-", MOMENT_NONE},
	{"add\tÇa va\t\xf0\x9f\x8d\x95", LOG_ADD, "Ça va", "\xf0\x9f\x8d\x95", MOMENT_NONE},
	{"add\tadd\tremove", LOG_ADD, "add", "remove", MOMENT_NONE},
	{"add\tback\\slash\t ", LOG_ADD, "back\\slash", " ", MOMENT_NONE},
};

START_TEST(every_field_is_taken)
{
	struct import_line line;
	struct complaint why = {""};
	char *copy;

	ck_assert_msg(parse(taken[_i].text, strlen(taken[_i].text), &copy, &line, &why) == 0,
		"'%s': %s", taken[_i].text, why.text);
	ck_assert_int_eq(line.op, taken[_i].op);
	ck_assert_str_eq(line.restaurant, taken[_i].restaurant);
	ck_assert_str_eq(line.user, taken[_i].user);
	ck_assert_int_eq(line.created_ns, taken[_i].created_ns);
	free(copy);
}
END_TEST

/* ---- what is refused ---- */

#define LONG_50  "12345678901234567890123456789012345678901234567890"
#define LONG_256 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 "123456"

static const struct {
	const char *text;
	const char *why;
} refused[] = {
	{"", "not OP, RESTAURANT, USER"},
	{"add", "not OP, RESTAURANT, USER"},
	{"add noma ann", "not OP, RESTAURANT, USER"},
	{"add\tnoma", "not OP, RESTAURANT, USER"},
	{"add\tnoma\tann\t-\t", "not OP, RESTAURANT, USER"},
	{"add\tnoma\tann\t-\t-", "not OP, RESTAURANT, USER"},
	{"add\tnoma\tann\t-\t-\t-\t-\t-", "not OP, RESTAURANT, USER"},
	{"\t\t\t\t\t\t\t\t\t", "not OP, RESTAURANT, USER"},
	{"mark\tnoma\tann", "OP 'mark': not add, remove, update or expire"},
	{"Add\tnoma\tann", "OP 'Add'"},
	{"add \tnoma\tann", "OP 'add '"},
	{"ad\tnoma\tann", "OP 'ad'"},
	{"adds\tnoma\tann", "OP 'adds'"},
	{"\tnoma\tann", "OP ''"},
	{"\xef\xbb\xbf"
	 "add\tnoma\tann",
		"OP '\\xef\\xbb\\xbfadd'"},
	{"add\t\tann", "RESTAURANT ''"},
	{"add\tnoma\t", "USER ''"},
	{"add\t.\tann", "RESTAURANT '.'"},
	{"add\tnoma\t..", "USER '..'"},
	{"add\ta/b\tann", "RESTAURANT 'a/b'"},
	{"add\tnoma\tann\r", "USER 'ann\\x0d'"},
	{"add\tno\x1b[31m\tann", "RESTAURANT 'no\\x1b[31m'"},
	{"add\tno\x7f\tann", "RESTAURANT 'no\\x7f'"},
	{"add\tno\xff\tann", "RESTAURANT 'no\\xff': Invalid or incomplete"},
	{"add\tnoma\ta\xe2\x80\xa8", "USER 'a\\xe2\\x80\\xa8'"},
	{"add\tnoma\tback\\slash\x01", "USER 'back\\x5cslash\\x01'"},
	{"add\tnoma\t" LONG_256, "USER '12345678901234567890"},
	{"add\t" LONG_256 "\tann", "RESTAURANT '12345678901234567890"},
	{"add\tnoma\tann\t", "CREATED_AT ''"},
	{"add\tnoma\tann\tnow", "CREATED_AT 'now': neither RFC 3339 nor -"},
	{"add\tnoma\tann\t--", "CREATED_AT '--'"},
	{"add\tnoma\tann\t2026-11-22", "CREATED_AT '2026-11-22'"},
	{"add\tnoma\tann\t1969-12-31T23:59:59Z", "CREATED_AT '1969-12-31T23:59:59Z'"},
	{"remove\tnoma\tann\tnever", "CREATED_AT 'never'"},
	{"add\tnoma\tann\t2026-11-22T18:18:07Z\r", "CREATED_AT '2026-11-22T18:18:07Z\\x0d'"},
};

START_TEST(the_reason_names_the_field_and_shows_it_printable)
{
	assert_refused(refused[_i].text, strlen(refused[_i].text), refused[_i].why);
}
END_TEST

START_TEST(a_byte_0_makes_no_field_shorter)
{
	static const char op[] = "add\0x\tnoma\tann", restaurant[] = "add\tnoma\0x\tann",
			  user[] = "add\tnoma\tann\0", created[] = "add\tnoma\tann\t-\0",
			  moment[] = "add\tnoma\tann\t1970-01-01T00:00:00Z\0";

	assert_refused(op, sizeof(op) - 1, "OP 'add\\x00x'");
	assert_refused(restaurant, sizeof(restaurant) - 1, "RESTAURANT 'noma\\x00x'");
	assert_refused(user, sizeof(user) - 1, "USER 'ann\\x00'");
	assert_refused(created, sizeof(created) - 1, "CREATED_AT '-\\x00'");
	assert_refused(moment, sizeof(moment) - 1, "CREATED_AT '1970");
}
END_TEST

START_TEST(a_line_may_be_8192_bytes_long_and_no_more)
{
	char *text = malloc(IMPORT_LINE_BYTES_MAX + 1);

	ck_assert_int_eq(IMPORT_LINE_BYTES_MAX, 8192);
	ck_assert_ptr_nonnull(text);
	memset(text, 'x', IMPORT_LINE_BYTES_MAX + 1);
	memcpy(text, "add\tnoma\t", 9);
	assert_refused(text, 8192, "USER 'xxxx"); /* looked at, and too long for a name */
	assert_refused(text, 8193, "longer than 8192 bytes");
	memset(text, '\t', IMPORT_LINE_BYTES_MAX + 1);
	assert_refused(text, 8192, "not OP, RESTAURANT, USER");
	memset(text, 0x1b, IMPORT_LINE_BYTES_MAX + 1);
	memcpy(text + 100, "\ta\tb", 4);
	assert_refused(text, 104, "OP '\\x1b\\x1b");
	free(text);
}
END_TEST

START_TEST(names_of_255_bytes_are_taken)
{
	char text[2 * NAME_BYTES_MAX + 16], name[NAME_BYTES_MAX + 1];
	struct import_line line;
	struct complaint why;
	char *copy;

	memset(name, 'n', NAME_BYTES_MAX);
	name[NAME_BYTES_MAX] = '\0';
	(void)snprintf(text, sizeof(text), "add\t%s\t%s\t-", name, name);
	ck_assert_int_eq(parse(text, strlen(text), &copy, &line, &why), 0);
	ck_assert_str_eq(line.restaurant, name);
	ck_assert_str_eq(line.user, name);
	free(copy);
}
END_TEST

/* Bytes of all kinds, most of them near what is valid: nothing but a verdict comes of it. */
START_TEST(random_bytes_do_no_harm)
{
	static const char *const parts[] = {"add", "remove", "\t", "\t", "\t", "noma", "-",
		"1970-01-01T00:00:00Z", "\xff", "\\"};
	unsigned seed = fixture_seed();

	for (int i = 0; i < 100000; i++) {
		char text[256] = "";
		struct complaint why = {""};
		struct import_line line;
		size_t length = 0;
		char *copy;
		int error;

		for (int part = rand_r(&seed) % 12; part > 0; part--) {
			const char *word = parts[(unsigned)rand_r(&seed) % COUNT(parts)];

			memcpy(text + length, word, strlen(word));
			length += strlen(word);
			if (rand_r(&seed) % 8 == 0)
				text[length++] = (char)rand_r(&seed);
		}
		error = parse(text, length, &copy, &line, &why);
		ck_assert(error == 0 || (error == -EINVAL && *why.text));
		if (!error)
			ck_assert(name_check(line.restaurant) == 0 && name_check(line.user) == 0);
		free(copy);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import_line");
	TCase *tcase = tcase_create("import_line");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 2 * PATIENCE_S);
	tcase_add_loop_test(tcase, every_field_is_taken, 0, COUNT(taken));
	tcase_add_loop_test(
		tcase, the_reason_names_the_field_and_shows_it_printable, 0, COUNT(refused));
	tcase_add_test(tcase, a_byte_0_makes_no_field_shorter);
	tcase_add_test(tcase, a_line_may_be_8192_bytes_long_and_no_more);
	tcase_add_test(tcase, names_of_255_bytes_are_taken);
	tcase_add_test(tcase, random_bytes_do_no_harm);
	return fixture_run(suite);
}
