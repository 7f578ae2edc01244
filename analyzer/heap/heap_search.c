/*
 * A breadth-first search from all roots, then from what is lost or young; then the chains of wanted
 * blocks are walked back once, to see which blocks and roots they need.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dominators.h"
#include "heap_chains.h"

/* Room for the search. The queue is the order: nothing leaves it. */
struct queue {
    struct heap_search *search;
    bool *is_found; /* of each block */
    uint32_t count;
};

static void find(struct queue *queue, uint32_t block, uint32_t parent, uint32_t start,
                 bool is_inside)
{
    struct heap_search *search = queue->search;
    if (queue->is_found[block]) {
        return;
    }
    queue->is_found[block] = true;
    search->order[queue->count++] = block;
    search->parents[block] = parent;
    search->starts[block] = start;
    search->depths[block] = parent == HEAP_NONE ? 0 : search->depths[parent] + 1;
    bool is_rooted = parent != HEAP_NONE ? (search->flags[parent] & HEAP_CHAIN_ROOTED) != 0
                                         : start < search->graph->root_count;
    search->flags[block] =
        (uint8_t)((is_inside ? HEAP_CHAIN_INSIDE : 0) | (is_rooted ? HEAP_CHAIN_ROOTED : 0));
}

/* Go on from what is in the queue from @next on. Return: its new end. */
static uint32_t find_rest(struct queue *queue, uint32_t next)
{
    const struct heap_graph *graph = queue->search->graph;
    for (; next < queue->count; next++) {
        uint32_t block = queue->search->order[next];
        const heap_edge *end = heap_graph_end(graph, block);
        for (const heap_edge *edge = heap_graph_begin(graph, block); edge < end; edge++) {
            find(queue, heap_edge_block(*edge), block, HEAP_NONE, heap_edge_is_inside(*edge));
        }
    }
    return next;
}

static void find_all(struct queue *queue, const struct heap_marks *marks, const uint8_t *ranks)
{
    const struct heap_graph *graph = queue->search->graph;
    for (unsigned rank = 0; rank < HEAP_RANKS; rank++) {
        for (uint32_t i = 0; i < graph->root_count; i++) {
            heap_edge edge = graph->roots[i].edge;
            if (ranks[i] == rank) {
                find(queue, heap_edge_block(edge), HEAP_NONE, i, heap_edge_is_inside(edge));
            }
        }
    }
    uint32_t next = find_rest(queue, 0);
    for (uint32_t block = 0; block < graph->block_count; block++) {
        if (dominators_is_head(marks, block)) {
            bool is_lost = marks->classes[block] == HEAP_DEFINITE;
            find(queue, block, HEAP_NONE,
                 is_lost ? HEAP_START_LOST(graph) : HEAP_START_YOUNG(graph), false);
        }
    }
    (void)find_rest(queue, next);
}

/* Note that a block's chain is needed. */
static void use_chain(struct heap_search *search, uint32_t block)
{
    while (block != HEAP_NONE && (search->flags[block] & HEAP_CHAIN_USED) == 0) {
        search->flags[block] |= HEAP_CHAIN_USED;
        if (search->parents[block] == HEAP_NONE) {
            search->is_start_used[search->starts[block]] = true;
        }
        block = search->parents[block];
    }
}

static void use_chains(struct heap_search *search)
{
    const struct heap_graph *graph = search->graph;
    for (uint32_t block = 0; block < graph->block_count; block++) {
        if (search->is_wanted[block]) {
            use_chain(search, block);
        }
        const heap_edge *end = heap_graph_end(graph, block);
        for (const heap_edge *edge = heap_graph_begin(graph, block); edge < end; edge++) {
            if (search->is_wanted[heap_edge_block(*edge)]) {
                use_chain(search, block);
            }
        }
    }
    for (size_t i = 0; i < graph->root_count; i++) {
        if (search->is_wanted[heap_edge_block(graph->roots[i].edge)]) {
            search->is_start_used[i] = true;
        }
    }
}

enum trace_status heap_search_make(const struct heap_graph *graph, const struct heap_marks *marks,
                                   const bool *is_wanted, const uint8_t *ranks,
                                   struct heap_search *ret_search, struct trace_error *error)
{
    const size_t room = (size_t)graph->block_count + 1;
    struct heap_search search = {
        .graph = graph,
        .is_wanted = is_wanted,
        .order = malloc(room * sizeof *search.order),
        .parents = malloc(room * sizeof *search.parents),
        .starts = malloc(room * sizeof *search.starts),
        .depths = malloc(room * sizeof *search.depths),
        .flags = calloc(room, sizeof *search.flags),
        .is_start_used = calloc(graph->root_count + 2, sizeof *search.is_start_used),
    };
    struct queue queue = {.search = &search, .is_found = calloc(room, sizeof *queue.is_found)};
    if (search.order == NULL || search.parents == NULL || search.starts == NULL ||
        search.depths == NULL || search.flags == NULL || search.is_start_used == NULL ||
        queue.is_found == NULL || graph->root_count > UINT32_MAX - 2) {
        heap_search_fini(&search);
        free(queue.is_found);
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for the chains of %" PRIu32 " blocks",
                          graph->block_count);
    }
    find_all(&queue, marks, ranks);
    free(queue.is_found);
    use_chains(&search);
    *ret_search = search;
    return TRACE_OK;
}

void heap_search_fini(struct heap_search *search)
{
    free(search->order);
    free(search->parents);
    free(search->starts);
    free(search->depths);
    free(search->flags);
    free(search->is_start_used);
    *search = (struct heap_search){0};
}
