/*
 * An import says the same wherever its text is cut into writes: the same lines are taken, or the
 * same line is refused.  fs/import.c is here alone; all around it is played below.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "backend/log.h"
#include "fs/import_line.h"
#include "fs/kinds.h"
#include "fs/notifier.h"
#include "fs/reply.h"
#include "tests/fuzz/fuzz.h"

/* What came of one import. */
struct outcome {
	char *taken; /* owned: the lines, written again */
	size_t taken_size;
	int64_t told_line; /* the last that was complained about; 0: none */
	bool refused;
};

static struct mount mount;
static struct outcome *outcome; /* of the import that runs now */
static FILE *taken;
static size_t answers;

/* ---- what surrounds it ---- */

void mount_import_error(struct mount *m, int64_t line, const char *why)
{
	assert(m == &mount && *why);
	outcome->told_line = line;
}

void log_line(int priority, const char *format, ...)
{
	(void)priority;
	(void)format;
}

void attr_fill(const struct mount *m, struct node n, int64_t time_ns, struct stat *st)
{
	(void)m;
	(void)n;
	(void)time_ns;
	memset(st, 0, sizeof(*st));
}

const struct fuse_ctx *fuse_req_ctx(fuse_req_t req)
{
	static const struct fuse_ctx caller;

	(void)req;
	return &caller;
}

void reply_begin(enum operation operation)
{
	assert(operation == OPERATION_write);
}

void reply_error(fuse_req_t req, int error)
{
	(void)req;
	assert(error == -EINVAL);
	outcome->refused = true;
	answers++;
}

void reply_attr(fuse_req_t req, int error, const struct stat *st, double timeout_s)
{
	(void)req;
	(void)error;
	(void)st;
	(void)timeout_s;
}

int reply_open(fuse_req_t req, const struct fuse_file_info *fi)
{
	(void)req;
	(void)fi;
	return 0;
}

void reply_bytes(fuse_req_t req, const void *bytes, size_t size)
{
	(void)req;
	(void)bytes;
	(void)size;
}

void reply_write(fuse_req_t req, size_t size)
{
	(void)req;
	(void)size;
	answers++;
}

void notifier_add_call(struct notifier *notifier, void (*then)(void *arg), void *arg)
{
	(void)notifier;
	then(arg);
}

void store_submit(struct store *store, struct change *change)
{
	(void)store;
	assert(change->kind == CHANGE_IMPORT && change->line_count > 0);
	for (size_t i = 0; i < change->line_count; i++) {
		const struct import_line *line = &change->lines[i];

		assert(name_check(line->restaurant) == 0 && name_check(line->user) == 0);
		(void)fprintf(taken, "%d\t%s\t%s\t%lld\n", line->op, line->restaurant, line->user,
			(long long)line->created_ns);
	}
	change->done(change, 0, NULL);
}

/* ---- one import ---- */

/* Writes until one is refused, as a person's program would; each piece is of @cuts. */
static struct outcome import(const char *text, size_t size, struct input cuts)
{
	struct outcome now = {.told_line = 0};
	struct node node = {.kind = NODE_IMPORT};
	struct fuse_file_info fi = {0};

	outcome = &now;
	taken = open_memstream(&now.taken, &now.taken_size);
	assert(taken);
	import_ops.open(&mount, NULL, node, &fi);
	for (size_t at = 0, piece; at < size && !now.refused; at += piece) {
		char *copy;

		piece = cuts.left ? input_number(&cuts, 1) * 64 / 63 + 1 : size;
		piece = piece < size - at ? piece : size - at;
		copy = malloc(piece);
		assert(copy);
		memcpy(copy, text + at, piece);
		answers = 0;
		import_ops.write(&mount, NULL, copy, piece, &fi);
		assert(answers == 1);
		free(copy);
	}
	import_ops.release(&mount, node, &fi);
	assert(fclose(taken) == 0);
	return now;
}

/* The lines of @text before the first bad one, or all; a last one without newline is not there. */
static size_t count_good(const char *text, size_t size)
{
	size_t count = 0;

	for (const char *at = text, *end; (end = memchr(at, '\n', size - (size_t)(at - text)));
		at = end + 1, count++) {
		char *line = input_text((const uint8_t *)at, (size_t)(end - at));
		struct import_line parsed;
		struct complaint why;
		int error = import_line_parse(line, (size_t)(end - at), &parsed, &why);

		free(line);
		if (error)
			break;
	}
	return count;
}

static void check(const char *text, size_t size, struct input cuts)
{
	struct input none = {NULL, 0};
	struct outcome whole = import(text, size, none), pieces = import(text, size, cuts);

	assert(whole.refused == pieces.refused && whole.told_line == pieces.told_line);
	if (whole.refused)
		assert(whole.taken_size == 0);
	else
		assert(whole.taken_size == pieces.taken_size &&
			memcmp(whole.taken, pieces.taken, whole.taken_size) == 0);
	if (whole.told_line)
		assert((size_t)whole.told_line == count_good(text, size) + 1);
	else
		assert(size == 0 || text[size - 1] == '\n');
	free(whole.taken);
	free(pieces.taken);
}

/* The first byte says how many tell where to cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size}, cuts;
	char *text;

	cuts.left = input_number(&input, 1) % 16;
	cuts.left = cuts.left < input.left ? cuts.left : input.left;
	cuts.at = input.at;
	text = input_text(input.at + cuts.left, input.left - cuts.left);
	check(text, input.left - cuts.left, cuts);
	free(text);
	return 0;
}
