/*
 * thread.h - threads that leave signals to the loop.
 */
#ifndef FAVFS_THREAD_H
#define FAVFS_THREAD_H

#include <pthread.h>

/* Starts a thread with all signals blocked: 0 or a negative errno.  Join it. */
int thread_start(pthread_t *ret_thread, void *(*run)(void *arg), void *arg);

#endif
