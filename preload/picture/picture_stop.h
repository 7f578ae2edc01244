/*
 * Makes the other threads stand still for a moment, and reads their registers.
 *
 * A helper process that shares our memory does it with ptrace(2), since no thread may trace its
 * own process. Threads are seized, not attached to: no signal is sent, and a system call that was
 * interrupted goes on. Where the kernel does not allow it (a debugger is there, a container forbids
 * it), nothing happens to the threads.
 */
#ifndef PRELOAD_PICTURE_STOP_H
#define PRELOAD_PICTURE_STOP_H

#include <stdbool.h>
#include <stddef.h>

#include "picture_roots.h"

/*
 * Stop every thread but the calling one, and add them to @threads; those that do not stop within a
 * second are added as they are (is_still is false).
 * @room: of the list; threads beyond it run on.
 * Return: false if nothing was stopped; else picture_go() must follow soon.
 * Context: signals blocked; one thread at a time.
 */
bool picture_stop(struct picture_threads *threads, size_t room);

/* Let them go on. */
void picture_go(void);

#endif
