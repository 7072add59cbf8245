/* Moments and durations come back from their text; what is taken is what a calendar knows. */
#include "backend/moment.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "backend/window.h"
#include "tests/fuzz/fuzz.h"

static void check_written(int64_t moment_ns)
{
	char written[MOMENT_TEXT_BYTES + 1] = "", expected[64], seconds_text[32];
	time_t seconds = (time_t)(moment_ns / 1000000000);
	int64_t parsed = -1;
	struct tm tm;

	moment_format(moment_ns, written);
	assert(gmtime_r(&seconds, &tm));
	assert(strftime(seconds_text, sizeof(seconds_text), "%Y-%m-%dT%H:%M:%S", &tm));
	(void)snprintf(expected, sizeof(expected), "%s.%09lldZ", seconds_text,
		(long long)(moment_ns % 1000000000));
	assert(strcmp(written, expected) == 0);
	assert(moment_parse(written, MOMENT_TEXT_BYTES, &parsed) == 0 && parsed == moment_ns);
}

/* Of the fields of what was taken, as the C library reads them. */
static int64_t expected(const char *text)
{
	struct tm tm = {0};
	char digits[10] = "000000000", sign = '+';
	int hours = 0, minutes = 0, taken = 0, fraction = 0;

	assert(sscanf(text, "%4d-%2d-%2d%*c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		       &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &taken) == 6);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	tm.tm_sec = tm.tm_sec == 60 ? 59 : tm.tm_sec;
	if (sscanf(text + taken, ".%*9[0-9]%n", &fraction), fraction)
		memcpy(digits, text + taken + 1, (size_t)fraction - 1);
	(void)sscanf(text + taken + fraction, "%c%2d:%2d", &sign, &hours, &minutes);
	return ((int64_t)timegm(&tm) - (sign == '-' ? -60 : 60) * (hours * 60 + minutes)) *
		       1000000000 +
	       strtoll(digits, NULL, 10);
}

static void check_moment(const char *text, size_t size)
{
	char *exact = malloc(size ? size : 1);
	int64_t moment_ns = 4711;

	assert(exact);
	memcpy(exact, text, size);
	if (moment_parse(exact, size, &moment_ns) == 0) {
		assert(moment_valid(moment_ns) && strlen(text) == size);
		assert(moment_ns == expected(text));
		check_written(moment_ns);
	} else {
		assert(moment_ns == 4711);
	}
	free(exact);
}

static void check_duration(const char *text)
{
	int64_t ns = -4711, again = -1;
	char seconds[32];

	if (duration_parse(text, &ns) < 0) {
		assert(ns == -4711);
		return;
	}
	assert(ns >= 0 && ns <= MOMENT_NS_MAX && ns % 1000000000 == 0);
	assert(ns == 0 || ns / 1000000000 % strtoll(text, NULL, 10) == 0);
	(void)snprintf(seconds, sizeof(seconds), "%llds", (long long)(ns / 1000000000));
	assert(duration_parse(seconds, &again) == 0 && again == ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	char *text = input_text(data, size);

	check_moment(text, size);
	check_duration(text);
	free(text);
	check_written((int64_t)(input_number(&input, 8) % ((uint64_t)MOMENT_NS_MAX + 1)));
	return 0;
}
