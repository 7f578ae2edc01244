/*
 * The tracer's own memory: whole pages from the kernel, zeroed, never from malloc. What is mapped
 * is counted, and the count is part of the trace.
 */
#ifndef PRELOAD_MEMORY_H
#define PRELOAD_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Map zeroed memory. Pages that are never touched cost address space only, and huge pages are not
 * used: most of what the tracer maps is sparse.
 * Return: page-aligned memory, or NULL.
 * Context: any thread, async-signal-safe.
 */
void *memory_map(size_t bytes);

/* Give back what memory_map() returned. @memory: may be NULL. */
void memory_unmap(void *memory, size_t bytes);

/* Make mapped memory zero again, and give its pages back. */
void memory_clear(void *memory, size_t bytes);

/* Return: bytes mapped and not given back. */
uint64_t memory_mapped_bytes(void);

#endif
