#include "target.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct target *const targets[] = {
	&target_tree, &target_redis, &target_postgres, &target_file, &target_lines};

static const char *const op_names[TARGET_OP_COUNT] = {
	[TARGET_OP_MARK] = "mark",
	[TARGET_OP_UNMARK] = "unmark",
	[TARGET_OP_STAT] = "stat",
	[TARGET_OP_FRESH] = "fresh",
	[TARGET_OP_OVERWRITE] = "overwrite",
};

int target_op_parse(const char *name, enum target_op *ret_op)
{
	for (int op = 0; op < TARGET_OP_COUNT; op++) {
		if (strcmp(name, op_names[op]) == 0) {
			*ret_op = (enum target_op)op;
			return 0;
		}
	}
	return -EINVAL;
}

const struct target *target_parse(const char *text, const char **ret_where)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		size_t length = strlen(targets[i]->scheme);
		if (strncmp(text, targets[i]->scheme, length) == 0 && text[length] == ':') {
			*ret_where = text + length + 1;
			return targets[i];
		}
	}
	*ret_where = text;
	return &target_tree;
}
