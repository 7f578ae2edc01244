/*
 * The threads of a process, as /proc/PID/task tells. Context: async-signal-safe; needs 10 KiB of
 * stack.
 */
#ifndef PRELOAD_TASKS_H
#define PRELOAD_TASKS_H

#include <stdbool.h>
#include <stddef.h>

/* Call @visit with the id of each thread. Return: how many there are; 0 without /proc. */
size_t tasks_each(int process, void (*visit)(void *context, int id), void *context);

/* Has the thread ended, though it still has its entry, as the first one may? */
bool task_is_dead(int process, int id);

/* Is a signal waiting for the thread that it does not block? */
bool task_has_signal(int process, int id);

#endif
