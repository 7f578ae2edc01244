/*
 * Stacks of threads that have ended. libc keeps some for threads to come; what is left on them is
 * nobody's, and no root.
 */
#ifndef PRELOAD_PICTURE_DEAD_H
#define PRELOAD_PICTURE_DEAD_H

#include <stddef.h>
#include <stdint.h>

#include "glibc_heap.h"
#include "mappings.h"
#include "picture_roots.h"

/*
 * Find the stack of a thread that has ended. A page that nobody may use is below each, so a mapping
 * has one at most.
 * Return: the stack, up to the thread's static variables; empty if there is none.
 * Context: that of picture_roots_scan().
 */
struct range picture_dead_stack(const struct picture_roots *roots, struct touched_pages *pages,
                                const struct mapping *mapping);

#endif
