#include "backend/complaint.h"

#include <stdarg.h>
#include <stdio.h>

#include "backend/printable.h"

int complain(struct complaint *ret_why, int error, const char *format, ...)
{
	char text[sizeof(ret_why->text)];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	(void)printable(text, ret_why->text, sizeof(ret_why->text));
	return error;
}
