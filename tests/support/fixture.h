/*
 * fixture.h - a store of its own for every test, and what tests do with it.
 *
 * All stores of a test program lie in one directory that fixture_run makes and
 * removes, also when a test fails or crashes: tests run in children of it.
 *
 * Nothing here returns an error that a test does not ask for: it fails the test.
 * Time is fixture_clock_ns; nothing sleeps, everything waits for what it is about,
 * and for PATIENCE_S at most.
 */
#ifndef FAVFS_TESTS_FIXTURE_H
#define FAVFS_TESTS_FIXTURE_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <check.h>

#include "backend/backend.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY    (86400 * NS_PER_SECOND)

/* Where the clock of a store stands when a test starts: 2026-11-22T18:18:07.123456789Z */
#define START_NS INT64_C(1795371487123456789)

/* Far beyond what anything needs; a test that meets it has failed. */
#define PATIENCE_S 20

/* ---- test programs ---- */

/* Runs the suite; main's exit status. */
int fixture_run(Suite *suite);

/* A case of tests that start with an empty served store, fixture.store and fixture.reader. */
TCase *fixture_case(Suite *suite, const char *name);

/* A case of tests that start with nothing but a directory. */
TCase *fixture_case_bare(Suite *suite, const char *name);

/* A seed for the random choices of a test, new each time or from FAVFS_TEST_SEED; printed. */
unsigned fixture_seed(void);

/* ---- the store ---- */

struct fixture {
	char directory[64]; /* this test's own */
	char path[80]; /* of the store in it */
	int64_t retention_ns; /* for the next serve() */
	window_kinds_t windows; /* for the next serve() */
	const char *timezone; /* the same */
	struct store *store; /* NULL: not served now */
	struct reader *reader;
};
extern struct fixture fixture;

/* What the clock of each store of this process shows. */
extern _Atomic int64_t fixture_clock_ns;
int64_t fixture_now_ns(void);

/* Opens the store for writing and reading; closes both. */
void serve(void);
void serve_end(void);
void serve_again(void);

/* The options of a store that is served at a place that is always mounted. */
struct store_options serving_options(void);

/* Opens the store for reading, as another process would. */
struct store *open_reading(void);

/* The path of a file of the store. */
const char *store_file(const char *file);

/* ---- changes ---- */

/* A change that can be waited for.  Zero-initialise but for @change. */
struct wish {
	struct change change;
	unsigned answers; /* how often it was answered */
	int error;
	bool has_after;
	union changed after;
	int64_t committed; /* store_committed when it was answered */
};

void wish_submit(struct wish *wish);

/* Waits for the answer: its error. */
int wish_wait(struct wish *wish);
int wish_do(struct wish *wish);

/* Submits all so that they are one batch of the committer, and waits for all. */
void wishes_do_as_one_batch(struct wish *wishes, size_t count);

/* One change each: their error. */
int make_restaurant(const char *name, int64_t *ret_id);
int remove_restaurant(const char *name);
int make_fans(int64_t restaurant);
int remove_fans(int64_t restaurant);
int mark(int64_t restaurant, const char *user);
int unmark(int64_t restaurant, const char *user);
int move_favorite(int64_t from, const char *user, int64_t to, const char *to_user);
int set_created(int64_t favorite, int64_t created_ns);

/* A restaurant with fans/: its id. */
int64_t make_place(const char *name);

/* Many marks at once, of users PREFIX0, PREFIX1 ... */
void mark_many(int64_t restaurant, const char *prefix, int count);

struct favorite favorite_of(int64_t restaurant, const char *user);
bool is_favorite(int64_t restaurant, const char *user);
struct totals totals_now(void);

/* ---- the log ---- */

struct logged {
	struct position position;
	int64_t time_ns;
	enum log_op op;
	int64_t created_ns;
	int64_t previous_ns;
	char restaurant[NAME_BYTES_MAX + 1];
	char user[NAME_BYTES_MAX + 1];
};

/* The whole retained log, in an array that the caller frees. */
size_t read_log(struct reader *reader, struct logged **ret_entries);
size_t log_length(void);

/* ---- what is derived ---- */

/* Counts all that waits, as an aggregator does; whether it had to start over. */
bool sync_derived(void);

/* The same where it may fail: 0 or a negative errno. */
int try_sync_derived(bool *ret_rebuilt, struct complaint *ret_why);

/* An aggregator's store and lease, for calls of its own. */
struct deriver {
	struct store *store;
	struct derived *derived;
};
struct deriver deriver_open(void);
void deriver_close(struct deriver *deriver);

/* Adds @delta to one count, in a transaction of its own with the position @seq. */
void derive_one(struct deriver *deriver, const char *restaurant, window_t window, int64_t delta,
	int64_t seq);

/* Tells the reader that there is something new, and to see it now. */
void look(void);

int64_t count_now(const char *restaurant, window_t window);
window_t window_named(const char *name);

/* The text of a ranking, all of it, NUL-terminated; the caller frees it. */
char *read_open_ranking(struct reader *reader, struct ranking *ranking, size_t *ret_size);
char *read_ranking(struct reader *reader, window_t window, size_t *ret_size);

/* Calls reader_work, and waits as it says, until it wants nothing more. */
void work_until_idle(struct reader *reader);

/* ---- checking ---- */

/* Whether fsck.favfs finds nothing; else what it found last, or why it could not look. */
#define FINDING_MAX 256
bool is_sound(char ret_finding[static FINDING_MAX]);

/* ---- behind the engine's back ---- */

/* The number that a query of a file of the store gives. */
int64_t sql_number(const char *file, const char *sql);
void sql_run(const char *file, const char *sql);
void remove_database(const char *file);

#endif
