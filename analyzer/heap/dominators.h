/*
 * The dominator tree of a block graph: the nearest block that every chain of pointers from the
 * roots to a block goes through. What a block dominates goes when it goes.
 *
 * Vertices are numbered in the order of a depth-first search, from 1; vertex 0 is the root of all,
 * from which the roots of the picture and the heads of what is lost are reached. A vertex comes
 * after its dominator, so that sums over the tree are one pass from the last vertex to the first.
 */
#ifndef ANALYZER_DOMINATORS_H
#define ANALYZER_DOMINATORS_H

#include <stdint.h>

#include "error.h"
#include "heap_graph.h"
#include "heap_marks.h"

struct dominators {
    uint32_t *vertices; /* of each block: its vertex; every block has one */
    uint32_t *blocks;   /* of each vertex: its block; HEAP_NONE for vertex 0 */
    uint32_t *parents;  /* of each vertex: its immediate dominator, a vertex; 0 for vertex 0 */
    uint32_t count;     /* of vertices */
};

/* Return: whether a block is reached from the root of all though no root points to it. */
static inline bool dominators_is_head(const struct heap_marks *marks, uint32_t block)
{
    return marks->classes[block] == HEAP_DEFINITE || marks->classes[block] == HEAP_YOUNG;
}

/*
 * @marks: of the same graph.
 * @ret_tree: dominators_fini() when done.
 * Errors: TRACE_NOMEM.
 */
enum trace_status dominators_make(const struct heap_graph *graph, const struct heap_marks *marks,
                                  struct dominators *ret_tree,
                                  struct trace_error *error) TRACE_CHECKED;
void dominators_fini(struct dominators *tree);

#endif
