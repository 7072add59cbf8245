/*
 * check_functions.c - what the statements of a check can call.
 */
#include <string.h>
#include <time.h>

#include "backend/sqlite/check.h"
#include "backend/sqlite/db.h"

static void name_ok(sqlite3_context *context, int count, sqlite3_value *values[])
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	int size = sqlite3_value_bytes(values[0]);

	(void)count;
	sqlite3_result_int(context, text && name_check_bytes(text, (size_t)size) == 0);
}

static void moment_ok(sqlite3_context *context, int count, sqlite3_value *values[])
{
	(void)count;
	sqlite3_result_int(context, moment_valid(sqlite3_value_int64(values[0])));
}

static void place_of(sqlite3_context *context, int count, sqlite3_value *values[])
{
	const struct check *check = sqlite3_user_data(context);
	const char *user = (const char *)sqlite3_value_text(values[0]);

	(void)count;
	if (user)
		sqlite3_result_int64(context, store_place(&check->store, user));
}

static void window_name(sqlite3_context *context, int count, sqlite3_value *values[])
{
	int64_t number = sqlite3_value_int64(values[0]);
	char text[WINDOW_TEXT_MAX];

	(void)count;
	if (number >= 0 && number <= UINT32_MAX && window_format((window_t)number, text))
		sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void window_number(sqlite3_context *context, int count, sqlite3_value *values[])
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	window_t window;

	(void)count;
	if (text && window_parse(text, &window) == 0)
		sqlite3_result_int64(context, (int64_t)window);
}

/* By the C library's word alone. */
static void local_hour(sqlite3_context *context, int count, sqlite3_value *values[])
{
	time_t s = sqlite3_value_int64(values[0]) / 1000000000;
	struct tm tm = {.tm_gmtoff = 0};

	(void)count;
	if (strcmp(zone_name(), ZONE_DEFAULT) != 0)
		(void)localtime_r(&s, &tm); /* fails in no year that favourites can be of */
	s += tm.tm_gmtoff;
	sqlite3_result_int64(context, (s - (s < 0 ? 3599 : 0)) / 3600);
}

static void name_of_zone(sqlite3_context *context, int count, sqlite3_value *values[])
{
	(void)count;
	(void)values;
	sqlite3_result_text(context, zone_name(), -1, SQLITE_TRANSIENT);
}

static void version_of_zone(sqlite3_context *context, int count, sqlite3_value *values[])
{
	(void)count;
	(void)values;
	sqlite3_result_int64(context, zone_version());
}

int check_add_functions(struct check *check, sqlite3 *db)
{
	static const struct {
		const char *name;
		int count; /* of arguments */
		void (*run)(sqlite3_context *, int, sqlite3_value *[]);
	} functions[] = {
		{"name_ok", 1, name_ok},
		{"moment_ok", 1, moment_ok},
		{"place_of", 1, place_of},
		{"window_name", 1, window_name},
		{"window_number", 1, window_number},
		{"local_hour", 1, local_hour},
		{"zone_name", 0, name_of_zone},
		{"zone_version", 0, version_of_zone},
	};
	const int traits = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	int error = 0;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions) && !error; i++)
		error = db_errno(sqlite3_create_function(db, functions[i].name, functions[i].count,
			traits, check, functions[i].run, NULL, NULL));
	return error;
}
