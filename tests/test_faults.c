/*
 * A script of everything that an engine does meets a call that fails: of the disk, or for
 * memory.  Whichever it is, once or for ever, the answer is an error that says so, what was
 * acknowledged is there afterwards, also after a power cut, the rest wholly or not at all, and
 * all works again when the call does.
 *
 *	FAVFS_TEST_FAULTS=all	every call there is, instead of some hundred
 *	FAVFS_TEST_SEED=	which
 *	FAVFS_TEST_CONTROL=sync-off	a disk that syncs nothing, to see the test fail
 */
#include "backend/backend.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/support/disk.h"
#include "tests/support/fixture.h"

#ifdef __SANITIZE_ADDRESS__
#define RUNS 8 /* of one kind of fault */
#else
#define RUNS 24
#endif

#define IMAGES_MAX 4 /* of one run */

#define MANY 150 /* lines of an import that makes SQLite's log be brought home */

/* ---- memory that runs out ---- */

static struct {
	atomic_uint calls;
	atomic_uint failures;
	atomic_uint nth; /* 0: none fails */
	atomic_bool for_ever;
} memory;

static bool has_run_out(void)
{
	unsigned nth = atomic_load(&memory.nth), n;

	if (!nth)
		return false;
	n = atomic_fetch_add(&memory.calls, 1) + 1;
	if (n < nth || (n > nth && !atomic_load(&memory.for_ever)))
		return false;
	atomic_fetch_add(&memory.failures, 1);
	return true;
}

static void run_out(unsigned nth, bool for_ever)
{
	atomic_store(&memory.calls, 0);
	atomic_store(&memory.failures, 0);
	atomic_store(&memory.for_ever, for_ever);
	atomic_store(&memory.nth, nth);
}

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int size)
{
	return has_run_out() ? NULL : sqlite_memory.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
	return has_run_out() ? NULL : sqlite_memory.xRealloc(old, size);
}

static void install_memory(void)
{
	sqlite3_mem_methods methods;

	(void)sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
	methods = sqlite_memory;
	methods.xMalloc = sqlite_malloc;
	methods.xRealloc = sqlite_realloc;
	(void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

/* ---- calls of the engine that tests stand between ---- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_fsync(int fd);
int __real_statvfs(const char *path, struct statvfs *ret_space);
int __wrap_statvfs(const char *path, struct statvfs *ret_space);
int __real_clock_gettime(clockid_t clock, struct timespec *ret_now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now);

void *__wrap_malloc(size_t size)
{
	return has_run_out() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return has_run_out() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return has_run_out() ? NULL : __real_realloc(old, size);
}

int __wrap_rename(const char *from, const char *to)
{
	int result = __real_rename(from, to);

	if (result == 0)
		disk_renamed(from, to);
	return result;
}

int __wrap_unlink(const char *path)
{
	int result = __real_unlink(path);

	if (result == 0)
		disk_unlinked(path);
	return result;
}

int __wrap_fsync(int fd)
{
	disk_directory_synced(fd);
	return 0;
}

/* Space is always short, so that logs are brought home early. */
int __wrap_statvfs(const char *path, struct statvfs *ret_space)
{
	int result = __real_statvfs(path, ret_space);

	ret_space->f_bavail = 0;
	return result;
}

static atomic_int seconds_gone; /* that nobody waited for */

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	int result = __real_clock_gettime(clock, ret_now);

	if (clock == CLOCK_MONOTONIC)
		ret_now->tv_sec += atomic_load(&seconds_gone);
	return result;
}

/* ---- what may be expected ---- */

/* What is true of a favourite, as far as answers tell. */
struct promise {
	bool is_kept; /* there, when @is_known */
	bool is_known; /* its last change was acknowledged */
};

enum favourite {
	ANN,
	BOB,
	CAROL,
	CAROL_MOVED, /* to the other restaurant */
	DAVE,
	IMPORTED,
	IMPORTED_TOO,
	MANY_FIRST,
	MANY_LAST,
	LATE,
	AGAIN,
	FAVOURITES,
};

static const struct {
	int place;
	const char *user;
} favourites[FAVOURITES] = {
	[ANN] = {0, "ann"},
	[BOB] = {0, "bob"},
	[CAROL] = {0, "carol"},
	[CAROL_MOVED] = {1, "carol"},
	[DAVE] = {0, "dave"},
	[IMPORTED] = {0, "imported"},
	[IMPORTED_TOO] = {1, "imported"},
	[MANY_FIRST] = {1, "many0"},
	[MANY_LAST] = {1, "many149"},
	[LATE] = {0, "late"},
	[AGAIN] = {0, "again"},
};

static const char *const places[] = {"noma", "taj-mahal"};

static struct script {
	const char *fault; /* for people */
	unsigned nth;
	bool is_memory;
	bool is_opening; /* what cannot be opened may be what is not there */
	bool has_failed; /* since the fault was set something said that it did */
	struct promise promises[FAVOURITES];
	bool ann_expires;
	bool place_known[COUNT(places)];
	int64_t ids[COUNT(places)];
} script;

#define FAIL(format, ...)                                                                          \
	do {                                                                                       \
		run_out(0, false); /* libcheck wants some, too */                                  \
		ck_abort_msg("%s %u: " format, script.fault, script.nth, ##__VA_ARGS__);           \
	} while (0)

/* Takes note of an answer: whether it succeeded. */
static bool judge(const char *what, int error)
{
	if (!error)
		return true;
	script.has_failed = true;
	if (error == -ENOENT && script.is_opening)
		return false;
	if (error != -EIO && error != -ENOSPC && (!script.is_memory || error != -ENOMEM))
		FAIL("%s: %s", what, strerror(-error));
	return false;
}

static void promise(enum favourite which, bool is_kept, bool is_known)
{
	script.promises[which] = (struct promise){is_kept, is_known};
}

/* ---- the script ---- */

static bool try_change(struct change *change, union changed *ret_after)
{
	struct wish wish = {.change = *change};
	int error = wish_do(&wish);

	if (wish.answers != 1)
		FAIL("%u answers", wish.answers);
	/* What failed before may not be there now. */
	if (script.has_failed && (error == -ENOENT || error == -EEXIST || error == -ENODATA))
		return false;
	if (ret_after && !error)
		*ret_after = wish.after;
	return judge("a change", error);
}

static bool change_favourite(enum change_kind kind, enum favourite which)
{
	struct change change = {.kind = kind, .id = script.ids[favourites[which].place]};
	bool done;

	(void)snprintf(change.name, sizeof(change.name), "%s", favourites[which].user);
	done = try_change(&change, NULL);
	promise(which, kind == CHANGE_MARK, done);
	return done;
}

static void make_places(void)
{
	for (size_t i = 0; i < COUNT(places); i++) {
		struct change make = {.kind = CHANGE_MAKE_RESTAURANT};
		struct change fans = {.kind = CHANGE_MAKE_FANS};
		union changed after = {.restaurant = {.id = 0}};

		(void)snprintf(make.name, sizeof(make.name), "%s", places[i]);
		script.place_known[i] = try_change(&make, &after);
		script.ids[i] = fans.id = after.restaurant.id;
		(void)try_change(&fans, NULL);
	}
}

static void move_carol(void)
{
	struct change change = {.kind = CHANGE_MOVE,
		.id = script.ids[0],
		.to_id = script.ids[1],
		.name = "carol",
		.to_name = "carol"};
	bool done = try_change(&change, NULL);

	promise(CAROL, false, done);
	promise(CAROL_MOVED, true, done);
}

static void import_few(void)
{
	const struct import_line lines[] = {
		{LOG_ADD, "noma", "imported", MOMENT_NONE},
		{LOG_ADD, "taj-mahal", "imported", START_NS},
		{LOG_REMOVE, "noma", "dave", MOMENT_NONE},
	};
	struct change change = {.kind = CHANGE_IMPORT, .lines = lines, .line_count = COUNT(lines)};
	bool done = try_change(&change, NULL);

	promise(IMPORTED, true, done);
	promise(IMPORTED_TOO, true, done);
	promise(DAVE, false, done);
}

/* Users with long names, for a log that is to be brought home. */
static void import_many(void)
{
	static char users[MANY][NAME_BYTES_MAX + 1];
	static struct import_line lines[MANY];
	struct change change = {.kind = CHANGE_IMPORT, .lines = lines, .line_count = MANY};
	bool done;

	for (int i = 0; i < MANY; i++) {
		memset(users[i], 'x', NAME_BYTES_MAX);
		(void)snprintf(users[i], NAME_BYTES_MAX, "many%d", i);
		if (i && i != MANY - 1)
			users[i][strlen(users[i])] = 'x';
		lines[i] = (struct import_line){LOG_ADD, "taj-mahal", users[i], MOMENT_NONE};
	}
	done = try_change(&change, NULL);
	promise(MANY_FIRST, true, done);
	promise(MANY_LAST, true, done);
}

static void change_ann(void)
{
	static const char value[1000] = "v";
	struct favorite favorite = {.id = 0};
	struct change changes[] = {
		{.kind = CHANGE_SET_ATTRIBUTE, .name = "user.a", .value = value},
		{.kind = CHANGE_SET_ATTRIBUTE, .name = "user.b", .value = value},
		{.kind = CHANGE_REMOVE_ATTRIBUTE, .name = "user.a"},
		{.kind = CHANGE_SET_CREATED, .created_ns = START_NS},
		{.kind = CHANGE_SET_OWNER, .uid = 7, .gid = 8},
		{.kind = CHANGE_SET_EXPIRY, .created_ns = fixture_clock_ns + NS_PER_DAY},
	};
	int error = reader_favorite(fixture.reader, script.ids[0], "ann", &favorite);

	if (error == -ENOENT && !script.promises[ANN].is_known)
		return;
	if (!judge("a favourite", error))
		return;
	for (size_t i = 0; i < COUNT(changes); i++) {
		changes[i].id = favorite.id;
		changes[i].value_size = sizeof(value);
		script.ann_expires = try_change(&changes[i], NULL); /* the last */
	}
}

/* What was expiring is gone with the next change. */
static void let_time_pass(void)
{
	atomic_fetch_add(&fixture_clock_ns, 10 * NS_PER_DAY);
	if (change_favourite(CHANGE_MARK, LATE))
		promise(ANN, false, script.ann_expires);
	else
		promise(ANN, false, false);
}

static void count_all(void)
{
	struct complaint why = {""};
	bool ignored;

	(void)judge("counting", try_sync_derived(&ignored, &why));
}

static bool take_none(void *arg, int64_t cookie, const char *user, const struct favorite *favorite)
{
	(void)arg;
	(void)cookie;
	(void)user;
	(void)favorite;
	return false;
}

static bool take_user(void *arg, int64_t cookie, const struct user *user)
{
	(void)cookie;
	(void)user;
	++*(int *)arg;
	return false;
}

static void read_ranking_held(struct ranking *ranking)
{
	struct ranking_info info;
	char text[4096];
	ssize_t got;

	ranking_info(ranking, &info);
	got = ranking_read(ranking, 0, text, sizeof(text));
	if (got < 0)
		(void)judge("a ranking", (int)got);
	else if (got != info.size_bytes)
		FAIL("a ranking of %d bytes, not %d", (int)got, (int)info.size_bytes);
	atomic_fetch_add(&seconds_gone, 60); /* held for long: it is copied */
	for (int i = 0; i < 20; i++)
		(void)reader_work(fixture.reader);
	got = ranking_read(ranking, 0, text, sizeof(text));
	if (got < 0)
		(void)judge("a ranking that is held", (int)got);
}

static void read_derived(void)
{
	struct ranking *ranking = NULL;
	struct ranking_info info;
	struct count count;
	window_t all = 0;
	int users = 0, error = window_parse("all", &all);

	store_derived_look(fixture.store);
	reader_refresh(fixture.reader);
	(void)judge("a count", reader_count(fixture.reader, "noma", all, &count));
	(void)judge("users", reader_users(fixture.reader, 0, take_user, &users));
	(void)judge("a ranking", reader_ranking(fixture.reader, all, &info));
	if (!error)
		error = ranking_open(fixture.reader, all, 0, &ranking);
	if (judge("a ranking", error))
		read_ranking_held(ranking);
	ranking_close(ranking);
}

static void read_favourites(void)
{
	struct restaurant restaurant;
	struct log_text text;
	char buffer[512];
	ssize_t got;

	(void)judge(
		"a listing", reader_favorites(fixture.reader, script.ids[0], 0, take_none, NULL));
	(void)reader_restaurant(fixture.reader, "noma", &restaurant);
	if (!judge("the log", reader_log_text(fixture.reader, &text)))
		return;
	got = reader_log_read(fixture.reader, text.start, buffer, sizeof(buffer));
	if (got < 0 && got != -ESTALE)
		(void)judge("the log", (int)got);
}

static bool open_store(void)
{
	struct store_options options = serving_options();
	struct complaint why = {""};
	int error = store_open(fixture.path, &options, &fixture.store, &why);

	if (!judge("opening", error))
		return false;
	if (judge("a reader", reader_open(fixture.store, &fixture.reader)))
		return true;
	store_close(fixture.store);
	fixture.store = NULL;
	return false;
}

static void act(void)
{
	struct change sync = {.kind = CHANGE_SYNC};

	make_places();
	for (int i = ANN; i <= CAROL; i++)
		(void)change_favourite(CHANGE_MARK, (enum favourite)i);
	(void)change_favourite(CHANGE_MARK, DAVE);
	(void)change_favourite(CHANGE_UNMARK, BOB);
	change_ann();
	move_carol();
	count_all();
	import_few();
	import_many();
	count_all();
	read_derived();
	read_favourites();
	let_time_pass();
	(void)try_change(&sync, NULL);
	count_all();
}

static void run_script(void)
{
	bool opened = open_store();

	if (opened)
		act();
	serve_end();
	if (opened && open_store())
		read_favourites();
}

/* ---- what must be true afterwards ---- */

static bool is_there(enum favourite which)
{
	struct favorite favorite;
	struct restaurant restaurant;
	int error = reader_restaurant(fixture.reader, places[favourites[which].place], &restaurant);

	if (!error)
		error = reader_favorite(
			fixture.reader, restaurant.id, favourites[which].user, &favorite);
	if (error && error != -ENOENT)
		FAIL("%s: %s", favourites[which].user, strerror(-error));
	return !error;
}

static void must_be_as_promised(const char *when)
{
	static const enum favourite together[][2] = {
		{IMPORTED, IMPORTED_TOO}, {MANY_FIRST, MANY_LAST}};

	for (int i = 0; i < FAVOURITES; i++)
		if (script.promises[i].is_known &&
			is_there((enum favourite)i) != script.promises[i].is_kept)
			FAIL("%s: %s of %s was acknowledged, and is not so", when,
				script.promises[i].is_kept ? "the favourite" : "the removal",
				favourites[i].user);
	for (size_t i = 0; i < COUNT(together); i++)
		if (is_there(together[i][0]) != is_there(together[i][1]))
			FAIL("%s: half of an import is there", when);
	if (is_there(CAROL) && is_there(CAROL_MOVED))
		FAIL("%s: one was moved and is still there", when);
	for (size_t i = 0; i < COUNT(places); i++) {
		struct restaurant restaurant;

		if (script.place_known[i] &&
			reader_restaurant(fixture.reader, places[i], &restaurant) < 0)
			FAIL("%s: %s is lost", when, places[i]);
	}
}

/* All that a store can do, on a disk that works, with memory. */
static void must_work(const char *when)
{
	struct complaint why = {""};
	char finding[FINDING_MAX];
	struct restaurant noma;
	bool ignored;
	int error;

	must_be_as_promised(when);
	error = make_restaurant(places[0], NULL);
	if (error && error != -EEXIST)
		FAIL("%s: a restaurant: %s", when, strerror(-error));
	if (reader_restaurant(fixture.reader, places[0], &noma) < 0)
		FAIL("%s: a restaurant is lost", when);
	(void)make_fans(noma.id); /* there already, mostly */
	error = mark(noma.id, favourites[AGAIN].user);
	if (error)
		FAIL("%s: a mark: %s", when, strerror(-error));
	promise(AGAIN, true, true);
	script.place_known[0] = true;
	error = try_sync_derived(&ignored, &why);
	if (error)
		FAIL("%s: counting: %s %s", when, strerror(-error), why.text);
	if (!is_sound(finding))
		FAIL("%s: %s", when, finding);
}

static void open_whole(const char *when)
{
	struct store_options options = serving_options();
	struct complaint why = {""};

	if (store_open(fixture.path, &options, &fixture.store, &why) < 0)
		FAIL("%s: %s", when, why.text);
	ck_assert_int_eq(reader_open(fixture.store, &fixture.reader), 0);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_store(void)
{
	(void)nftw(fixture.path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The store as a power cut left it, or would now. */
static void judge_image(struct disk_image *image, const char *when)
{
	struct fixture live = fixture;

	fixture.store = NULL;
	fixture.reader = NULL;
	(void)snprintf(fixture.path, sizeof(fixture.path), "%s/image", fixture.directory);
	ck_assert_int_eq(mkdir(fixture.path, 0700), 0);
	(void)disk_image_write(image, fixture.path);
	disk_image_free(image);
	open_whole(when);
	must_work(when);
	serve_end();
	remove_store();
	fixture = live;
}

/* Images of while a store is closed, and opened again. */
static struct {
	struct disk_image *images[IMAGES_MAX];
	size_t count;
	bool wanted;
	unsigned seed;
} kept;

static void keep_image(void *arg, enum disk_call call)
{
	(void)arg;
	(void)call;
	if (kept.wanted && kept.count < IMAGES_MAX && rand_r(&kept.seed) % 3 == 0)
		kept.images[kept.count++] = disk_image_take((unsigned)rand_r(&kept.seed));
}

static void judge_images(const char *when)
{
	const struct script before = script;

	for (size_t i = 0; i < kept.count; i++) {
		judge_image(kept.images[i], when);
		script = before; /* what was done to an image is not done to the next */
	}
	kept.count = 0;
}

static const struct disk_fault no_fault;

/* Nothing was closed in order: all of it failed, as if the program had been killed. */
static void close_in_vain(void)
{
	disk_fail(&(struct disk_fault){DISK_WRITE, 1, true, SQLITE_IOERR_WRITE});
	serve_end();
	disk_fail(&no_fault);
}

static void judge_what_is_left(bool in_vain, bool with_images)
{
	struct figures figures = {.failed = 0};
	struct script before;

	if (fixture.store) {
		store_figures(fixture.store, &figures);
		if (!figures.failed)
			must_work("right afterwards");
		else
			must_be_as_promised("right afterwards");
	}
	kept.wanted = with_images;
	if (in_vain)
		close_in_vain();
	else
		serve_end();
	open_whole("opened again");
	kept.wanted = false;
	before = script;
	must_work("opened again");
	judge_image(disk_image_take(script.nth), "after a power cut");
	serve_end();
	script = before;
	judge_images("after a power cut on the way");
}

static enum disk_lie asked_for(void)
{
	const char *name = getenv("FAVFS_TEST_CONTROL");

	return name && !strcmp(name, "sync-off") ? DISK_SYNCS_NOTHING : DISK_HONEST;
}

static void begin_script(const char *fault, unsigned nth)
{
	memset(&script, 0, sizeof(script));
	script.fault = fault;
	script.nth = nth;
	atomic_store(&fixture_clock_ns, START_NS + 20 * 365 * NS_PER_DAY);
	kept.seed = nth;
	disk_watch(fixture.path, nth, asked_for(), keep_image, NULL);
}

static void end_script(void)
{
	disk_unwatch();
	remove_store();
	atomic_store(&seconds_gone, 0);
}

/* ---- each call in turn ---- */

/* How far it is from one call that fails to the next. */
static unsigned stride(unsigned calls)
{
	const char *how = getenv("FAVFS_TEST_FAULTS");

	return (how && !strcmp(how, "all")) || calls <= RUNS ? 1 : (calls + RUNS - 1) / RUNS;
}

static const struct {
	const char *name;
	enum disk_call call;
	int code;
} disk_faults[] = {
	{"read", DISK_READ, SQLITE_IOERR_READ},
	{"write", DISK_WRITE, SQLITE_IOERR_WRITE},
	{"full", DISK_WRITE, SQLITE_FULL},
	{"sync", DISK_SYNC, SQLITE_IOERR_FSYNC},
	{"truncate", DISK_TRUNCATE, SQLITE_IOERR_TRUNCATE},
	{"open", DISK_OPEN, SQLITE_CANTOPEN},
	{"size", DISK_SIZE, SQLITE_IOERR_FSTAT},
	{"lock", DISK_LOCK, SQLITE_IOERR_LOCK},
	{"shared memory", DISK_SHM, SQLITE_IOERR_SHMMAP},
};

static unsigned fail_disk(int which, unsigned nth, bool for_ever, bool in_vain)
{
	const struct disk_fault fault = {
		disk_faults[which].call, nth, for_ever, disk_faults[which].code};
	unsigned failures;

	begin_script(disk_faults[which].name, nth);
	script.is_opening = fault.call == DISK_OPEN;
	disk_fail(&fault);
	run_script();
	failures = disk_failures();
	disk_fail(&no_fault);
	judge_what_is_left(in_vain, fault.call == DISK_SYNC);
	end_script();
	return failures;
}

static unsigned count_disk_calls(int which)
{
	unsigned calls;

	begin_script("none", 0);
	disk_fail(&no_fault);
	run_script();
	calls = disk_calls(disk_faults[which].call);
	judge_what_is_left(false, false);
	end_script();
	if (script.has_failed)
		FAIL("something failed");
	return calls;
}

static void print_runs(const char *name, unsigned runs, unsigned hits, unsigned calls)
{
	(void)printf("%s: %u runs, %u met the fault, %u calls\n", name, runs, hits, calls);
	(void)fflush(stdout);
	ck_assert_uint_gt(hits, 0);
}

START_TEST(a_call_of_the_disk_that_fails_does_no_harm)
{
	unsigned calls = count_disk_calls(_i), step = stride(calls), runs = 0, hits = 0;

	for (unsigned n = 1 + fixture_seed() % step; n <= calls; n += step, runs += 2) {
		hits += fail_disk(_i, n, false, runs / 2 % 2) > 0;
		hits += fail_disk(_i, n, true, runs / 2 % 2) > 0;
	}
	print_runs(disk_faults[_i].name, runs, hits, calls);
}
END_TEST

static unsigned fail_memory(unsigned nth, bool for_ever)
{
	unsigned failures;

	begin_script("memory", nth);
	script.is_memory = true;
	run_out(nth, for_ever);
	run_script();
	failures = atomic_load(&memory.failures);
	run_out(0, false);
	judge_what_is_left(false, false);
	end_script();
	return failures;
}

START_TEST(memory_that_runs_out_does_no_harm)
{
	unsigned calls, step, runs = 0, hits = 0;

	begin_script("none", 0);
	run_out(UINT32_MAX, false);
	run_script();
	calls = atomic_load(&memory.calls);
	run_out(0, false);
	judge_what_is_left(false, false);
	end_script();
	step = stride(calls);
	for (unsigned n = 1 + fixture_seed() % step; n <= calls; n += step, runs++)
		hits += fail_memory(n, _i) > 0;
	print_runs(_i ? "memory, for ever" : "memory, once", runs, hits, calls);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("faults");
	TCase *calls = fixture_case_bare(suite, "calls");
	TCase *shortage = fixture_case_bare(suite, "memory");

	install_memory();
	disk_install();
	fixture.retention_ns = NS_PER_DAY;
	tcase_set_timeout(calls, 0); /* as long as all of them take */
	tcase_add_loop_test(
		calls, a_call_of_the_disk_that_fails_does_no_harm, 0, COUNT(disk_faults));
	tcase_set_timeout(shortage, 0);
	tcase_add_loop_test(shortage, memory_that_runs_out_does_no_harm, 0, 2);
	return fixture_run(suite);
}
