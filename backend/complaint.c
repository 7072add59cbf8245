#include "backend/complaint.h"

#include <stdarg.h>
#include <stdio.h>

int complain(struct complaint *ret_why, int error, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	(void)vsnprintf(ret_why->text, sizeof(ret_why->text), format, values);
	va_end(values);
	return error;
}
