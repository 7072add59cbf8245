/*
 * Wherever one starts to read the text of the log, and however much at a time: it is the text
 * that its lines are one after the other, and no byte of what was trimmed.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "backend/sqlite/log_text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sample.h"
#include "tests/support/fixture.h"
#include "tests/support/oracle.h"

#define TRIMMED  40
#define READ_MAX 70000

static char *text; /* from its start on */
static struct log_text places;

static void trim(void)
{
	serve_end();
	sql_run("favorites.db", "DELETE FROM change WHERE seq <= 40");
	fixture.store = open_reading();
	assert(reader_open(fixture.store, &fixture.reader) == 0);
}

static void make_log(void)
{
	struct logged *entries;
	size_t count, size, used = 0;

	sample_directory();
	sample_fill();
	trim();
	count = read_log(fixture.reader, &entries);
	assert(count > 80 && entries[0].position.seq == TRIMMED + 1);
	assert(reader_log_text(fixture.reader, &places) == 0);
	size = (size_t)(places.end - places.start);
	text = malloc(size + ORACLE_LINE_MAX);
	assert(text && places.start > 0);
	for (size_t i = 0; i < count; i++)
		used += oracle_line(&entries[i], text + used);
	assert(used == size);
	free(entries);
}

static void check_read(int64_t place, size_t size)
{
	char *buffer = malloc(size ? size : 1);
	ssize_t got = reader_log_read(fixture.reader, place, buffer, size);
	int64_t left = places.end - place;

	assert(buffer);
	if (place < places.start && size) {
		assert(got == -ESTALE);
	} else {
		left = left < 0 ? 0 : left < (int64_t)size ? left : (int64_t)size;
		assert(got == left);
		assert(memcmp(buffer, text + (place - places.start), (size_t)left) == 0);
	}
	free(buffer);
}

/* Five bytes a read: whether it goes on from the last or from a place, and how many. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	int64_t place = 0;

	if (!text)
		make_log();
	check_read(places.start, 1); /* nothing is left of the input before */
	for (int i = 0; i < 64 && input.left; i++) {
		uint64_t jump = input_number(&input, 3);
		size_t bytes = input_number(&input, 2) % READ_MAX;

		if (jump & 1)
			place = (int64_t)((jump >> 1) % (uint64_t)(places.end + 200));
		check_read(place, bytes);
		place += place < places.start ? 0 : (int64_t)bytes;
		place = place > places.end ? places.end : place;
	}
	return 0;
}
