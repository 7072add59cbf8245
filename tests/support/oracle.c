#include "tests/support/oracle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->name, y->name);
}

char *oracle_ranking(struct row *rows, size_t count, size_t *ret_size)
{
	char *text = NULL, digits[32];
	FILE *stream = open_memstream(&text, ret_size);
	int width = snprintf(digits, sizeof(digits), "%zu", count);
	size_t rank = 0;

	ck_assert_ptr_nonnull(stream);
	qsort(rows, count, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || rows[i].count != rows[i - 1].count)
			rank = i + 1;
		(void)fprintf(stream, "%*zu\t%" PRId64 "\t%s\n", width < 6 ? 6 : width, rank,
			rows[i].count, rows[i].name);
	}
	ck_assert_int_eq(fclose(stream), 0);
	return text;
}

static void print_moment(FILE *stream, int64_t moment_ns)
{
	time_t seconds = moment_ns / NS_PER_SECOND;
	char text[64];
	struct tm tm;

	if (moment_ns == MOMENT_NONE) {
		(void)fputc('-', stream);
		return;
	}
	ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)fprintf(stream, "%s.%09" PRId64 "Z", text, moment_ns % NS_PER_SECOND);
}

size_t oracle_line(const struct logged *entry, char ret_line[static ORACLE_LINE_MAX])
{
	static const char *const ops[] = {[LOG_ADD] = "add",
		[LOG_REMOVE] = "remove",
		[LOG_UPDATE] = "update",
		[LOG_EXPIRE] = "expire"};
	FILE *stream = fmemopen(ret_line, ORACLE_LINE_MAX, "w");
	long size;

	ck_assert_ptr_nonnull(stream);
	(void)fprintf(stream, "%" PRId64 "\t", entry->position.seq);
	print_moment(stream, entry->time_ns);
	(void)fprintf(stream, "\t%s\t%s\t%s\t", ops[entry->op], entry->restaurant, entry->user);
	print_moment(stream, entry->created_ns);
	(void)fputc('\t', stream);
	print_moment(stream, entry->previous_ns);
	(void)fputc('\n', stream);
	size = ftell(stream);
	ck_assert_int_eq(fclose(stream), 0);
	return (size_t)size;
}
