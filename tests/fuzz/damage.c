/*
 * Whatever the files of a store hold: it is opened, read, served, counted and checked, or refused,
 * without harm and without end; and where the check finds nothing, the rankings are what they were.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "aggregator/pipeline.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sample.h"
#include "tests/support/fixture.h"

#define EDITS_MAX   8
#define ENTRIES_MAX 10000 /* more than any list of the sample, whatever is damaged */
#define TEXT_MAX    ((size_t)1 << 20)

static struct file {
	const char *name;
	uint8_t *bytes;
	size_t size;
} files[] = {{.name = "favorites.db"}, {.name = "derived.db"}};

static char *rankings; /* of the sound store */

/* ---- the store ---- */

static void read_file(struct file *file)
{
	FILE *stream = fopen(store_file(file->name), "re");
	struct stat st;

	assert(stream && fstat(fileno(stream), &st) == 0);
	file->size = (size_t)st.st_size;
	file->bytes = malloc(file->size);
	assert(file->bytes && fread(file->bytes, 1, file->size, stream) == file->size);
	(void)fclose(stream);
}

static void write_file(const struct file *file)
{
	FILE *stream;

	remove_database(file->name);
	stream = fopen(store_file(file->name), "we");
	assert(stream && fwrite(file->bytes, 1, file->size, stream) == file->size);
	assert(fclose(stream) == 0);
}

/* A page becomes what another is, a word another word; or the file ends early. */
static void edit_bytes(struct file *file, struct input *input)
{
	uint64_t how = input_number(input, 1);
	size_t at = input_number(input, 3) % file->size, size = how % 9, from;

	if (how == 255) {
		file->size = at + 1;
		return;
	}
	if (how >= 250) {
		from = input_number(input, 1) * 4096 % file->size;
		at -= at % 4096;
		size = 4096;
		if (from + size <= file->size && at + size <= file->size)
			memmove(file->bytes + at, file->bytes + from, size);
		return;
	}
	for (size_t i = 0; i < size && at + i < file->size; i++)
		file->bytes[at + i] = (uint8_t)input_number(input, 1);
}

/* The tables' columns that hold numbers or text, to be set to any. */
static const struct {
	const char *file;
	const char *table;
	const char *column;
} columns[] = {
	{"favorites.db", "store", "windows"},
	{"favorites.db", "store", "timezone"},
	{"favorites.db", "store", "hash_key"},
	{"favorites.db", "state", "next_favorite"},
	{"favorites.db", "state", "next_seq"},
	{"favorites.db", "state", "last_tag"},
	{"favorites.db", "state", "last_ns"},
	{"favorites.db", "state", "end_bytes"},
	{"favorites.db", "state", "favorites"},
	{"favorites.db", "state", "restaurants"},
	{"favorites.db", "state", "changed_ns"},
	{"favorites.db", "restaurant", "id"},
	{"favorites.db", "restaurant", "name"},
	{"favorites.db", "restaurant", "changed_ns"},
	{"favorites.db", "restaurant", "fans_made_ns"},
	{"favorites.db", "restaurant", "fans_changed_ns"},
	{"favorites.db", "favorite", "id"},
	{"favorites.db", "favorite", "restaurant"},
	{"favorites.db", "favorite", "place"},
	{"favorites.db", "favorite", "user"},
	{"favorites.db", "favorite", "created_ns"},
	{"favorites.db", "favorite", "changed_ns"},
	{"favorites.db", "favorite", "expires_ns"},
	{"favorites.db", "favorite", "attribute_bytes"},
	{"favorites.db", "attribute", "favorite"},
	{"favorites.db", "attribute", "name"},
	{"favorites.db", "attribute", "value"},
	{"favorites.db", "change", "seq"},
	{"favorites.db", "change", "tag"},
	{"favorites.db", "change", "time_ns"},
	{"favorites.db", "change", "op"},
	{"favorites.db", "change", "created_ns"},
	{"favorites.db", "change", "previous_ns"},
	{"favorites.db", "change", "end_bytes"},
	{"favorites.db", "change", "restaurant_id"},
	{"favorites.db", "change", "restaurant"},
	{"favorites.db", "change", "user"},
	{"derived.db", "position", "seq"},
	{"derived.db", "position", "tag"},
	{"derived.db", "position", "zone_version"},
	{"derived.db", "count", "restaurant"},
	{"derived.db", "count", "window"},
	{"derived.db", "count", "count"},
	{"derived.db", "count", "changed_ns"},
	{"derived.db", "ranking", "window"},
	{"derived.db", "ranking", "version"},
	{"derived.db", "ranking", "rows"},
	{"derived.db", "ranking", "text_bytes"},
	{"derived.db", "ranking", "changed_ns"},
	{"derived.db", "user", "id"},
	{"derived.db", "user", "name"},
	{"derived.db", "user", "favorites"},
	{"derived.db", "user", "changed_ns"},
	{"derived.db", "link", "user"},
	{"derived.db", "link", "restaurant_id"},
	{"derived.db", "link", "created_ns"},
	{"derived.db", "link", "restaurant"},
};

static void bind_value(sqlite3_stmt *statement, struct input *input)
{
	uint64_t how = input_number(input, 1), size = input_number(input, 1);

	switch (how % 4) {
	case 0:
		(void)sqlite3_bind_int64(statement, 1, (int64_t)input_number(input, 8));
		break;
	case 1: /* small, or just below zero */
		(void)sqlite3_bind_int64(statement, 1, (int64_t)size - 8);
		break;
	default:
		size = size < input->left ? size : input->left;
		if (how % 4 == 2)
			(void)sqlite3_bind_text(
				statement, 1, (const char *)input->at, (int)size, SQLITE_TRANSIENT);
		else
			(void)sqlite3_bind_blob(
				statement, 1, input->at, (int)size, SQLITE_TRANSIENT);
		input->at += size;
		input->left -= size;
	}
}

/* What the engine refuses to set stays as it was. */
static void edit_row(struct input *input)
{
	size_t which = input_number(input, 1) % COUNT(columns);
	uint64_t row = input_number(input, 1);
	char sql[512];
	sqlite3 *db;
	sqlite3_stmt *statement = NULL;

	if (sqlite3_open(store_file(columns[which].file), &db) == SQLITE_OK) {
		(void)sqlite3_exec(db,
			"PRAGMA ignore_check_constraints = on; PRAGMA synchronous = off", NULL,
			NULL, NULL);
		(void)snprintf(sql, sizeof(sql),
			"UPDATE %s SET %s = ?1 WHERE %s IN (SELECT %s FROM %s LIMIT 1 OFFSET %d)",
			columns[which].table, columns[which].column, columns[which].column,
			columns[which].column, columns[which].table, (int)row);
		if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
			bind_value(statement, input);
			(void)sqlite3_step(statement);
		}
		(void)sqlite3_finalize(statement);
	}
	(void)sqlite3_close(db);
}

static void make_damaged(struct input *input)
{
	struct file damaged[COUNT(files)];
	uint64_t what = 0;

	for (size_t i = 0; i < COUNT(files); i++) {
		damaged[i] = files[i];
		damaged[i].bytes = malloc(files[i].size);
		assert(damaged[i].bytes);
		memcpy(damaged[i].bytes, files[i].bytes, files[i].size);
	}
	for (int edit = 0; edit < EDITS_MAX && input->left; edit++) {
		what = input_number(input, 1);
		if (what >= COUNT(files))
			break;
		edit_bytes(&damaged[what], input);
	}
	for (size_t i = 0; i < COUNT(files); i++) {
		write_file(&damaged[i]);
		free(damaged[i].bytes);
	}
	for (int edit = 0; edit < EDITS_MAX && input->left; edit++)
		edit_row(input);
}

/* ---- reading all of it ---- */

struct walk {
	struct reader *reader;
	int entries; /* of all lists */
	int64_t cookie; /* the last of this list */
	int64_t ids[64]; /* of the first entries */
	size_t count;
};

/* What is shown makes node ids, which do not take just any number. */
static bool take(struct walk *walk, int64_t cookie, int64_t id, int64_t end)
{
	assert(id > 0 && id < end);
	assert(cookie > walk->cookie && cookie < COOKIE_MAX);
	assert(++walk->entries < ENTRIES_MAX);
	walk->cookie = cookie;
	if (walk->count < COUNT(walk->ids))
		walk->ids[walk->count++] = id;
	return walk->entries % 7 == 0; /* enough for now */
}

static bool take_restaurant(void *arg, int64_t cookie, const struct restaurant *restaurant)
{
	assert(strlen(restaurant->name) <= NAME_BYTES_MAX);
	return take(arg, cookie, restaurant->id, RESTAURANT_ID_MAX);
}

static bool take_favorite(
	void *arg, int64_t cookie, const char *user, const struct favorite *favorite)
{
	assert(strlen(user) <= NAME_BYTES_MAX);
	return take(arg, cookie, favorite->id, FAVORITE_ID_MAX);
}

static bool take_window(void *arg, int64_t cookie, window_t window)
{
	return take(arg, cookie, window, WINDOW_KINDS << WINDOW_NUMBER_BITS);
}

static bool take_user(void *arg, int64_t cookie, const struct user *user)
{
	return take(arg, cookie, user->id, USER_ID_MAX);
}

static bool take_link(void *arg, int64_t cookie, const struct link *link)
{
	return take(arg, cookie, link->restaurant, RESTAURANT_ID_MAX);
}

static bool take_attribute(void *arg, const char *name)
{
	char value[ATTRIBUTES_BYTES_MAX];
	struct walk *walk = arg;

	(void)reader_attribute(walk->reader, 1, name, value, sizeof(value));
	return false;
}

enum list {
	LIST_RESTAURANTS,
	LIST_FAVORITES,
	LIST_COUNT_WINDOWS,
	LIST_RANKING_WINDOWS,
	LIST_USERS,
	LIST_LINKS,
};

static int list_from(struct walk *walk, enum list list, int64_t of)
{
	struct reader *reader = walk->reader;

	switch (list) {
	case LIST_RESTAURANTS:
		return reader_restaurants(reader, walk->cookie, take_restaurant, walk);
	case LIST_FAVORITES:
		return reader_favorites(reader, of, walk->cookie, take_favorite, walk);
	case LIST_COUNT_WINDOWS:
		return reader_count_windows(reader, "noma", walk->cookie, take_window, walk);
	case LIST_RANKING_WINDOWS:
		return reader_ranking_windows(reader, walk->cookie, take_window, walk);
	case LIST_USERS:
		return reader_users(reader, walk->cookie, take_user, walk);
	case LIST_LINKS:
		return reader_links(reader, of, walk->cookie, take_link, walk);
	}
	return -EINVAL;
}

/* A list comes in pieces, as getdents(2) asks for it. */
static struct walk walk_list(struct reader *reader, enum list list, int64_t of)
{
	struct walk walk = {.reader = reader};
	int before = -1;

	while (walk.entries != before) {
		before = walk.entries;
		if (list_from(&walk, list, of) < 0)
			break;
	}
	return walk;
}

/* Appends the text of a ranking, or what went wrong. */
static void read_ranking_to(FILE *out, struct reader *reader, window_t window)
{
	static char buffer[4096];
	struct ranking *ranking;
	struct ranking_info info;
	int64_t at = 0, seq;
	ssize_t got = ranking_open(reader, window, 0, &ranking);

	(void)fprintf(out, "%u\n", window);
	if (reader_ranking(reader, window, &info) == 0)
		assert(ranking_key(info.version) > 0 &&
			ranking_key(info.version) < RANKING_KEY_MAX && info.size_bytes >= 0);
	if (got == 0) {
		ranking_info(ranking, &info);
		(void)ranking_applied(ranking, &seq);
		for (int tries = 0; tries < 1000 && (size_t)at < TEXT_MAX; tries++) {
			got = ranking_read(ranking, at, buffer, sizeof(buffer));
			if (got == -EAGAIN && reader_work(reader) >= 0)
				continue;
			if (got <= 0)
				break;
			assert((size_t)got <= sizeof(buffer) && at + got <= info.size_bytes);
			(void)fwrite(buffer, 1, (size_t)got, out);
			at += got;
		}
		ranking_close(ranking);
	}
	if (got < 0)
		(void)fprintf(out, "error %zd\n", got);
}

/* All rankings; the caller frees it. */
static char *read_rankings(struct reader *reader)
{
	struct walk windows = walk_list(reader, LIST_RANKING_WINDOWS, 0);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert(out);
	read_ranking_to(out, reader, 0);
	for (size_t i = 0; i < windows.count; i++)
		read_ranking_to(out, reader, (window_t)windows.ids[i]);
	assert(fclose(out) == 0);
	return text;
}

static void read_log_text(struct reader *reader)
{
	static char buffer[8192];
	struct log_text text;

	if (reader_log_text(reader, &text) < 0)
		return;
	assert(text.start >= 0 && text.start <= text.end && text.end < LOG_TEXT_BYTES_MAX);
	for (int64_t at = text.start, reads = 0; reads < 100; reads++) {
		ssize_t got = reader_log_read(reader, at, buffer, sizeof(buffer));

		if (got <= 0)
			break;
		assert((size_t)got <= sizeof(buffer));
		at += got;
	}
}

static int any_entry(void *arg, const struct log_entry *entry)
{
	int *entries = arg;

	assert(++*entries < ENTRIES_MAX);
	return entry->restaurant && entry->user ? 0 : -ENOMEM;
}

static void read_lists(struct reader *reader)
{
	struct walk restaurants = walk_list(reader, LIST_RESTAURANTS, 0), more;

	for (size_t i = 0; i < restaurants.count; i++) {
		more = walk_list(reader, LIST_FAVORITES, restaurants.ids[i]);
		for (size_t j = 0; j < more.count; j++)
			(void)reader_attributes(reader, more.ids[j], take_attribute, &more);
	}
	more = walk_list(reader, LIST_USERS, 0);
	for (size_t i = 0; i < more.count; i++)
		(void)walk_list(reader, LIST_LINKS, more.ids[i]);
	(void)walk_list(reader, LIST_COUNT_WINDOWS, 0);
}

static void read_figures(struct reader *reader)
{
	struct totals totals;
	struct position position;
	struct set_aside set_aside;
	struct sizes sizes;
	struct count count;
	struct favorite favorite;

	(void)reader_totals(reader, &totals);
	(void)reader_position(reader, &position);
	(void)reader_set_aside(reader, &set_aside);
	(void)reader_sizes(reader, &sizes);
	(void)reader_count(reader, "noma", 0, &count);
	(void)reader_favorite(reader, 1, "u2", &favorite);
}

/* The rankings, or NULL where the store was refused; the caller frees them. */
static char *read_all(void)
{
	struct store_options options = {.mode = STORE_READ, .now_ns = fixture_now_ns};
	struct complaint why = {""};
	struct position position;
	struct reader *reader;
	struct store *store;
	char *text = NULL;
	int entries = 0;

	if (store_open(fixture.path, &options, &store, &why) < 0) {
		assert(*why.text);
		return NULL;
	}
	if (reader_open(store, &reader) == 0) {
		read_figures(reader);
		read_lists(reader);
		read_log_text(reader);
		(void)reader_log(reader, 0, 1000, any_entry, &entries);
		(void)reader_scan(reader, any_entry, &entries, &position);
		text = read_rankings(reader);
		reader_close(reader);
	}
	store_close(store);
	return text;
}

/* ---- working with it ---- */

static void change_some(void)
{
	struct store_options options = serving_options();
	struct import_line lines[] = {{LOG_ADD, "noma", "zoe", MOMENT_NONE},
		{LOG_UPDATE, "noma", "u2", START_NS},
		{LOG_REMOVE, "wong-kei", "fan of wong-kei 1", 0}};
	struct wish wishes[] = {
		{.change = {.kind = CHANGE_MARK, .id = 1, .name = "yan"}},
		{.change = {.kind = CHANGE_UNMARK, .id = 1, .name = "u5"}},
		{.change = {.kind = CHANGE_MOVE,
			 .id = 1,
			 .name = "u2",
			 .to_id = 2,
			 .to_name = "u2"}},
		{.change = {.kind = CHANGE_SET_CREATED, .id = 41, .created_ns = 0}},
		{.change = {.kind = CHANGE_MAKE_RESTAURANT, .name = "st-john"}},
		{.change = {.kind = CHANGE_IMPORT, .lines = lines, .line_count = COUNT(lines)}},
		{.change = {.kind = CHANGE_SYNC}},
	};
	struct complaint why = {""};

	if (store_open(fixture.path, &options, &fixture.store, &why) < 0) {
		assert(*why.text);
		return;
	}
	for (size_t i = 0; i < COUNT(wishes); i++)
		(void)wish_do(&wishes[i]);
	store_close(fixture.store);
	fixture.store = NULL;
}

static void derive_from(struct store *store, struct reader *reader, struct derived *derived)
{
	struct pipeline_options options = {.changes_max = 10};
	struct pipeline pipeline;
	bool rebuilt;
	int steps = 0;

	if (pipeline_init(&pipeline, store, reader, derived, &options) < 0)
		return;
	if (pipeline_resume(&pipeline, &rebuilt) == 0)
		while (pipeline_step(&pipeline) > 0)
			assert(++steps < 1000);
	pipeline_fini(&pipeline);
}

static void derive(void)
{
	struct store_options options = {.mode = STORE_READ, .now_ns = fixture_now_ns};
	struct complaint why = {""};
	struct derived *derived;
	struct reader *reader;
	struct store *store;

	if (store_open(fixture.path, &options, &store, &why) < 0)
		return;
	if (derived_open(store, true, &derived, &why) == 0) {
		if (reader_open(store, &reader) == 0) {
			derive_from(store, reader, derived);
			reader_close(reader);
		}
		derived_close(derived);
	}
	store_close(store);
}

static void take_finding(void *arg, const struct finding *finding)
{
	int *findings = arg;

	for (const uint8_t *at = (const uint8_t *)finding->found; *at; at++) {
		assert(*at >= ' ' && *at != 0x7f); /* C0, DEL */
		assert(at[0] != 0xc2 || at[1] >= 0xa0); /* C1 */
	}
	++*findings;
}

/* Whether all is as it must be, as far as the check can tell. */
static bool check_is_clean(void)
{
	int findings = 0;
	const struct check_options options = {.finding = take_finding, .arg = &findings};
	struct check_summary summary = {0};
	struct complaint why = {""};

	return store_check(fixture.path, &options, &summary, &why) == 0 && findings == 0;
}

/* ---- */

static void prepare(void)
{
	sample_directory();
	sample_fill();
	serve_end();
	for (size_t i = 0; i < COUNT(files); i++) {
		sql_run(files[i].name, "PRAGMA wal_checkpoint(TRUNCATE)");
		read_file(&files[i]);
	}
	assert(check_is_clean());
	rankings = read_all();
	assert(rankings && strstr(rankings, "wong-kei"));
}

/* The first byte says what is done with it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	uint64_t what = input_number(&input, 1);
	struct complaint why;
	char *text;

	if (!rankings)
		prepare();
	make_damaged(&input);
	text = read_all();
	if (what & 1 && check_is_clean())
		assert(text && strcmp(text, rankings) == 0);
	free(text);
	if (what & 2)
		change_some();
	if (what & 4)
		derive();
	if (what & 8)
		(void)store_repair(fixture.path, &why);
	if (what & 14)
		free(read_all());
	return 0;
}
