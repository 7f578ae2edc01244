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

/*
 * Have the kernel provide the pages of a part of mapped memory now, in one call: most of it will be
 * written to. Where that fails they come one by one, when they are touched.
 * @memory: any address in it.
 */
void memory_populate(void *memory, size_t bytes);

/* Make mapped memory zero again, and give its pages back. */
void memory_clear(void *memory, size_t bytes);

/* Return: bytes mapped and not given back. */
uint64_t memory_mapped_bytes(void);

/*
 * Call @visit for each area that is mapped now, in no order.
 * Context: async-signal-safe; areas that other threads map or give back meanwhile may be missed.
 */
void memory_each(void (*visit)(void *context, uintptr_t start, size_t bytes), void *context);

/* Return: bytes of those that take memory: pages that were touched and are not swapped out. */
uint64_t memory_resident_bytes(void);

/*
 * To look at sparse memory without touching what has never been touched, which would cost a fault
 * and later another one for each page.
 */
#define MEMORY_PAGE_BYTES ((size_t)4096)
#define MEMORY_PAGES_MAX 256 /* that can be looked at at a time */
enum memory_page {
    MEMORY_UNTOUCHED = 0, /* all zeros */
    MEMORY_RESIDENT = 1,
    MEMORY_SWAPPED = 2,
};

/* Return: a descriptor to be closed, or negative: then all pages count as resident. */
int memory_pages_open(void);

/*
 * Look at at most MEMORY_PAGES_MAX pages from @start on.
 * @ret_pages: gets an enum memory_page for each.
 */
void memory_pages_read(int fd, uintptr_t start, size_t count, uint8_t *ret_pages);

#endif
