#include "backend/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void program_find(const char *name, char ret_program[static PATH_MAX])
{
	static const char *const places[] = {"", "../bin/"};
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	int size;

	self[length > 0 ? length : 0] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
		size = snprintf(ret_program, PATH_MAX, "%.*s/%s%s", (int)(slash - self), self,
			places[i], name);
		if (size > 0 && size < PATH_MAX && access(ret_program, X_OK) == 0)
			return;
	}
	(void)snprintf(ret_program, PATH_MAX, "%s", name);
}
