#include "tests/support/fixture.h"

#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "aggregator/pipeline.h"
#include "backend/clock.h"

static char base[] = "/tmp/favfs-test.XXXXXX";

struct fixture fixture;
_Atomic int64_t fixture_clock_ns;

int64_t fixture_now_ns(void)
{
	return atomic_load(&fixture_clock_ns);
}

/* ---- test programs ---- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int fixture_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed = 1;

	if (mkdtemp(base)) {
		srunner_run_all(runner, CK_ENV);
		failed = srunner_ntests_failed(runner);
		(void)nftw(base, remove_entry, 16, FTW_DEPTH | FTW_PHYS); /* what it can */
	} else {
		perror(base);
	}
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void set_up_bare(void)
{
	(void)snprintf(fixture.directory, sizeof(fixture.directory), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(fixture.directory));
	(void)snprintf(fixture.path, sizeof(fixture.path), "%s/store", fixture.directory);
	atomic_store(&fixture_clock_ns, START_NS);
}

static void set_up(void)
{
	set_up_bare();
	serve();
}

static TCase *add_case(Suite *suite, const char *name, void (*before)(void))
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, before, serve_end);
	tcase_set_timeout(tcase, 2 * PATIENCE_S);
	suite_add_tcase(suite, tcase);
	return tcase;
}

TCase *fixture_case(Suite *suite, const char *name)
{
	return add_case(suite, name, set_up);
}

TCase *fixture_case_bare(Suite *suite, const char *name)
{
	return add_case(suite, name, set_up_bare);
}

unsigned fixture_seed(void)
{
	const char *given = getenv("FAVFS_TEST_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10)
			      : (unsigned)(clock_realtime_ns() / 1000 % 1000000);

	(void)printf("FAVFS_TEST_SEED=%u\n", seed);
	(void)fflush(stdout);
	return seed;
}

/* ---- the store ---- */

struct store_options serving_options(void)
{
	return (struct store_options){
		.mode = STORE_SERVE,
		.mountpoint = "/proc",
		.retention_ns = fixture.retention_ns,
		.form = {fixture.windows, fixture.timezone},
		.now_ns = fixture_now_ns,
	};
}

static struct store *open_store(const struct store_options *options)
{
	struct store *store = NULL;
	struct complaint why = {""};

	if (store_open(fixture.path, options, &store, &why) < 0)
		ck_abort_msg("%s", why.text);
	return store;
}

void serve(void)
{
	struct store_options options = serving_options();

	fixture.store = open_store(&options);
	ck_assert_int_eq(reader_open(fixture.store, &fixture.reader), 0);
}

void serve_end(void)
{
	reader_close(fixture.reader);
	store_close(fixture.store);
	fixture.reader = NULL;
	fixture.store = NULL;
}

void serve_again(void)
{
	serve_end();
	serve();
}

struct store *open_reading(void)
{
	struct store_options options = {
		.mode = STORE_READ, .now_ns = fixture_now_ns, .retention_ns = fixture.retention_ns};

	return open_store(&options);
}

const char *store_file(const char *file)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", fixture.path, file);
	return path;
}

/* ---- changes ---- */

/* One for all wishes: their members but change, and the condition "one was answered". */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;

static void wish_done(struct change *change, int error, const union changed *after)
{
	struct wish *wish = (struct wish *)change; /* its first member */

	(void)pthread_mutex_lock(&lock);
	wish->answers++;
	wish->error = error;
	wish->has_after = after != NULL;
	if (after)
		wish->after = *after;
	wish->committed = store_committed(fixture.store);
	(void)pthread_cond_broadcast(&answered);
	(void)pthread_mutex_unlock(&lock);
}

void wish_submit(struct wish *wish)
{
	wish->change.done = wish_done;
	store_submit(fixture.store, &wish->change);
}

int wish_wait(struct wish *wish)
{
	struct timespec deadline;
	int error = 0;

	(void)clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += PATIENCE_S;
	(void)pthread_mutex_lock(&lock);
	while (!wish->answers && !error)
		error = pthread_cond_timedwait(&answered, &lock, &deadline);
	(void)pthread_mutex_unlock(&lock);
	if (error)
		ck_abort_msg("a change of kind %d was never answered", (int)wish->change.kind);
	return wish->error;
}

int wish_do(struct wish *wish)
{
	wish_submit(wish);
	return wish_wait(wish);
}

/* While the committer answers this one, whatever is submitted waits, and is then one batch. */
struct opener {
	struct change change;
	struct wish *wishes;
	size_t count;
};

static void opener_done(struct change *change, int error, const union changed *after)
{
	struct opener *opener = (struct opener *)change; /* its first member */

	(void)error;
	(void)after;
	for (size_t i = 0; i < opener->count; i++)
		wish_submit(&opener->wishes[i]);
}

void wishes_do_as_one_batch(struct wish *wishes, size_t count)
{
	struct opener opener = {
		.change = {.kind = CHANGE_REMOVE_FANS, .done = opener_done},
		.wishes = wishes,
		.count = count,
	};

	store_submit(fixture.store, &opener.change);
	store_settle(fixture.store);
	for (size_t i = 0; i < count; i++)
		(void)wish_wait(&wishes[i]);
}

static struct wish new_wish(enum change_kind kind, int64_t id, const char *name)
{
	struct wish wish = {.change = {.kind = kind, .id = id, .uid = 1000, .gid = 1000}};

	(void)snprintf(wish.change.name, sizeof(wish.change.name), "%s", name);
	return wish;
}

int make_restaurant(const char *name, int64_t *ret_id)
{
	struct wish wish = new_wish(CHANGE_MAKE_RESTAURANT, 0, name);

	(void)wish_do(&wish);
	if (!wish.error && ret_id)
		*ret_id = wish.after.restaurant.id;
	return wish.error;
}

int remove_restaurant(const char *name)
{
	struct wish wish = new_wish(CHANGE_REMOVE_RESTAURANT, 0, name);

	return wish_do(&wish);
}

int make_fans(int64_t restaurant)
{
	struct wish wish = new_wish(CHANGE_MAKE_FANS, restaurant, "");

	return wish_do(&wish);
}

int remove_fans(int64_t restaurant)
{
	struct wish wish = new_wish(CHANGE_REMOVE_FANS, restaurant, "");

	return wish_do(&wish);
}

int mark(int64_t restaurant, const char *user)
{
	struct wish wish = new_wish(CHANGE_MARK, restaurant, user);

	return wish_do(&wish);
}

int unmark(int64_t restaurant, const char *user)
{
	struct wish wish = new_wish(CHANGE_UNMARK, restaurant, user);

	return wish_do(&wish);
}

int move_favorite(int64_t from, const char *user, int64_t to, const char *to_user)
{
	struct wish wish = new_wish(CHANGE_MOVE, from, user);

	wish.change.to_id = to;
	(void)snprintf(wish.change.to_name, sizeof(wish.change.to_name), "%s", to_user);
	return wish_do(&wish);
}

int set_created(int64_t favorite, int64_t created_ns)
{
	struct wish wish = new_wish(CHANGE_SET_CREATED, favorite, "");

	wish.change.created_ns = created_ns;
	return wish_do(&wish);
}

int64_t make_place(const char *name)
{
	int64_t id = 0;

	ck_assert_int_eq(make_restaurant(name, &id), 0);
	ck_assert_int_eq(make_fans(id), 0);
	return id;
}

void mark_many(int64_t restaurant, const char *prefix, int count)
{
	struct wish *wishes = calloc((size_t)count, sizeof(*wishes));

	ck_assert_ptr_nonnull(wishes);
	for (int i = 0; i < count; i++) {
		wishes[i] = new_wish(CHANGE_MARK, restaurant, "");
		(void)snprintf(
			wishes[i].change.name, sizeof(wishes[i].change.name), "%s%d", prefix, i);
		wish_submit(&wishes[i]);
	}
	store_settle(fixture.store);
	for (int i = 0; i < count; i++)
		if (wishes[i].answers != 1 || wishes[i].error)
			ck_abort_msg("%s%d: %u answers, error %d", prefix, i, wishes[i].answers,
				wishes[i].error);
	free(wishes);
}

struct favorite favorite_of(int64_t restaurant, const char *user)
{
	struct favorite favorite = {0};

	ck_assert_int_eq(reader_favorite(fixture.reader, restaurant, user, &favorite), 0);
	return favorite;
}

bool is_favorite(int64_t restaurant, const char *user)
{
	struct favorite favorite;
	int error = reader_favorite(fixture.reader, restaurant, user, &favorite);

	ck_assert(error == 0 || error == -ENOENT);
	return error == 0;
}

struct totals totals_now(void)
{
	struct totals totals = {0};

	ck_assert_int_eq(reader_totals(fixture.reader, &totals), 0);
	return totals;
}

/* ---- the log ---- */

struct collected {
	struct logged *entries;
	size_t count;
};

static int collect(void *arg, const struct log_entry *entry)
{
	struct collected *all = arg;
	struct logged *to;

	if ((all->count & (all->count - 1)) == 0) { /* grows by doubling */
		size_t room = all->count ? 2 * all->count : 1;

		to = realloc(all->entries, room * sizeof(*to));
		if (!to)
			return -ENOMEM;
		all->entries = to;
	}
	to = &all->entries[all->count++];
	*to = (struct logged){entry->position, entry->time_ns, entry->op, entry->created_ns,
		entry->previous_ns, "", ""};
	(void)snprintf(to->restaurant, sizeof(to->restaurant), "%s", entry->restaurant);
	(void)snprintf(to->user, sizeof(to->user), "%s", entry->user);
	return 0;
}

size_t read_log(struct reader *reader, struct logged **ret_entries)
{
	struct collected all = {NULL, 0};

	ck_assert_int_eq(reader_log(reader, 0, INT64_MAX, collect, &all), 0);
	*ret_entries = all.entries;
	return all.count;
}

size_t log_length(void)
{
	struct logged *entries;
	size_t count = read_log(fixture.reader, &entries);

	free(entries);
	return count;
}

/* ---- what is derived ---- */

struct deriver deriver_open(void)
{
	struct deriver deriver = {.store = open_reading()};
	struct complaint why = {""};

	if (derived_open(deriver.store, true, &deriver.derived, &why) < 0)
		ck_abort_msg("%s", why.text);
	return deriver;
}

void deriver_close(struct deriver *deriver)
{
	derived_close(deriver->derived);
	store_close(deriver->store);
	*deriver = (struct deriver){NULL, NULL};
}

/* All steps: how it ended. */
static int count_all(struct pipeline *pipeline, bool *ret_rebuilt)
{
	int changes = pipeline_resume(pipeline, ret_rebuilt);

	if (!changes)
		while ((changes = pipeline_step(pipeline)) > 0)
			;
	return changes;
}

static int count_with(struct store *store, struct derived *derived, bool *ret_rebuilt)
{
	struct pipeline_options options = {.changes_max = 0};
	struct pipeline pipeline;
	struct reader *reader = NULL;
	int error = reader_open(store, &reader);

	if (!error)
		error = pipeline_init(&pipeline, store, reader, derived, &options);
	if (!error) {
		error = count_all(&pipeline, ret_rebuilt);
		pipeline_fini(&pipeline);
	}
	reader_close(reader);
	return error;
}

int try_sync_derived(bool *ret_rebuilt, struct complaint *ret_why)
{
	struct store_options options = {
		.mode = STORE_READ, .now_ns = fixture_now_ns, .retention_ns = fixture.retention_ns};
	struct derived *derived = NULL;
	struct store *store = NULL;
	int error = store_open(fixture.path, &options, &store, ret_why);

	if (!error)
		error = derived_open(store, true, &derived, ret_why);
	if (!error)
		error = count_with(store, derived, ret_rebuilt);
	derived_close(derived);
	store_close(store);
	if (fixture.store && fixture.reader)
		look();
	return error;
}

bool sync_derived(void)
{
	struct complaint why = {""};
	bool rebuilt = false;
	int error = try_sync_derived(&rebuilt, &why);

	ck_assert_msg(!error, "%s %s", strerror(-error), why.text);
	return rebuilt;
}

void derive_one(struct deriver *deriver, const char *restaurant, window_t window, int64_t delta,
	int64_t seq)
{
	struct position position = {seq, seq};

	ck_assert_int_eq(derived_begin(deriver->derived), 0);
	ck_assert_int_eq(
		derived_add(deriver->derived, restaurant, window, delta, fixture_now_ns()), 0);
	ck_assert_int_eq(derived_commit(deriver->derived, &position), 0);
}

void look(void)
{
	store_derived_look(fixture.store);
	reader_refresh(fixture.reader);
}

int64_t count_now(const char *restaurant, window_t window)
{
	struct count count = {0};

	ck_assert_int_eq(reader_count(fixture.reader, restaurant, window, &count), 0);
	return count.count;
}

window_t window_named(const char *name)
{
	window_t window = 0;

	ck_assert_int_eq(window_parse(name, &window), 0);
	return window;
}

/* What a read that is far from all before has to wait for. */
static ssize_t read_patiently(
	struct reader *reader, struct ranking *ranking, int64_t offset, char *buffer, size_t size)
{
	int64_t deadline_ns = clock_monotonic_ns() + PATIENCE_S * NS_PER_SECOND;
	ssize_t got;

	while ((got = ranking_read(ranking, offset, buffer, size)) == -EAGAIN) {
		(void)reader_work(reader);
		ck_assert_int_lt(clock_monotonic_ns(), deadline_ns);
	}
	return got;
}

char *read_open_ranking(struct reader *reader, struct ranking *ranking, size_t *ret_size)
{
	struct ranking_info info;
	size_t filled = 0;
	char *text;

	ranking_info(ranking, &info);
	text = malloc((size_t)info.size_bytes + 2); /* one more than it should be */
	ck_assert_ptr_nonnull(text);
	for (;;) {
		ssize_t got = read_patiently(reader, ranking, (int64_t)filled, text + filled,
			(size_t)info.size_bytes + 1 - filled);

		ck_assert_int_ge(got, 0);
		filled += (size_t)got;
		if (!got)
			break;
	}
	ck_assert_int_eq((int64_t)filled, info.size_bytes);
	text[filled] = '\0';
	*ret_size = filled;
	return text;
}

char *read_ranking(struct reader *reader, window_t window, size_t *ret_size)
{
	struct ranking *ranking = NULL;
	char *text;

	ck_assert_int_eq(ranking_open(reader, window, 0, &ranking), 0);
	text = read_open_ranking(reader, ranking, ret_size);
	ranking_close(ranking);
	return text;
}

void work_until_idle(struct reader *reader)
{
	int64_t deadline_ns = clock_monotonic_ns() + PATIENCE_S * NS_PER_SECOND;
	int64_t wait_ns;

	while ((wait_ns = reader_work(reader)) >= 0) {
		struct timespec wait = {wait_ns / NS_PER_SECOND, wait_ns % NS_PER_SECOND};

		ck_assert_int_lt(clock_monotonic_ns() + wait_ns, deadline_ns);
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, NULL);
	}
}

/* ---- checking ---- */

static void take_finding(void *arg, const struct finding *finding)
{
	(void)snprintf(arg, FINDING_MAX, "%s %s: expected %s, found %s", finding->kind->code,
		finding->place, finding->expected, finding->found);
}

bool is_sound(char ret_finding[static FINDING_MAX])
{
	const struct check_options options = {.finding = take_finding, .arg = ret_finding};
	struct check_summary summary = {0};
	struct complaint why = {""};

	*ret_finding = '\0';
	if (store_check(fixture.path, &options, &summary, &why) < 0)
		(void)snprintf(ret_finding, FINDING_MAX, "%.200s", why.text);
	else if (!*ret_finding && summary.checks < 30)
		(void)snprintf(ret_finding, FINDING_MAX, "checked too little");
	return !*ret_finding;
}

/* ---- behind the engine's back ---- */

static sqlite3 *open_raw(const char *file)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(
		sqlite3_open_v2(store_file(file), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), 0);
	(void)sqlite3_busy_timeout(db, PATIENCE_S * 1000);
	return db;
}

static int take_number(void *arg, int columns, char **values, char **names)
{
	(void)columns;
	(void)names;
	*(int64_t *)arg = values[0] ? strtoll(values[0], NULL, 10) : -1;
	return 0;
}

int64_t sql_number(const char *file, const char *sql)
{
	sqlite3 *db = open_raw(file);
	int64_t number = INT64_MIN;

	ck_assert_msg(sqlite3_exec(db, sql, take_number, &number, NULL) == SQLITE_OK, "%s: %s", sql,
		sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	return number;
}

void sql_run(const char *file, const char *sql)
{
	(void)sql_number(file, sql);
}

void remove_database(const char *file)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%s%s", file, suffixes[i]);
		(void)unlink(store_file(name)); /* a test may have left it or not */
	}
}
