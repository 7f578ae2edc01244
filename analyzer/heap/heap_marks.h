/*
 * What is lost: each block of a picture gets one class, by memcheck's rules.
 *
 * reachable   a chain of pointers to the starts of blocks leads to it from a root
 * possible    chains lead to it, but each has a pointer to the inside of a block
 * young       no chain, but so new that a register may have known it; and what such a block leads
 * to definite    no chain at all indirect    only lost blocks lead to it; of a cycle of lost blocks
 * the first is definite, and the others are indirect. (It stays definite if a block with a higher
 * address leads to another one of the cycle: memcheck does not look twice, and numbers that can be
 *             compared are worth more than this one.)
 *
 * Source: valgrind, memcheck/mc_leakcheck.c, and its manual, section 4.2.9.
 */
#ifndef ANALYZER_HEAP_MARKS_H
#define ANALYZER_HEAP_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "heap_graph.h"

enum heap_class {
    HEAP_UNMARKED, /* only while marking */
    HEAP_REACHABLE,
    HEAP_POSSIBLE,
    HEAP_YOUNG,
    HEAP_INDIRECT,
    HEAP_DEFINITE,
    HEAP_CLASSES,
};

struct heap_marks {
    uint8_t *classes;  /* enum heap_class, of each block */
    uint32_t *leaders; /* of each indirect block the definite one that leads to it, of those that
                          are in a cycle with others themselves, of all others HEAP_NONE */
    uint64_t bytes[HEAP_CLASSES];
    uint64_t blocks[HEAP_CLASSES];
    uint64_t cycles; /* definite blocks that are part of one */
};

/*
 * @is_young: of each block; NULL if none is.
 * @ret_marks: heap_marks_fini() when done.
 * Errors: TRACE_NOMEM.
 */
enum trace_status heap_marks_make(const struct heap_graph *graph, const bool *is_young,
                                  struct heap_marks *ret_marks,
                                  struct trace_error *error) TRACE_CHECKED;
void heap_marks_fini(struct heap_marks *marks);

/* Return: whether a definite block is part of a cycle. */
static inline bool heap_marks_is_cycle(const struct heap_marks *marks, uint32_t block)
{
    return marks->leaders[block] == block;
}

#endif
