/* A name of a zone is taken or refused, and a refusal changes nothing. */
#include "backend/zone.h"

#include <errno.h>
#include <time.h>

#include "backend/window.h"
#include "tests/fuzz/fuzz.h"

#define ANY_MOMENT_NS INT64_C(1795371487123456789)

static void check_refused(int error, const char *before, int64_t version, int64_t hour)
{
	assert(error == -EINVAL || error == -ENOENT);
	assert(strcmp(zone_name(), before) == 0);
	assert(zone_version() == version && zone_hour(ANY_MOMENT_NS) == hour);
}

static void check_taken(const char *name)
{
	time_t seconds = ANY_MOMENT_NS / 1000000000;
	struct tm tm;

	assert(strcmp(zone_name(), name) == 0);
	assert(strlen(name) < ZONE_NAME_MAX && *name != '/' && !strchr(name, '.'));
	assert((zone_version() == 0) == (strcmp(name, "UTC") == 0));
	assert(zone_first_hour() == zone_hour(0) && zone_last_hour() == zone_hour(MOMENT_NS_MAX));
	assert(zone_first_hour() >= -26 && zone_first_hour() <= 26);
	assert(strcmp(name, "UTC") == 0 ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm));
	assert((zone_hour(ANY_MOMENT_NS) - tm.tm_hour) % 24 == 0);
}

static void check_from(const char *before, const char *name)
{
	int64_t version, hour;
	int error = zone_set(before);

	assert(error == 0);
	version = zone_version();
	hour = zone_hour(ANY_MOMENT_NS);
	error = zone_set(name);
	if (error)
		check_refused(error, before, version, hour);
	else
		check_taken(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = input_text(data, size);

	check_from("Europe/Berlin", name);
	check_from("UTC", name); /* with the C library's zone still another */
	free(name);
	return 0;
}
