/*
 * expiry.c - favourites that end by themselves.
 */
#include <errno.h>

#include "backend/sqlite/db.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/rows.h"
#include "backend/sqlite/writer.h"

/* A moment already past means so long from now: a tool that restores files has time to finish. */
#define PAST_MEANS_NS INT64_C(60000000000)

/* The first that has expired: 1, 0 if none has, or an error. */
static int first_expired(struct writer *writer, int64_t now, int64_t *ret_id)
{
	DB_SCOPED row = writer->sql[W_FAVORITE_EXPIRED];
	int found;

	db_bind(row, "i", now);
	found = db_step(row);
	if (found == 1)
		*ret_id = sqlite3_column_int64(row, 0);
	return found;
}

static int leave(struct writer *writer, int64_t id)
{
	db_bind(writer->sql[W_EXPIRY_CLEAR], "i", id);
	return db_run(writer->sql[W_EXPIRY_CLEAR]);
}

/*
 * Finding it by id removes it; one that is found contradicts itself.  A damaged row must not
 * stop all others: it is for fsck.favfs.
 */
static int expire_one(struct writer *writer, int64_t id)
{
	struct favorite favorite;
	struct restaurant restaurant;
	char user[NAME_BYTES_MAX + 1];
	int error = writer_find_favorite_by_id(writer, id, &favorite, &restaurant, user);

	if (!error || error == -EUCLEAN)
		return leave(writer, id);
	return error == -ENOENT ? 0 : error;
}

int writer_next_expiry(struct writer *writer)
{
	DB_SCOPED row = writer->sql[W_EXPIRY_NEXT];
	int found = db_step(row);

	if (found != 1)
		return found ? found : -EUCLEAN;
	writer->next_expiry_ns = sqlite3_column_type(row, 0) == SQLITE_NULL
					 ? INT64_MAX
					 : sqlite3_column_int64(row, 0);
	if (writer->next_expiry_ns < 0) /* damaged: no clock can wait for it */
		writer->next_expiry_ns = 0;
	return 0;
}

int writer_expire(struct writer *writer)
{
	int64_t now, id = 0;
	int found = 0, error = 0;

	writer_tick(writer);
	now = writer->clock_ns;
	for (int i = 0; i < EXPIRE_ROWS_MAX && !error; i++) {
		found = first_expired(writer, now, &id);
		if (found != 1)
			break;
		error = expire_one(writer, id);
	}
	if (!error && found < 0)
		error = found;
	return error ? error : writer_next_expiry(writer);
}

/* All that are left of a fans/ that is about to go have expired, but for damaged rows. */
int writer_expire_all(struct writer *writer, const struct restaurant *restaurant)
{
	int64_t id, before = 0;
	int found;

	for (;;) {
		DB_SCOPED row = writer->sql[W_FANS_FIRST];

		db_bind(row, "i", restaurant->id);
		found = db_step(row);
		if (found != 1)
			return found;
		id = sqlite3_column_int64(row, 0);
		(void)sqlite3_reset(row);
		if (id == before) /* it was left where it is, and does not expire any more */
			return -ENOTEMPTY;
		before = id;
		found = expire_one(writer, id);
		if (found)
			return found;
	}
}

int writer_set_expiry(struct writer *writer, struct change *change)
{
	struct favorite *after = &change->after.favorite;
	struct effect effect = {.kind = EFFECT_EXPIRY, .favorite = change->id};
	struct restaurant restaurant;
	char user[NAME_BYTES_MAX + 1];
	int64_t expires_ns = change->created_ns, now = writer->clock_ns;
	int error = expires_ns == 0 || moment_valid(expires_ns) ? 0 : -EINVAL;

	if (!error)
		error = writer_find_favorite_by_id(writer, change->id, after, &restaurant, user);
	if (!error && (expires_ns == 0 || change->must) && after->expires_ns == 0)
		error = -ENODATA;
	if (!error && change->exclusive && after->expires_ns)
		error = -EEXIST;
	if (error)
		return error;
	if (expires_ns && expires_ns <= now)
		expires_ns = now + PAST_MEANS_NS;
	after->expires_ns = expires_ns;
	if (expires_ns && expires_ns < writer->next_expiry_ns)
		writer->next_expiry_ns = expires_ns;
	error = writer_save_favorite(writer, after);
	effect.restaurant = restaurant.id;
	return error ? error : writer_effect(writer, effect, restaurant.name, user);
}
