#include "backend/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fixture.h"

/* Of fsck(8). */
enum {
	CLEAN = 0,
	CORRECTED = 1,
	LEFT = 4,
	FAILED = 8,
	USAGE = 16
};

#define ALL_KINDS ((1u << WINDOW_KINDS) - 1)

/* ---- checking ---- */

/* What one check had to say. */
struct report {
	struct check_summary summary;
	int64_t count;
	char text[16384]; /* " CODE PLACE: expected X, found Y" a line, as many as fit */
};

static void take_finding(void *arg, const struct finding *finding)
{
	struct report *report = arg;
	size_t used = strlen(report->text);

	report->count++;
	(void)snprintf(report->text + used, sizeof(report->text) - used,
		" %s %s: expected %s, found %s\n", finding->kind->code, finding->place,
		finding->expected, finding->found);
}

static struct report *check_now(void)
{
	static struct report report;
	const struct check_options options = {.finding = take_finding, .arg = &report};
	struct complaint why = {""};

	report = (struct report){.count = 0};
	ck_assert_msg(
		store_check(fixture.path, &options, &report.summary, &why) == 0, "%s", why.text);
	return &report;
}

static bool reports(const struct report *report, const char *code)
{
	char mark[8];

	(void)snprintf(mark, sizeof(mark), " %s ", code);
	return strstr(report->text, mark);
}

static void must_be_clean(void)
{
	struct report *report = check_now();

	ck_assert_msg(report->count == 0, "%s", report->text);
	ck_assert_int_gt(report->summary.checks, 0);
}

/* ---- programs ---- */

static void become(const char *program, char *argv[])
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 64);

	path[length > 0 ? length : 0] = '\0';
	*strrchr(path, '/') = '\0';
	(void)snprintf(strrchr(path, '/'), 64, "/%s", program); /* beside tests/ */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)execv(path, argv);
	_exit(127);
}

/* Output goes to a file beside the store. */
static pid_t start(const char *program, const char *option, const char *operand)
{
	char *argv[] = {(char *)program, (char *)option, (char *)operand, NULL};
	char output[PATH_MAX];
	pid_t child;

	(void)snprintf(output, sizeof(output), "%s/output", fixture.directory);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		(void)dup2(fd, STDOUT_FILENO);
		(void)dup2(fd, STDERR_FILENO);
		become(program, argv);
	}
	return child;
}

static int run(const char *program, const char *option, const char *operand)
{
	int status = 0;
	pid_t child = start(program, option, operand);

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What the last program said. */
static const char *output(void)
{
	static char text[16384];
	char path[PATH_MAX];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/output", fixture.directory);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	return text;
}

static void fsck_says(const char *option, int status)
{
	int got = run("fsck.favfs", option, fixture.path);

	ck_assert_msg(
		got == status, "fsck.favfs %s: %d, expected %d\n%s", option, got, status, output());
}

/* ---- a store with something of everything ---- */

static void set_attribute(int64_t favorite, const char *name, const char *value)
{
	struct wish wish = {.change = {.kind = CHANGE_SET_ATTRIBUTE, .id = favorite}};

	(void)snprintf(wish.change.name, sizeof(wish.change.name), "%s", name);
	wish.change.value = value;
	wish.change.value_size = strlen(value);
	ck_assert_int_eq(wish_do(&wish), 0);
}

static void set_expiry(int64_t favorite, int64_t expires_ns)
{
	struct wish wish = {
		.change = {.kind = CHANGE_SET_EXPIRY, .id = favorite, .created_ns = expires_ns}};

	ck_assert_int_eq(wish_do(&wish), 0);
}

/*
 * Changes 1 to 9 are counted, 10 to 13 wait.  Favourites 1 (noma, alice), 2 (noma, bob; goes
 * while it waits), 4 (wong-kei, erin), 5 (wong-kei, alice), 6 (st-john, carol; waits).
 */
static void fill(void)
{
	int64_t noma = make_place("noma"), wong_kei = make_place("wong-kei"), st_john;

	ck_assert_int_eq(mark(noma, "alice"), 0); /* 1 */
	ck_assert_int_eq(mark(noma, "bob"), 0);
	ck_assert_int_eq(mark(noma, "carol"), 0);
	fixture_clock_ns += NS_PER_DAY;
	ck_assert_int_eq(mark(wong_kei, "dave"), 0);
	ck_assert_int_eq(mark(wong_kei, "alice"), 0);
	(void)sync_derived();
	ck_assert_int_eq(unmark(noma, "carol"), 0);
	ck_assert_int_eq(set_created(favorite_of(noma, "bob").id, START_NS - 40 * NS_PER_DAY), 0);
	ck_assert_int_eq(move_favorite(wong_kei, "dave", wong_kei, "erin"), 0); /* 8, 9 */
	set_attribute(favorite_of(noma, "alice").id, "user.note", "best table by the door");
	set_attribute(favorite_of(noma, "alice").id, "user.x", "");
	set_expiry(favorite_of(wong_kei, "alice").id, START_NS + 900 * NS_PER_DAY);
	(void)sync_derived();

	st_john = make_place("st-john");
	ck_assert_int_eq(mark(st_john, "carol"), 0); /* 10 */
	ck_assert_int_eq(unmark(noma, "bob"), 0);
	ck_assert_int_eq(set_created(favorite_of(noma, "alice").id, START_NS - NS_PER_DAY), 0);
	ck_assert_int_eq(set_created(favorite_of(wong_kei, "erin").id, START_NS), 0); /* 13 */
}

/* Closed, and all that it holds in the databases themselves. */
static void fill_and_close(void)
{
	fill();
	serve_end();
	sql_run("derived.db", "PRAGMA wal_checkpoint(TRUNCATE)");
	sql_run("favorites.db", "PRAGMA wal_checkpoint(TRUNCATE)");
}

START_TEST(a_sound_store_gives_no_finding_and_all_of_it_was_looked_at)
{
	const struct check_summary *summary;

	fill();
	summary = &check_now()->summary;
	ck_assert_int_eq(check_now()->count, 0);
	ck_assert_int_eq(summary->restaurants, 3);
	ck_assert_int_eq(summary->favorites, 4);
	ck_assert_int_eq(summary->attributes, 2);
	ck_assert_int_eq(summary->changes, 13);
	ck_assert_int_ge(summary->counts, 8);
	ck_assert_int_ge(summary->rankings, 5);
	ck_assert_int_eq(summary->users, 3);
	ck_assert_int_eq(summary->links, 4);
	ck_assert_int_eq(summary->position, 9);
	ck_assert_int_gt(summary->checks, 60);
	serve_end();
	must_be_clean();
	fsck_says("-n", CLEAN);
	fsck_says("-y", CLEAN);
	fsck_says("--rebuild", CLEAN);
	must_be_clean();
	ck_assert_int_eq(sql_number("derived.db", "SELECT seq FROM position"), 13);
}
END_TEST

START_TEST(every_kind_of_window_is_checked)
{
	/* Ends of years, leap days, weeks of two years, the first and the last moment. */
	static const int64_t days[] = {0, 1, 2, 3, 4, 364, 365, 789, 790, 10956, 11016, 18261,
		18262, 18627, 20819, 106650};
	int64_t noma;

	fixture.windows = ALL_KINDS;
	serve();
	noma = make_place("noma");
	mark_many(noma, "u", 2 * COUNT(days));
	for (size_t i = 0; i < COUNT(days); i++) {
		char user[16];

		(void)snprintf(user, sizeof(user), "u%zu", i);
		ck_assert_int_eq(set_created(favorite_of(noma, user).id, days[i] * NS_PER_DAY), 0);
		(void)snprintf(user, sizeof(user), "u%zu", i + COUNT(days));
		ck_assert_int_eq(
			set_created(favorite_of(noma, user).id, (days[i] + 1) * NS_PER_DAY - 1), 0);
	}
	(void)sync_derived();
	must_be_clean();
	ck_assert_int_ge(check_now()->summary.counts, 16 + 16 + 32);
}
END_TEST

#define PEOPLE 30

/* A moment that clocks are known to stumble over, a little off, or any. */
static int64_t stumble(unsigned *seed)
{
	/* Ends of years and months, leap days, days on which clocks are changed. */
	static const int64_t days[] = {0, 59, 364, 789, 790, 10956, 11016, 18261, 18321, 20541,
		20752, 20758, 47540, 106650};
	int64_t day = days[(size_t)rand_r(seed) % COUNT(days)];

	if (rand_r(seed) % 4 == 0)
		day = rand_r(seed) % 106650;
	return day * NS_PER_DAY + rand_r(seed) % 86400 * NS_PER_SECOND + rand_r(seed) % 2;
}

START_TEST(a_clock_that_jumps_about_loses_nothing_in_any_zone)
{
	static const char *const zones[] = {"UTC", "Europe/Berlin", "America/St_Johns",
		"Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati",
		"Africa/Monrovia"};
	int64_t made_ns[PEOPLE] = {0}, noma, alive = 0;
	unsigned seed = fixture_seed();
	bool there[PEOPLE] = {false};

	fixture.windows = ALL_KINDS;
	fixture.timezone = zones[_i];
	serve();
	noma = make_place("noma");
	for (int i = 0; i < 400; i++) {
		int who = rand_r(&seed) % PEOPLE;
		char user[16];

		(void)snprintf(user, sizeof(user), "u%d", who);
		fixture_clock_ns = stumble(&seed);
		ck_assert_int_eq(there[who] ? unmark(noma, user) : mark(noma, user), 0);
		there[who] = !there[who];
		made_ns[who] = fixture_clock_ns;
		if (i % 50 == 0)
			(void)sync_derived();
		if (i % 100 == 0)
			serve_again();
	}
	(void)sync_derived();
	for (int who = 0; who < PEOPLE; who++) {
		char user[16];

		(void)snprintf(user, sizeof(user), "u%d", who);
		ck_assert_int_eq(is_favorite(noma, user), there[who]);
		alive += there[who];
		if (there[who])
			ck_assert_int_eq(favorite_of(noma, user).created_ns, made_ns[who]);
	}
	ck_assert_int_eq(count_now("noma", window_named("all")), alive);
	ck_assert_int_eq(store_committed(fixture.store), 400);
	must_be_clean(); /* all windows, by another calendar */
}
END_TEST

START_TEST(a_store_that_was_never_used_is_sound)
{
	must_be_clean();
	serve_end();
	must_be_clean();
	fsck_says("-n", CLEAN);
	fsck_says("-y", CLEAN);
}
END_TEST

START_TEST(a_log_that_was_trimmed_is_sound)
{
	fill();
	(void)sync_derived();
	serve_end();
	sql_run("favorites.db", "DELETE FROM change WHERE seq < 13");
	must_be_clean();
}
END_TEST

START_TEST(what_has_expired_but_is_still_there_is_sound)
{
	fill();
	serve_end();
	fixture_clock_ns += 2000 * NS_PER_DAY;
	must_be_clean();
}
END_TEST

/* ---- damage ---- */

#define FAVORITES "favorites.db"
#define DERIVED   "derived.db"
#define UNCHECKED "PRAGMA ignore_check_constraints = on; "

#define SCHEMA(change) "PRAGMA writable_schema = on; " change "; PRAGMA writable_schema = off"

static const struct damage {
	const char *code;
	enum repair repair;
	const char *file;
	const char *sql;
} damages[] = {
	{"F003", REPAIR_NONE, FAVORITES, "PRAGMA application_id = 12345"},
	{"F004", REPAIR_NONE, FAVORITES, "PRAGMA user_version = 99"},
	{"F005", REPAIR_NONE, FAVORITES, "DROP TABLE attribute"},
	{"F005", REPAIR_NONE, FAVORITES, "DROP INDEX favorite_by_expiry"},
	{"F006", REPAIR_NONE, FAVORITES,
		SCHEMA("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema"
		       " WHERE name = 'change') WHERE name = 'favorite_by_expiry'")},
	{"F008", REPAIR_NONE, FAVORITES,
		"CREATE TRIGGER evil AFTER INSERT ON favorite BEGIN DELETE FROM favorite; END"},
	{"F009", REPAIR_FAVORITES, FAVORITES, "PRAGMA journal_mode = delete"},
	{"F010", REPAIR_NONE, FAVORITES, "DELETE FROM store"},
	{"F010", REPAIR_NONE, FAVORITES, "UPDATE store SET hash_key = x'00'"},
	{"F010", REPAIR_NONE, FAVORITES, "UPDATE store SET windows = 4096"},
	{"F011", REPAIR_NONE, FAVORITES, "DELETE FROM state"},
	{"F101", REPAIR_FAVORITES, FAVORITES, "UPDATE state SET favorites = favorites + 1"},
	{"F102", REPAIR_FAVORITES, FAVORITES, "UPDATE state SET restaurants = 0"},
	{"F103", REPAIR_FAVORITES, FAVORITES, "UPDATE state SET next_favorite = 2"},
	{"F104", REPAIR_FAVORITES, FAVORITES, "UPDATE state SET next_seq = 99"},
	{"F104", REPAIR_FAVORITES, FAVORITES, "UPDATE state SET next_seq = 3"},
	{"F105", REPAIR_FAVORITES, FAVORITES, "UPDATE state SET last_tag = last_tag + 1"},
	{"F106", REPAIR_FAVORITES, FAVORITES, "UPDATE state SET last_ns = last_ns + 1"},
	{"F107", REPAIR_FAVORITES, FAVORITES, "UPDATE state SET end_bytes = end_bytes - 1"},
	{"F108", REPAIR_FAVORITES, FAVORITES, "UPDATE sqlite_sequence SET seq = 1"},
	{"F108", REPAIR_FAVORITES, FAVORITES, "DELETE FROM sqlite_sequence"},
	{"F201", REPAIR_NONE, FAVORITES, "UPDATE restaurant SET name = 'a/b' WHERE id = 1"},
	{"F201", REPAIR_NONE, FAVORITES,
		"UPDATE restaurant SET name = CAST(x'1b5b33316d' AS TEXT) WHERE id = 1"},
	{"F202", REPAIR_NONE, FAVORITES, "UPDATE restaurant SET changed_ns = -1 WHERE id = 1"},
	{"F203", REPAIR_NONE, FAVORITES,
		"INSERT INTO restaurant (id, name, changed_ns) VALUES (1 << 40, 'far', 0)"},
	{"F204", REPAIR_NONE, FAVORITES, "UPDATE favorite SET user = '..' WHERE id = 1"},
	{"F205", REPAIR_NONE, FAVORITES, "UPDATE favorite SET created_ns = -5 WHERE id = 1"},
	{"F205", REPAIR_NONE, FAVORITES,
		"UPDATE favorite SET expires_ns = 9214646400000000000 WHERE id = 1"},
	{"F206", REPAIR_NONE, FAVORITES, "DELETE FROM restaurant WHERE name = 'noma'"},
	{"F207", REPAIR_NONE, FAVORITES, "UPDATE restaurant SET fans_made_ns = 0 WHERE id = 1"},
	{"F208", REPAIR_NONE, FAVORITES, "UPDATE favorite SET place = place + 1 WHERE id = 1"},
	{"F209", REPAIR_FAVORITES, FAVORITES,
		"UPDATE favorite SET attribute_bytes = attribute_bytes + 1 WHERE id = 1"},
	{"F209", REPAIR_FAVORITES, FAVORITES, "DELETE FROM attribute WHERE name = 'user.note'"},
	{"F210", REPAIR_FAVORITES, FAVORITES, "INSERT INTO attribute VALUES (99, 'user.x', x'00')"},
	{"F211", REPAIR_NONE, FAVORITES,
		"UPDATE attribute SET value = zeroblob(5000) WHERE name = 'user.note'"},
	{"F212", REPAIR_NONE, FAVORITES, "UPDATE attribute SET name = '' WHERE name = 'user.x'"},
	{"F213", REPAIR_NONE, FAVORITES, "UPDATE favorite SET uid = -1 WHERE id = 1"},
	{"F301", REPAIR_NONE, FAVORITES, "DELETE FROM change WHERE seq = 4"},
	{"F302", REPAIR_NONE, FAVORITES, "UPDATE change SET time_ns = 5 WHERE seq = 6"},
	{"F303", REPAIR_NONE, FAVORITES, "UPDATE change SET op = 7 WHERE seq = 1"},
	{"F303", REPAIR_NONE, FAVORITES, "UPDATE change SET created_ns = NULL WHERE seq = 1"},
	{"F303", REPAIR_NONE, FAVORITES, "UPDATE change SET created_ns = 5 WHERE seq = 6"},
	{"F304", REPAIR_NONE, FAVORITES,
		"UPDATE change SET end_bytes = end_bytes + 1 WHERE seq = 5"},
	{"F304", REPAIR_NONE, FAVORITES,
		"UPDATE change SET end_bytes = end_bytes + 1 WHERE seq = 1"},
	{"F305", REPAIR_NONE, FAVORITES,
		"UPDATE change SET user = CAST(x'ff' AS TEXT) WHERE seq = 3"},
	{"F306", REPAIR_NONE, FAVORITES, "UPDATE change SET created_ns = -7 WHERE seq = 3"},
	{"F307", REPAIR_NONE, FAVORITES,
		"UPDATE change SET op = 1, previous_ns = NULL, created_ns = 5 WHERE seq = 6"},
	{"F307", REPAIR_NONE, FAVORITES,
		"UPDATE change SET op = 2, previous_ns = created_ns, created_ns = NULL"
		" WHERE seq = 5"},
	{"F308", REPAIR_NONE, FAVORITES,
		"UPDATE change SET previous_ns = previous_ns + 1 WHERE seq = 11"},
	{"F309", REPAIR_NONE, FAVORITES, "DELETE FROM favorite WHERE id = 1"},
	{"F310", REPAIR_NONE, FAVORITES,
		"UPDATE change SET op = 2, previous_ns = created_ns, created_ns = NULL"
		" WHERE seq = 10"},
	{"F311", REPAIR_NONE, FAVORITES,
		"UPDATE favorite SET created_ns = created_ns + 1 WHERE id = 1"},
	{"F312", REPAIR_NONE, FAVORITES, "UPDATE change SET user = 'zoe' WHERE seq = 10"},
	{"F313", REPAIR_NONE, FAVORITES, "UPDATE change SET restaurant = 'nome' WHERE seq = 1"},
	{"F314", REPAIR_NONE, FAVORITES, "DELETE FROM change"},
	{"F403", REPAIR_DERIVED, DERIVED, "PRAGMA application_id = 12345"},
	{"F404", REPAIR_DERIVED, DERIVED, "PRAGMA user_version = 99"},
	{"F405", REPAIR_DERIVED, DERIVED, "DROP TABLE link"},
	{"F405", REPAIR_DERIVED, DERIVED, "DROP INDEX count_by_rank"},
	{"F406", REPAIR_DERIVED, DERIVED,
		SCHEMA("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema"
		       " WHERE name = 'user') WHERE name = 'count_by_rank'")},
	{"F408", REPAIR_DERIVED, DERIVED, "CREATE TABLE foreign_one (x)"},
	{"F409", REPAIR_DERIVED, DERIVED, "PRAGMA journal_mode = delete"},
	{"F501", REPAIR_DERIVED, DERIVED, "DELETE FROM position"},
	{"F502", REPAIR_DERIVED, DERIVED, "UPDATE position SET seq = 99"},
	{"F502", REPAIR_DERIVED, DERIVED, "UPDATE position SET seq = -1"},
	{"F503", REPAIR_DERIVED, DERIVED, "UPDATE position SET tag = tag + 1"},
	{"F603", REPAIR_DERIVED, DERIVED, "UPDATE position SET seq = 0, tag = 0"},
	{"F504", REPAIR_DERIVED, DERIVED, "UPDATE position SET zone_version = 5"},
	{"F601", REPAIR_DERIVED, DERIVED,
		"UPDATE count SET count = count + 1 WHERE restaurant = 'noma' AND window = 0"},
	{"F602", REPAIR_DERIVED, DERIVED, "DELETE FROM count WHERE restaurant = 'wong-kei'"},
	{"F603", REPAIR_DERIVED, DERIVED, "INSERT INTO count VALUES ('ghost', 0, 3, 5)"},
	{"F604", REPAIR_DERIVED, DERIVED, UNCHECKED "UPDATE count SET count = -1"},
	{"F605", REPAIR_DERIVED, DERIVED, "INSERT INTO count VALUES ('noma', 1 << 22, 0, 5)"},
	{"F605", REPAIR_DERIVED, DERIVED, "INSERT INTO count VALUES ('noma', 7 << 22, 1, 5)"},
	{"F606", REPAIR_DERIVED, DERIVED,
		"UPDATE count SET count = count + 1 WHERE restaurant = 'noma' AND window >> 22 = 2"},
	{"F606", REPAIR_DERIVED, DERIVED, "DELETE FROM count WHERE window >> 22 = 4"},
	{"F407", REPAIR_DERIVED, DERIVED, "UPDATE count SET count = 9223372036854775807"},
	{"F607", REPAIR_DERIVED, DERIVED, "UPDATE count SET changed_ns = -1"},
	{"F701", REPAIR_DERIVED, DERIVED, "UPDATE ranking SET rows = rows + 1 WHERE window = 0"},
	{"F702", REPAIR_DERIVED, DERIVED, "UPDATE ranking SET text_bytes = 1 WHERE window = 0"},
	{"F703", REPAIR_DERIVED, DERIVED, "DELETE FROM ranking"},
	{"F704", REPAIR_DERIVED, DERIVED, "INSERT INTO ranking VALUES (5 << 22, 1, 0, 0, 5)"},
	{"F705", REPAIR_DERIVED, DERIVED, "UPDATE ranking SET version = -3 WHERE window = 0"},
	{"F705", REPAIR_DERIVED, DERIVED, "UPDATE ranking SET version = 1 << 48"},
	{"F801", REPAIR_DERIVED, DERIVED, "INSERT INTO user VALUES (70, 'a' || char(10), 0, 5)"},
	{"F802", REPAIR_DERIVED, DERIVED, "UPDATE user SET favorites = 7 WHERE name = 'alice'"},
	{"F803", REPAIR_DERIVED, DERIVED, "DELETE FROM user WHERE name = 'alice'"},
	{"F804", REPAIR_DERIVED, DERIVED, "DELETE FROM link WHERE restaurant = 'wong-kei'"},
	{"F805", REPAIR_DERIVED, DERIVED,
		"INSERT INTO link SELECT id, 77, 5, 'ghost' FROM user WHERE name = 'alice'"},
	{"F805", REPAIR_DERIVED, DERIVED,
		"INSERT INTO link SELECT id, 3, 5, 'st-john' FROM user WHERE name = 'bob'"},
	{"F806", REPAIR_DERIVED, DERIVED, "UPDATE link SET created_ns = created_ns + 1"},
	{"F807", REPAIR_DERIVED, DERIVED, "UPDATE link SET restaurant = 'nome'"},
	{"F808", REPAIR_DERIVED, DERIVED, "INSERT INTO link VALUES (12345, 1, 5, 'noma')"},
	{"F809", REPAIR_DERIVED, DERIVED, "UPDATE user SET favorites = 0 WHERE name = 'alice'"},
};

static enum repair repair_of(const char *code)
{
	size_t count;
	const struct finding_kind *kinds = finding_kinds(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(kinds[i].code, code))
			return kinds[i].repair;
	ck_abort_msg("%s is no code", code);
}

/* After -y what can be repaired is, and what cannot is still told. */
static void must_be_found(const char *code, enum repair repair, const char *what)
{
	struct report *report = check_now();

	ck_assert_msg(reports(report, code), "%s is not reported as %s but as\n%s", what, code,
		report->text);
	ck_assert_int_eq(repair_of(code), repair);
	fsck_says("-n", LEFT);
	if (repair == REPAIR_NONE) {
		fsck_says("-y", LEFT);
		ck_assert_msg(reports(check_now(), code), "%s is no longer reported", code);
		return;
	}
	fsck_says("-p", repair == REPAIR_DERIVED ? CORRECTED : LEFT);
	fsck_says("-y", repair == REPAIR_DERIVED ? CLEAN : CORRECTED);
	must_be_clean();
	fsck_says("-n", CLEAN);
}

START_TEST(each_damage_is_reported_and_repaired_where_it_can_be)
{
	const struct damage *damage = &damages[_i];

	fill_and_close();
	must_be_clean();
	sql_run(damage->file, damage->sql);
	must_be_found(damage->code, damage->repair, damage->sql);
}
END_TEST

START_TEST(every_code_but_those_of_files_was_seen)
{
	/* F007 is for what breaks between two looks of the same check. */
	static const char *const elsewhere[] = {"F001", "F002", "F007", "F401", "F402"};
	size_t count, seen = 0;
	const struct finding_kind *kinds = finding_kinds(&count);

	for (size_t i = 0; i < count; i++) {
		bool found = false;

		for (size_t j = 0; j < COUNT(damages) && !found; j++)
			found = !strcmp(damages[j].code, kinds[i].code);
		for (size_t j = 0; j < COUNT(elsewhere) && !found; j++)
			found = !strcmp(elsewhere[j], kinds[i].code);
		ck_assert_msg(found, "%s is never tested", kinds[i].code);
		seen++;
	}
	ck_assert_uint_gt(seen, 50);
}
END_TEST

/* ---- damaged files ---- */

static void overwrite(const char *file, int64_t from, size_t size, int with)
{
	unsigned char bytes[8192];
	int fd = open(store_file(file), O_WRONLY | O_CLOEXEC);

	ck_assert_uint_le(size, sizeof(bytes));
	memset(bytes, with, size);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, size, from), (ssize_t)size);
	(void)close(fd);
}

static void truncate_to(const char *file, int64_t size)
{
	ck_assert_int_eq(truncate(store_file(file), size), 0);
}

static int64_t root_page(const char *file, const char *table)
{
	char sql[128];

	(void)snprintf(
		sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", table);
	return sql_number(file, sql);
}

static void zero_header(const char *file)
{
	overwrite(file, 0, 100, 0);
}

static void spoil_schema_page(const char *file)
{
	overwrite(file, 100, 3996, 0x5a);
}

static void cut_short(const char *file)
{
	truncate_to(file, 3 * 4096 + 100);
}

static void empty(const char *file)
{
	truncate_to(file, 0);
}

static void spoil_page_of_table(const char *file)
{
	int64_t page = root_page(file, strcmp(file, DERIVED) ? "favorite" : "count");

	overwrite(file, (page - 1) * 4096, 4096, 0xa5);
}

static void write_text(const char *file)
{
	truncate_to(file, 0);
	overwrite(file, 0, 8192, 'x');
}

static void take_away(const char *file)
{
	remove_database(file);
}

static const struct file_damage {
	const char *what;
	const char *code; /* of favorites.db; of derived.db it is F4.. */
	void (*spoil)(const char *file);
} file_damages[] = {
	{"a zeroed header", "F002", zero_header},
	{"a garbage first page", "F002", spoil_schema_page},
	{"a file cut short", "F002", cut_short},
	{"an empty file", "F003", empty},
	{"a garbage page of a table", "F006", spoil_page_of_table},
	{"a file of text", "F002", write_text},
	{"a missing file", "F001", take_away},
};

START_TEST(a_damaged_favorites_db_is_reported_and_nothing_is_made_of_it)
{
	const struct file_damage *damage = &file_damages[_i];

	fill_and_close();
	remove_database(DERIVED);
	(void)close(open(store_file(DERIVED), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	damage->spoil(FAVORITES);
	must_be_found(damage->code, REPAIR_NONE, damage->what);
}
END_TEST

START_TEST(a_damaged_derived_db_is_reported_and_made_anew)
{
	const struct file_damage *damage = &file_damages[_i];
	char code[8];

	fill_and_close();
	damage->spoil(DERIVED);
	(void)snprintf(code, sizeof(code), "F4%s", damage->code + 2);
	must_be_found(code, REPAIR_DERIVED, damage->what);
}
END_TEST

START_TEST(text_of_a_damaged_name_cannot_reach_a_terminal)
{
	fill_and_close();
	sql_run(FAVORITES, "UPDATE restaurant SET name = CAST(x'41c28b1b5b6d0a' AS TEXT)"
			   " WHERE id = 1");
	ck_assert_ptr_nonnull(strstr(
		check_now()->text, "F201 restaurants/A\\xc2\\x8b\\x1b[m\\x0a: expected a name"));
}
END_TEST

START_TEST(an_older_favorites_db_beside_a_newer_derived_db_is_reported)
{
	char old[PATH_MAX], command[3 * PATH_MAX];

	fill_and_close();
	(void)snprintf(old, sizeof(old), "%s/old.db", fixture.directory);
	(void)snprintf(command, sizeof(command), "cp %s %s", store_file(FAVORITES), old);
	ck_assert_int_eq(system(command), 0);
	serve();
	mark_many(1, "later", 10);
	(void)sync_derived();
	serve_end();
	remove_database(FAVORITES);
	(void)snprintf(command, sizeof(command), "cp %s %s", old, store_file(FAVORITES));
	ck_assert_int_eq(system(command), 0);
	must_be_found("F502", REPAIR_DERIVED, "a position of the future");
}
END_TEST

/* ---- while it is in use ---- */

static _Atomic bool enough;

static void *write_without_end(void *arg)
{
	int64_t *places = arg;

	for (int i = 0; !enough; i++) {
		int64_t place = places[i % 3];
		char user[16];

		(void)snprintf(user, sizeof(user), "u%d", i * 7 % 50);
		fixture_clock_ns += NS_PER_SECOND * 3600;
		if (mark(place, user) == 0 && i % 3 == 0)
			(void)move_favorite(place, user, places[(i + 1) % 3], user);
		if (i % 2)
			(void)unmark(place, user);
		if (i % 97 == 0)
			fixture_clock_ns += 400 * NS_PER_DAY;
		if (i % 1000 == 0)
			fixture_clock_ns = START_NS; /* a clock set back */
	}
	return NULL;
}

START_TEST(a_check_of_a_store_in_full_use_finds_nothing)
{
	int64_t places[] = {make_place("noma"), make_place("wong-kei"), make_place("st-john")};
	int64_t position = 0, moved = 0;
	pthread_t writer;
	pid_t aggregator;

	ck_assert_int_eq(mark(places[0], "alice"), 0);
	(void)sync_derived();
	aggregator = start("favfs-aggregator", "-f", fixture.path);
	ck_assert_int_eq(pthread_create(&writer, NULL, write_without_end, places), 0);
	for (int i = 0; i < 60; i++) {
		struct report *report = check_now();

		ck_assert_msg(report->count == 0, "%s", report->text);
		ck_assert_int_ge(report->summary.position, position);
		moved += report->summary.position > position;
		position = report->summary.position;
	}
	enough = true;
	(void)pthread_join(writer, NULL);
	(void)kill(aggregator, SIGTERM);
	ck_assert_int_eq(waitpid(aggregator, NULL, 0), aggregator);
	ck_assert_int_gt(moved, 10);
}
END_TEST

START_TEST(a_running_aggregator_counts_anew_when_it_is_told)
{
	pid_t aggregator;
	int64_t id;

	fill();
	(void)sync_derived();
	aggregator = start("favfs-aggregator", "-f", fixture.path);
	ck_assert_int_ge(store_derived_fd(fixture.store), 0);
	while (store_aggregator(fixture.store) != aggregator)
		(void)usleep(1000);
	sql_run(DERIVED, "UPDATE count SET count = count + 1; UPDATE user SET id = id + 100;"
			 "UPDATE link SET user = user + 100");
	id = sql_number(DERIVED, "SELECT id FROM user WHERE name = 'alice'");
	fsck_says("-n", LEFT);
	fsck_says("-p", CORRECTED);
	fsck_says("-n", CLEAN);
	ck_assert_int_eq(store_aggregator(fixture.store), aggregator);
	ck_assert_int_ne(sql_number(DERIVED, "SELECT id FROM user WHERE name = 'alice'"), id);
	fsck_says("--rebuild", CLEAN);
	ck_assert_int_eq(store_aggregator(fixture.store), aggregator);

	ck_assert_int_eq(mark(1, "zoe"), 0); /* and goes on from there */
	(void)kill(aggregator, SIGTERM);
	ck_assert_int_eq(waitpid(aggregator, NULL, 0), aggregator);
	ck_assert(!sync_derived());
	ck_assert_int_eq(count_now("noma", window_named("all")), 2);
	must_be_clean();
}
END_TEST

START_TEST(favorites_db_is_not_repaired_while_it_is_served)
{
	struct complaint why = {""};

	fill();
	(void)sync_derived();
	ck_assert_int_eq(store_repair(fixture.path, &why), -EBUSY);
	ck_assert_ptr_nonnull(strstr(why.text, "in use by pid"));
	sql_run(FAVORITES, "INSERT INTO attribute VALUES (99, 'user.x', x'00')");
	fsck_says("-y", LEFT);
	serve_end();
	fsck_says("-y", CORRECTED);
}
END_TEST

START_TEST(a_missing_derived_db_is_made)
{
	fill_and_close();
	remove_database(DERIVED);
	must_be_found("F401", REPAIR_DERIVED, "no derived.db");
}
END_TEST

/* ---- the program ---- */

START_TEST(what_is_no_store_cannot_be_checked)
{
	ck_assert_int_eq(run("fsck.favfs", "-n", "/nonexistent"), FAILED);
	ck_assert_int_eq(run("fsck.favfs", "-n", fixture.directory), FAILED);
	ck_assert_ptr_nonnull(strstr(output(), "not a store"));
	ck_assert_int_eq(run("fsck.favfs", "-n", "redis://somewhere"), FAILED);
	ck_assert_int_eq(run("fsck.favfs", "-n", "/dev/null"), FAILED);
	ck_assert_int_eq(run("fsck.favfs", "-n", NULL), USAGE);
	ck_assert_int_eq(run("fsck.favfs", "-k", fixture.path), USAGE);
	ck_assert_int_eq(run("fsck.favfs", "-ny", fixture.path), USAGE);
	ck_assert_int_eq(run("fsck.favfs", "--codes", NULL), CLEAN);
	ck_assert_ptr_nonnull(strstr(output(), "F601  a count is wrong (-y, -p)"));
	ck_assert_int_eq(run("fsck.favfs", "-V", NULL), CLEAN);
}
END_TEST

START_TEST(what_fsck_passes_on_is_taken)
{
	serve_end();
	fsck_says("-afprtvC0", CLEAN);
	fsck_says("-C", CLEAN);
}
END_TEST

static Suite *check_suite(void)
{
	Suite *suite = suite_create("check");
	TCase *served = fixture_case(suite, "served");
	TCase *bare = fixture_case_bare(suite, "bare");

	tcase_add_test(served, a_sound_store_gives_no_finding_and_all_of_it_was_looked_at);
	tcase_add_test(bare, every_kind_of_window_is_checked);
	tcase_add_loop_test(bare, a_clock_that_jumps_about_loses_nothing_in_any_zone, 0, 8);
	tcase_add_test(served, a_store_that_was_never_used_is_sound);
	tcase_add_test(served, a_log_that_was_trimmed_is_sound);
	tcase_add_test(served, what_has_expired_but_is_still_there_is_sound);
	tcase_add_loop_test(served, each_damage_is_reported_and_repaired_where_it_can_be, 0,
		(int)COUNT(damages));
	tcase_add_test(bare, every_code_but_those_of_files_was_seen);
	tcase_add_loop_test(served, a_damaged_favorites_db_is_reported_and_nothing_is_made_of_it, 0,
		(int)COUNT(file_damages));
	tcase_add_loop_test(served, a_damaged_derived_db_is_reported_and_made_anew, 0,
		(int)COUNT(file_damages) - 1);
	tcase_add_test(served, a_missing_derived_db_is_made);
	tcase_add_test(served, text_of_a_damaged_name_cannot_reach_a_terminal);
	tcase_add_test(served, an_older_favorites_db_beside_a_newer_derived_db_is_reported);
	tcase_add_test(served, a_check_of_a_store_in_full_use_finds_nothing);
	tcase_add_test(served, a_running_aggregator_counts_anew_when_it_is_told);
	tcase_add_test(served, favorites_db_is_not_repaired_while_it_is_served);
	tcase_add_test(bare, what_is_no_store_cannot_be_checked);
	tcase_add_test(served, what_fsck_passes_on_is_taken);
	return suite;
}

int main(void)
{
	return fixture_run(check_suite());
}
