/* Rows are closed when a later block's edges begin; what comes out of order is dropped, counted. */
#include "heap_graph.h"

#include <stdlib.h>

#include "grow.h"

#define EDGES_MAX ((uint32_t)INT32_MAX) /* so that edges and blocks together have numbers */

bool heap_graph_add_block(struct heap_graph *graph, uint64_t bytes)
{
    if (graph->block_count >= HEAP_BLOCKS_MAX) {
        return false;
    }
    uint64_t *grown =
        grow_array(graph->bytes, graph->block_count, &graph->block_capacity, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    graph->bytes = grown;
    graph->bytes[graph->block_count++] = bytes;
    return true;
}

/* Let the rows up to and including that of @block begin here. */
static bool begin_rows(struct heap_graph *graph, uint32_t block)
{
    if (graph->first == NULL) { // exactly as long as it will be, unless blocks follow
        graph->row_capacity = (size_t)graph->block_count + 1;
        graph->first = malloc(graph->row_capacity * sizeof *graph->first);
        if (graph->first == NULL) {
            return false;
        }
    }
    while (graph->row <= block) {
        uint32_t *grown = grow_array(graph->first, graph->row, &graph->row_capacity, sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        graph->first = grown;
        graph->first[graph->row++] = graph->edge_count;
    }
    return true;
}

bool heap_graph_add_edge(struct heap_graph *graph, uint32_t source, uint32_t target, bool is_inside)
{
    if (source >= graph->block_count || target >= graph->block_count || source + 1 < graph->row) {
        graph->dropped++;
        return true;
    }
    if (graph->edge_count == EDGES_MAX || !begin_rows(graph, source)) {
        return false;
    }
    heap_edge *grown =
        grow_array(graph->edges, graph->edge_count, &graph->edge_capacity, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    graph->edges = grown;
    graph->edges[graph->edge_count++] = heap_edge_to(target, is_inside);
    return true;
}

bool heap_graph_add_root(struct heap_graph *graph, uint32_t region, uint64_t slot, uint32_t target,
                         bool is_inside)
{
    if (target >= graph->block_count) {
        graph->dropped++;
        return true;
    }
    struct heap_root *grown =
        grow_array(graph->roots, graph->root_count, &graph->root_capacity, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    graph->roots = grown;
    graph->roots[graph->root_count++] =
        (struct heap_root){slot, region, heap_edge_to(target, is_inside)};
    return true;
}

bool heap_graph_finish(struct heap_graph *graph)
{
    if (graph->edges == NULL) { // heap_graph_begin() is about an array, even of none
        graph->edges = grow_array(NULL, 0, &graph->edge_capacity, sizeof *graph->edges);
        if (graph->edges == NULL) {
            return false;
        }
    }
    return begin_rows(graph, graph->block_count);
}

void heap_graph_fini(struct heap_graph *graph)
{
    free(graph->bytes);
    free(graph->first);
    free(graph->edges);
    free(graph->roots);
    *graph = (struct heap_graph){0};
}
