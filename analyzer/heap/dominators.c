/*
 * The Semi-NCA algorithm: semidominators as Lengauer and Tarjan define them, found from the last
 * vertex to the first over a forest whose paths are compressed; then the immediate dominator of
 * each vertex, from the first to the last, as the nearest common ancestor of its parent and its
 * semidominator. Nothing recurses: a list of ten million blocks is ten million vertices deep.
 *
 * Source: L. Georgiadis, "Linear-Time Algorithms for Dominators and Related Problems", 2005, 2.3;
 * T. Lengauer and R. Tarjan, "A Fast Algorithm for Finding Dominators in a Flowgraph", 1979.
 */
#include "dominators.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Work space; all arrays are by vertex, and have room for every block and vertex 0. */
struct search {
    const struct heap_graph *graph;
    struct dominators *tree;
    uint32_t *ancestors; /* parents of the depth-first search, then of the compressed forest */
    uint32_t *labels;    /* least semidominator on the way to the ancestor */
    uint32_t *semis;
    uint32_t *next;    /* of each vertex of the search: its next edge; later work space */
    uint32_t *sources; /* edges backwards: vertices that lead to vertex v, from starts[v] on */
    uint32_t *starts;
};

static uint32_t discover(struct search *search, uint32_t block, uint32_t parent)
{
    struct dominators *tree = search->tree;
    uint32_t vertex = tree->count++;
    tree->vertices[block] = vertex;
    tree->blocks[vertex] = block;
    tree->parents[vertex] = parent;
    search->next[vertex] = search->graph->first[block];
    return vertex;
}

/* Number what can be reached from @block and has no number yet, depth first. */
static void explore(struct search *search, uint32_t block)
{
    const struct heap_graph *graph = search->graph;
    struct dominators *tree = search->tree;
    if (tree->vertices[block] != 0) {
        return;
    }
    uint32_t vertex = discover(search, block, 0);
    while (vertex != 0) {
        uint32_t end = graph->first[tree->blocks[vertex] + 1];
        uint32_t child = 0;
        while (child == 0 && search->next[vertex] < end) {
            uint32_t target = heap_edge_block(graph->edges[search->next[vertex]++]);
            child = tree->vertices[target] == 0 ? discover(search, target, vertex) : 0;
        }
        vertex = child != 0 ? child : tree->parents[vertex];
    }
}

static void number_vertices(struct search *search, const struct heap_marks *marks)
{
    const struct heap_graph *graph = search->graph;
    search->tree->blocks[0] = HEAP_NONE;
    search->tree->count = 1;
    for (size_t i = 0; i < graph->root_count; i++) {
        explore(search, heap_edge_block(graph->roots[i].edge));
    }
    for (uint32_t block = 0; block < graph->block_count; block++) {
        if (dominators_is_head(marks, block)) {
            explore(search, block);
        }
    }
}

/*
 * Turn the edges round: first how many lead to each vertex, then where those of each end, then
 * each edge is put before the end. Vertex 0 needs none, and is its own source where it leads.
 */
static bool turn_edges(struct search *search, const struct heap_marks *marks)
{
    const struct heap_graph *graph = search->graph;
    const struct dominators *tree = search->tree;
    uint32_t *starts = search->starts;
    for (uint32_t edge = 0; edge < graph->edge_count; edge++) {
        starts[tree->vertices[heap_edge_block(graph->edges[edge])]]++;
    }
    bool *is_top = calloc((size_t)graph->block_count + 1, sizeof *is_top);
    if (is_top == NULL) {
        return false;
    }
    for (size_t i = 0; i < graph->root_count; i++) {
        is_top[heap_edge_block(graph->roots[i].edge)] = true;
    }
    uint32_t total = 0;
    for (uint32_t vertex = 1; vertex < tree->count; vertex++) {
        uint32_t block = tree->blocks[vertex];
        is_top[block] = is_top[block] || dominators_is_head(marks, block);
        total += starts[vertex] + (is_top[block] ? 1 : 0);
        starts[vertex] = total;
    }
    starts[tree->count] = total;
    for (uint32_t vertex = 1; vertex < tree->count; vertex++) {
        uint32_t block = tree->blocks[vertex];
        if (is_top[block]) {
            search->sources[--starts[vertex]] = 0;
        }
        const heap_edge *end = heap_graph_end(graph, block);
        for (const heap_edge *edge = heap_graph_begin(graph, block); edge < end; edge++) {
            search->sources[--starts[tree->vertices[heap_edge_block(*edge)]]] = vertex;
        }
    }
    free(is_top);
    return true;
}

/*
 * Let every vertex on the way from @vertex up to the first ancestor that is at most @last point
 * right at that one, with the least label of its way.
 */
static void compress(struct search *search, uint32_t vertex, uint32_t last)
{
    uint32_t *ancestors = search->ancestors;
    uint32_t *labels = search->labels;
    uint32_t *way = search->next;
    uint32_t length = 0;
    for (; ancestors[vertex] > last; vertex = ancestors[vertex]) {
        way[length++] = vertex;
    }
    while (length > 0) {
        uint32_t below = way[--length];
        uint32_t above = ancestors[below];
        labels[below] = labels[above] < labels[below] ? labels[above] : labels[below];
        ancestors[below] = ancestors[above];
    }
}

static void find_semidominators(struct search *search)
{
    for (uint32_t vertex = search->tree->count - 1; vertex >= 1; vertex--) {
        uint32_t semi = search->tree->parents[vertex];
        for (uint32_t at = search->starts[vertex]; at < search->starts[vertex + 1]; at++) {
            uint32_t source = search->sources[at];
            if (source > vertex) {
                compress(search, source, vertex);
                source = search->labels[source];
            }
            semi = source < semi ? source : semi;
        }
        search->semis[vertex] = semi;
        search->labels[vertex] = semi;
    }
}

static void find_dominators(struct search *search)
{
    uint32_t *parents = search->tree->parents;
    for (uint32_t vertex = 1; vertex < search->tree->count; vertex++) {
        uint32_t dominator = parents[vertex];
        while (dominator > search->semis[vertex]) {
            dominator = parents[dominator];
        }
        parents[vertex] = dominator;
    }
}

static bool allocate(struct search *search, size_t blocks, size_t edges)
{
    const size_t room = blocks + 2;
    struct dominators *tree = search->tree;
    tree->vertices = calloc(room, sizeof *tree->vertices);
    tree->blocks = malloc(room * sizeof *tree->blocks);
    tree->parents = calloc(room, sizeof *tree->parents);
    search->ancestors = malloc(room * sizeof *search->ancestors);
    search->labels = calloc(room, sizeof *search->labels);
    search->semis = calloc(room, sizeof *search->semis);
    search->next = malloc(room * sizeof *search->next);
    search->starts = calloc(room, sizeof *search->starts);
    search->sources = malloc((edges + room) * sizeof *search->sources);
    return tree->vertices != NULL && tree->blocks != NULL && tree->parents != NULL &&
           search->ancestors != NULL && search->labels != NULL && search->semis != NULL &&
           search->next != NULL && search->starts != NULL && search->sources != NULL;
}

enum trace_status dominators_make(const struct heap_graph *graph, const struct heap_marks *marks,
                                  struct dominators *ret_tree, struct trace_error *error)
{
    struct dominators tree = {0};
    struct search search = {.graph = graph, .tree = &tree};
    bool is_done = allocate(&search, graph->block_count, graph->edge_count);
    if (is_done) {
        number_vertices(&search, marks);
        is_done = turn_edges(&search, marks);
    }
    if (is_done) {
        memcpy(search.ancestors, tree.parents, tree.count * sizeof *tree.parents);
        find_semidominators(&search);
        find_dominators(&search);
    }
    free(search.ancestors);
    free(search.labels);
    free(search.semis);
    free(search.next);
    free(search.starts);
    free(search.sources);
    if (!is_done) {
        dominators_fini(&tree);
        return trace_fail(error, TRACE_NOMEM, 0,
                          "no memory for the dominators of %" PRIu32 " blocks", graph->block_count);
    }
    *ret_tree = tree;
    return TRACE_OK;
}

void dominators_fini(struct dominators *tree)
{
    free(tree->vertices);
    free(tree->blocks);
    free(tree->parents);
    *tree = (struct dominators){0};
}
