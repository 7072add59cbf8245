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
	return error == -ENOENT || error == -EEXIST || error == -ENOTEMPTY || error == -EINVAL ||
	       error == -ENODATA || error == -EDQUOT;
}

static int64_t now_ns(const struct writer *writer)
{
	return writer->clock_ns;
}

/* ---- looking: 0, -ENOENT or an error of the engine ---- */

int writer_find_restaurant(struct writer *writer, int64_t id, struct restaurant *ret_restaurant)
{
	DB_SCOPED row = writer->sql[W_RESTAURANT_BY_ID];

	db_bind(row, "i", id);
	return rows_one_restaurant(row, ret_restaurant);
}

static int find_restaurant_by_name(
	struct writer *writer, const char *name, struct restaurant *ret_restaurant)
{
	DB_SCOPED row = writer->sql[W_RESTAURANT_BY_NAME];

	db_bind(row, "t", name);
	return rows_one_restaurant(row, ret_restaurant);
}

static int find_fans(struct writer *writer, int64_t id, struct restaurant *ret_restaurant)
{
	int error = writer_find_restaurant(writer, id, ret_restaurant);

	return error ? error : ret_restaurant->fans_made_ns ? 0 : -ENOENT;
}

/* One that has expired is as good as gone, and goes now. */
static int let_expire(struct writer *writer, const struct favorite *favorite,
	const struct restaurant *restaurant, const char *user)
{
	int error = writer_remove_favorite(writer, favorite, restaurant->name, user, LOG_EXPIRE);

	return error ? error : -ENOENT;
}

static bool is_expired(const struct writer *writer, const struct favorite *favorite)
{
	return favorite->expires_ns && favorite->expires_ns <= now_ns(writer);
}

static int find_row(
	struct writer *writer, int64_t restaurant, const char *user, struct favorite *ret_favorite)
{
	DB_SCOPED row = writer->sql[W_FAVORITE_FIND];

	db_bind(row, "iit", restaurant, store_place(writer->store, user), user);
	return rows_one_favorite(row, ret_favorite, NULL);
}

int writer_find_favorite(struct writer *writer, const struct restaurant *restaurant,
	const char *user, struct favorite *ret_favorite)
{
	int error = find_row(writer, restaurant->id, user, ret_favorite);

	if (!error && is_expired(writer, ret_favorite))
		error = let_expire(writer, ret_favorite, restaurant, user);
	return error;
}

static int find_row_by_id(
	struct writer *writer, int64_t id, struct favorite *ret_favorite, char *ret_user)
{
	DB_SCOPED row = writer->sql[W_FAVORITE_BY_ID];

	db_bind(row, "i", id);
	return rows_one_favorite(row, ret_favorite, ret_user);
}

int writer_find_favorite_by_id(struct writer *writer, int64_t id, struct favorite *ret_favorite,
	struct restaurant *ret_restaurant, char *ret_user)
{
	int error = find_row_by_id(writer, id, ret_favorite, ret_user);

	if (error)
		return error;
	error = writer_find_restaurant(writer, ret_favorite->restaurant, ret_restaurant);
	if (error) /* a favourite of no restaurant contradicts itself */
		return error == -ENOENT ? -EUCLEAN : error;
	if (is_expired(writer, ret_favorite))
		error = let_expire(writer, ret_favorite, ret_restaurant, ret_user);
	return error;
}

/* ---- restaurants ---- */

int writer_make_restaurant(
	struct writer *writer, const char *name, struct restaurant *ret_restaurant)
{
	DB_SCOPED add = writer->sql[W_RESTAURANT_ADD];
	int64_t now = now_ns(writer);
	int found;

	db_bind(add, "ti", name, now);
	found = db_step(add);
	if (found != 1)
		return found ? found : -EUCLEAN;
	*ret_restaurant = (struct restaurant){
		.id = sqlite3_column_int64(add, 0),
		.changed_ns = now,
	};
	strcpy(ret_restaurant->name, name); /* fits: checked */
	writer->now.restaurants++;
	writer->now.changed_ns = now;
	return ret_restaurant->id < RESTAURANT_ID_MAX ? 0 : -ENOSPC;
}

static int make_restaurant(struct writer *writer, struct change *change)
{
	struct restaurant *after = &change->after.restaurant;
	int error = find_restaurant_by_name(writer, change->name, after);

	if (error != -ENOENT)
		return error ? error : -EEXIST;
	return writer_make_restaurant(writer, change->name, after);
}

static int remove_restaurant(struct writer *writer, struct change *change)
{
	struct restaurant restaurant;
	int error = find_restaurant_by_name(writer, change->name, &restaurant);

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

int writer_make_fans(struct writer *writer, struct restaurant *restaurant)
{
	int64_t now = now_ns(writer);

	restaurant->changed_ns = restaurant->fans_made_ns = restaurant->fans_changed_ns = now;
	return set_fans(writer, restaurant->id, now, now);
}

static int make_fans(struct writer *writer, struct change *change)
{
	struct restaurant *after = &change->after.restaurant;
	int error = writer_find_restaurant(writer, change->id, after);

	if (!error && after->fans_made_ns)
		error = -EEXIST;
	return error ? error : writer_make_fans(writer, after);
}

/* What has expired is not there any more, so it cannot be in the way. */
static int has_fans(struct writer *writer, int64_t restaurant)
{
	DB_SCOPED any = writer->sql[W_FANS_ANY];

	db_bind(any, "ii", restaurant, now_ns(writer));
	return db_step(any);
}

static int remove_fans(struct writer *writer, struct change *change)
{
	struct restaurant restaurant;
	int error = find_fans(writer, change->id, &restaurant);

	if (!error)
		error = has_fans(writer, change->id);
	if (error)
		return error == 1 ? -ENOTEMPTY : error;
	error = writer_expire_all(writer, &restaurant);
	return error ? error : set_fans(writer, change->id, now_ns(writer), 0);
}

/* ---- favourites ---- */

int writer_add_favorite(struct writer *writer, const struct restaurant *restaurant,
	const char *user, struct favorite *favorite)
{
	sqlite3_stmt *add = writer->sql[W_FAVORITE_ADD];
	int64_t now = now_ns(writer);
	int error;

	favorite->id = writer->now.next_favorite;
	favorite->restaurant = restaurant->id;
	favorite->changed_ns = now;
	if (writer->store->ttl_ns)
		favorite->expires_ns = now + writer->store->ttl_ns;
	db_bind(add, "iiitimmii", favorite->id, restaurant->id, store_place(writer->store, user),
		user, favorite->created_ns,
		favorite->created_ns == now ? MOMENT_NONE : favorite->changed_ns,
		favorite->expires_ns ? favorite->expires_ns : MOMENT_NONE, (int64_t)favorite->uid,
		(int64_t)favorite->gid);
	error = db_run(add);
	if (error)
		return error;
	if (sqlite3_changes(writer->db) == 0)
		return -EEXIST;
	writer->now.next_favorite++;
	writer->now.favorites++;
	if (favorite->expires_ns && favorite->expires_ns < writer->next_expiry_ns)
		writer->next_expiry_ns = favorite->expires_ns;
	error = writer_touch_fans(writer, restaurant->id, now);
	return error ? error
		     : writer_log(writer, LOG_ADD, restaurant->id, restaurant->name, user,
			       favorite->created_ns, MOMENT_NONE);
}

static int mark(struct writer *writer, struct change *change)
{
	struct favorite *after = &change->after.favorite, favorite;
	struct restaurant restaurant;
	int error = find_fans(writer, change->id, &restaurant);

	if (error)
		return error;
	favorite = (struct favorite){
		.created_ns = now_ns(writer), .uid = change->uid, .gid = change->gid};
	*after = favorite;
	error = writer_add_favorite(writer, &restaurant, change->name, after);
	if (error != -EEXIST)
		return error;
	error = writer_find_favorite(writer, &restaurant, change->name, after);
	if (!error)
		return change->exclusive ? -EEXIST : 0;
	*after = favorite; /* had expired, and went */
	return error == -ENOENT ? writer_add_favorite(writer, &restaurant, change->name, after)
				: error;
}

static int remove_attributes(struct writer *writer, int64_t favorite)
{
	db_bind(writer->sql[W_ATTRIBUTES_REMOVE], "i", favorite);
	return db_run(writer->sql[W_ATTRIBUTES_REMOVE]);
}

/* Whoever removes by name is told by the answer; of an expiry only the log and an effect tell. */
int writer_remove_favorite(struct writer *writer, const struct favorite *favorite,
	const char *restaurant, const char *user, enum log_op op)
{
	struct effect effect = {
		.kind = EFFECT_EXPIRED,
		.restaurant = favorite->restaurant,
		.favorite = favorite->id,
	};
	int error;

	db_bind(writer->sql[W_FAVORITE_REMOVE], "i", favorite->id);
	error = db_run(writer->sql[W_FAVORITE_REMOVE]);
	if (!error)
		error = remove_attributes(writer, favorite->id);
	if (!error)
		error = writer_touch_fans(writer, favorite->restaurant, now_ns(writer));
	if (error)
		return error;
	writer->now.favorites--;
	if (op == LOG_EXPIRE) {
		writer->behind = true;
		error = writer_effect(writer, effect, restaurant, user);
	}
	return error ? error
		     : writer_log(writer, op, favorite->restaurant, restaurant, user, MOMENT_NONE,
			       favorite->created_ns);
}

static int unmark(struct writer *writer, struct change *change)
{
	struct restaurant restaurant;
	struct favorite favorite;
	int error = writer_find_restaurant(writer, change->id, &restaurant);

	if (!error)
		error = writer_find_favorite(writer, &restaurant, change->name, &favorite);
	return error ? error
		     : writer_remove_favorite(
			       writer, &favorite, restaurant.name, change->name, LOG_REMOVE);
}

/* Puts the row elsewhere; its id, moment, owner and attributes stay. */
static int put(struct writer *writer, struct favorite *favorite, const struct change *change,
	const char *from, const char *to)
{
	int64_t now = now_ns(writer);
	int error;

	db_bind(writer->sql[W_FAVORITE_MOVE], "iiiti", favorite->id, change->to_id,
		store_place(writer->store, change->to_name), change->to_name, now);
	error = db_run(writer->sql[W_FAVORITE_MOVE]);
	if (!error)
		error = writer_touch_fans(writer, favorite->restaurant, now);
	if (!error)
		error = writer_touch_fans(writer, change->to_id, now);
	if (!error)
		error = writer_log(writer, LOG_REMOVE, favorite->restaurant, from, change->name,
			MOMENT_NONE, favorite->created_ns);
	if (!error)
		error = writer_log(writer, LOG_ADD, change->to_id, to, change->to_name,
			favorite->created_ns, MOMENT_NONE);
	favorite->restaurant = change->to_id;
	favorite->changed_ns = now;
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
		error = writer_find_favorite(writer, &from, change->name, after);
	if (error)
		return error;
	error = writer_find_favorite(writer, &to, change->to_name, &replaced);
	if (!error && change->exclusive)
		return -EEXIST;
	if (!error && replaced.id == after->id)
		return 0;
	if (!error)
		error = writer_remove_favorite(
			writer, &replaced, to.name, change->to_name, LOG_REMOVE);
	if (error && error != -ENOENT)
		return error;
	return put(writer, after, change, from.name, to.name);
}

int writer_save_favorite(struct writer *writer, struct favorite *favorite)
{
	favorite->changed_ns = now_ns(writer);
	db_bind(writer->sql[W_FAVORITE_SET], "iiiiim", favorite->id, favorite->created_ns,
		favorite->changed_ns, (int64_t)favorite->uid, (int64_t)favorite->gid,
		favorite->expires_ns ? favorite->expires_ns : MOMENT_NONE);
	return db_run(writer->sql[W_FAVORITE_SET]);
}

int writer_set_created(struct writer *writer, struct favorite *favorite,
	const struct restaurant *restaurant, const char *user, int64_t created_ns)
{
	int64_t previous_ns = favorite->created_ns;
	int error;

	if (created_ns == previous_ns)
		return 0;
	favorite->created_ns = created_ns;
	error = writer_save_favorite(writer, favorite);
	return error ? error
		     : writer_log(writer, LOG_UPDATE, restaurant->id, restaurant->name, user,
			       created_ns, previous_ns);
}

static int set_created(struct writer *writer, struct change *change)
{
	struct favorite *after = &change->after.favorite;
	struct restaurant restaurant;
	char user[NAME_BYTES_MAX + 1];
	int error = moment_valid(change->created_ns) ? 0 : -EINVAL;

	if (!error)
		error = writer_find_favorite_by_id(writer, change->id, after, &restaurant, user);
	return error ? error
		     : writer_set_created(writer, after, &restaurant, user, change->created_ns);
}

static int set_owner(struct writer *writer, struct change *change)
{
	struct favorite *after = &change->after.favorite;
	struct restaurant restaurant;
	char user[NAME_BYTES_MAX + 1];
	int error = writer_find_favorite_by_id(writer, change->id, after, &restaurant, user);

	if (error)
		return error;
	if (change->uid != (uid_t)-1)
		after->uid = change->uid;
	if (change->gid != (gid_t)-1)
		after->gid = change->gid;
	return writer_save_favorite(writer, after);
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
	[CHANGE_SET_EXPIRY] = writer_set_expiry,
	[CHANGE_SET_ATTRIBUTE] = writer_set_attribute,
	[CHANGE_REMOVE_ATTRIBUTE] = writer_remove_attribute,
	[CHANGE_IMPORT] = writer_import,
};

int writer_apply(struct writer *writer, struct change *change)
{
	assert((unsigned)change->kind < CHANGE_KINDS && apply[change->kind]);
	writer_tick(writer);
	return apply[change->kind](writer, change);
}
