/*
 * check.c - looking at everything in a store, in order.
 */
#include "backend/sqlite/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/sqlite/db.h"

/* ---- reading ---- */

static int first_row(sqlite3 *db, const char *sql, sqlite3_stmt **ret_row)
{
	int found = db_prepare(db, &sql, 1, ret_row);

	if (found)
		return found;
	found = db_step(*ret_row);
	if (found == 1)
		return 0;
	db_finalize(ret_row, 1);
	return found ? found : -ENOENT;
}

int check_read_number(sqlite3 *db, const char *sql, int64_t *ret_number)
{
	sqlite3_stmt *row;
	int error = first_row(db, sql, &row);

	if (error)
		return error;
	*ret_number = sqlite3_column_int64(row, 0);
	db_finalize(&row, 1);
	return 0;
}

int check_read_text(sqlite3 *db, const char *sql, char ret_text[static CHECK_TEXT_MAX])
{
	sqlite3_stmt *row;
	int error = first_row(db, sql, &row);

	if (error)
		return error;
	(void)sqlite3_snprintf(CHECK_TEXT_MAX, ret_text, "%s", sqlite3_column_text(row, 0));
	db_finalize(&row, 1);
	return 0;
}

/* ---- running statements ---- */

/*
 * Rows that cannot be read, or not be reckoned with (SQLITE_ERROR: a sum past all numbers),
 * are a finding; told once, as what follows mostly is of the same.
 */
static int judge(struct check *check, int error, unsigned needs)
{
	bool derived = needs & NEED_DERIVED;

	if (!error || (error != -EUCLEAN && (sqlite3_errcode(check->db) & 0xff) != SQLITE_ERROR))
		return error;
	if (!check->unreadable[derived])
		check_tell(check, derived ? "F407" : "F007", derived ? DERIVED_DB : FAVORITES_DB,
			"readable rows", db_message(check->db));
	check->unreadable[derived] = true;
	return 0;
}

static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "NULL";
}

/* What is only there to make a table gives no rows. */
static int run(struct check *check, const struct row_check *row_check)
{
	sqlite3_stmt *row;
	int found = db_prepare(check->db, &row_check->sql, 1, &row);

	if (found)
		return judge(check, found, row_check->needs);
	while ((found = db_step(row)) == 1)
		check_tell(
			check, row_check->code, text_of(row, 0), text_of(row, 1), text_of(row, 2));
	if (found)
		found = judge(check, found, row_check->needs);
	else if (row_check->code)
		check->summary.checks++;
	db_finalize(&row, 1);
	return found;
}

static int run_all(
	struct check *check, const char *phase, const struct row_check *checks, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		check_progress(check, phase, i, count);
		if ((checks[i].needs & check->have) == checks[i].needs)
			error = run(check, &checks[i]);
	}
	return error;
}

/* ---- one moment of both ---- */

static int join(struct check *check)
{
	int error;

	check->db = check->files[0];
	error = db_exec(check->db, "PRAGMA temp_store = file"); /* big ones need no memory */
	if (!error)
		error = check_add_functions(check, check->db);
	if (!error && check->have & NEED_DERIVED)
		error = check_attach(check);
	return error;
}

/* The first look at a database fixes its moment: derived.db comes first, as with copies. */
static int fix_moments(struct check *check)
{
	int error = db_exec(check->db, "BEGIN");

	if (!error)
		error = db_exec(check->db, check->have & NEED_DERIVED
						   ? "CREATE TEMP TABLE position AS"
						     " SELECT seq, tag, zone_version FROM"
						     " derived.position"
						   : "CREATE TEMP TABLE position (seq, tag,"
						     " zone_version)");
	if (!error)
		error = db_exec(check->db,
			"CREATE TEMP TABLE look AS SELECT *, CASE WHEN position = 0 THEN whole"
			" WHEN position IS NULL THEN 0 ELSE tag IS (SELECT c.tag FROM main.change AS c WHERE c.seq = position)"
			" OR (oldest IS NULL AND position = newest AND tag = last_tag) END AS sound"
			" FROM (SELECT (SELECT seq FROM temp.position) AS position,"
			" (SELECT tag FROM temp.position) AS tag,"
			" (SELECT last_tag FROM main.state) AS last_tag, oldest,"
			" coalesce(newest, next_seq - 1) AS newest,"
			" CASE WHEN oldest IS NULL THEN next_seq = 1"
			" ELSE oldest = 1 AND newest = n END AS whole"
			" FROM (SELECT (SELECT min(seq) FROM main.change) AS oldest,"
			" (SELECT max(seq) FROM main.change) AS newest,"
			" (SELECT count(*) FROM main.change) AS n,"
			" (SELECT next_seq FROM main.state) AS next_seq))");
	if (!error)
		error = db_exec(check->db,
			"CREATE TEMP TABLE kind (kind INTEGER PRIMARY KEY);"
			"INSERT INTO temp.kind SELECT column1 FROM"
			" (VALUES (0), (1), (2), (3), (4), (5)) WHERE column1 = 0"
			" OR (SELECT windows FROM main.store) >> column1 & 1");
	return error;
}

/* What else can be told from the row about the store itself. */
static int read_store(struct check *check)
{
	sqlite3_stmt *row;
	int error = first_row(check->db,
		"SELECT hash_key, windows BETWEEN 1 AND 63, timezone FROM main.store", &row);

	if (error)
		return error == -ENOENT ? 0 : error; /* a finding of its own */
	if (sqlite3_column_bytes(row, 0) == HASH_KEY_BYTES) {
		memcpy(check->store.hash_key, sqlite3_column_blob(row, 0), HASH_KEY_BYTES);
		check->have |= NEED_KEY;
	}
	if (sqlite3_column_int(row, 1) && zone_set(text_of(row, 2)) == 0)
		check->have |= NEED_KINDS;
	db_finalize(&row, 1);
	return 0;
}

static int count_rows(struct check *check)
{
	struct check_summary *summary = &check->summary;
	const struct {
		unsigned needs;
		const char *sql;
		int64_t *count;
	} tables[] = {
		{NEED_FAVORITES, "SELECT count(*) FROM main.restaurant", &summary->restaurants},
		{NEED_FAVORITES, "SELECT count(*) FROM main.favorite", &summary->favorites},
		{NEED_FAVORITES, "SELECT count(*) FROM main.attribute", &summary->attributes},
		{NEED_FAVORITES, "SELECT count(*) FROM main.change", &summary->changes},
		{NEED_DERIVED, "SELECT count(*) FROM derived.count", &summary->counts},
		{NEED_DERIVED, "SELECT count(*) FROM derived.ranking", &summary->rankings},
		{NEED_DERIVED, "SELECT count(*) FROM derived.user", &summary->users},
		{NEED_DERIVED, "SELECT count(*) FROM derived.link", &summary->links},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables) && !error; i++)
		if (check->have & tables[i].needs)
			error = judge(check,
				check_read_number(check->db, tables[i].sql, tables[i].count),
				tables[i].needs);
	return error;
}

/* Whether there is something that counts can be compared with. */
static int judge_position(struct check *check)
{
	int64_t newest = 0, sound = 0;
	int error = check_read_number(check->db, "SELECT newest FROM temp.look", &newest);

	if (!error)
		error = check_read_number(check->db, "SELECT sound IS 1 FROM temp.look", &sound);
	if (error)
		return error;
	if (check->missing[1] && newest > 0)
		check_tell(check, "F401", DERIVED_DB, "a file", "none");
	if (!sound || !(check->have & NEED_DERIVED))
		return 0;
	check->have |= NEED_POSITION;
	return check_read_number(
		check->db, "SELECT position FROM temp.look", &check->summary.position);
}

static int look(struct check *check)
{
	int error = join(check);

	if (!error)
		error = fix_moments(check);
	if (!error)
		error = read_store(check);
	return error ? error : judge_position(check);
}

static int check_rows(struct check *check)
{
	int error = look(check);

	if (error) { /* nothing can be said without these few rows */
		check->have = 0;
		return judge(check, error, NEED_FAVORITES);
	}
	error = count_rows(check);
	if (!error)
		error = run_all(check, "favourites", favorite_checks, favorite_checks_count);
	if (!error)
		error = run_all(check, "the log", log_checks, log_checks_count);
	if (!error)
		error = run_all(check, "the position", position_checks, position_checks_count);
	if (!error)
		error = run_all(check, "counts and rankings", count_checks, count_checks_count);
	if (!error)
		error = run_all(check, "users", user_checks, user_checks_count);
	return error;
}

/* ---- */

static int64_t all_findings(const struct check_summary *summary)
{
	int64_t all = 0;

	for (int i = 0; i < REPAIRS; i++)
		all += summary->findings[i];
	return all;
}

static int check_all(struct check *check, struct complaint *ret_why)
{
	int error = check_open(check, ret_why);

	if (!error)
		error = check_files(check, ret_why);
	if (error)
		return error;
	if (check->have & NEED_FAVORITES)
		error = check_rows(check);
	if (error)
		return complain(ret_why, error, "%s: %s (%s)", check->store.path, strerror(-error),
			db_message(check->db));
	check->summary.countable = check->have & NEED_FAVORITES && !check->damaged &&
				   !check->unreadable[0];
	if (check->summary.checks == 0 && all_findings(&check->summary) == 0)
		return complain(ret_why, -ENODATA, "%s: checked nothing", check->store.path);
	return 0;
}

int store_check(const char *where, const struct check_options *options,
	struct check_summary *ret_summary, struct complaint *ret_why)
{
	struct check check = {.options = options};
	int error = store_locate(where, &check.store.path, ret_why);

	if (!error)
		error = check_all(&check, ret_why);
	check_close(&check);
	free(check.store.path);
	if (!error)
		*ret_summary = check.summary;
	return error;
}
