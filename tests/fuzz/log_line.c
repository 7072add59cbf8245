/*
 * A line of the log is as long as it was foretold, and fields 3 to 6 of it are a line of an
 * import that says the same.
 */
#include "backend/sqlite/log_text.h"

#include "fs/import_line.h"
#include "tests/fuzz/fuzz.h"

/* A valid name out of any bytes: those that no name may have become letters. */
static char *name_of(struct input *input)
{
	size_t size = input_number(input, 1);
	char *name;

	size = size < input->left ? size : input->left;
	name = input_text(input->at, size);
	input->at += size;
	input->left -= size;
	if (name_check_bytes(name, size) == 0)
		return name;
	for (size_t i = 0; i < size; i++)
		name[i] = (char)('a' + (uint8_t)name[i] % 26);
	if (size)
		return name;
	free(name);
	return strdup("x");
}

static int64_t moment_of(struct input *input)
{
	uint64_t number = input_number(input, 8);

	return number >> 60 ? MOMENT_NONE : (int64_t)(number % ((uint64_t)MOMENT_NS_MAX + 1));
}

static void check_import(char *line, size_t length, const struct log_entry *entry)
{
	struct import_line parsed;
	struct complaint why;
	char *end = line + length, *at = line;

	for (int tabs = 0; tabs < 2; at++)
		tabs += *at == '\t';
	while (*--end != '\t')
		;
	assert(import_line_parse(at, (size_t)(end - at), &parsed, &why) == 0);
	assert(parsed.op == entry->op && parsed.created_ns == entry->created_ns);
	assert(strcmp(parsed.restaurant, entry->restaurant) == 0);
	assert(strcmp(parsed.user, entry->user) == 0);
}

static size_t check_length(const struct log_entry *entry, char line[static LOG_LINE_MAX])
{
	size_t length = log_line_format(entry, line);

	assert(length < LOG_LINE_MAX && (int64_t)length == log_line_bytes(entry));
	assert(memchr(line, '\n', length) == line + length - 1);
	return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct log_entry entry = {
		.position = {(int64_t)(input_number(&input, 8) >> 1), 0},
		.op = LOG_ADD + input_number(&input, 1) % 4,
		.time_ns = moment_of(&input),
		.created_ns = moment_of(&input),
		.previous_ns = moment_of(&input),
	};
	char *restaurant = name_of(&input), *user = name_of(&input);
	char line[LOG_LINE_MAX];

	entry.restaurant = restaurant;
	entry.user = user;
	if (entry.time_ns == MOMENT_NONE)
		entry.time_ns = 0;
	check_import(line, check_length(&entry, line), &entry);

	/* Of a damaged row. */
	entry.op = (enum log_op)input_number(&input, 4);
	entry.created_ns = (int64_t)input_number(&input, 8);
	entry.previous_ns = (int64_t)input_number(&input, 8);
	(void)check_length(&entry, line);
	free(restaurant);
	free(user);
	return 0;
}
