/*
 * check_findings.c - what can be found, in one table, and how it is told.
 */
#include "backend/sqlite/check.h"

#include <assert.h>
#include <string.h>

#include "backend/printable.h"

/* A longer text is cut: two names and some words fit. */
#define FIELD_MAX 1024

static const struct finding_kind kinds[] = {
	{"F001", REPAIR_NONE, "favorites.db is missing"},
	{"F002", REPAIR_NONE, "favorites.db cannot be read as a database"},
	{"F003", REPAIR_NONE, "favorites.db is not favfs's"},
	{"F004", REPAIR_NONE, "favorites.db is of another version"},
	{"F005", REPAIR_NONE, "a table or index of favorites.db is missing or another"},
	{"F006", REPAIR_NONE, "SQLite finds favorites.db damaged"},
	{"F007", REPAIR_NONE, "rows of favorites.db cannot be read to the end"},
	{"F008", REPAIR_NONE, "favorites.db has a table, index, view or trigger too many"},
	{"F009", REPAIR_FAVORITES, "favorites.db is not in WAL mode"},
	{"F010", REPAIR_NONE, "the row about the store itself is wrong"},
	{"F011", REPAIR_NONE, "the row of counters is missing or there are several"},
	{"F101", REPAIR_FAVORITES, "the counter of favourites is wrong"},
	{"F102", REPAIR_FAVORITES, "the counter of restaurants is wrong"},
	{"F103", REPAIR_FAVORITES, "the next favourite would get the id of another"},
	{"F104", REPAIR_FAVORITES, "the next change would not get the number after the newest"},
	{"F105", REPAIR_FAVORITES, "the tag kept of the newest change is not its tag"},
	{"F106", REPAIR_FAVORITES, "the time kept of the newest change is not its time"},
	{"F107", REPAIR_FAVORITES, "the length kept of the log's text is wrong"},
	{"F108", REPAIR_FAVORITES, "the next restaurant could get the id of another"},
	{"F201", REPAIR_NONE, "a restaurant has an impossible name"},
	{"F202", REPAIR_NONE, "a restaurant has impossible times"},
	{"F203", REPAIR_NONE, "a restaurant has an impossible id"},
	{"F204", REPAIR_NONE, "a favourite has an impossible name"},
	{"F205", REPAIR_NONE, "a favourite has impossible times"},
	{"F206", REPAIR_NONE, "a favourite of a restaurant that does not exist"},
	{"F207", REPAIR_NONE, "a favourite of a restaurant that has no fans/"},
	{"F208", REPAIR_NONE, "a favourite in the wrong place: its name does not find it"},
	{"F209", REPAIR_FAVORITES, "the size kept of a favourite's attributes is wrong"},
	{"F210", REPAIR_FAVORITES, "an attribute of a favourite that does not exist"},
	{"F211", REPAIR_NONE, "more attributes than a favourite can have"},
	{"F212", REPAIR_NONE, "an attribute has an impossible name"},
	{"F213", REPAIR_NONE, "a favourite has an impossible owner or id"},
	{"F301", REPAIR_NONE, "changes are missing within the log"},
	{"F302", REPAIR_NONE, "time falls in the log"},
	{"F303", REPAIR_NONE, "a change is not what its kind demands"},
	{"F304", REPAIR_NONE, "the running length of the log's text is wrong"},
	{"F305", REPAIR_NONE, "a change has an impossible name"},
	{"F306", REPAIR_NONE, "a change has impossible times"},
	{"F307", REPAIR_NONE,
		"a favourite is added twice, or changed or removed without being there"},
	{"F308", REPAIR_NONE,
		"a change starts from another moment than the one before it ended with"},
	{"F309", REPAIR_NONE, "a favourite is missing that the log says is there"},
	{"F310", REPAIR_NONE, "a favourite is there that the log says is gone"},
	{"F311", REPAIR_NONE, "a favourite was made at another moment than the log says"},
	{"F312", REPAIR_NONE, "a favourite is there that the log has never heard of"},
	{"F313", REPAIR_NONE, "a restaurant has another name in the log"},
	{"F314", REPAIR_NONE, "the newest changes are missing"},
	{"F401", REPAIR_DERIVED, "derived.db is missing"},
	{"F402", REPAIR_DERIVED, "derived.db cannot be read as a database"},
	{"F403", REPAIR_DERIVED, "derived.db is not favfs's"},
	{"F404", REPAIR_DERIVED, "derived.db is of another version"},
	{"F405", REPAIR_DERIVED, "a table or index of derived.db is missing or another"},
	{"F406", REPAIR_DERIVED, "SQLite finds derived.db damaged"},
	{"F407", REPAIR_DERIVED, "rows of derived.db cannot be read to the end"},
	{"F408", REPAIR_DERIVED, "derived.db has a table, index, view or trigger too many"},
	{"F409", REPAIR_DERIVED, "derived.db is not in WAL mode"},
	{"F501", REPAIR_DERIVED, "there is no position, or several"},
	{"F502", REPAIR_DERIVED, "the position is not in the log"},
	{"F503", REPAIR_DERIVED, "the position is of another change with that number"},
	{"F504", REPAIR_DERIVED, "it was counted by other rules of the time zone than today's"},
	{"F601", REPAIR_DERIVED, "a count is wrong"},
	{"F602", REPAIR_DERIVED, "a count is missing"},
	{"F603", REPAIR_DERIVED, "a count of what nobody likes"},
	{"F604", REPAIR_DERIVED, "a count is negative"},
	{"F605", REPAIR_DERIVED, "a count in a window that the store does not count"},
	{"F606", REPAIR_DERIVED, "the parts of a window do not add up to it"},
	{"F607", REPAIR_DERIVED, "a count has an impossible name or time"},
	{"F701", REPAIR_DERIVED, "a ranking has the wrong number of rows"},
	{"F702", REPAIR_DERIVED, "a ranking has the wrong size"},
	{"F703", REPAIR_DERIVED, "a ranking is missing"},
	{"F704", REPAIR_DERIVED, "a ranking of a window that the store does not count"},
	{"F705", REPAIR_DERIVED, "a ranking has an impossible version or time"},
	{"F801", REPAIR_DERIVED, "a user has an impossible name or id"},
	{"F802", REPAIR_DERIVED, "a user has the wrong number of favourites"},
	{"F803", REPAIR_DERIVED, "a user is missing"},
	{"F804", REPAIR_DERIVED, "a user's favourite is missing"},
	{"F805", REPAIR_DERIVED, "a user's favourite that is none"},
	{"F806", REPAIR_DERIVED, "a user's favourite has another moment"},
	{"F807", REPAIR_DERIVED, "a user's favourite has another name"},
	{"F808", REPAIR_DERIVED, "a favourite of a user that does not exist"},
	{"F809", REPAIR_DERIVED, "a user has another number of favourites than are listed"},
};

const struct finding_kind *finding_kinds(size_t *ret_count)
{
	*ret_count = sizeof(kinds) / sizeof(*kinds);
	return kinds;
}

/* After these nothing should be counted from favorites.db. */
static const char spoiling[] = "F001 F002 F003 F004 F005 F006 F007 F010 F011";

static const struct finding_kind *find_kind(const char *code)
{
	const struct finding_kind *kind = kinds;

	while (kind < kinds + sizeof(kinds) / sizeof(*kinds) && strcmp(kind->code, code) != 0)
		kind++;
	assert(kind < kinds + sizeof(kinds) / sizeof(*kinds));
	return kind;
}

/* A damaged name must not reach a terminal as it is. */
void check_tell(struct check *check, const char *code, const char *place, const char *expected,
	const char *found)
{
	char texts[3][FIELD_MAX];
	struct finding finding = {
		.kind = find_kind(code),
		.place = printable(place, texts[0], FIELD_MAX),
		.expected = printable(expected, texts[1], FIELD_MAX),
		.found = printable(found, texts[2], FIELD_MAX),
	};

	check->summary.findings[finding.kind->repair]++;
	if (strstr(spoiling, code))
		check->damaged = true;
	check->options->finding(check->options->arg, &finding);
}

void check_progress(const struct check *check, const char *phase, size_t done, size_t all)
{
	if (check->options->progress)
		check->options->progress(check->options->arg, phase, (int)(100 * done / all));
}
