/*
 * lease.h - who may write which file of a store.
 *
 * The file `lock` of a store has seats; a seat is held through a lock of the
 * open file description (fcntl F_OFD_SETLK) and is free again the moment its holder
 * dies.  The holder leaves a note for whoever finds the seat taken.
 */
#ifndef FAVFS_LEASE_H
#define FAVFS_LEASE_H

#include <stddef.h>

enum lease_seat {
	LEASE_SERVE, /* writes favorites.db */
	LEASE_DERIVE, /* writes derived.db */
};

#define LEASE_NOTE_MAX 4096 /* bytes of a note with its NUL */

/* Opens the lock file of the store at @directory, making it where missing (if that can be). */
int lease_open(const char *directory, int *ret_fd);

/* 0, or -EBUSY while another has the seat. */
int lease_try(int fd, enum lease_seat seat);

/* Sleeps until the seat is ours; -EINTR after a signal handler. */
int lease_wait(int fd, enum lease_seat seat);

/* Holder only: what others shall know of it. */
int lease_note(int fd, enum lease_seat seat, const char *note);

/* The last holder's note; empty where there never was one. */
void lease_read(int fd, enum lease_seat seat, char ret_note[static LEASE_NOTE_MAX]);

/* Whether anybody else has the seat at this moment. */
int lease_is_taken(int fd, enum lease_seat seat);

#endif
