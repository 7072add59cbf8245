/*
 * apply.c - what each kind of change does to favorites.db.
 *
 * Every function looks before it writes: a refusal has done nothing and harms
 * no other change of the batch.  Repeating a change changes nothing and logs
 * nothing (invariant 3).
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "backend/sqlite/db.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/rows.h"
#include "backend/sqlite/writer.h"

bool writer_is_refusal(int error)
{
	return error == -ENOENT || error == -EEXIST || error == -ENOTEMPTY || error == -EINVAL;
}

static int64_t now_ns(const struct writer *writer)
{
	return writer->store->now_ns();
}

/* ---- looking: 0, -ENOENT or an error of the engine ---- */

static int find_restaurant(struct writer *writer, int64_t id, struct restaurant *ret_restaurant)
{
	DB_SCOPED row = writer->sql[W_RESTAURANT_BY_ID];

	db_bind(row, "i", id);
	return rows_one_restaurant(row, ret_restaurant);
}

static int find_fans(struct writer *writer, int64_t id, struct restaurant *ret_restaurant)
{
	int error = find_restaurant(writer, id, ret_restaurant);

	return error ? error : ret_restaurant->fans_made_ns ? 0 : -ENOENT;
}

static int find_favorite(
	struct writer *writer, int64_t restaurant, const char *user, struct favorite *ret_favorite)
{
	DB_SCOPED row = writer->sql[W_FAVORITE_FIND];

	db_bind(row, "iit", restaurant, store_place(writer->store, user), user);
	return rows_one_favorite(row, ret_favorite, NULL);
}

/* ---- restaurants ---- */

static int make_restaurant(struct writer *writer, struct change *change)
{
	struct restaurant *after = &change->after.restaurant;
	sqlite3_stmt *find = writer->sql[W_RESTAURANT_BY_NAME];
	sqlite3_stmt *add = writer->sql[W_RESTAURANT_ADD];
	int64_t now = now_ns(writer);
	int error;

	db_bind(find, "t", change->name);
	error = rows_one_restaurant(find, after);
	(void)sqlite3_reset(find);
	if (error != -ENOENT)
		return error ? error : -EEXIST;
	db_bind(add, "ti", change->name, now);
	error = db_step(add);
	*after = (struct restaurant){.changed_ns = now};
	strcpy(after->name, change->name);
	if (error == 1)
		after->id = sqlite3_column_int64(add, 0);
	(void)sqlite3_reset(add);
	if (error != 1)
		return error ? error : -EUCLEAN;
	writer->now.restaurants++;
	writer->now.changed_ns = now;
	return 0;
}

static int remove_restaurant(struct writer *writer, struct change *change)
{
	struct restaurant restaurant;
	sqlite3_stmt *find = writer->sql[W_RESTAURANT_BY_NAME];
	int error;

	db_bind(find, "t", change->name);
	error = rows_one_restaurant(find, &restaurant);
	(void)sqlite3_reset(find);
	if (error)
		return error;
	if (restaurant.fans_made_ns)
		return -ENOTEMPTY;
	db_bind(writer->sql[W_RESTAURANT_REMOVE], "i", restaurant.id);
	error = db_run(writer->sql[W_RESTAURANT_REMOVE]);
	if (!error) {
		writer->now.restaurants--;
		writer->now.changed_ns = now_ns(writer);
	}
	return error;
}

static int set_fans(struct writer *writer, int64_t restaurant, int64_t now, int64_t made_ns)
{
	db_bind(writer->sql[W_FANS_SET], "iii", restaurant, now, made_ns);
	return db_run(writer->sql[W_FANS_SET]);
}

static int make_fans(struct writer *writer, struct change *change)
{
	struct restaurant *after = &change->after.restaurant;
	int64_t now = now_ns(writer);
	int error = find_restaurant(writer, change->id, after);

	if (error)
		return error;
	if (after->fans_made_ns)
		return -EEXIST;
	after->changed_ns = after->fans_made_ns = after->fans_changed_ns = now;
	return set_fans(writer, change->id, now, now);
}

static int remove_fans(struct writer *writer, struct change *change)
{
	struct restaurant restaurant;
	sqlite3_stmt *any = writer->sql[W_FANS_ANY];
	int error = find_fans(writer, change->id, &restaurant);

	if (error)
		return error;
	db_bind(any, "i", change->id);
	error = db_step(any);
	(void)sqlite3_reset(any);
	if (error)
		return error == 1 ? -ENOTEMPTY : error;
	return set_fans(writer, change->id, now_ns(writer), 0);
}

/* ---- favourites ---- */

static int add_favorite(struct writer *writer, const struct change *change, int64_t now)
{
	sqlite3_stmt *add = writer->sql[W_FAVORITE_ADD];

	db_bind(add, "iiitiii", writer->now.next_favorite, change->id,
		store_place(writer->store, change->name), change->name, now, (int64_t)change->uid,
		(int64_t)change->gid);
	return db_run(add);
}

static int mark(struct writer *writer, struct change *change)
{
	struct favorite *after = &change->after.favorite;
	struct restaurant restaurant;
	int64_t now = now_ns(writer);
	int error = find_fans(writer, change->id, &restaurant);

	if (!error)
		error = add_favorite(writer, change, now);
	if (error)
		return error;
	if (sqlite3_changes(writer->db) == 0) {
		if (change->exclusive)
			return -EEXIST;
		return find_favorite(writer, change->id, change->name, after);
	}
	*after = (struct favorite){
		.id = writer->now.next_favorite++,
		.restaurant = change->id,
		.created_ns = now,
		.changed_ns = now,
		.uid = change->uid,
		.gid = change->gid,
	};
	writer->now.favorites++;
	writer_touch_fans(writer, change->id, now);
	return writer_log(writer, LOG_ADD, restaurant.name, change->name, now, MOMENT_NONE);
}

static int remove_favorite(struct writer *writer, const struct favorite *favorite,
	const char *restaurant, const char *user)
{
	int error;

	db_bind(writer->sql[W_FAVORITE_REMOVE], "i", favorite->id);
	error = db_run(writer->sql[W_FAVORITE_REMOVE]);
	if (error)
		return error;
	writer->now.favorites--;
	writer_touch_fans(writer, favorite->restaurant, now_ns(writer));
	return writer_log(writer, LOG_REMOVE, restaurant, user, MOMENT_NONE, favorite->created_ns);
}

static int unmark(struct writer *writer, struct change *change)
{
	struct restaurant restaurant;
	struct favorite favorite;
	int error = find_restaurant(writer, change->id, &restaurant);

	if (!error)
		error = find_favorite(writer, change->id, change->name, &favorite);
	return error ? error : remove_favorite(writer, &favorite, restaurant.name, change->name);
}

/* Puts the row elsewhere; its id, moment and owner stay. */
static int put(struct writer *writer, struct favorite *favorite, const struct change *change,
	const char *from, const char *to)
{
	int64_t now = now_ns(writer);
	int error;

	db_bind(writer->sql[W_FAVORITE_MOVE], "iiiti", favorite->id, change->to_id,
		store_place(writer->store, change->to_name), change->to_name, now);
	error = db_run(writer->sql[W_FAVORITE_MOVE]);
	writer_touch_fans(writer, favorite->restaurant, now);
	writer_touch_fans(writer, change->to_id, now);
	favorite->restaurant = change->to_id;
	favorite->changed_ns = now;
	if (!error)
		error = writer_log(
			writer, LOG_REMOVE, from, change->name, MOMENT_NONE, favorite->created_ns);
	if (!error)
		error = writer_log(
			writer, LOG_ADD, to, change->to_name, favorite->created_ns, MOMENT_NONE);
	return error;
}

static int move(struct writer *writer, struct change *change)
{
	struct favorite *after = &change->after.favorite, replaced;
	struct restaurant from, to;
	int error = find_fans(writer, change->id, &from);

	if (!error)
		error = find_fans(writer, change->to_id, &to);
	if (!error)
		error = find_favorite(writer, change->id, change->name, after);
	if (error)
		return error;
	error = find_favorite(writer, change->to_id, change->to_name, &replaced);
	if (!error && change->exclusive)
		return -EEXIST;
	if (!error && replaced.id == after->id)
		return 0;
	if (!error)
		error = remove_favorite(writer, &replaced, to.name, change->to_name);
	if (error && error != -ENOENT)
		return error;
	return put(writer, after, change, from.name, to.name);
}

static int set_favorite(struct writer *writer, struct favorite *favorite)
{
	favorite->changed_ns = now_ns(writer);
	db_bind(writer->sql[W_FAVORITE_SET], "iiiii", favorite->id, favorite->created_ns,
		favorite->changed_ns, (int64_t)favorite->uid, (int64_t)favorite->gid);
	return db_run(writer->sql[W_FAVORITE_SET]);
}

static int find_favorite_by_id(
	struct writer *writer, int64_t id, struct favorite *ret_favorite, char *ret_user)
{
	DB_SCOPED row = writer->sql[W_FAVORITE_BY_ID];

	db_bind(row, "i", id);
	return rows_one_favorite(row, ret_favorite, ret_user);
}

static int set_created(struct writer *writer, struct change *change)
{
	struct favorite *after = &change->after.favorite;
	struct restaurant restaurant;
	char user[NAME_BYTES_MAX + 1];
	int64_t previous_ns;
	int error = moment_valid(change->created_ns) ? 0 : -EINVAL;

	if (!error)
		error = find_favorite_by_id(writer, change->id, after, user);
	if (error || after->created_ns == change->created_ns)
		return error;
	error = find_restaurant(writer, after->restaurant, &restaurant);
	if (error)
		return error == -ENOENT ? -EUCLEAN : error;
	previous_ns = after->created_ns;
	after->created_ns = change->created_ns;
	error = set_favorite(writer, after);
	if (!error)
		error = writer_log(
			writer, LOG_UPDATE, restaurant.name, user, after->created_ns, previous_ns);
	return error;
}

static int set_owner(struct writer *writer, struct change *change)
{
	struct favorite *after = &change->after.favorite;
	int error = find_favorite_by_id(writer, change->id, after, NULL);

	if (error)
		return error;
	if (change->uid != (uid_t)-1)
		after->uid = change->uid;
	if (change->gid != (gid_t)-1)
		after->gid = change->gid;
	return set_favorite(writer, after);
}

static int (*const apply[CHANGE_KINDS])(struct writer *, struct change *) = {
	[CHANGE_MAKE_RESTAURANT] = make_restaurant,
	[CHANGE_REMOVE_RESTAURANT] = remove_restaurant,
	[CHANGE_MAKE_FANS] = make_fans,
	[CHANGE_REMOVE_FANS] = remove_fans,
	[CHANGE_MARK] = mark,
	[CHANGE_UNMARK] = unmark,
	[CHANGE_MOVE] = move,
	[CHANGE_SET_CREATED] = set_created,
	[CHANGE_SET_OWNER] = set_owner,
};

int writer_apply(struct writer *writer, struct change *change)
{
	assert((unsigned)change->kind < CHANGE_KINDS);
	return apply[change->kind](writer, change);
}
