/*
 * Power cuts: at points of a random script, what the disk may hold then is opened by the real
 * engine, and must be what the store was after some transaction, none older than the last that
 * was acknowledged.
 *
 *	FAVFS_TEST_IMAGES=50000		how many images, instead of the few of every day
 *	FAVFS_TEST_SEED=		what is done, where the power is cut, what is left
 *	FAVFS_TEST_CONTROL=		a broken disk, to see the test fail: sync-off, sync-late,
 *					database-off (only logs are synced)
 */
#include "backend/backend.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/support/disk.h"
#include "tests/support/fixture.h"

#ifdef __SANITIZE_ADDRESS__
#define IMAGES 90
#else
#define IMAGES 900
#endif

#define STEPS        150 /* of a script */
#define PLACES       5
#define USERS        25
#define TASKS_MAX    12
#define WAITING_MAX  12 /* images of one step */
#define PATIENCE_MS  5000
#define LINE_MAX_LEN 64

/* Beyond the clock on the wall, by which the committer would wake by itself. */
#define LATE_NS (START_NS + 20 * 365 * NS_PER_DAY)

/* ---- calls of the engine that SQLite does not see ---- */

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_statvfs(const char *path, struct statvfs *ret_space);
int __wrap_statvfs(const char *path, struct statvfs *ret_space);

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

static atomic_bool space_is_short; /* so that logs are brought home early */

int __wrap_statvfs(const char *path, struct statvfs *ret_space)
{
	int result = __real_statvfs(path, ret_space);

	if (atomic_load(&space_is_short))
		ret_space->f_bavail = 0;
	return result;
}

/* ---- what a store holds ---- */

static void add_to_digest(uint64_t *digest, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*digest = (*digest ^ ((const unsigned char *)bytes)[i]) * UINT64_C(1099511628211);
}

static void digest_row(uint64_t *digest, sqlite3_stmt *row)
{
	for (int i = 0; i < sqlite3_column_count(row); i++) {
		const void *text = sqlite3_column_blob(row, i);

		add_to_digest(digest, text, (size_t)sqlite3_column_bytes(row, i));
		add_to_digest(digest, "", 1);
	}
}

/* Everything but the log, of which `state` has the last tag: trimming is seen by nobody. */
static int digest_of(sqlite3 *db, uint64_t *ret_digest)
{
	static const char *const tables[] = {
		"SELECT * FROM store",
		"SELECT * FROM state",
		"SELECT * FROM restaurant ORDER BY id",
		"SELECT * FROM favorite ORDER BY id",
		"SELECT * FROM attribute ORDER BY favorite, name",
	};
	uint64_t digest = UINT64_C(14695981039346656037);
	int code = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);

	for (size_t i = 0; i < COUNT(tables) && code == SQLITE_OK; i++) {
		sqlite3_stmt *row = NULL;

		code = sqlite3_prepare_v2(db, tables[i], -1, &row, NULL);
		while (code == SQLITE_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
			digest_row(&digest, row);
			code = SQLITE_OK;
		}
		(void)sqlite3_finalize(row);
		code = code == SQLITE_DONE ? SQLITE_OK : code;
	}
	(void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL); /* nothing was written */
	*ret_digest = digest;
	return code;
}

/* Past the disk of this test. */
static sqlite3 *open_past_disk(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, "unix") != SQLITE_OK) {
		(void)sqlite3_close(db);
		return NULL;
	}
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_busy_timeout(db, PATIENCE_MS);
	return db;
}

/* ---- one script ---- */

struct waiting {
	struct disk_image *image;
	int acknowledged;
};

struct task {
	struct change change;
	unsigned answers;
	int error;
	union changed after;
	int answered_before; /* place in states, of a SYNC: what it waits for */
};

static struct {
	unsigned seed;
	bool relaxed;
	enum disk_lie lie;

	sqlite3 *eye; /* looks at the store after each transaction; committer's thread */
	uint64_t states[4096]; /* after each transaction */
	int state_count;
	uint64_t commits; /* of this serving, as noted in states */
	atomic_int acknowledged; /* place in states that must not be lost; -1: none */
	int64_t places[PLACES];
	bool (*judge_state)(int acknowledged);

	struct waiting waiting[WAITING_MAX];
	size_t waiting_count;
	unsigned point_seed;

	int images, damaged;
	_Atomic int64_t changes; /* acknowledged ones */
	int violations;
	char violation[512]; /* the last */
} run;

static unsigned draw(unsigned below)
{
	return (unsigned)rand_r(&run.seed) % below;
}

static void raise_to(atomic_int *highest, int number)
{
	int before = atomic_load(highest);

	while (before < number && !atomic_compare_exchange_weak(highest, &before, number))
		;
}

/*
 * The first answer of a transaction comes right after it, and the next one is begun when all are
 * answered: nothing else was committed since.  Its place in states.
 */
static int note_state(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct figures figures;
	int place;

	(void)pthread_mutex_lock(
		&lock); /* some answers come from the committer, some from the syncer */
	store_figures(fixture.store, &figures);
	if (figures.commits != run.commits) {
		run.commits = figures.commits;
		ck_assert_int_lt(run.state_count, (int)COUNT(run.states));
		ck_assert_int_eq(digest_of(run.eye, &run.states[run.state_count]), SQLITE_OK);
		run.state_count++;
	}
	place = run.state_count - 1;
	(void)pthread_mutex_unlock(&lock);
	return place;
}

static void task_done(struct change *change, int error, const union changed *after)
{
	struct task *task = (struct task *)change; /* its first member */
	int place = change->kind == CHANGE_SYNC ? task->answered_before : note_state();

	task->answers++;
	task->error = error;
	if (!after)
		return;
	task->after = *after;
	if (!run.relaxed || change->kind == CHANGE_SYNC)
		raise_to(&run.acknowledged, place);
	atomic_fetch_add(&run.changes, 1);
}

static void keep_image(unsigned seed)
{
	if (run.waiting_count == WAITING_MAX)
		return;
	run.waiting[run.waiting_count++] = (struct waiting){
		.image = disk_image_take(seed),
		.acknowledged = atomic_load(&run.acknowledged),
	};
}

/* Any thread that writes, under the lock of the disk. */
static void maybe_cut(void *arg, enum disk_call call)
{
	unsigned rarely = call == DISK_SYNC ? 3 : 24;

	(void)arg;
	if ((unsigned)rand_r(&run.point_seed) % rarely == 0)
		keep_image((unsigned)rand_r(&run.point_seed));
}

/* ---- changes ---- */

static int64_t some_place(void)
{
	return run.places[draw(PLACES)];
}

static void name_user(char *to)
{
	(void)snprintf(to, NAME_BYTES_MAX, "u%u", draw(USERS));
}

/* One that is there now, or 0. */
static int64_t some_favorite(void)
{
	struct favorite favorite = {0};
	char user[NAME_BYTES_MAX + 1];

	name_user(user);
	return reader_favorite(fixture.reader, some_place(), user, &favorite) ? 0 : favorite.id;
}

static void draw_change(struct change *change, const char *value)
{
	static const enum change_kind kinds[] = {CHANGE_MARK, CHANGE_MARK, CHANGE_MARK, CHANGE_MARK,
		CHANGE_UNMARK, CHANGE_MOVE, CHANGE_SET_CREATED, CHANGE_SET_OWNER, CHANGE_SET_EXPIRY,
		CHANGE_SET_ATTRIBUTE, CHANGE_SET_ATTRIBUTE, CHANGE_REMOVE_ATTRIBUTE,
		CHANGE_MAKE_RESTAURANT, CHANGE_REMOVE_FANS, CHANGE_SYNC};
	enum change_kind kind = kinds[draw(COUNT(kinds))];

	*change = (struct change){.kind = kind, .uid = draw(3), .gid = draw(3)};
	switch (kind) {
	case CHANGE_SET_CREATED:
	case CHANGE_SET_OWNER:
	case CHANGE_SET_EXPIRY:
	case CHANGE_SET_ATTRIBUTE:
	case CHANGE_REMOVE_ATTRIBUTE:
		change->id = some_favorite();
		change->created_ns = fixture_now_ns() + (int64_t)draw(100) * NS_PER_DAY;
		change->value = value;
		change->value_size = strlen(value) - draw(1000);
		(void)snprintf(change->name, sizeof(change->name), "user.%u", draw(3));
		break;
	case CHANGE_MAKE_RESTAURANT:
		(void)snprintf(change->name, sizeof(change->name), "made%u", draw(1000));
		break;
	default:
		change->id = some_place();
		change->to_id = some_place();
		name_user(change->name);
		name_user(change->to_name);
		break;
	}
}

static void submit(struct task *task)
{
	task->change.done = task_done;
	task->answered_before = run.state_count -
				1; /* nothing is under way but what comes with it */
	store_submit(fixture.store, &task->change);
}

static void do_one(struct task *task)
{
	submit(task);
	store_settle(fixture.store);
	ck_assert_uint_eq(task->answers, 1);
}

static void make_places(void)
{
	for (unsigned i = 0; i < PLACES; i++) {
		struct task make = {.change = {.kind = CHANGE_MAKE_RESTAURANT}};
		struct task fans = {.change = {.kind = CHANGE_MAKE_FANS}};

		(void)snprintf(make.change.name, sizeof(make.change.name), "r%u", i);
		do_one(&make);
		ck_assert_int_eq(make.error, 0);
		run.places[i] = fans.change.id = make.after.restaurant.id;
		do_one(&fans);
		ck_assert_int_eq(fans.error, 0);
	}
}

struct opener {
	struct change change;
	struct task *tasks;
	size_t count;
};

static void opener_done(struct change *change, int error, const union changed *after)
{
	struct opener *opener = (struct opener *)change; /* its first member */

	(void)error;
	(void)after;
	note_state(); /* something may have expired */
	for (size_t i = 0; i < opener->count; i++)
		submit(&opener->tasks[i]);
}

static void import(struct task *task)
{
	static char names[40][LINE_MAX_LEN];
	static struct import_line lines[40];
	size_t count = 1 + draw(COUNT(lines));

	for (size_t i = 0; i < count; i++) {
		unsigned place = draw(PLACES + 2);

		(void)snprintf(names[i], LINE_MAX_LEN, "r%u", place);
		(void)snprintf(names[i] + 8, LINE_MAX_LEN - 8, "u%u", draw(USERS));
		lines[i] = (struct import_line){(enum log_op)(LOG_ADD + draw(4)), names[i],
			names[i] + 8, draw(2) ? MOMENT_NONE : START_NS};
	}
	task->change = (struct change){
		.kind = CHANGE_IMPORT, .lines = lines, .line_count = count, .uid = draw(3)};
}

/* Several in one transaction, or an import: what follows waits for its answer. */
static void change_something(void)
{
	static char value[1200];
	struct task tasks[TASKS_MAX] = {0};
	struct opener opener = {
		.change = {.kind = CHANGE_REMOVE_FANS, .done = opener_done},
		.tasks = tasks,
		.count = 1 + draw(TASKS_MAX),
	};

	memset(value, 'x', sizeof(value) - 1);
	for (size_t i = 0; i < opener.count; i++)
		draw_change(&tasks[i].change, value);
	if (draw(4) == 0) {
		import(&tasks[0]);
		opener.count = 1;
	}
	store_submit(fixture.store, &opener.change);
	store_settle(fixture.store);
	for (size_t i = 0; i < opener.count; i++)
		ck_assert_uint_eq(tasks[i].answers, 1);
}

/* ---- the rest of what happens ---- */

static void serve_on(void)
{
	struct store_options options = serving_options();
	struct complaint why = {""};

	options.relaxed = run.relaxed;
	if (store_open(fixture.path, &options, &fixture.store, &why) < 0)
		ck_abort_msg("%s", why.text);
	ck_assert_int_eq(reader_open(fixture.store, &fixture.reader), 0);
	run.eye = open_past_disk(store_file("favorites.db"));
	ck_assert_ptr_nonnull(run.eye);
	run.commits = 0;
}

/* What was not synced yet is when the log was brought home. */
static void leave(void)
{
	(void)sqlite3_close(run.eye);
	run.eye = NULL;
	serve_end();
	if (run.state_count)
		atomic_store(&run.acknowledged, run.state_count - 1);
}

static void count_something(void)
{
	if (draw(8) == 0) {
		struct deriver deriver = deriver_open();

		derived_discard(deriver.derived);
		deriver_close(&deriver);
	}
	(void)sync_derived();
}

static void let_time_pass(void)
{
	atomic_fetch_add(&fixture_clock_ns, (int64_t)draw(30) * NS_PER_DAY);
}

/* A read transaction keeps a log from starting over. */
static sqlite3 *holder;

static void let_go(void)
{
	(void)sqlite3_close(holder);
	holder = NULL;
}

static void hold(const char *path)
{
	holder = open_past_disk(path);
	(void)sqlite3_exec(holder, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

static void hold_or_let_go(void)
{
	static const char *const files[] = {"favorites.db", "derived.db"};

	if (holder) {
		let_go();
	} else if (draw(2)) {
		hold(store_file(files[draw(2)]));
	}
}

/* ---- judging an image ---- */

static bool violate(const char *what, const char *why)
{
	run.violations++;
	(void)snprintf(
		run.violation, sizeof(run.violation), "image %d: %s: %s", run.images, what, why);
	return false;
}

static bool judge_state(int acknowledged)
{
	uint64_t digest = 0;
	sqlite3 *db = open_past_disk(store_file("favorites.db"));
	int code = db ? digest_of(db, &digest) : SQLITE_NOMEM;

	(void)sqlite3_close(db);
	if (code != SQLITE_OK)
		return violate("cannot be read", sqlite3_errstr(code));
	for (int i = run.state_count - 1; i >= 0; i--)
		if (run.states[i] == digest)
			return i >= acknowledged ||
			       violate("favourites", "something acknowledged is lost");
	return acknowledged < 0 || violate("favourites", "never were so");
}

static bool judge_counting(void)
{
	struct complaint why = {""};
	bool ignored;
	int error = try_sync_derived(&ignored, &why);

	return !error || violate("cannot be counted", *why.text ? why.text : strerror(-error));
}

static bool judge_all(void)
{
	char finding[FINDING_MAX];

	return is_sound(finding) || violate("fsck", finding);
}

static bool judge_serving(int acknowledged)
{
	struct store_options options = serving_options();
	struct complaint why = {""};
	bool good;

	if (store_open(fixture.path, &options, &fixture.store, &why) < 0)
		return violate("cannot be opened", why.text);
	good = run.judge_state(acknowledged);
	if (good && reader_open(fixture.store, &fixture.reader) < 0)
		good = violate("cannot be read", "reader_open");
	if (good && make_restaurant("after", NULL) < 0)
		good = violate("cannot be written", "make_restaurant");
	if (good)
		good = judge_counting();
	serve_end();
	return good && judge_all();
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void judge(const struct waiting *waiting)
{
	struct fixture live = fixture;

	(void)snprintf(fixture.path, sizeof(fixture.path), "%s/image", fixture.directory);
	fixture.store = NULL;
	fixture.reader = NULL;
	ck_assert_int_eq(mkdir(fixture.path, 0700), 0);
	run.images++;
	run.damaged += disk_image_write(waiting->image, fixture.path);
	(void)judge_serving(waiting->acknowledged);
	(void)nftw(fixture.path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	fixture = live;
}

/* After the first violation more of them tell nothing. */
static void judge_waiting(void)
{
	for (size_t i = 0; i < run.waiting_count; i++) {
		if (!run.violations)
			judge(&run.waiting[i]);
		disk_image_free(run.waiting[i].image);
	}
	run.waiting_count = 0;
}

/* ---- scripts ---- */

static void take_step(void)
{
	atomic_store(&space_is_short, draw(3) == 0);
	switch (draw(12)) {
	case 0:
		leave();
		serve_on();
		break;
	case 1:
	case 2:
		count_something();
		break;
	case 3:
		let_time_pass();
		break;
	case 4:
		hold_or_let_go();
		break;
	default:
		change_something();
		break;
	}
}

static void begin_script(unsigned seed, disk_point *point)
{
	(void)snprintf(fixture.path, sizeof(fixture.path), "%s/%d", fixture.directory, run.images);
	atomic_store(&fixture_clock_ns, LATE_NS);
	run.state_count = 0;
	run.judge_state = judge_state;
	atomic_store(&run.acknowledged, -1);
	run.point_seed = seed;
	disk_watch(fixture.path, seed, run.lie, point, NULL);
	serve_on();
}

/* Until so many images were judged. */
static void run_script(int images)
{
	begin_script(run.seed, maybe_cut);
	make_places();
	for (int i = 0; i < STEPS && run.images < images && !run.violations; i++) {
		judge_waiting();
		take_step();
	}
	let_go();
	leave();
	judge_waiting();
	disk_unwatch();
	(void)nftw(fixture.path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void run_scripts(bool relaxed, enum disk_lie lie, int images)
{
	const char *wanted = getenv("FAVFS_TEST_IMAGES");
	unsigned seed = fixture_seed();

	images = wanted ? atoi(wanted) * images / IMAGES : images;
	fixture.retention_ns = NS_PER_DAY;
	run.seed = seed;
	run.relaxed = relaxed;
	run.lie = lie;
	while (run.images < images && !run.violations)
		run_script(images);
	(void)printf("%d images, %d of them damaged, %" PRId64 " changes acknowledged,"
		     " %d violations%s%s\n",
		run.images, run.damaged, atomic_load(&run.changes), run.violations,
		run.violations ? ": " : "", run.violation);
	(void)fflush(stdout);
	ck_assert_int_gt(run.changes, 0);
	ck_assert_int_gt(run.damaged, 0);
}

static enum disk_lie asked_for(void)
{
	static const struct {
		const char *name;
		enum disk_lie lie;
	} controls[] = {
		{"sync-off", DISK_SYNCS_NOTHING},
		{"sync-late", DISK_SYNCS_LATE},
		{"database-off", DISK_SYNCS_NO_DATABASE},
	};
	const char *name = getenv("FAVFS_TEST_CONTROL");

	for (size_t i = 0; name && i < COUNT(controls); i++)
		if (!strcmp(name, controls[i].name))
			return controls[i].lie;
	ck_assert_msg(!name, "FAVFS_TEST_CONTROL=%s: no such control", name);
	return DISK_HONEST;
}

START_TEST(what_was_acknowledged_survives_a_power_cut)
{
	run_scripts(false, asked_for(), IMAGES);
	ck_assert_msg(run.violations == 0, "%s", run.violation);
}
END_TEST

START_TEST(what_was_synced_survives_a_power_cut_where_durability_is_relaxed)
{
	run_scripts(true, asked_for(), IMAGES / 9);
	ck_assert_msg(run.violations == 0, "%s", run.violation);
}
END_TEST

/* ---- many at once, each answered in its time ---- */

#define STREAM        60 /* favourites between two looks */
#define STREAM_IMAGES 100

/* Favourites in the order of the log: only a first part of those submitted, and all of that. */
static bool judge_stream(int acknowledged)
{
	static const char *const sql =
		"SELECT (SELECT count(*) FROM favorite), count(*),"
		" coalesce(max(seq), 0), sum(user <> 'u' || seq) FROM change";
	sqlite3 *db = open_past_disk(store_file("favorites.db"));
	sqlite3_stmt *row = NULL;
	int favorites = -1, changes = -1, newest = -1, strange = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK &&
		sqlite3_step(row) == SQLITE_ROW) {
		favorites = sqlite3_column_int(row, 0);
		changes = sqlite3_column_int(row, 1);
		newest = sqlite3_column_int(row, 2);
		strange = sqlite3_column_int(row, 3);
	}
	(void)sqlite3_finalize(row);
	(void)sqlite3_close(db);
	if (favorites != changes || changes != newest || strange)
		return violate("favourites", "never were so");
	return newest >= acknowledged || violate("favourites", "something acknowledged is lost");
}

struct streamed {
	struct change change;
	int number; /* of a MARK, from 1; of a SYNC, of the last that was answered early before */
};

static atomic_int answered_early;

static void streamed_done(struct change *change, int error, const union changed *after)
{
	struct streamed *streamed = (struct streamed *)change; /* its first member */

	(void)after;
	ck_assert_int_eq(error, 0);
	raise_to(change->early ? &answered_early : &run.acknowledged, streamed->number);
}

/* @number: of the next favourite.  Nothing is waited for, but at the end. */
static int stream(int number)
{
	static struct streamed list[STREAM];

	for (int i = 0; i < STREAM; i++) {
		struct streamed *next = &list[i];

		*next = (struct streamed){.change = {.kind = CHANGE_SYNC, .done = streamed_done}};
		next->number = atomic_load(&answered_early);
		if (draw(4)) {
			next->number = number++;
			next->change.kind = CHANGE_MARK;
			next->change.id = run.places[0];
			next->change.early = draw(2);
			(void)snprintf(next->change.name, NAME_BYTES_MAX, "u%d", next->number);
		}
		store_submit(fixture.store, &next->change);
		if (draw(6) == 0)
			store_settle(fixture.store);
	}
	store_settle(fixture.store);
	return number;
}

static void run_stream(enum disk_lie lie, int images)
{
	const char *wanted = getenv("FAVFS_TEST_IMAGES");
	int number = 1;

	images = wanted ? atoi(wanted) * images / IMAGES : images;
	run.seed = fixture_seed();
	run.lie = lie;
	begin_script(run.seed, NULL);
	make_places();
	leave();
	atomic_store(&run.acknowledged, 0);
	atomic_store(&answered_early, 0);
	run.judge_state = judge_stream;
	disk_watch(fixture.path, run.seed, lie, maybe_cut, NULL);
	serve_on();
	while (run.images < images && !run.violations) {
		atomic_store(&space_is_short, draw(8) == 0);
		number = stream(number);
		judge_waiting();
	}
	(void)sqlite3_close(run.eye);
	serve_end();
	(void)printf("%d images, %d of them damaged, of %d favourites, %d violations%s%s\n",
		run.images, run.damaged, number - 1, run.violations, run.violations ? ": " : "",
		run.violation);
}

START_TEST(transactions_that_are_under_way_at_once_survive_a_power_cut_in_order)
{
	run_stream(asked_for(), STREAM_IMAGES);
	ck_assert_msg(run.violations == 0, "%s", run.violation);
	ck_assert_int_gt(run.damaged, 0);
}
END_TEST

/* A log that a reader holds is not brought home. */
START_TEST(unmounting_syncs_where_durability_is_relaxed_though_somebody_reads)
{
	struct task task = {.change = {.kind = CHANGE_MAKE_RESTAURANT, .name = "kept"}};

	run.relaxed = true;
	begin_script(fixture_seed(), NULL);
	make_places();
	leave();
	serve_on();
	hold(store_file("favorites.db"));
	do_one(&task);
	ck_assert_int_eq(task.error, 0);
	leave();
	for (unsigned seed = 0; seed < 20; seed++)
		keep_image(seed);
	judge_waiting();
	let_go();
	ck_assert_msg(run.violations == 0, "%s", run.violation);
	ck_assert_int_gt(run.images, 0);
}
END_TEST

static const enum disk_lie lies[] = {DISK_SYNCS_NOTHING, DISK_SYNCS_LATE, DISK_SYNCS_NO_DATABASE};

START_TEST(a_disk_that_does_not_sync_is_found_out)
{
	run_scripts(false, lies[_i], IMAGES);
	ck_assert_int_gt(run.violations, 0);
}
END_TEST

START_TEST(it_is_found_out_with_many_under_way_at_once)
{
	run_stream(DISK_SYNCS_NOTHING, STREAM_IMAGES);
	ck_assert_int_gt(run.violations, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("power");
	TCase *cuts = fixture_case_bare(suite, "cuts");
	TCase *controls = fixture_case_bare(suite, "controls");

	disk_install();
	tcase_set_timeout(cuts, 0); /* as long as the images take */
	tcase_add_test(cuts, what_was_acknowledged_survives_a_power_cut);
	tcase_add_test(cuts, what_was_synced_survives_a_power_cut_where_durability_is_relaxed);
	tcase_add_test(cuts, transactions_that_are_under_way_at_once_survive_a_power_cut_in_order);
	tcase_add_test(cuts, unmounting_syncs_where_durability_is_relaxed_though_somebody_reads);
	tcase_set_timeout(controls, 0);
	tcase_add_loop_test(controls, a_disk_that_does_not_sync_is_found_out, 0, COUNT(lies));
	tcase_add_test(controls, it_is_found_out_with_many_under_way_at_once);
	return fixture_run(suite);
}
