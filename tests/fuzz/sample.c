#include "tests/fuzz/sample.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/support/fixture.h"

/* No test of libcheck runs here: what the fixture asserts is asserted (see the Makefile). */
void __wrap__mark_point(const char *file, int line);
void __wrap__ck_assert_failed(const char *file, int line, const char *expression, ...);

void __wrap__mark_point(const char *file, int line)
{
	(void)file;
	(void)line;
}

void __wrap__ck_assert_failed(const char *file, int line, const char *expression, ...)
{
	(void)fprintf(stderr, "%s:%d: %s\n", file, line, expression);
	abort();
}

static pid_t owner; /* of the directory: not a child of it */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_directory(void)
{
	if (getpid() == owner)
		(void)nftw(fixture.directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void sample_directory(void)
{
	const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	(void)snprintf(
		fixture.directory, sizeof(fixture.directory), "%s/favfs-fuzz.XXXXXX", memory);
	assert(mkdtemp(fixture.directory));
	owner = getpid();
	assert(atexit(remove_directory) == 0);
	(void)snprintf(fixture.path, sizeof(fixture.path), "%s/store", fixture.directory);
	atomic_store(&fixture_clock_ns, START_NS);
}

static void set_attribute(int64_t favorite, const char *name, const char *value)
{
	struct wish wish = {.change = {.kind = CHANGE_SET_ATTRIBUTE,
				    .id = favorite,
				    .value = value,
				    .value_size = strlen(value)}};

	(void)snprintf(wish.change.name, sizeof(wish.change.name), "%s", name);
	assert(wish_do(&wish) == 0);
}

static void set_expiry(int64_t favorite, int64_t expires_ns)
{
	struct wish wish = {
		.change = {.kind = CHANGE_SET_EXPIRY, .id = favorite, .created_ns = expires_ns}};

	assert(wish_do(&wish) == 0);
}

void sample_fill(void)
{
	int64_t noma, wong_kei, long_name;
	char name[NAME_BYTES_MAX + 1];

	fixture.windows = (1u << WINDOW_KINDS) - 1;
	serve();
	noma = make_place("noma");
	wong_kei = make_place("wong-kei");
	memset(name, 'n', NAME_BYTES_MAX);
	name[NAME_BYTES_MAX] = '\0';
	long_name = make_place(name);
	assert(make_restaurant("empty", NULL) == 0);
	mark_many(noma, "u", 40);
	mark_many(wong_kei, "fan of wong-kei ", 30);
	for (int i = 0; i < 30; i++) {
		(void)snprintf(name, sizeof(name), "u%d", i);
		assert(set_created(favorite_of(noma, name).id, START_NS - i * 40 * NS_PER_DAY) ==
			0);
		if (i % 3 == 0)
			assert(move_favorite(noma, name, long_name, name) == 0);
		else if (i % 3 == 1)
			assert(unmark(noma, name) == 0);
		fixture_clock_ns += NS_PER_DAY / 3;
	}
	set_attribute(favorite_of(noma, "u2").id, "user.note", "best table by the door");
	set_attribute(favorite_of(noma, "u2").id, "user.x", "");
	set_expiry(favorite_of(noma, "u5").id, START_NS + 900 * NS_PER_DAY);
	(void)sync_derived();
	mark_many(long_name, "new", 3);
	assert(unmark(noma, "u8") == 0);
}
