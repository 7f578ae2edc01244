/*
 * Memory for allocations made before the real allocator is known: by the loader, by dlsym(), by
 * constructors and resolvers that run before ours. Handed out once, never reused; few hundred bytes
 * in practice.
 */
#ifndef PRELOAD_BOOTSTRAP_H
#define PRELOAD_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * @alignment: a power of two.
 * Return: zeroed memory, or NULL when the kernel has none.
 * Context: any thread, async-signal-safe.
 */
void *bootstrap_allocate(size_t alignment, size_t size);

/* Return: true if @block came from here. Such a block must not reach the real allocator. */
bool bootstrap_owns(const void *block);

/* Return: the size that a block from here was asked for with. */
size_t bootstrap_size(const void *block);

#endif
