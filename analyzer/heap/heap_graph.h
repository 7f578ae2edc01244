/*
 * The block graph of a heap picture: live blocks, and the pointers to them that were found in
 * other blocks and in roots. Everything that asks why a block is alive stands on it.
 *
 * Pointers are kept as compressed rows: those of block b are edges[first[b]] up to
 * edges[first[b + 1]]. An edge is a block's number and one bit, whether it points inside the block
 * and not to where its owner would look for it; 4 bytes each, so that ten million blocks with
 * twenty million pointers take 320 MB with their sizes and addresses.
 */
#ifndef ANALYZER_HEAP_GRAPH_H
#define ANALYZER_HEAP_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define HEAP_NONE UINT32_MAX /* no block */
#define HEAP_BLOCKS_MAX ((uint32_t)INT32_MAX)

typedef uint32_t heap_edge;

static inline heap_edge heap_edge_to(uint32_t block, bool is_inside)
{
    return block << 1 | (is_inside ? 1 : 0);
}

static inline uint32_t heap_edge_block(heap_edge edge)
{
    return edge >> 1;
}

static inline bool heap_edge_is_inside(heap_edge edge)
{
    return (edge & 1) != 0;
}

/* A word outside the heap that points to a block. */
struct heap_root {
    uint64_t slot; /* words from the start of its region */
    uint32_t region;
    heap_edge edge;
};

struct heap_graph {
    uint64_t *bytes; /* of each block, as it was asked for */
    uint32_t *first; /* block_count + 1 of them, once it is finished */
    heap_edge *edges;
    struct heap_root *roots;
    size_t root_count;
    uint64_t dropped; /* pointers that contradicted what is above: out of order, to no block */
    uint32_t block_count;
    /* while it is built */
    uint32_t edge_count;
    uint32_t row; /* the last block whose edges have begun, plus one */
    size_t block_capacity;
    size_t row_capacity;
    size_t edge_capacity;
    size_t root_capacity;
};

/*
 * Build a graph: blocks, edges by ascending block, and roots, each once its blocks are there; then
 * finish. It takes least memory if all blocks come first. All zero is an empty graph. Return: false
 * without memory, or when there is no number left; heap_graph_fini() in any case.
 */
bool heap_graph_add_block(struct heap_graph *graph, uint64_t bytes);
bool heap_graph_add_edge(struct heap_graph *graph, uint32_t source, uint32_t target,
                         bool is_inside);
bool heap_graph_add_root(struct heap_graph *graph, uint32_t region, uint64_t slot, uint32_t target,
                         bool is_inside);
bool heap_graph_finish(struct heap_graph *graph);
void heap_graph_fini(struct heap_graph *graph);

/* Walk over a block's edges: for (const heap_edge *e = ..._begin(g, b); e < ..._end(g, b); e++) */
static inline const heap_edge *heap_graph_begin(const struct heap_graph *graph, uint32_t block)
{
    return graph->edges + graph->first[block];
}

static inline const heap_edge *heap_graph_end(const struct heap_graph *graph, uint32_t block)
{
    return graph->edges + graph->first[block + 1];
}

#endif
