/*
 * recount.h - having all that is derived counted anew, and waiting for it.
 *
 * Counting is favfs-aggregator's: the one at work where there is one, else one that is started
 * for it.  Errors are negative errno.
 */
#ifndef FAVFS_RECOUNT_H
#define FAVFS_RECOUNT_H

#include "backend/complaint.h"

/* Returns when everything is counted anew up to what was the newest change at the start. */
int recount(const char *store, struct complaint *ret_why);

/* Where an aggregator is at work that has not counted anything yet: waits until it has. */
void recount_await(const char *store);

#endif
