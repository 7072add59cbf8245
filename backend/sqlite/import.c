/*
 * import.c - many favourites in one change: all of its lines or none.
 */
#include <errno.h>
#include <string.h>

#include "backend/sqlite/db.h"
#include "backend/sqlite/internal.h"
#include "backend/sqlite/rows.h"
#include "backend/sqlite/writer.h"

struct import {
	struct writer *writer;
	uid_t uid;
	gid_t gid;
	struct restaurant restaurant; /* of the line before; id 0: none yet */
};

static int find_by_name(struct import *import, const char *name)
{
	DB_SCOPED row = import->writer->sql[W_RESTAURANT_BY_NAME];

	db_bind(row, "t", name);
	return rows_one_restaurant(row, &import->restaurant);
}

static int tell(struct writer *writer, enum effect_kind kind, const struct favorite *favorite,
	const struct import_line *line)
{
	struct effect effect = {
		.kind = kind,
		.restaurant = favorite ? favorite->restaurant : 0,
		.favorite = favorite ? favorite->id : 0,
	};

	return writer_effect(
		writer, effect, line ? line->restaurant : NULL, line ? line->user : NULL);
}

/* Lines come in runs of one restaurant, often; an absent one is made only to add to it. */
static int find_restaurant(struct import *import, const char *name, bool make)
{
	struct writer *writer = import->writer;
	int error = 0;

	if (!import->restaurant.id || strcmp(import->restaurant.name, name) != 0)
		error = find_by_name(import, name);
	if (error == -ENOENT && make) {
		error = writer_make_restaurant(writer, name, &import->restaurant);
		if (!error)
			error = tell(writer, EFFECT_RESTAURANTS, NULL, NULL);
	}
	if (!error && !import->restaurant.fans_made_ns)
		error = make ? writer_make_fans(writer, &import->restaurant) : -ENOENT;
	if (error)
		import->restaurant.id = 0;
	return error;
}

static int add(struct import *import, const struct import_line *line)
{
	int64_t now = import->writer->clock_ns;
	struct favorite favorite = {
		.created_ns = line->created_ns == MOMENT_NONE ? now : line->created_ns,
		.uid = import->uid,
		.gid = import->gid,
	};

	return writer_add_favorite(import->writer, &import->restaurant, line->user, &favorite);
}

static int update(struct import *import, const struct import_line *line, struct favorite *favorite)
{
	struct writer *writer = import->writer;
	int64_t created_ns = line->created_ns == MOMENT_NONE ? writer->clock_ns : line->created_ns;
	int error = writer_set_created(
		writer, favorite, &import->restaurant, line->user, created_ns);

	return error ? error : tell(writer, EFFECT_CHANGED, favorite, line);
}

static int remove_one(
	struct import *import, const struct import_line *line, const struct favorite *favorite)
{
	struct writer *writer = import->writer;
	int error = writer_remove_favorite(
		writer, favorite, import->restaurant.name, line->user, line->op);

	if (error || line->op == LOG_EXPIRE) /* that one tells by itself */
		return error;
	return tell(writer, EFFECT_REMOVED, favorite, line);
}

static int take(struct import *import, const struct import_line *line)
{
	bool adds = line->op == LOG_ADD || line->op == LOG_UPDATE;
	struct favorite favorite;
	int error;

	writer_tick(import->writer);
	error = find_restaurant(import, line->restaurant, adds);

	if (error == -ENOENT)
		return 0; /* nothing there to take away */
	if (!error)
		error = writer_find_favorite(
			import->writer, &import->restaurant, line->user, &favorite);
	if (error == -ENOENT)
		return adds ? add(import, line) : 0;
	if (error || line->op == LOG_ADD)
		return error;
	return adds ? update(import, line, &favorite) : remove_one(import, line, &favorite);
}

/* Its lines were checked before they came here, so what fails now spoils the transaction. */
int writer_import(struct writer *writer, struct change *change)
{
	struct import import = {.writer = writer, .uid = change->uid, .gid = change->gid};
	int error = 0;

	writer->behind = true;
	for (size_t i = 0; i < change->line_count && !error; i++)
		error = take(&import, &change->lines[i]);
	return writer_is_refusal(error) ? -EUCLEAN : error;
}
