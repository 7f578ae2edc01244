/*
 * Memory for allocations made before the real allocator is known: by the loader, by dlsym(), by
 * constructors and resolvers that run before ours. Handed out once, never reused; few hundred bytes
 * in practice.
 */
#ifndef PRELOAD_BOOTSTRAP_H
#define PRELOAD_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * @alignment: a power of two.
 * Return: zeroed memory, or NULL when the kernel has none.
 * Context: any thread, async-signal-safe.
 */
void *bootstrap_allocate(size_t alignment, size_t size);

/* Where the static arena is, as far as it is used: a heap picture looks for pointers there. */
void bootstrap_arena(uintptr_t *ret_start, uintptr_t *ret_end);

/* Return: true if @block came from here. Such a block must not reach the real allocator. */
bool bootstrap_owns(const void *block);

/* Return: the size that a block from here was asked for with. */
size_t bootstrap_size(const void *block);

#endif
