/*
 * shares.h - what the open files of each user cost favfs, so that nobody takes what others need.
 *
 * Only files that cost something count: rankings, status, metrics, import.  Belongs to the loop.
 */
#ifndef FAVFS_SHARES_H
#define FAVFS_SHARES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Of one user, and of all together; past it opening gives ENFILE. */
#define SHARE_MEMORY_MAX  (INT64_C(4) << 20)
#define SHARE_TEXT_MAX    (INT64_C(1) << 30)
#define SHARES_MEMORY_MAX (16 * SHARE_MEMORY_MAX)
#define SHARES_TEXT_MAX   (16 * SHARE_TEXT_MAX)

/* An open ranking costs so much memory: 16,384 of one user. */
#define RANKING_MEMORY 256

/*
 * And the text of its version, which may have to be copied to the disk; at least this, for
 * each version is looked for among the others: 4,096 of one user.
 */
#define RANKING_TEXT_MIN (INT64_C(256) << 10)

struct cost {
	uid_t uid; /* whose */
	int64_t memory_bytes;
	int64_t text_bytes;
};

struct shares {
	struct cost *list; /* owned; users without open files are not in it */
	size_t count;
	size_t capacity;
	struct cost all;
};

/* 0, -ENFILE, or -ENOMEM; nothing is taken then. */
int shares_take(struct shares *shares, const struct cost *cost);

/* Of what was taken, all or a part. */
void shares_give(struct shares *shares, const struct cost *cost);

/* The text of @from is from now on a cost of @to, who may get past the limit by that. */
void shares_move_text(struct shares *shares, struct cost *from, struct cost *to);

void shares_fini(struct shares *shares);

#endif
