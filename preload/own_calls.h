/*
 * The system calls that the tracer makes: what a filter is tried with before it is installed
 * (seccomp.c), and what is tried where one was in force before the tracer.
 */
#ifndef PRELOAD_OWN_CALLS_H
#define PRELOAD_OWN_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With the arguments that filters look at: the others are pointers, sizes and descriptors. */
struct own_call {
    int number;
    uint64_t arguments[4];
};

/* Return: the calls that a process makes that is traced, and how many. */
const struct own_call *own_calls(size_t *ret_count);

/*
 * Make each of them once, and those that only the start makes, in a copy of the process: what it is
 * under may kill for one of them. The copy sends no signal, and no wait() of the program sees it.
 * Return: true if they are survived.
 * Context: async-signal-safe; where copies may be made, which cannot be tried.
 */
bool own_calls_are_survived(void);

#endif
