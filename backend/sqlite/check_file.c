/*
 * check_file.c - each database by itself: is it there, ours, whole, and of the shape it was
 * made in.
 */
#include <errno.h>
#include <string.h>

#include "backend/sqlite/check.h"
#include "backend/sqlite/db.h"

/* Enough to see what kind of damage it is. */
#define INTEGRITY_CHECK "PRAGMA integrity_check(20)"

/* One of the two, and what its findings are called. */
struct file {
	unsigned gives; /* enum check_need */
	int (*make)(sqlite3 *db); /* what it should look like */
	const char *unreadable;
	const char *foreign;
	const char *version;
	const char *shape;
	const char *integrity;
	const char *extra;
	const char *mode;
};

static int make_favorites(sqlite3 *db)
{
	return schema_make_favorites(db, 0, WINDOW_KINDS_DEFAULT, ZONE_DEFAULT);
}

static const struct file files[CHECK_FILES] = {
	{NEED_FAVORITES, make_favorites, "F002", "F003", "F004", "F005", "F006", "F008", "F009"},
	{NEED_DERIVED, schema_make_derived, "F402", "F403", "F404", "F405", "F406", "F408", "F409"},
};

/* A file in the light of what it should be. */
struct look {
	struct check *check;
	const struct file *file;
	int index; /* of both in their arrays */
	sqlite3 *db; /* borrowed; NULL: it is no database */
	sqlite3 *model; /* in memory: as it was made */
	bool usable; /* its tables are those that statements expect */
};

static void tell(struct look *look, const char *code, const char *part, const char *expected,
	const char *found)
{
	char place[512];

	(void)sqlite3_snprintf(sizeof(place), place, "%s%s%s", check_names[look->index],
		part ? " " : "", part ? part : "");
	check_tell(look->check, code, place, expected, found);
}

/* Compares what a pragma says here and in the model. */
static int check_pragma(struct look *look, const char *sql, const char *code, bool *ret_same)
{
	char expected[CHECK_TEXT_MAX], found[CHECK_TEXT_MAX];
	int error = check_read_text(look->model, sql, expected);

	if (!error)
		error = check_read_text(look->db, sql, found);
	if (error)
		return error;
	*ret_same = !strcmp(expected, found);
	if (!*ret_same)
		tell(look, code, strchr(sql, ' ') + 1, expected, found);
	look->check->summary.checks++;
	return 0;
}

/* Neither a model in memory nor a copy has the mode of the file. */
static void check_mode(struct look *look)
{
	const char *mode = look->check->modes[look->index];

	if (strcmp(mode, "wal") != 0)
		tell(look, look->file->mode, "journal_mode", "wal", mode);
	look->check->summary.checks++;
}

/* ---- tables and indices ---- */

static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

/* Steps @other to the object that @row names: 1 if it is there. */
static int find_object(sqlite3_stmt *other, sqlite3_stmt *row)
{
	db_bind(other, "tt", text_of(row, 0), text_of(row, 1));
	return db_step(other);
}

static void compare_object(struct look *look, sqlite3_stmt *expected, sqlite3_stmt *row, int found)
{
	char part[128];

	(void)sqlite3_snprintf(
		sizeof(part), part, "%s %s", text_of(expected, 0), text_of(expected, 1));
	if (found && !strcmp(text_of(expected, 2), text_of(row, 2)))
		return;
	tell(look, look->file->shape, part, found ? text_of(expected, 2) : "one",
		found ? text_of(row, 2) : "none");
	if (!strcmp(text_of(expected, 0), "table"))
		look->usable = false;
}

static void tell_extra(struct look *look, sqlite3_stmt *row)
{
	char part[128];

	(void)sqlite3_snprintf(sizeof(part), part, "%s %s", text_of(row, 0), text_of(row, 1));
	tell(look, look->file->extra, part, "none", "one");
}

/* Shows each object of @all with its twin in @others, if it has one. */
static int each_object(struct look *look, sqlite3 *all, sqlite3 *others, bool extra)
{
	static const char *const list = "SELECT type, name, sql FROM sqlite_schema";
	static const char *const find = "SELECT type, name, sql FROM sqlite_schema"
					" WHERE type = ? AND name = ?";
	sqlite3_stmt *row = NULL, *other = NULL;
	int found = db_prepare(all, &list, 1, &row);

	if (!found)
		found = db_prepare(others, &find, 1, &other);
	while (!found && (found = db_step(row)) == 1) {
		int twin = find_object(other, row);

		if (twin >= 0 && !extra)
			compare_object(look, row, other, twin);
		/* sqlite_stat1 and its like are SQLite's business */
		if (twin == 0 && extra && strncmp(text_of(row, 1), "sqlite_", 7) != 0)
			tell_extra(look, row);
		(void)sqlite3_reset(other);
		found = twin < 0 ? twin : 0;
	}
	db_finalize(&row, 1);
	db_finalize(&other, 1);
	return found;
}

static int check_shape(struct look *look)
{
	int error = each_object(look, look->model, look->db, false);

	if (!error)
		error = each_object(look, look->db, look->model, true);
	look->check->summary.checks++;
	return error;
}

/* ---- SQLite's own opinion ---- */

/* Lines of one text become one line. */
static void tell_integrity(struct look *look, const char *text)
{
	char line[512];

	(void)sqlite3_snprintf(sizeof(line), line, "%s", text);
	for (char *at = line; *at; at++)
		*at = *at == '\n' ? ' ' : *at;
	tell(look, look->file->integrity, NULL, "ok", line);
	if (strncmp(line, "CHECK constraint", 16) != 0) /* that is about a value */
		look->usable = false;
}

static int check_integrity(struct look *look)
{
	static const char *const sql = INTEGRITY_CHECK;
	sqlite3_stmt *row;
	int found = db_prepare(look->db, &sql, 1, &row);

	if (found)
		return found;
	while ((found = db_step(row)) == 1)
		if (strcmp(text_of(row, 0), "ok") != 0)
			tell_integrity(look, text_of(row, 0));
	if (found == -EUCLEAN) {
		tell_integrity(look, db_message(look->db));
		found = 0;
	}
	db_finalize(&row, 1);
	look->check->summary.checks++;
	return found;
}

/* ---- a file ---- */

static int check_inside(struct look *look)
{
	bool ours = false, version = false;
	int error = check_pragma(look, "PRAGMA application_id", look->file->foreign, &ours);

	if (!error && ours)
		error = check_pragma(look, "PRAGMA user_version", look->file->version, &version);
	if (error || !version)
		return error;
	look->usable = true;
	check_mode(look);
	error = check_shape(look);
	return error ? error : check_integrity(look);
}

static int open_model(struct look *look)
{
	int error = db_open(":memory:", DB_CREATE, 64, &look->model);

	return error ? error : look->file->make(look->model);
}

static int check_file(struct check *check, int i)
{
	struct look look = {.check = check, .file = &files[i], .index = i, .db = check->files[i]};
	int error = open_model(&look);

	if (!error)
		error = look.db ? check_inside(&look) : -EUCLEAN;
	if (error == -EUCLEAN) {
		tell(&look, look.file->unreadable, NULL, "a database",
			look.db ? db_message(look.db) : "file is not a database");
		look.usable = false;
		error = 0;
	}
	if (look.usable)
		check->have |= look.file->gives;
	db_close(look.model);
	return error;
}

/* An earlier format is no damage. */
static int check_earlier(struct check *check, struct complaint *ret_why)
{
	if (!check->files[0] || schema_check_favorites(check->files[0]) != -ENOEXEC)
		return 0;
	return complain(ret_why, -ENOEXEC,
		"%s/" FAVORITES_DB
		": made by an earlier version of favfs: mount it once without -o ro,"
		" which brings it up to date, and check it then",
		check->store.path);
}

/* Whether there should be a derived.db depends on the rows of the other. */
int check_files(struct check *check, struct complaint *ret_why)
{
	int earlier = check_earlier(check, ret_why);

	if (earlier)
		return earlier;
	if (check->missing[0])
		check_tell(check, "F001", FAVORITES_DB, "a file", "none");
	for (int i = 0; i < CHECK_FILES; i++) {
		int error = 0;

		check_progress(check, check_names[i], (size_t)i, CHECK_FILES);
		if (!check->missing[i])
			error = check_file(check, i);
		if (error)
			return complain(ret_why, error, "%s/%s: %s", check->store.path,
				check_names[i], strerror(-error));
	}
	return 0;
}
