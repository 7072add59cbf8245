/* A line that is taken says what it says when it is written again; a refused one says why. */
#include "fs/import_line.h"

#include <errno.h>
#include <stdio.h>

#include "backend/moment.h"
#include "tests/fuzz/fuzz.h"

static const char *const ops[] = {[LOG_ADD] = "add",
	[LOG_REMOVE] = "remove",
	[LOG_UPDATE] = "update",
	[LOG_EXPIRE] = "expire"};

/* As a line of the log has it, in fields 3 to 6; the caller frees it. */
static char *write_line(const struct import_line *line)
{
	char moment[MOMENT_TEXT_BYTES + 1] = "-", *text;

	if (line->created_ns != MOMENT_NONE)
		moment_format(line->created_ns, moment);
	assert(asprintf(&text, "%s\t%s\t%s\t%s\n", ops[line->op], line->restaurant, line->user,
		       moment) > 0);
	return text;
}

static void check_taken(const struct import_line *line)
{
	struct complaint why = {""};
	struct import_line again;
	char *text;

	assert(line->op >= LOG_ADD && line->op <= LOG_EXPIRE);
	assert(name_check(line->restaurant) == 0 && name_check(line->user) == 0);
	assert(line->created_ns == MOMENT_NONE || moment_valid(line->created_ns));
	text = write_line(line);
	assert(import_line_parse(text, strlen(text) - 1, &again, &why) == 0);
	assert(again.op == line->op && again.created_ns == line->created_ns);
	assert(strcmp(again.restaurant, line->restaurant) == 0);
	assert(strcmp(again.user, line->user) == 0);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_text(data, size);
	struct import_line line = {.created_ns = 4711};
	struct complaint why = {""};
	int error = import_line_parse(text, size, &line, &why);

	if (error) {
		assert(error == -EINVAL && line.created_ns == 4711);
		assert(*why.text && strlen(why.text) < 200);
		for (const char *at = why.text; *at; at++)
			assert(*at >= ' ' && *at < 0x7f);
	} else {
		check_taken(&line);
		assert(strcmp(text, ops[line.op]) == 0);
		assert(line.restaurant == text + strlen(text) + 1);
		assert(line.user == line.restaurant + strlen(line.restaurant) + 1);
	}
	free(text);
	return 0;
}
