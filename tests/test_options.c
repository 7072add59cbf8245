#include "fs/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixture.h"

#define UNTOUCHED INT64_C(-4711)

#define KIND(word) (1u << WINDOW_##word)

static struct options options;
static struct complaint why;

/* Parses "favfs" and these words (a list that NULL ends); the result is in options and why. */
static int parse(const char *const words[])
{
	static char program[] = "favfs";
	static char *argv[32];
	int argc = 1;

	argv[0] = program;
	while (words[argc - 1]) {
		argv[argc] = (char *)(uintptr_t)words[argc - 1]; /* getopt writes to no word */
		argc++;
	}
	argv[argc] = NULL;
	options_fini(&options);
	why.text[0] = '\0';
	return options_parse(argc, argv, &options, &why);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static int parse_o(const char *list)
{
	return PARSE("-o", list, "STORE", "MOUNT");
}

static void tear_down(void)
{
	options_fini(&options);
}

/* Whether the kernel and libfuse are told that word. */
static bool is_passed_on(const char *word)
{
	char *copy = strdup(options.mount), *rest = copy, *each;
	bool found = false;

	while ((each = strsep(&rest, ",")))
		found |= strcmp(each, word) == 0;
	free(copy);
	return found;
}

/* ---- the command line ---- */

START_TEST(store_and_mountpoint_are_all_it_takes)
{
	ck_assert_int_eq(PARSE("STORE", "MOUNT"), 0);
	ck_assert_str_eq(options.store, "STORE");
	ck_assert_str_eq(options.mountpoint, "MOUNT");
	ck_assert(!options.foreground && !options.debug && !options.help && !options.version);
	ck_assert(!options.noaggregator);
	ck_assert_int_eq(options.retention_ns, 0);
	ck_assert_uint_eq(options.windows, 0);
}
END_TEST

START_TEST(letters_mean_what_the_usage_says)
{
	ck_assert_int_eq(PARSE("-f", "STORE", "MOUNT"), 0);
	ck_assert(options.foreground && !options.debug);
	ck_assert_int_eq(PARSE("-d", "STORE", "MOUNT"), 0);
	ck_assert(options.foreground && options.debug);
	ck_assert_int_eq(PARSE("-h"), 0);
	ck_assert(options.help && !options.help_words);
	ck_assert_int_eq(PARSE("-o", "ro,help"), 0);
	ck_assert(options.help_words && !options.help);
	ck_assert_int_eq(PARSE("--help"), 0);
	ck_assert(options.help);
	ck_assert_int_eq(PARSE("-V"), 0);
	ck_assert(options.version);
	ck_assert_int_eq(PARSE("--version"), 0);
	ck_assert(options.version);
}
END_TEST

/* mount(8) puts the options last. */
START_TEST(options_may_follow_the_operands)
{
	ck_assert_int_eq(PARSE("STORE", "MOUNT", "-f", "-o", "noaggregator"), 0);
	ck_assert_str_eq(options.store, "STORE");
	ck_assert_str_eq(options.mountpoint, "MOUNT");
	ck_assert(options.foreground && options.noaggregator);
}
END_TEST

START_TEST(an_operand_too_few_or_too_many_is_told)
{
	ck_assert_int_eq(PARSE(NULL), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "STORE"));
	ck_assert_int_eq(PARSE("STORE"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "MOUNTPOINT"));
	ck_assert_int_eq(PARSE("STORE", "MOUNT", "more"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "more"));
}
END_TEST

START_TEST(an_unknown_letter_is_named)
{
	ck_assert_int_eq(PARSE("-q", "STORE", "MOUNT"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "-q"));
	ck_assert_int_eq(PARSE("--quick", "STORE", "MOUNT"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "--quick"));
	ck_assert_int_eq(PARSE("STORE", "MOUNT", "-o"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "-o"));
}
END_TEST

/* ---- the words of -o ---- */

START_TEST(words_for_others_are_dropped)
{
	static const char *const words[] = {"auto", "noauto", "user", "nouser", "users", "owner",
		"group", "nofail", "_netdev", "defaults", "dev", "suid", "relatime", "norelatime",
		"strictatime", "lazytime", "nodiratime", "comment=anything", "x-systemd.automount",
		"x-systemd.requires=/srv", "X-mount.mkdir", "user=ann", "nousers", "noowner",
		"nogroup", "uhelper=udisks2", "helper=udisks2", "silent", "loud", "mand", "nomand",
		"iversion", "noiversion", "nosymfollow", "symfollow"};

	for (size_t i = 0; i < COUNT(words); i++) {
		ck_assert_msg(parse_o(words[i]) == 0, "%s: %s", words[i], why.text);
		ck_assert_msg(!is_passed_on(words[i]), "%s", words[i]);
	}
}
END_TEST

START_TEST(words_for_the_kernel_are_passed_on)
{
	static const char *const words[] = {"exec", "noexec", "sync", "async", "dirsync", "atime",
		"noatime", "allow_other", "allow_root", "fsname=a b"};

	for (size_t i = 0; i < COUNT(words); i++) {
		ck_assert_msg(parse_o(words[i]) == 0, "%s: %s", words[i], why.text);
		ck_assert_msg(is_passed_on(words[i]), "%s", words[i]);
	}
}
END_TEST

START_TEST(what_is_always_on_cannot_be_turned_off)
{
	static const char *const lists[] = {"rw", "suid,dev", "nosuid,nodev,default_permissions"};

	for (size_t i = 0; i < COUNT(lists); i++) {
		ck_assert_int_eq(parse_o(lists[i]), 0);
		ck_assert(is_passed_on("default_permissions"));
		ck_assert(is_passed_on("nosuid") && !is_passed_on("suid"));
		ck_assert(is_passed_on("nodev") && !is_passed_on("dev"));
	}
}
END_TEST

START_TEST(words_may_be_many_in_many_lists)
{
	ck_assert_int_eq(PARSE("-o", "rw,noatime,,nofail", "-oretention=1h,noaggregator", "STORE",
				 "MOUNT", "-o", "windows=day,allow_other"),
		0);
	ck_assert(!options.read_only && is_passed_on("noatime") && is_passed_on("allow_other"));
	ck_assert(options.noaggregator);
	ck_assert_int_eq(options.retention_ns, 3600 * NS_PER_SECOND);
	ck_assert_uint_eq(options.windows, KIND(ALL) | KIND(DAY));
}
END_TEST

START_TEST(an_unknown_word_is_named)
{
	static const char *const words[] = {"bogus", "bogus=1", "rww", "r", "noaggregators",
		"noaggregator=1", "retention", "windows", "fsname", "RW", "comment", "x", "allow"};

	for (size_t i = 0; i < COUNT(words); i++) {
		char list[64];

		(void)snprintf(list, sizeof(list), "rw,%s,nofail", words[i]);
		ck_assert_msg(parse_o(list) == -EINVAL, "%s", words[i]);
		ck_assert_msg(strstr(why.text, words[i]) != NULL, "%s: %s", words[i], why.text);
		ck_assert_ptr_null(strchr(why.text, '\n'));
	}
}
END_TEST

/* libfuse takes the words apart again, and a backslash for the sign that a comma is none. */
START_TEST(the_name_of_the_source_is_passed_on_as_it_is)
{
	ck_assert_int_eq(parse_o("fsname=x\\,noexec"), 0);
	ck_assert_str_eq(options.mount, "default_permissions,nosuid,nodev,fsname=x\\\\,noexec");
	ck_assert_int_eq(parse_o("noexec,fsname=\\a\\\\b"), 0);
	ck_assert_str_eq(
		options.mount, "default_permissions,nosuid,nodev,noexec,fsname=\\\\a\\\\\\\\b");
}
END_TEST

START_TEST(a_source_without_a_name_is_refused)
{
	ck_assert_int_eq(parse_o("rw,fsname=,noexec"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "fsname="));
}
END_TEST

START_TEST(a_retention_is_a_time_above_nothing)
{
	static const char *const bad[] = {"retention=", "retention=0", "retention=0h",
		"retention=-1h", "retention=1y", "retention=soon"};

	ck_assert_int_eq(parse_o("retention=24h"), 0);
	ck_assert_int_eq(options.retention_ns, RETENTION_NS_DEFAULT);
	ck_assert_int_eq(parse_o("retention=90"), 0);
	ck_assert_int_eq(options.retention_ns, 90 * NS_PER_SECOND);
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(parse_o(bad[i]) == -EINVAL, "%s", bad[i]);
		ck_assert_msg(strstr(why.text, bad[i]) != NULL, "%s: %s", bad[i], why.text);
	}
}
END_TEST

START_TEST(the_kinds_of_windows_may_follow_with_commas)
{
	ck_assert_int_eq(parse_o("windows=all,month,day,rw"), 0);
	ck_assert_uint_eq(options.windows, KIND(ALL) | KIND(MONTH) | KIND(DAY));
	ck_assert(!options.read_only);
	ck_assert_int_eq(parse_o("noatime,windows=hour"), 0);
	ck_assert_uint_eq(options.windows, KIND(ALL) | KIND(HOUR));
	ck_assert_int_eq(parse_o("windows=week:year,nofail"), 0);
	ck_assert_uint_eq(options.windows, KIND(ALL) | KIND(WEEK) | KIND(YEAR));
	ck_assert_int_eq(parse_o("day,windows=day"), -EINVAL);
}
END_TEST

START_TEST(windows_that_are_none_are_named)
{
	static const char *const bad[] = {"windows=", "windows=fortnight", "windows=2026",
		"windows=day:", "windows=a-word-that-is-longer-than-any"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(parse_o(bad[i]) == -EINVAL, "%s", bad[i]);
		ck_assert_msg(strstr(why.text, bad[i]) != NULL, "%s: %s", bad[i], why.text);
	}
}
END_TEST

/* ---- values ---- */

START_TEST(durations_are_numbers_with_a_unit)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = {{"0", 0}, {"1", 1}, {"45s", 45}, {"30m", 1800}, {"24h", 86400},
		{"90d", 7776000}, {"007d", 604800}, {"106650d", INT64_C(9214560000)},
		{"9214646399s", 9214646399}};

	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t ns = UNTOUCHED;

		ck_assert_msg(duration_parse(good[i].text, &ns) == 0, "%s", good[i].text);
		ck_assert_int_eq(ns, good[i].seconds * NS_PER_SECOND);
	}
}
END_TEST

START_TEST(what_is_no_duration_is_refused_and_nothing_written)
{
	static const char *const bad[] = {"", " ", "d", "-1", "+1", " 1", "1 ", "1 d", "1w", "1D",
		"1dd", "1d2h", "1.5h", "1e3", "0x10", "s1", "106651d", "9214646400",
		"9223372036854775807", "9223372036854775808", "99999999999999999999d"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t ns = UNTOUCHED;

		ck_assert_msg(duration_parse(bad[i], &ns) == -EINVAL, "'%s'", bad[i]);
		ck_assert_int_eq(ns, UNTOUCHED);
	}
}
END_TEST

START_TEST(all_time_is_always_among_the_windows)
{
	static const struct {
		const char *text;
		window_kinds_t windows;
	} good[] = {
		{"all", KIND(ALL)},
		{"day", KIND(ALL) | KIND(DAY)},
		{"day,day", KIND(ALL) | KIND(DAY)},
		{"all,month,day", WINDOW_KINDS_DEFAULT},
		{"day:month+all", WINDOW_KINDS_DEFAULT},
		{"year,week,hour", KIND(ALL) | KIND(YEAR) | KIND(WEEK) | KIND(HOUR)},
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		window_kinds_t windows = 0;

		ck_assert_msg(window_kinds_parse(good[i].text, &windows) == 0, "%s", good[i].text);
		ck_assert_uint_eq(windows, good[i].windows);
	}
}
END_TEST

START_TEST(unknown_or_missing_windows_are_refused_and_nothing_written)
{
	static const char *const bad[] = {"", ",", "day,", ",day", "days", "Day", "day month",
		"all,fortnight", "a-word-that-is-longer-than-any"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		window_kinds_t windows = 4711;

		ck_assert_msg(window_kinds_parse(bad[i], &windows) == -EINVAL, "'%s'", bad[i]);
		ck_assert_uint_eq(windows, 4711);
	}
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *line = new_case(suite, "command line");
	TCase *words = new_case(suite, "words");
	TCase *values = new_case(suite, "values");

	tcase_add_test(line, store_and_mountpoint_are_all_it_takes);
	tcase_add_test(line, letters_mean_what_the_usage_says);
	tcase_add_test(line, options_may_follow_the_operands);
	tcase_add_test(line, an_operand_too_few_or_too_many_is_told);
	tcase_add_test(line, an_unknown_letter_is_named);

	tcase_add_test(words, words_for_others_are_dropped);
	tcase_add_test(words, words_for_the_kernel_are_passed_on);
	tcase_add_test(words, what_is_always_on_cannot_be_turned_off);
	tcase_add_test(words, words_may_be_many_in_many_lists);
	tcase_add_test(words, an_unknown_word_is_named);
	tcase_add_test(words, the_name_of_the_source_is_passed_on_as_it_is);
	tcase_add_test(words, a_source_without_a_name_is_refused);
	tcase_add_test(words, a_retention_is_a_time_above_nothing);
	tcase_add_test(words, the_kinds_of_windows_may_follow_with_commas);
	tcase_add_test(words, windows_that_are_none_are_named);

	tcase_add_test(values, durations_are_numbers_with_a_unit);
	tcase_add_test(values, what_is_no_duration_is_refused_and_nothing_written);
	tcase_add_test(values, all_time_is_always_among_the_windows);
	tcase_add_test(values, unknown_or_missing_windows_are_refused_and_nothing_written);
	return fixture_run(suite);
}
