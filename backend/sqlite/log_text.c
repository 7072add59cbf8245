#include "backend/sqlite/log_text.h"

#include <errno.h>
#include <string.h>

#include "backend/moment.h"
#include "backend/sqlite/db.h"
#include "backend/sqlite/reader.h"
#include "backend/sqlite/rows.h"
#include "backend/sqlite/text.h"

static const char *const op_words[] = {
	[LOG_ADD] = "add",
	[LOG_REMOVE] = "remove",
	[LOG_UPDATE] = "update",
	[LOG_EXPIRE] = "expire",
};

static int64_t moment_bytes(int64_t moment_ns)
{
	return moment_valid(moment_ns) ? (int64_t)MOMENT_TEXT_BYTES : (int64_t)sizeof("-") - 1;
}

static const char *word_of(enum log_op op)
{
	return op >= LOG_ADD && op <= LOG_EXPIRE ? op_words[op] : "?"; /* a damaged row */
}

/* SEQ TIME OP RESTAURANT USER CREATED_AT PREVIOUS, six tabs and a newline. */
int64_t log_line_bytes(const struct log_entry *entry)
{
	return text_digits(entry->position.seq) + (int64_t)MOMENT_TEXT_BYTES +
	       (int64_t)strlen(word_of(entry->op)) + (int64_t)strlen(entry->restaurant) +
	       (int64_t)strlen(entry->user) + moment_bytes(entry->created_ns) +
	       moment_bytes(entry->previous_ns) + 7;
}

/* ---- writing a line ---- */

static char *put_text(char *at, const char *text)
{
	size_t length = strlen(text);

	memcpy(at, text, length);
	at[length] = '\t';
	return at + length + 1;
}

static char *put_number(char *at, int64_t number)
{
	int64_t length = text_digits(number);

	for (int64_t i = length; i--; number /= 10)
		at[i] = (char)('0' + number % 10);
	at[length] = '\t';
	return at + length + 1;
}

static char *put_moment(char *at, int64_t moment_ns)
{
	if (!moment_valid(moment_ns))
		return put_text(at, "-");
	moment_format(moment_ns, at);
	at[MOMENT_TEXT_BYTES] = '\t';
	return at + MOMENT_TEXT_BYTES + 1;
}

size_t log_line_format(const struct log_entry *entry, char ret_line[static LOG_LINE_MAX])
{
	char *at = put_number(ret_line, entry->position.seq);

	at = put_moment(at, entry->time_ns);
	at = put_text(at, word_of(entry->op));
	at = put_text(at, entry->restaurant);
	at = put_text(at, entry->user);
	at = put_moment(at, entry->created_ns);
	at = put_moment(at, entry->previous_ns);
	at[-1] = '\n';
	return (size_t)(at - ret_line);
}

/* ---- the text ---- */

/* What a damaged row holds may be longer than any line. */
static int check_entry(const struct log_entry *entry)
{
	if (!entry->restaurant || !entry->user)
		return -ENOMEM;
	return strlen(entry->restaurant) > NAME_BYTES_MAX || strlen(entry->user) > NAME_BYTES_MAX
		       ? -EUCLEAN
		       : 0;
}

static int find_start(struct reader *reader, int64_t end, int64_t *ret_start)
{
	DB_SCOPED row = reader_sql(reader, R_LOG_START);
	struct log_entry entry;
	int found = db_step(row);

	if (found < 0)
		return found;
	*ret_start = end;
	if (!found)
		return 0;
	log_read_entry(row, &entry);
	found = check_entry(&entry);
	if (!found)
		found = rows_number(row, 9, LOG_TEXT_BYTES_MAX, ret_start);
	if (!found)
		*ret_start -= log_line_bytes(&entry);
	return found;
}

int reader_log_text(struct reader *reader, struct log_text *ret_text)
{
	DB_SCOPED row = reader_sql(reader, R_LOG_END);
	int found = db_step(row);
	struct log_text text;

	if (found != 1)
		return found ? found : -EUCLEAN;
	text.end = sqlite3_column_int64(row, 0);
	text.changed_ns = sqlite3_column_int64(row, 1);
	found = find_start(reader, text.end, &text.start);
	if (!found && (text.start < 0 || text.end < text.start || text.end >= LOG_TEXT_BYTES_MAX))
		return -EUCLEAN;
	if (!found)
		*ret_text = text;
	return found;
}

/* ---- finding a place ---- */

struct line_at {
	int64_t seq;
	int64_t end; /* the place after it */
};

/* The first line from @seq on: 1, 0 if there is none, or an error. */
static int line_from(struct reader *reader, int64_t seq, struct line_at *ret_line)
{
	DB_SCOPED row = reader_sql(reader, R_LOG_AT);
	int found;

	db_bind(row, "i", seq);
	found = db_step(row);
	if (found != 1)
		return found;
	found = rows_number(row, 0, LOG_TEXT_BYTES_MAX, &ret_line->end);
	found = found ? found : rows_number(row, 1, INT64_MAX, &ret_line->seq);
	return found ? found : 1;
}

/* The line that holds the byte at @place: the first whose end lies behind it. */
static int find_line(struct reader *reader, int64_t place, int64_t *ret_seq)
{
	struct line_at line = {0};
	int64_t low = 0, high = INT64_C(1) << 62;
	int found = line_from(reader, 0, &line);

	while (found == 1 && low < high) {
		int64_t middle = low + (high - low) / 2;

		found = line_from(reader, middle, &line);
		if (found < 0)
			return found;
		if (found && line.end <= place)
			low = line.seq + 1;
		else
			high = middle;
		found = 1;
	}
	if (found == 1)
		found = line_from(reader, low, &line);
	if (found == 1)
		*ret_seq = line.seq;
	return found;
}

static int seek(struct reader *reader, int64_t place, int64_t *ret_seq)
{
	if (reader->cursor.seq && reader->cursor.place == place) {
		*ret_seq = reader->cursor.seq;
		return 1;
	}
	return find_line(reader, place, ret_seq);
}

/* ---- reading ---- */

struct piece {
	char *buffer;
	size_t size;
	size_t filled;
	int64_t place; /* of the buffer's first byte */
};

/* Copies what of a line lies in the piece; 1 when it is full. */
static int fill(struct piece *piece, const char *line, size_t length, int64_t end)
{
	int64_t skip = piece->place + (int64_t)piece->filled - (end - (int64_t)length);
	size_t part, left = piece->size - piece->filled;

	if (skip < 0)
		return -ESTALE; /* the line that held this place was trimmed */
	if (skip >= (int64_t)length)
		return 0;
	part = length - (size_t)skip;
	part = part < left ? part : left;
	memcpy(piece->buffer + piece->filled, line + skip, part);
	piece->filled += part;
	return piece->filled == piece->size;
}

static int fill_from(struct reader *reader, struct piece *piece, int64_t seq)
{
	DB_SCOPED rows = reader_sql(reader, R_LOG_FROM);
	int found;

	db_bind(rows, "i", seq);
	while ((found = db_step(rows)) == 1) {
		char line[LOG_LINE_MAX];
		struct log_entry entry;
		int64_t end;
		int result;

		log_read_entry(rows, &entry);
		result = check_entry(&entry);
		result = result ? result : rows_number(rows, 9, LOG_TEXT_BYTES_MAX, &end);
		if (result)
			return result;
		result = fill(piece, line, log_line_format(&entry, line), end);
		reader->cursor = (struct log_cursor){
			piece->place + (int64_t)piece->filled, entry.position.seq};
		if (result)
			return result < 0 ? result : 0;
	}
	return found;
}

/* The cursor is the line that the last read ended in, or just after. */
ssize_t reader_log_read(struct reader *reader, int64_t place, char *buffer, size_t size)
{
	struct piece piece = {buffer, size, 0, place};
	int64_t seq = 0;
	int found = size ? seek(reader, place, &seq) : 0;

	if (found == 1)
		found = fill_from(reader, &piece, seq);
	if (found < 0)
		reader->cursor.seq = 0;
	return found < 0 ? found : (ssize_t)piece.filled;
}
