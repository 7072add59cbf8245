/*
 * What the load generator can be pointed at: a mounted tree, a Redis, a PostgreSQL, a file, lines for
 * `import`. A new peer is one
 * more file with one more table, named in target.c; a new operation is one more slot in `ops`.
 *
 * A target is written `SCHEME:WHERE`; without a scheme it is a tree. Every client opens its own
 * connection and uses it from one thread; `open` makes it and `close` frees it (NULL is fine).
 * Errors: 0 or -Exxx; what a peer says beyond that goes to stderr.
 */
#ifndef FAVFS_BENCH_TARGET_H
#define FAVFS_BENCH_TARGET_H

#include <stdint.h>

enum target_op {
	TARGET_OP_MARK,
	TARGET_OP_UNMARK,
	TARGET_OP_STAT,
	TARGET_OP_FRESH, /* mark, and wait until the ranking shows it */
	TARGET_OP_OVERWRITE,
	TARGET_OP_COUNT,
};

struct target {
	const char *scheme;
	int (*open)(const char *where, uint32_t client, void **ret_connection);
	void (*close)(void *connection);
	/* NULL: nothing to prepare. One that exists already is fine. */
	int (*add_restaurant)(void *connection, const char *restaurant);
	/* An empty slot: this target cannot do it. Returning 0 promises that it is durable. */
	int (*ops[TARGET_OP_COUNT])(void *connection, const char *restaurant, const char *user);
};

extern const struct target target_tree;
extern const struct target target_redis;
extern const struct target target_postgres;
extern const struct target target_file;
extern const struct target target_lines;

/* -EINVAL: no operation of this name. */
int target_op_parse(const char *name, enum target_op *ret_op);

/* Never fails: what has no known scheme is the directory of a tree. */
const struct target *target_parse(const char *text, const char **ret_where);

#endif
