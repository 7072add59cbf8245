/*
 * ranking.c - open rankings: one version of one window's ranking as text.
 *
 * The text is rendered as far as it is read.  Every CHUNK_BYTES the place in the
 * order of the rows is remembered, so that reading can start there again.  The
 * bytes never change (invariant 10): they come from a held snapshot, or, when
 * that has been held for long, from a copy in an unlinked file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/clock.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/reader.h"
#include "backend/sqlite/snapshot.h"
#include "backend/sqlite/text.h"

#define CHUNK_BYTES INT64_C(65536)

/* Reading further ahead than this is left to reader_work. */
#define FAR_BYTES (4 * CHUNK_BYTES)

/* A snapshot is held for one open ranking no longer than this, then copied out. */
#define HELD_NS INT64_C(2000000000)

/* With more states held than this, it is copied out at once: newer ones need the room. */
#define HELD_MANY (SNAPSHOTS_MAX / 2)

/* A log of derived.db that has grown so far waits for readers to go. */
#define WAL_PRESSED_BYTES INT64_C(50331648)

/* After a copy failed (no space), the next try; longer than HELD_NS. */
#define RETRY_NS INT64_C(5000000000)

/* rank, tab, count, tab, name, newline, NUL */
#define LINE_MAX_BYTES (20 + 1 + 20 + 1 + NAME_BYTES_MAX + 1 + 1)

/* Between two rows: what was before, and where the text goes on. */
struct place {
	int64_t offset; /* of the next row's first byte */
	int64_t rows; /* before the next */
	int64_t rank; /* of the row before */
	int64_t count; /* of the row before; INT64_MAX at the start */
	char name[NAME_BYTES_MAX + 1]; /* of the row before */
};

struct ranking {
	struct ranking *next;
	struct reader *reader;
	struct snapshot *snapshot; /* NULL: copied out, or nothing to show */
	window_t window;
	int64_t key; /* by which it is found; 0: that is a later version's by now */
	struct ranking_info info;
	int64_t applied; /* of the snapshot it was opened in */
	unsigned users;
	struct place *chunks; /* [k]: before the row that holds byte k * CHUNK_BYTES */
	size_t chunk_count;
	struct place last; /* where the last read ended */
	int64_t wanted; /* a far offset that a read waits for; -1: none */
	int unreachable; /* why the last wanted one was not found; 0: it was */
	int64_t copy_due_ns; /* monotonic */
	int64_t copied; /* bytes in the copy so far */
	int copy_fd;
};

static const struct place start = {.count = INT64_MAX};

/* ---- rendering ---- */

static int format_line(
	const struct ranking *ranking, const struct place *row, char line[static LINE_MAX_BYTES])
{
	return snprintf(line, LINE_MAX_BYTES, "%*lld\t%lld\t%s\n",
		(int)text_rank_width(ranking->info.rows), (long long)row->rank,
		(long long)row->count, row->name);
}

/* The place after the row that a statement stands on. */
static int step_place(sqlite3_stmt *row, const struct place *before, struct place *ret_after)
{
	int64_t count = sqlite3_column_int64(row, 0);

	ret_after->rows = before->rows + 1;
	ret_after->rank = count == before->count ? before->rank : ret_after->rows;
	ret_after->count = count;
	return db_name(row, 1, ret_after->name);
}

/* Takes the rows' lines; true: enough.  @before is the place before the row. */
typedef bool each_line(void *arg, const struct place *before, const char *line, size_t length);

/* Walks one statement's rows: 0 at their end, 1 when @each had enough. */
static int walk_rows(const struct ranking *ranking, sqlite3_stmt *rows, struct place *place,
	each_line *each, void *arg)
{
	int found;

	while ((found = db_step(rows)) == 1) {
		char line[LINE_MAX_BYTES];
		struct place after = *place;
		int length, error = step_place(rows, place, &after);

		if (error)
			return error;
		length = format_line(ranking, &after, line);
		if (each(arg, place, line, (size_t)length))
			return 1;
		after.offset = place->offset + length;
		*place = after;
	}
	return found;
}

/* Equal counts stand in the order of their names, so the rest of a tie comes first. */
static int walk_ties(struct ranking *ranking, struct place *place, each_line *each, void *arg)
{
	DB_SCOPED rows = ranking->snapshot->sql[S_TIES];
	char name[NAME_BYTES_MAX + 1];

	strcpy(name, place->name); /* bound while place moves on */
	db_bind(rows, "iit", (int64_t)ranking->window, place->count, name);
	return walk_rows(ranking, rows, place, each, arg);
}

static int walk_below(struct ranking *ranking, struct place *place, each_line *each, void *arg)
{
	DB_SCOPED rows = ranking->snapshot->sql[S_BELOW];

	db_bind(rows, "ii", (int64_t)ranking->window, place->count);
	return walk_rows(ranking, rows, place, each, arg);
}

/* Shows line after line from @place on, until @each has enough or the end. */
static int walk(struct ranking *ranking, struct place *place, each_line *each, void *arg)
{
	int result = 0;

	if (place->rows)
		result = walk_ties(ranking, place, each, arg);
	if (!result)
		result = walk_below(ranking, place, each, arg);
	return result < 0 ? result : 0;
}

/* ---- remembering places ---- */

static int64_t frontier(const struct ranking *ranking)
{
	return (int64_t)ranking->chunk_count * CHUNK_BYTES;
}

/* Without memory nothing is remembered, and reading costs more. */
static void remember(struct ranking *ranking, const struct place *before, size_t length)
{
	size_t count = ranking->chunk_count;
	struct place *chunks;

	if (before->offset + (int64_t)length <= frontier(ranking) ||
		before->offset > frontier(ranking))
		return;
	if ((count & (count - 1)) == 0) { /* grows by doubling */
		chunks = realloc(ranking->chunks, (count ? 2 * count : 1) * sizeof(*chunks));
		if (!chunks)
			return;
		ranking->chunks = chunks;
	}
	ranking->chunks[ranking->chunk_count++] = *before;
}

/* The nearest known place at or before @offset. */
static struct place nearest(const struct ranking *ranking, int64_t offset)
{
	size_t chunk = (size_t)(offset / CHUNK_BYTES);
	struct place place = start;

	if (ranking->chunk_count)
		place = ranking->chunks[chunk < ranking->chunk_count ? chunk
								     : ranking->chunk_count - 1];
	if (ranking->last.offset <= offset && ranking->last.offset > place.offset)
		place = ranking->last;
	return place;
}

/* ---- reading ---- */

struct piece {
	struct ranking *ranking;
	char *buffer;
	int64_t offset; /* of the buffer's first byte */
	size_t size;
	size_t filled;
};

/* Copies what of the line lies in the piece; the line that reaches over its end is the last. */
static bool fill(void *arg, const struct place *before, const char *line, size_t length)
{
	struct piece *piece = arg;
	int64_t at = piece->offset + (int64_t)piece->filled;
	int64_t skip = at - before->offset;

	remember(piece->ranking, before, length);
	if (skip < (int64_t)length) {
		size_t left = piece->size - piece->filled;
		size_t part = length - (size_t)skip;

		if (part > left)
			part = left;
		memcpy(piece->buffer + piece->filled, line + skip, part);
		piece->filled += part;
	}
	return piece->filled == piece->size;
}

static ssize_t render(struct ranking *ranking, int64_t offset, char *buffer, size_t size)
{
	struct piece piece = {ranking, buffer, offset, size, 0};
	struct place place = nearest(ranking, offset);
	int error = walk(ranking, &place, fill, &piece);

	if (error)
		return error;
	ranking->last = place;
	return piece.filled == size ? (ssize_t)size : -EIO; /* fewer rows than their sums say */
}

ssize_t ranking_read(struct ranking *ranking, int64_t offset, char *buffer, size_t size)
{
	int64_t left = ranking->info.size_bytes - offset;
	ssize_t got;

	if (left <= 0)
		return 0;
	if ((int64_t)size > left)
		size = (size_t)left;
	if (!ranking->snapshot) {
		got = pread(ranking->copy_fd, buffer, size, offset);
		return got < 0 ? -errno : got;
	}
	if (size == 0)
		return 0;
	if (offset - nearest(ranking, offset).offset <= FAR_BYTES)
		return render(ranking, offset, buffer, size);
	got = ranking->unreachable ? ranking->unreachable : -EAGAIN;
	ranking->unreachable = 0;
	if (got == -EAGAIN)
		ranking->wanted = offset;
	return got;
}

/* ---- keys ---- */

/* What is shown while nothing was ever derived. */
static const struct ranking_info nothing = {.version = 1};

/* 0 and the version of nothing mean something, and are no other version's keys. */
#define KEY_FIRST 2
#define ROUND     (RANKING_KEY_MAX - KEY_FIRST)

int64_t ranking_key(int64_t version)
{
	return version < KEY_FIRST ? version : KEY_FIRST + (version - KEY_FIRST) % ROUND;
}

uint64_t ranking_round(int64_t version)
{
	return version < KEY_FIRST ? 0 : (uint64_t)((version - KEY_FIRST) / ROUND);
}

/* Its key is that version's from now on, also where one of an earlier round is still open. */
static void note_shown(struct reader *reader, window_t window, int64_t version)
{
	struct ranking *ranking = *snapshots_rankings(reader->snapshots);
	int64_t key = ranking_key(version);

	snapshots_shown(reader->snapshots, version);
	if (ranking_round(version) == 0)
		return;
	for (; ranking; ranking = ranking->next)
		if (ranking->window == window && ranking->key == key &&
			ranking->info.version != version)
			ranking->key = 0;
}

/* ---- opening and closing ---- */

static struct ranking *find_open(struct reader *reader, window_t window, int64_t key)
{
	struct ranking *ranking = *snapshots_rankings(reader->snapshots);

	while (ranking && (ranking->window != window || ranking->key != key))
		ranking = ranking->next;
	return ranking;
}

static int find_state(struct reader *reader, window_t window, int64_t key,
	struct snapshot **ret_snapshot, struct ranking_info *ret_info)
{
	struct snapshot *snapshot = NULL;
	int error;

	error = key ? snapshots_find(reader->snapshots, window, key, &snapshot)
		    : snapshots_newest(reader->snapshots, &snapshot);
	if (!error)
		error = snapshot_ranking(snapshot, window, ret_info);
	if (error == -ESTALE && key == nothing.version) {
		*ret_info = nothing;
		error = 0;
	}
	if (error == -ENOENT) {
		*ret_info = nothing;
		error = 0;
	}
	if (!error)
		*ret_snapshot = snapshot;
	return error;
}

static int new_ranking(
	struct reader *reader, window_t window, int64_t key, struct ranking **ret_ranking)
{
	struct ranking **list = snapshots_rankings(reader->snapshots);
	struct ranking *ranking = calloc(1, sizeof(*ranking));
	int error;

	if (!ranking)
		return -ENOMEM;
	error = find_state(reader, window, key, &ranking->snapshot, &ranking->info);
	if (error) {
		free(ranking);
		return error;
	}
	ranking->reader = reader;
	ranking->window = window;
	ranking->key = ranking_key(ranking->info.version);
	ranking->last = start;
	ranking->wanted = -1;
	ranking->copy_fd = -1;
	ranking->copy_due_ns = clock_monotonic_ns() + HELD_NS;
	ranking->next = *list;
	*list = ranking;
	note_shown(reader, window, ranking->info.version);
	if (ranking->snapshot)
		ranking->applied = ranking->snapshot->applied;
	if (ranking->info.rows == 0) /* there is nothing to hold it for */
		ranking->snapshot = NULL;
	if (ranking->snapshot)
		snapshot_use(ranking->snapshot);
	*ret_ranking = ranking;
	return 0;
}

int ranking_open(struct reader *reader, window_t window, int64_t key, struct ranking **ret_ranking)
{
	struct ranking *ranking = key ? find_open(reader, window, key) : NULL;
	int error = ranking ? 0 : new_ranking(reader, window, key, &ranking);

	if (error)
		return error;
	ranking->users++;
	*ret_ranking = ranking;
	return 0;
}

static void release_snapshot(struct ranking *ranking)
{
	if (ranking->snapshot)
		snapshot_leave(ranking->snapshot);
	ranking->snapshot = NULL;
}

void ranking_close(struct ranking *ranking)
{
	struct ranking **link;

	if (!ranking || --ranking->users)
		return;
	for (link = snapshots_rankings(ranking->reader->snapshots); *link != ranking;)
		link = &(*link)->next;
	*link = ranking->next;
	release_snapshot(ranking);
	if (ranking->copy_fd >= 0)
		(void)close(ranking->copy_fd); /* nobody will read it again */
	free(ranking->chunks);
	free(ranking);
}

/* Of its own moment, or, while no newer version exists, of now: the rest was of other windows. */
int ranking_applied(const struct ranking *ranking, int64_t *ret_seq)
{
	struct ranking_info newest = {0};
	struct snapshot *snapshot = NULL;
	int64_t seq = ranking->applied;

	if (snapshots_newest(ranking->reader->snapshots, &snapshot) == 0 &&
		snapshot_ranking(snapshot, ranking->window, &newest) == 0 &&
		newest.version == ranking->info.version)
		seq = snapshot->applied;
	*ret_seq = seq;
	return 0;
}

void ranking_info(const struct ranking *ranking, struct ranking_info *ret_info)
{
	*ret_info = ranking->info;
}

bool ranking_is_shared(const struct ranking *ranking)
{
	return ranking->users > 1;
}

int reader_ranking(struct reader *reader, window_t window, struct ranking_info *ret_info)
{
	struct snapshot *snapshot;
	int error = snapshots_newest(reader->snapshots, &snapshot);

	if (!error)
		error = snapshot_ranking(snapshot, window, ret_info);
	if (error == -ENOENT) {
		*ret_info = nothing;
		error = 0;
	}
	if (!error)
		note_shown(reader, window, ret_info->version);
	return error;
}

void reader_refresh(struct reader *reader)
{
	snapshots_refresh(reader->snapshots);
}

/* ---- work that was put off ---- */

static bool reach(void *arg, const struct place *before, const char *line, size_t length)
{
	struct ranking *ranking = arg;
	size_t count = ranking->chunk_count;

	(void)line;
	remember(ranking, before, length);
	return ranking->chunk_count != count;
}

/* One chunk towards the wanted offset. */
static void scan(struct ranking *ranking)
{
	struct place place = nearest(ranking, frontier(ranking));
	size_t count = ranking->chunk_count;
	int error = walk(ranking, &place, reach, ranking);

	if (error || ranking->chunk_count == count)
		ranking->unreachable = error ? error : -EIO;
	if (ranking->unreachable || frontier(ranking) > ranking->wanted)
		ranking->wanted = -1;
}

static int open_copy(struct ranking *ranking)
{
	const struct store *store = snapshots_store(ranking->reader->snapshots);

	if (ranking->copy_fd >= 0)
		return 0;
	ranking->copy_fd = openat(store->directory_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return ranking->copy_fd < 0 ? -errno : 0;
}

/* One chunk of the copy; when it is whole the snapshot is given up. */
static int copy(struct ranking *ranking)
{
	char buffer[CHUNK_BYTES];
	ssize_t size;
	int error = open_copy(ranking);

	if (error)
		return error;
	size = ranking_read(ranking, ranking->copied, buffer, sizeof(buffer));
	if (size == -EAGAIN)
		return 0; /* somebody's last read was elsewhere: scan goes first */
	if (size < 0)
		return (int)size;
	if (pwrite(ranking->copy_fd, buffer, (size_t)size, ranking->copied) != size)
		return -ENOSPC;
	ranking->copied += size;
	if (ranking->copied == ranking->info.size_bytes)
		release_snapshot(ranking);
	return 0;
}

static int64_t until_copy(const struct ranking *ranking, int64_t now, bool pressed)
{
	int64_t left = ranking->copy_due_ns - now;

	if (!ranking->snapshot)
		return -1;
	if (left <= HELD_NS && (pressed || snapshots_held(ranking->reader->snapshots) > HELD_MANY))
		return 0;
	return left > 0 ? left : 0;
}

/* A piece of what this ranking waits for: the ns until it wants to be called again, or -1. */
static int64_t work(struct ranking *ranking, int64_t now, bool pressed)
{
	int64_t due = until_copy(ranking, now, pressed);

	if (ranking->wanted >= 0) {
		scan(ranking);
		return 0;
	}
	if (due)
		return due;
	if (copy(ranking) < 0) /* it stays held, which costs space in the log, not bytes */
		ranking->copy_due_ns = now + RETRY_NS;
	return until_copy(ranking, now, pressed);
}

/*
 * With readers that follow each other closely there is always one that keeps the log of
 * derived.db from starting over.  When it has grown, states are held no longer than a copy takes.
 */
static bool is_pressed(const struct reader *reader)
{
	char path[PATH_MAX];
	struct stat st;

	if (!snapshots_held(reader->snapshots))
		return false;
	store_path(reader->store, DERIVED_DB "-wal", path);
	return stat(path, &st) == 0 && st.st_size > WAL_PRESSED_BYTES;
}

/* None waits for more than a piece of each of the others. */
static void move_last(struct ranking **link)
{
	struct ranking *ranking = *link;

	*link = ranking->next;
	while (*link)
		link = &(*link)->next;
	*link = ranking;
	ranking->next = NULL;
}

int64_t reader_work(struct reader *reader)
{
	struct ranking **link = snapshots_rankings(reader->snapshots);
	int64_t now = clock_monotonic_ns(), next = -1;
	bool pressed = is_pressed(reader);

	for (; *link && next != 0; link = next ? &(*link)->next : link)
		next = clock_sooner(next, work(*link, now, pressed));
	if (next == 0)
		move_last(link);
	return clock_sooner(next, snapshots_expire(reader->snapshots, pressed));
}
