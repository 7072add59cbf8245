/*
 * effects.h - filling a list of effects (backend.h).
 */
#ifndef FAVFS_EFFECTS_H
#define FAVFS_EFFECTS_H

#include "backend/backend.h"

/* Adds one with copies of the names, which may be NULL; 0 or -ENOMEM. */
int effects_add(
	struct effects *effects, struct effect effect, const char *restaurant, const char *user);

#endif
