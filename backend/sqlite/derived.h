/*
 * derived.h - the writer of derived.db, as the rest of the engine sees it.
 * Its calls are those of backend.h.
 */
#ifndef FAVFS_DERIVED_H
#define FAVFS_DERIVED_H

struct position;
struct store;

/*
 * Up to where everything derived counts, whoever derives it now; for rare
 * looks from any thread.  -ENOENT while there is no derived.db.
 */
int derived_applied(const struct store *store, struct position *ret_position);

#endif
