#include "backend/printable.h"

#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "backend/name.h"

/* "\xNN", and after it "..." and a NUL */
#define ROOM 8

/* Bytes of the printable character at @at; 0 if there is none. */
static size_t character(const char *at)
{
	unsigned char first = (unsigned char)*at;

	if (first < 0x80)
		return first >= 0x20 && first < 0x7f;
	for (size_t size = 2; size <= 4 && at[size - 1]; size++)
		if (name_check_bytes(at, size) == 0)
			return size;
	return 0;
}

char *printable(const char *text, char *ret_shown, size_t size)
{
	char *to = ret_shown;

	while (*text && to + ROOM <= ret_shown + size) {
		size_t bytes = character(text);

		if (bytes)
			memcpy(to, text, bytes);
		else
			(void)sprintf(to, "\\x%02x", (unsigned)(unsigned char)*text);
		to += bytes ? bytes : 4;
		text += bytes ? bytes : 1;
	}
	strcpy(to, *text ? "..." : "");
	return ret_shown;
}

int print_line(FILE *out, const char *format, ...)
{
	char text[PRINTABLE_LINE_MAX], shown[PRINTABLE_LINE_MAX];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	return fprintf(out, "%s\n", printable(text, shown, sizeof(shown))) < 0 ? -1 : 0;
}

const char *printable_option(char *const argv[])
{
	static char letter[] = "-?";
	const char *word = optind > 0 ? argv[optind - 1] : "";

	if (!strncmp(word, "--", 2))
		return word;
	letter[1] = (char)optopt;
	return letter;
}
