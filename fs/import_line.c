#include "fs/import_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/moment.h"

enum {
	FIELD_OP,
	FIELD_RESTAURANT,
	FIELD_USER,
	FIELD_CREATED_AT,
	FIELDS
};

/* What stands in the line may be anything: a person gets to see printable ASCII. */
static const char *printable(const char *text, size_t length, char ret_text[static 64])
{
	size_t used = 0;

	for (size_t i = 0; i < length && used < 56; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= ' ' && c < 0x7f && c != '\\')
			ret_text[used++] = (char)c;
		else
			used += (size_t)snprintf(ret_text + used, 64 - used, "\\x%02x", c);
	}
	ret_text[used] = '\0';
	return ret_text;
}

static int op_parse(const char *word, enum log_op *ret_op)
{
	static const struct {
		const char *word;
		enum log_op op;
	} ops[] = {
		{"add", LOG_ADD},
		{"remove", LOG_REMOVE},
		{"update", LOG_UPDATE},
		{"expire", LOG_EXPIRE},
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		if (strcmp(word, ops[i].word) != 0)
			continue;
		*ret_op = ops[i].op;
		return 0;
	}
	return -EINVAL;
}

/* Cuts the line at its tabs; returns how many fields, FIELDS + 1 for too many. */
static size_t split(char *text, size_t length, char *fields[static FIELDS], size_t sizes[])
{
	char *end = text + length;
	size_t count = 0;

	*end = '\0';
	for (char *at = text;; count++) {
		char *tab = memchr(at, '\t', (size_t)(end - at));

		if (count == FIELDS)
			return FIELDS + 1;
		fields[count] = at;
		sizes[count] = (size_t)((tab ? tab : end) - at);
		if (!tab)
			return count + 1;
		*tab = '\0';
		at = tab + 1;
	}
}

static int name_parse(const char *what, const char *name, size_t size, struct complaint *ret_why)
{
	char shown[64];
	int error = name_check_bytes(name, size);

	if (!error)
		return 0;
	return complain(ret_why, -EINVAL, "%s '%s': %s", what, printable(name, size, shown),
		strerror(-error));
}

static int created_parse(
	const char *text, size_t size, int64_t *ret_created_ns, struct complaint *ret_why)
{
	char shown[64];

	if (size == 1 && *text == '-')
		return 0;
	if (moment_parse(text, size, ret_created_ns) == 0)
		return 0;
	return complain(ret_why, -EINVAL, "CREATED_AT '%s': neither RFC 3339 nor -",
		printable(text, size, shown));
}

int import_line_parse(
	char *text, size_t length, struct import_line *ret_line, struct complaint *ret_why)
{
	struct import_line line = {.created_ns = MOMENT_NONE};
	char *fields[FIELDS], shown[64];
	size_t sizes[FIELDS], count;
	int error;

	if (length > IMPORT_LINE_BYTES_MAX)
		return complain(ret_why, -EINVAL, "longer than %d bytes", IMPORT_LINE_BYTES_MAX);
	count = split(text, length, fields, sizes);
	if (count < FIELD_USER + 1 || count > FIELDS)
		return complain(ret_why, -EINVAL,
			"not OP, RESTAURANT, USER and perhaps CREATED_AT with tabs between");
	if (strlen(fields[FIELD_OP]) != sizes[FIELD_OP] || op_parse(fields[FIELD_OP], &line.op) < 0)
		return complain(ret_why, -EINVAL, "OP '%s': not add, remove, update or expire",
			printable(fields[FIELD_OP], sizes[FIELD_OP], shown));
	error = name_parse(
		"RESTAURANT", fields[FIELD_RESTAURANT], sizes[FIELD_RESTAURANT], ret_why);
	if (!error)
		error = name_parse("USER", fields[FIELD_USER], sizes[FIELD_USER], ret_why);
	if (!error && count == FIELDS)
		error = created_parse(fields[FIELD_CREATED_AT], sizes[FIELD_CREATED_AT],
			&line.created_ns, ret_why);
	if (error)
		return error;
	line.restaurant = fields[FIELD_RESTAURANT];
	line.user = fields[FIELD_USER];
	*ret_line = line;
	return 0;
}
