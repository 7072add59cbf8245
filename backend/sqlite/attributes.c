/*
 * attributes.c - a caller's own attributes of a favourite.
 */
#include <errno.h>
#include <string.h>

#include "backend/sqlite/db.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/writer.h"

/* The size of a value, -ENODATA, or an error. */
static int64_t value_bytes(struct writer *writer, int64_t favorite, const char *name)
{
	DB_SCOPED row = writer->sql[W_ATTRIBUTE_GET];
	int found;

	db_bind(row, "it", favorite, name);
	found = db_step(row);
	if (found != 1)
		return found ? found : -ENODATA;
	return sqlite3_column_int64(row, 0);
}

static int64_t all_bytes(struct writer *writer, int64_t favorite)
{
	DB_SCOPED row = writer->sql[W_ATTRIBUTE_BYTES];
	int found;

	db_bind(row, "i", favorite);
	found = db_step(row);
	if (found != 1)
		return found ? found : -ENOENT;
	return sqlite3_column_int64(row, 0);
}

static int add_bytes(struct writer *writer, int64_t favorite, int64_t bytes)
{
	db_bind(writer->sql[W_ATTRIBUTE_BYTES_ADD], "iii", favorite, bytes, writer->clock_ns);
	return db_run(writer->sql[W_ATTRIBUTE_BYTES_ADD]);
}

static int find(struct writer *writer, struct change *change)
{
	struct restaurant restaurant;
	char user[NAME_BYTES_MAX + 1];

	return writer_find_favorite_by_id(
		writer, change->id, &change->after.favorite, &restaurant, user);
}

/* How many bytes more there will be; or a refusal. */
static int judge(struct writer *writer, const struct change *change, int64_t *ret_more)
{
	int64_t name_bytes = (int64_t)strlen(change->name);
	int64_t old = value_bytes(writer, change->id, change->name);
	int64_t all = all_bytes(writer, change->id);

	if (all < 0 || (old < 0 && old != -ENODATA))
		return (int)(all < 0 ? all : old);
	if (old >= 0 && change->exclusive)
		return -EEXIST;
	if (old < 0 && change->must)
		return -ENODATA;
	*ret_more = (int64_t)change->value_size + (old < 0 ? name_bytes : -old);
	return all + *ret_more > ATTRIBUTES_BYTES_MAX ? -EDQUOT : 0;
}

int writer_set_attribute(struct writer *writer, struct change *change)
{
	int64_t more = 0;
	int error = find(writer, change);

	if (!error)
		error = judge(writer, change, &more);
	if (error)
		return error;
	db_bind(writer->sql[W_ATTRIBUTE_SET], "itb", change->id, change->name,
		change->value_size ? change->value : "", change->value_size);
	error = db_run(writer->sql[W_ATTRIBUTE_SET]);
	return error ? error : add_bytes(writer, change->id, more);
}

int writer_remove_attribute(struct writer *writer, struct change *change)
{
	int64_t old = 0;
	int error = find(writer, change);

	if (!error) {
		old = value_bytes(writer, change->id, change->name);
		error = old < 0 ? (int)old : 0;
	}
	if (error)
		return error;
	db_bind(writer->sql[W_ATTRIBUTE_REMOVE], "it", change->id, change->name);
	error = db_run(writer->sql[W_ATTRIBUTE_REMOVE]);
	return error ? error : add_bytes(writer, change->id, -old - (int64_t)strlen(change->name));
}
