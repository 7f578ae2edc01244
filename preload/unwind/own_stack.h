/*
 * Rare and deep work (libunwind, zstd) on a stack of the tracer's own, with all signals blocked:
 * the program's stack may be a signal handler's or a coroutine's, with a few kilobytes left.
 */
#ifndef PRELOAD_OWN_STACK_H
#define PRELOAD_OWN_STACK_H

#include <stdbool.h>
#include <stddef.h>

#define OWN_STACK_BYTES ((size_t)128 * 1024)

/*
 * Call @function(@argument) with the stack pointer at @top, signals blocked meanwhile.
 * @top: end of a stack of OWN_STACK_BYTES, 16-byte aligned, used by nobody else until the return.
 * Context: any thread, async-signal-safe. @function must return.
 */
void own_stack_call(void (*function)(void *), void *argument, void *top);

/* Return: true within own_stack_call(): no signal of this thread comes through. */
bool own_stack_is_used(void);

#endif
