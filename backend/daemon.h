/*
 * daemon.h - going to the background so that the caller knows how it went.
 *
 * The parent stays until the child says that it is ready, or dies; so whoever
 * started the program gets its exit status and its words on stderr.
 */
#ifndef FAVFS_DAEMON_H
#define FAVFS_DAEMON_H

/*
 * Forks.  Returns in the child only, with a descriptor for daemon_ready; the
 * parent exits with 0 once the child is ready, else with the child's status.
 * Call it before any thread and any database is opened.  -1 to daemon_ready is fine
 * where nothing was forked.
 */
int daemon_fork(int *ret_ready_fd);

/*
 * Leaves the caller's session and process group, if daemon_fork did fork.  Call it once nothing
 * more is looked up on the mountpoint: where autofs waits for it to be mounted, it lets
 * pass only the process group of who was asked to, and all others wait, also a child of that.
 */
void daemon_leave(int ready_fd);

/*
 * The program serves: the child lets the parent go, and leaves terminal, stdio and directory.
 * Where a service manager asked to be told (NOTIFY_SOCKET, sd_notify(3)) it is.
 */
void daemon_ready(int ready_fd);

#endif
