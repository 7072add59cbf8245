#include "backend/moment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/fixture.h"

#define RANDOM_MOMENTS 100000

/* 2261-12-31T23:59:59.999999999Z */
#define LAST_NS INT64_C(9214646399999999999)

/* The text that libc makes of it. */
static void expected_text(int64_t moment_ns, char ret_text[static 64])
{
	time_t seconds = moment_ns / NS_PER_SECOND;
	char date[32];
	struct tm tm;

	ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
	ck_assert_uint_eq(strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm), 19);
	(void)snprintf(ret_text, 64, "%s.%09" PRId64 "Z", date, moment_ns % NS_PER_SECOND);
}

static void formatted(int64_t moment_ns, char ret_text[static 64])
{
	memset(ret_text, '#', 64);
	moment_format(moment_ns, ret_text);
	if (ret_text[MOMENT_TEXT_BYTES] != '#')
		ck_abort_msg("%" PRId64 ": writes too much", moment_ns);
	ret_text[MOMENT_TEXT_BYTES] = '\0';
}

static void assert_round_trip(int64_t moment_ns)
{
	char text[64], expected[64];
	int64_t back = -1;
	int error;

	formatted(moment_ns, text);
	expected_text(moment_ns, expected);
	if (strcmp(text, expected) != 0)
		ck_abort_msg("%" PRId64 ": '%s', not '%s'", moment_ns, text, expected);
	error = moment_parse(text, MOMENT_TEXT_BYTES, &back);
	if (error || back != moment_ns)
		ck_abort_msg("'%s': error %d, %" PRId64, text, error, back);
}

static int64_t random_moment(unsigned *seed)
{
	uint64_t bits = 0;

	for (int i = 0; i < 5; i++)
		bits = bits << 15 ^ (unsigned)rand_r(seed);
	return (int64_t)(bits % (uint64_t)(LAST_NS + 1));
}

START_TEST(what_is_written_is_what_libc_writes_and_is_read_back)
{
	unsigned seed = fixture_seed();

	for (int i = 0; i < RANDOM_MOMENTS; i++) {
		int64_t moment_ns = random_moment(&seed);

		assert_round_trip(moment_ns);
		if (i % 3 == 0) /* the same day again, and the days beside it */
			assert_round_trip(moment_ns / NS_PER_DAY * NS_PER_DAY);
		if (i % 3 == 1 && moment_ns > NS_PER_DAY)
			assert_round_trip(moment_ns / NS_PER_DAY * NS_PER_DAY - 1);
	}
}
END_TEST

START_TEST(the_first_and_the_last_moment_are_written)
{
	char text[64];

	formatted(0, text);
	ck_assert_str_eq(text, "1970-01-01T00:00:00.000000000Z");
	formatted(LAST_NS, text);
	ck_assert_str_eq(text, "2261-12-31T23:59:59.999999999Z");
	formatted(0, text);
	ck_assert_str_eq(text, "1970-01-01T00:00:00.000000000Z");
}
END_TEST

/* ---- reading ---- */

static const struct {
	const char *text;
	const char *meaning;
} forms[] = {
	{"2026-11-22T18:18:07Z", "2026-11-22T18:18:07.000000000Z"},
	{"2026-11-22t18:18:07z", "2026-11-22T18:18:07.000000000Z"},
	{"2026-11-22 18:18:07Z", "2026-11-22T18:18:07.000000000Z"},
	{"2026-11-22T18:18:07.1Z", "2026-11-22T18:18:07.100000000Z"},
	{"2026-11-22T18:18:07.000001Z", "2026-11-22T18:18:07.000001000Z"},
	{"2026-11-22T18:18:07.123456789Z", "2026-11-22T18:18:07.123456789Z"},
	{"2026-11-22T18:18:07+00:00", "2026-11-22T18:18:07.000000000Z"},
	{"2026-11-22T18:18:07-00:00", "2026-11-22T18:18:07.000000000Z"},
	{"2026-11-22T18:18:07+01:00", "2026-11-22T17:18:07.000000000Z"},
	{"2026-11-22T18:18:07.5+05:45", "2026-11-22T12:33:07.500000000Z"},
	{"2026-11-22T18:18:07-08:30", "2026-11-23T02:48:07.000000000Z"},
	{"2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000000000Z"},
	{"2026-11-22T23:59:59+23:59", "2026-11-22T00:00:59.000000000Z"},
	{"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000000Z"},
	{"2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000000000Z"},
	{"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000000000Z"},
	{"2016-12-31T23:59:60.25Z", "2016-12-31T23:59:59.250000000Z"},
	{"2017-01-01T00:59:60+01:00", "2016-12-31T23:59:59.000000000Z"},
	{"1969-12-31T23:30:00-01:00", "1970-01-01T00:30:00.000000000Z"},
	{"2262-01-01T00:30:00+01:00", "2261-12-31T23:30:00.000000000Z"},
	{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000000Z"},
	{"2261-12-31T23:59:59.999999999Z", "2261-12-31T23:59:59.999999999Z"},
};

START_TEST(every_form_of_rfc_3339_is_read)
{
	int64_t moment_ns = -1;
	char text[64];

	if (moment_parse(forms[_i].text, strlen(forms[_i].text), &moment_ns) < 0)
		ck_abort_msg("'%s' is refused", forms[_i].text);
	formatted(moment_ns, text);
	ck_assert_msg(!strcmp(text, forms[_i].meaning), "'%s': %s, not %s", forms[_i].text, text,
		forms[_i].meaning);
}
END_TEST

static const char *const malformed[] = {
	"",
	"-",
	"now",
	"2026",
	"2026-11-22",
	"2026-11-22T",
	"2026-11-22T18",
	"2026-11-22T18:18",
	"2026-11-22T18:18:07",
	"2026-11-22T18:18Z",
	"2026-11-22T18:18:07.Z",
	"2026-11-22T18:18:07.1234567890Z",
	"2026-11-22T18:18:07,5Z",
	"2026-11-22T18:18:07.5",
	"2026-11-22T18:18:07.-5Z",
	"2026-11-22T18:18:07ZZ",
	"2026-11-22T18:18:07Z ",
	" 2026-11-22T18:18:07Z",
	"2026-11-22T18:18:07Z\n",
	"2026-11-22  18:18:07Z",
	"2026-11-22_18:18:07Z",
	"2026-11-22T18:18:07+0100",
	"2026-11-22T18:18:07+01",
	"2026-11-22T18:18:07+1:00",
	"2026-11-22T18:18:07+24:00",
	"2026-11-22T18:18:07+01:60",
	"2026-11-22T18:18:07+01:00Z",
	"2026-11-22T18:18:07 +01:00",
	"2026-11-22T18:18:07UTC",
	"2026-11-22T24:00:00Z",
	"2026-11-22T18:60:00Z",
	"2026-11-22T18:18:61Z",
	"2026-11-22T8:18:07Z",
	"2026-11-2T18:18:07Z",
	"2026-1-22T18:18:07Z",
	"026-11-22T18:18:07Z",
	"02026-11-22T18:18:07Z",
	"+2026-11-22T18:18:07Z",
	"2026/11/22T18:18:07Z",
	"2026-11-22T18.18.07Z",
	"20261122T181807Z",
	"2026-00-22T18:18:07Z",
	"2026-13-22T18:18:07Z",
	"2026-11-00T18:18:07Z",
	"2026-11-31T18:18:07Z",
	"2026-02-29T18:18:07Z",
	"2026-02-30T18:18:07Z",
	"2100-02-29T18:18:07Z",
	"2026-01-32T18:18:07Z",
	"1969-12-31T23:59:59Z",
	"1969-12-31T23:59:59.999999999Z",
	"1970-01-01T00:30:00+01:00",
	"1968-12-31T23:59:59Z",
	"0000-01-01T00:00:00Z",
	"2262-01-01T00:00:00Z",
	"2261-12-31T23:30:00-01:00",
	"2263-01-01T00:00:00Z",
	"9999-12-31T23:59:59Z",
	"-026-11-22T18:18:07Z",
	"2026-11-22T-8:18:07Z",
	"\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6-11-22T18:18:07Z",
};

START_TEST(anything_else_is_refused_and_gives_nothing)
{
	int64_t moment_ns = 4711;

	ck_assert_msg(moment_parse(malformed[_i], strlen(malformed[_i]), &moment_ns) == -EINVAL,
		"'%s' is read", malformed[_i]);
	ck_assert_int_eq(moment_ns, 4711);
}
END_TEST

/* A longer text, or a byte 0, must not make it what it is not. */
START_TEST(only_the_given_bytes_count)
{
	static const char text[] = "2026-11-22T18:18:07.25+01:00 and more";
	static const char zero[] = "2026-11-22T18:18:07Z\0";
	int64_t moment_ns = 4711;

	for (size_t length = 0; length < sizeof(text); length++)
		ck_assert_int_eq(moment_parse(text, length, &moment_ns),
			length == strlen("2026-11-22T18:18:07.25+01:00") ? 0 : -EINVAL);
	ck_assert_int_eq(moment_parse(zero, sizeof(zero) - 1, &moment_ns), -EINVAL);
	for (size_t at = 0; at < strlen("2026-11-22T18:18:07Z"); at++) {
		char cut[] = "2026-11-22T18:18:07Z";

		cut[at] = '\0';
		ck_assert_int_eq(moment_parse(cut, sizeof(cut) - 1, &moment_ns), -EINVAL);
	}
}
END_TEST

/* ---- durations ---- */

START_TEST(durations_are_seconds_or_have_a_unit)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} table[] = {
		{"90d", 90 * 86400},
		{"12h", 12 * 3600},
		{"30m", 1800},
		{"45s", 45},
		{"7", 7},
		{"0", 0},
		{"0d", 0},
		{"007", 7},
		{"1000000", 1000000},
		{"106650d", INT64_C(106650) * 86400},
		{"9214646399s", INT64_C(9214646399)},
		{"106651d", -1},
		{"9214646400", -1},
		{"9223372036854775807", -1},
		{"9223372036854775808s", -1},
		{"99999999999999999999999", -1},
		{"", -1},
		{"d", -1},
		{"-1d", -1},
		{"+1d", -1},
		{" 1d", -1},
		{"1d ", -1},
		{"1 d", -1},
		{"1.5h", -1},
		{"1w", -1},
		{"1y", -1},
		{"1D", -1},
		{"1dd", -1},
		{"1d12h", -1},
		{"0x10", -1},
		{"1e3", -1},
		{"now", -1},
		{"1\n", -1},
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		int64_t ns = 4711;
		int error = duration_parse(table[i].text, &ns);
		int64_t wanted_ns = table[i].seconds < 0 ? 4711 : table[i].seconds * NS_PER_SECOND;

		if (error != (table[i].seconds < 0 ? -EINVAL : 0) || ns != wanted_ns)
			ck_abort_msg("'%s': error %d, %" PRId64, table[i].text, error, ns);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("moment");
	TCase *tcase = tcase_create("moment");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 2 * PATIENCE_S);
	tcase_add_test(tcase, what_is_written_is_what_libc_writes_and_is_read_back);
	tcase_add_test(tcase, the_first_and_the_last_moment_are_written);
	tcase_add_loop_test(tcase, every_form_of_rfc_3339_is_read, 0, COUNT(forms));
	tcase_add_loop_test(tcase, anything_else_is_refused_and_gives_nothing, 0, COUNT(malformed));
	tcase_add_test(tcase, only_the_given_bytes_count);
	tcase_add_test(tcase, durations_are_seconds_or_have_a_unit);
	return fixture_run(suite);
}
