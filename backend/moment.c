#include "backend/moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/window.h"

#define SECOND_NS INT64_C(1000000000)
#define DAY_S     INT64_C(86400)

/* Writes @digits digits of @number, with zeros in front. */
static void put(char *at, int digits, int64_t number)
{
	while (digits--) {
		at[digits] = (char)('0' + number % 10);
		number /= 10;
	}
}

/* Most moments in a row are of the same day. */
static const char *date_of(int64_t day)
{
	static _Thread_local int64_t cached = -1;
	static _Thread_local char text[sizeof("2026-11-22T")];
	time_t midnight = (time_t)(day * DAY_S);
	struct tm tm;

	if (day == cached)
		return text;
	(void)gmtime_r(&midnight, &tm);
	(void)memcpy(text, "0000-00-00T", sizeof(text));
	put(text, 4, tm.tm_year + 1900);
	put(text + 5, 2, tm.tm_mon + 1);
	put(text + 8, 2, tm.tm_mday);
	cached = day;
	return text;
}

void moment_format(int64_t moment_ns, char *ret_text)
{
	int64_t seconds = moment_ns / SECOND_NS, of_day = seconds % DAY_S;

	memcpy(ret_text, date_of(seconds / DAY_S), 11);
	memcpy(ret_text + 11, "00:00:00.000000000Z", 19);
	put(ret_text + 11, 2, of_day / 3600);
	put(ret_text + 14, 2, of_day / 60 % 60);
	put(ret_text + 17, 2, of_day % 60);
	put(ret_text + 20, 9, moment_ns % SECOND_NS);
}

/* ---- reading ---- */

struct text {
	const char *at;
	const char *end;
};

/* Takes @digits digits that make a number from @least to @most. */
static int take_number(struct text *text, int digits, int least, int most, int *ret_number)
{
	int number = 0;

	for (; digits; digits--, text->at++) {
		if (text->at == text->end || *text->at < '0' || *text->at > '9')
			return -EINVAL;
		number = 10 * number + (*text->at - '0');
	}
	if (number < least || number > most)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

/* Takes one of the characters of @any. */
static int take_any(struct text *text, const char *any)
{
	if (text->at == text->end || !*text->at || !strchr(any, *text->at))
		return -EINVAL;
	text->at++;
	return 0;
}

static int take_date(struct text *text, struct tm *ret_tm)
{
	struct tm given, real;
	time_t seconds;
	int error = take_number(text, 4, 1969, 2262, &ret_tm->tm_year);

	error = error ? error : take_any(text, "-");
	error = error ? error : take_number(text, 2, 1, 12, &ret_tm->tm_mon);
	error = error ? error : take_any(text, "-");
	error = error ? error : take_number(text, 2, 1, 31, &ret_tm->tm_mday);
	if (error)
		return error;
	ret_tm->tm_year -= 1900;
	ret_tm->tm_mon--;
	given = *ret_tm;
	seconds = timegm(&given);
	(void)gmtime_r(&seconds, &real);
	return real.tm_mday == ret_tm->tm_mday ? 0 : -EINVAL; /* 30 February */
}

static int take_time(struct text *text, struct tm *ret_tm)
{
	int error = take_any(text, "Tt ");

	error = error ? error : take_number(text, 2, 0, 23, &ret_tm->tm_hour);
	error = error ? error : take_any(text, ":");
	error = error ? error : take_number(text, 2, 0, 59, &ret_tm->tm_min);
	error = error ? error : take_any(text, ":");
	error = error ? error : take_number(text, 2, 0, 60, &ret_tm->tm_sec);
	if (!error && ret_tm->tm_sec == 60)
		ret_tm->tm_sec = 59;
	return error;
}

static int take_fraction(struct text *text, int64_t *ret_ns)
{
	int64_t ns = 0;
	int digits = 0, digit;

	if (take_any(text, ".") < 0) {
		*ret_ns = 0;
		return 0;
	}
	for (; take_number(text, 1, 0, 9, &digit) == 0; digits++)
		ns = digits < 9 ? 10 * ns + digit : ns;
	if (digits == 0 || digits > 9)
		return -EINVAL;
	for (; digits < 9; digits++)
		ns *= 10;
	*ret_ns = ns;
	return 0;
}

/* How far local time is ahead of UTC. */
static int take_zone(struct text *text, int64_t *ret_seconds)
{
	int hours, minutes, error;
	char sign;

	if (text->at == text->end)
		return -EINVAL;
	sign = *text->at;
	error = take_any(text, "Zz+-");
	if (error || sign == 'Z' || sign == 'z') {
		*ret_seconds = 0;
		return error;
	}
	error = take_number(text, 2, 0, 23, &hours);
	error = error ? error : take_any(text, ":");
	error = error ? error : take_number(text, 2, 0, 59, &minutes);
	if (error)
		return error;
	*ret_seconds = (sign == '-' ? -60 : 60) * (hours * INT64_C(60) + minutes);
	return 0;
}

int moment_parse(const char *text, size_t length, int64_t *ret_moment_ns)
{
	struct text rest = {text, text + length};
	struct tm tm = {0};
	int64_t ns = 0, ahead = 0, seconds;
	int error = take_date(&rest, &tm);

	error = error ? error : take_time(&rest, &tm);
	error = error ? error : take_fraction(&rest, &ns);
	error = error ? error : take_zone(&rest, &ahead);
	if (error || rest.at != rest.end)
		return -EINVAL;
	seconds = (int64_t)timegm(&tm) - ahead;
	if (seconds < 0 || seconds > MOMENT_NS_MAX / SECOND_NS)
		return -EINVAL;
	*ret_moment_ns = seconds * SECOND_NS + ns;
	return 0;
}

int duration_parse(const char *text, int64_t *ret_ns)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", DAY_S}};
	char *end;
	long long number;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		int64_t unit_ns = units[i].seconds * SECOND_NS;

		if (strcmp(end, units[i].unit) != 0)
			continue;
		if (number > MOMENT_NS_MAX / unit_ns)
			return -EINVAL;
		*ret_ns = number * unit_ns;
		return 0;
	}
	return -EINVAL;
}
