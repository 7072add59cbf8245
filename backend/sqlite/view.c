/*
 * view.c - reading counts and the position as they are now.
 *
 * derived.db may not exist yet, and it may be replaced at any time: its old
 * state is shown until the new one has counted something.
 */
#include "backend/sqlite/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/sqlite/db.h"
#include "backend/sqlite/reader.h"
#include "backend/sqlite/rows.h"

#define CACHE_KIB 2048

enum view_statement {
	V_POSITION,
	V_SET_ASIDE,
	V_COUNT,
	V_COUNT_WINDOWS,
	V_RANKING_WINDOWS,
	V_USER,
	V_USER_BY_ID,
	V_USERS,
	V_LINK,
	V_LINKS,
	V_STATEMENTS,
};

#define USER_COLUMNS "id, favorites, changed_ns, name"

static const char *const statements[V_STATEMENTS] = {
	[V_POSITION] = "SELECT seq, tag FROM position",
	[V_SET_ASIDE] =
		"SELECT count(*) OVER (), seq, why FROM set_aside ORDER BY seq DESC LIMIT 1",
	[V_COUNT] = "SELECT count, changed_ns FROM count WHERE restaurant = ? AND window = ?",
	[V_COUNT_WINDOWS] = "SELECT window FROM count"
			    " WHERE restaurant = ? AND window > ? AND count > 0 ORDER BY window",
	[V_RANKING_WINDOWS] = "SELECT window FROM ranking WHERE window > ? AND rows > 0"
			      " ORDER BY window",
	[V_USER] = "SELECT " USER_COLUMNS " FROM user WHERE name = ? AND favorites > 0",
	[V_USER_BY_ID] = "SELECT " USER_COLUMNS " FROM user WHERE id = ? AND favorites > 0",
	[V_USERS] = "SELECT " USER_COLUMNS " FROM user WHERE id > ? AND favorites > 0 ORDER BY id",
	[V_LINK] = "SELECT restaurant_id, created_ns, restaurant FROM link"
		   " WHERE user = ? AND restaurant_id = ?",
	[V_LINKS] = "SELECT restaurant_id, created_ns, restaurant FROM link"
		    " WHERE user = ? AND restaurant_id > ? ORDER BY restaurant_id",
};

struct view {
	sqlite3 *db;
	sqlite3_stmt *sql[V_STATEMENTS];
	uint64_t looked; /* of the store, when the file was last compared */
};

void view_close(struct view *view)
{
	if (!view)
		return;
	db_finalize(view->sql, V_STATEMENTS);
	db_close(view->db);
	free(view);
}

static int view_open(const struct store *store, struct view **ret_view)
{
	struct view *view = calloc(1, sizeof(*view));
	char path[PATH_MAX];
	int error;

	if (!view)
		return -ENOMEM;
	view->looked = store->derived_looked;
	store_path(store, DERIVED_DB, path);
	error = db_open(path, DB_READ, CACHE_KIB, &view->db);
	if (!error)
		error = db_prepare(view->db, statements, V_STATEMENTS, view->sql);
	if (error) { /* a damaged one is as good as missing: the aggregator makes it anew */
		view_close(view);
		return error == -EUCLEAN ? -ENOENT : error;
	}
	*ret_view = view;
	return 0;
}

static int view_position(struct view *view, struct position *ret_position)
{
	DB_SCOPED row = view->sql[V_POSITION];

	return rows_one_position(row, ret_position);
}

/* Takes a new file's view in place of the old one's once it has counted something. */
static void view_replace(struct reader *reader)
{
	struct position position = {0};
	struct view *fresh = NULL;

	if (view_open(reader->store, &fresh))
		return; /* none yet: the old one stands */
	if (view_position(fresh, &position) || position.seq == 0) {
		view_close(fresh);
		return;
	}
	view_close(reader->view);
	reader->view = fresh;
}

/* 0 and reader->view, or -ENOENT while nothing was ever derived. */
static int view_get(struct reader *reader)
{
	if (!reader->view)
		return view_open(reader->store, &reader->view);
	if (reader->view->looked != reader->store->derived_looked) {
		reader->view->looked = reader->store->derived_looked;
		if (db_has_moved(reader->view->db))
			view_replace(reader);
	}
	return 0;
}

int reader_position(struct reader *reader, struct position *ret_position)
{
	int error = view_get(reader);

	if (reader->view && db_has_moved(reader->view->db)) {
		view_replace(
			reader); /* what is shown still counts; what is gone promises nothing */
		if (db_has_moved(reader->view->db)) {
			*ret_position = (struct position){0};
			return 0;
		}
	}
	if (!reader->view) {
		*ret_position = (struct position){0};
		return 0;
	}
	return error ? error : view_position(reader->view, ret_position);
}

int reader_set_aside(struct reader *reader, struct set_aside *ret_set_aside)
{
	int found = view_get(reader);
	const char *why;

	*ret_set_aside = (struct set_aside){.count = 0};
	if (found)
		return found == -ENOENT ? 0 : found;

	DB_SCOPED row = reader->view->sql[V_SET_ASIDE];

	found = db_step(row);
	if (found != 1)
		return found;
	why = (const char *)sqlite3_column_text(row, 2);
	ret_set_aside->count = sqlite3_column_int64(row, 0);
	ret_set_aside->newest_seq = sqlite3_column_int64(row, 1);
	(void)snprintf(ret_set_aside->why, sizeof(ret_set_aside->why), "%s", why ? why : "");
	return 0;
}

static int find_count(
	struct reader *reader, const char *restaurant, window_t window, struct count *ret_count)
{
	DB_SCOPED row = reader->view->sql[V_COUNT];
	int found;

	db_bind(row, "ti", restaurant, (int64_t)window);
	found = db_step(row);
	if (found == 1) {
		ret_count->count = sqlite3_column_int64(row, 0);
		ret_count->changed_ns = sqlite3_column_int64(row, 1);
	}
	return found < 0 ? found : 0;
}

int reader_count(
	struct reader *reader, const char *restaurant, window_t window, struct count *ret_count)
{
	struct count count = {0};
	int error = view_get(reader);

	if (!error)
		error = find_count(reader, restaurant, window, &count);
	if (error && error != -ENOENT)
		return error;
	*ret_count = count;
	return 0;
}

static int show_windows(sqlite3_stmt *rows, each_window *each, void *arg)
{
	int found;

	while ((found = db_step(rows)) == 1) {
		int64_t window;
		int error = rows_number(rows, 0, WINDOW_KINDS << WINDOW_NUMBER_BITS, &window);

		if (error)
			return error;
		if (each(arg, window, (window_t)window))
			return 0;
	}
	return found;
}

int reader_count_windows(
	struct reader *reader, const char *restaurant, int64_t after, each_window *each, void *arg)
{
	int error = view_get(reader);
	DB_SCOPED rows = error ? NULL : reader->view->sql[V_COUNT_WINDOWS];

	if (error)
		return error == -ENOENT ? 0 : error;
	db_bind(rows, "ti", restaurant, after);
	return show_windows(rows, each, arg);
}

int reader_ranking_windows(struct reader *reader, int64_t after, each_window *each, void *arg)
{
	int error = view_get(reader);
	DB_SCOPED rows = error ? NULL : reader->view->sql[V_RANKING_WINDOWS];

	if (error)
		return error == -ENOENT ? 0 : error;
	db_bind(rows, "i", after);
	return show_windows(rows, each, arg);
}

/* ---- users ---- */

static int read_user(sqlite3_stmt *row, struct user *ret_user)
{
	int error = rows_number(row, 0, USER_ID_MAX, &ret_user->id);

	ret_user->favorites = sqlite3_column_int64(row, 1);
	ret_user->changed_ns = sqlite3_column_int64(row, 2);
	return error ? error : db_name(row, 3, ret_user->name);
}

static int one_user(sqlite3_stmt *row, struct user *ret_user)
{
	int found = db_step(row);

	if (found != 1)
		return found ? found : -ENOENT;
	return read_user(row, ret_user);
}

int reader_user(struct reader *reader, const char *name, struct user *ret_user)
{
	int error = view_get(reader);
	DB_SCOPED row = error ? NULL : reader->view->sql[V_USER];

	if (error)
		return error;
	db_bind(row, "t", name);
	return one_user(row, ret_user);
}

int reader_user_by_id(struct reader *reader, int64_t id, struct user *ret_user)
{
	int error = view_get(reader);
	DB_SCOPED row = error ? NULL : reader->view->sql[V_USER_BY_ID];

	if (error)
		return error;
	db_bind(row, "i", id);
	return one_user(row, ret_user);
}

int reader_users(struct reader *reader, int64_t after, each_user *each, void *arg)
{
	int found = view_get(reader);
	DB_SCOPED rows = found ? NULL : reader->view->sql[V_USERS];

	if (found)
		return found == -ENOENT ? 0 : found;
	db_bind(rows, "i", after);
	while ((found = db_step(rows)) == 1) {
		struct user user;
		int error = read_user(rows, &user);

		if (error)
			return error;
		if (each(arg, user.id, &user))
			return 0;
	}
	return found;
}

static int read_link(sqlite3_stmt *row, struct link *ret_link)
{
	int error = rows_number(row, 0, RESTAURANT_ID_MAX, &ret_link->restaurant);

	ret_link->created_ns = sqlite3_column_int64(row, 1);
	return error ? error : db_name(row, 2, ret_link->name);
}

int reader_link(struct reader *reader, int64_t user, int64_t restaurant, struct link *ret_link)
{
	int found = view_get(reader);
	DB_SCOPED row = found ? NULL : reader->view->sql[V_LINK];

	if (found)
		return found;
	db_bind(row, "ii", user, restaurant);
	found = db_step(row);
	if (found != 1)
		return found ? found : -ENOENT;
	return read_link(row, ret_link);
}

int reader_links(struct reader *reader, int64_t user, int64_t after, each_link *each, void *arg)
{
	int found = view_get(reader);
	DB_SCOPED rows = found ? NULL : reader->view->sql[V_LINKS];

	if (found)
		return found == -ENOENT ? 0 : found;
	db_bind(rows, "ii", user, after);
	while ((found = db_step(rows)) == 1) {
		struct link link;
		int error = read_link(rows, &link);

		if (error)
			return error;
		if (each(arg, link.restaurant, &link))
			return 0;
	}
	return found;
}
