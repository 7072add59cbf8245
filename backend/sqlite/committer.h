/*
 * committer.h - the thread that commits.
 *
 * It takes all changes that wait, makes them one transaction, has each answered
 * when it survives power loss (syncer.h), and rings the bell (invariants 1 and 2).
 * Any thread may submit; only the owner opens and closes.
 */
#ifndef FAVFS_COMMITTER_H
#define FAVFS_COMMITTER_H

#include <stdbool.h>
#include <stdint.h>

struct change;
struct committer;
struct figures;
struct store;

int committer_open(const struct store *store, struct committer **ret_committer);

/* Answers what was submitted, then ends the thread; NULL is fine. */
void committer_close(struct committer *committer);

/* Returns when all that was submitted before is answered. */
void committer_settle(struct committer *committer);

void committer_submit(struct committer *committer, struct change *change);

/* What it has done so far; any thread. */
void committer_figures(struct committer *committer, struct figures *ret_figures);

/* The seq of the newest committed change; 0 for NULL. */
int64_t committer_committed(const struct committer *committer);

/* How often anything was committed to favorites.db; rises before anybody hears of it. */
uint64_t committer_commits(const struct committer *committer);

/* Whether a favourite that exists survives power loss, with NULL as well. */
bool committer_has(const struct committer *committer, int64_t favorite);

#endif
