/*
 * derived.h - the writer of derived.db, as the rest of the engine sees it.
 * Its calls are those of backend.h.
 */
#ifndef FAVFS_DERIVED_H
#define FAVFS_DERIVED_H

#include <stdint.h>

struct store;

/*
 * The seq that everything derived counts up to, whoever derives it now; for
 * rare looks from any thread.  -ENOENT while there is no derived.db.
 */
int derived_applied(const struct store *store, int64_t *ret_seq);

#endif
