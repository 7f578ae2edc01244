/*
 * Sums over the dominator tree, and marking without groups.
 *
 * Marking without a group leaves out its blocks; what is not reached then is what it retains. For a
 * batch each block has a word with a bit for each group: set when the block can be reached without
 * that group. A block passes its word on to those that it points to, which take the bit of their
 * own group out; what changed passes its word on again. Bits are only ever set, so it ends, and
 * most blocks get all their bits at once.
 */
#include "retained.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum trace_status out_of_memory(const struct heap_graph *graph, struct trace_error *error)
{
    return trace_fail(error, TRACE_NOMEM, 0, "no memory for what %" PRIu32 " blocks retain",
                      graph->block_count);
}

/* Sum up the tree. Return: what each vertex retains, or NULL without memory. */
static struct retained *sum_tree(const struct heap_graph *graph, const struct dominators *tree)
{
    struct retained *sums = calloc((size_t)tree->count + 1, sizeof *sums);
    for (uint32_t vertex = tree->count - 1; sums != NULL && vertex >= 1; vertex--) {
        struct retained *sum = &sums[vertex];
        struct retained *above = &sums[tree->parents[vertex]];
        sum->bytes += graph->bytes[tree->blocks[vertex]];
        sum->blocks++;
        above->bytes += sum->bytes;
        above->blocks += sum->blocks;
    }
    return sums;
}

enum trace_status retained_by_block(const struct heap_graph *graph, const struct dominators *tree,
                                    struct retained **ret_blocks, struct trace_error *error)
{
    struct retained *sums = sum_tree(graph, tree);
    struct retained *blocks = calloc((size_t)graph->block_count + 1, sizeof *blocks);
    if (sums == NULL || blocks == NULL) {
        free(sums);
        free(blocks);
        return out_of_memory(graph, error);
    }
    for (uint32_t block = 0; block < graph->block_count; block++) {
        blocks[block] = sums[tree->vertices[block]];
    }
    free(sums);
    *ret_blocks = blocks;
    return TRACE_OK;
}

/* A walk down the tree and up again, which knows of which groups there are blocks above. */
struct tree_walk {
    const struct dominators *tree;
    const uint32_t *groups;
    const struct retained *sums;
    uint32_t *children; /* first child of each vertex, 0 for none */
    uint32_t *siblings; /* the next child of the same vertex */
    uint32_t *above;    /* of each group: how many blocks are on the way */
};

static void link_children(struct tree_walk *walk)
{
    for (uint32_t vertex = walk->tree->count - 1; vertex >= 1; vertex--) {
        uint32_t parent = walk->tree->parents[vertex];
        walk->siblings[vertex] = walk->children[parent];
        walk->children[parent] = vertex;
    }
}

static void walk_down(struct tree_walk *walk, struct retained *bounds)
{
    const struct dominators *tree = walk->tree;
    uint32_t vertex = walk->children[0];
    while (vertex != 0) {
        uint32_t group = walk->groups[tree->blocks[vertex]];
        if (walk->above[group]++ == 0) {
            bounds[group].bytes += walk->sums[vertex].bytes;
            bounds[group].blocks += walk->sums[vertex].blocks;
        }
        uint32_t next = walk->children[vertex];
        for (; next == 0 && vertex != 0; vertex = tree->parents[vertex]) {
            walk->above[walk->groups[tree->blocks[vertex]]]--;
            next = walk->siblings[vertex];
        }
        vertex = next;
    }
}

enum trace_status retained_bounds(const struct heap_graph *graph, const struct dominators *tree,
                                  const uint32_t *groups, uint32_t group_count,
                                  struct retained *bounds, struct trace_error *error)
{
    enum trace_status status = TRACE_OK;
    struct retained *sums = sum_tree(graph, tree);
    struct tree_walk walk = {
        .tree = tree,
        .groups = groups,
        .sums = sums,
        .children = calloc((size_t)tree->count + 1, sizeof *walk.children),
        .siblings = calloc((size_t)tree->count + 1, sizeof *walk.siblings),
        .above = calloc((size_t)group_count + 1, sizeof *walk.above),
    };
    if (sums == NULL || walk.children == NULL || walk.siblings == NULL || walk.above == NULL) {
        status = out_of_memory(graph, error);
        goto out;
    }
    memset(bounds, 0, group_count * sizeof *bounds);
    link_children(&walk);
    walk_down(&walk, bounds);
out:
    free(sums);
    free(walk.children);
    free(walk.siblings);
    free(walk.above);
    return status;
}

/* Marking a batch. Blocks whose word has changed wait in a ring, each at most once. */
struct batch_marking {
    const struct heap_graph *graph;
    const uint32_t *groups;
    uint64_t *words;
    uint8_t *own; /* of each block: one more than its group's place in the batch; 0: not in it */
    bool *is_waiting; /* of each block */
    uint32_t *ring;   /* block_count of them */
    uint32_t next;    /* in the ring */
    uint32_t waiting;
};

static void give(struct batch_marking *marking, uint32_t block, uint64_t word)
{
    uint64_t own = marking->own[block] == 0 ? 0 : UINT64_C(1) << (marking->own[block] - 1);
    uint64_t more = word & ~own & ~marking->words[block];
    if (more == 0) {
        return;
    }
    marking->words[block] |= more;
    if (!marking->is_waiting[block]) {
        marking->is_waiting[block] = true;
        uint32_t count = marking->graph->block_count;
        uint64_t at = (uint64_t)marking->next + marking->waiting++;
        marking->ring[at < count ? at : at - count] = block;
    }
}

static void pass_on(struct batch_marking *marking)
{
    const struct heap_graph *graph = marking->graph;
    while (marking->waiting > 0) {
        uint32_t block = marking->ring[marking->next];
        marking->next = marking->next + 1 < graph->block_count ? marking->next + 1 : 0;
        marking->waiting--;
        marking->is_waiting[block] = false;
        const heap_edge *end = heap_graph_end(graph, block);
        for (const heap_edge *edge = heap_graph_begin(graph, block); edge < end; edge++) {
            give(marking, heap_edge_block(*edge), marking->words[block]);
        }
    }
}

/* Note which blocks are of a group of the batch. Return: false without memory. */
static bool note_owners(struct batch_marking *marking, const uint32_t *batch, uint32_t count)
{
    uint32_t highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        highest = batch[i] > highest ? batch[i] : highest;
    }
    uint8_t *places = calloc((size_t)highest + 1, sizeof *places);
    if (places == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        places[batch[i]] = (uint8_t)(i + 1);
    }
    for (uint32_t block = 0; block < marking->graph->block_count; block++) {
        uint32_t group = marking->groups[block];
        marking->own[block] = group <= highest ? places[group] : 0;
    }
    free(places);
    return true;
}

static void add_missing(const struct batch_marking *marking, uint64_t all, struct retained *totals)
{
    for (uint32_t block = 0; block < marking->graph->block_count; block++) {
        for (uint64_t missing = all & ~marking->words[block]; missing != 0;
             missing &= missing - 1) {
            struct retained *total = &totals[__builtin_ctzll(missing)];
            total->bytes += marking->graph->bytes[block];
            total->blocks++;
        }
    }
}

enum trace_status retained_exactly(const struct heap_graph *graph, const struct heap_marks *marks,
                                   const uint32_t *groups, const uint32_t *batch, uint32_t count,
                                   struct retained *totals, struct trace_error *error)
{
    const size_t room = (size_t)graph->block_count + 1;
    const uint64_t all = count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    enum trace_status status = TRACE_OK;
    struct batch_marking marking = {
        .graph = graph,
        .groups = groups,
        .words = calloc(room, sizeof *marking.words),
        .own = malloc(room * sizeof *marking.own),
        .is_waiting = calloc(room, sizeof *marking.is_waiting),
        .ring = malloc(room * sizeof *marking.ring),
    };
    if (marking.words == NULL || marking.own == NULL || marking.is_waiting == NULL ||
        marking.ring == NULL || !note_owners(&marking, batch, count)) {
        status = out_of_memory(graph, error);
        goto out;
    }
    for (size_t i = 0; i < graph->root_count; i++) {
        give(&marking, heap_edge_block(graph->roots[i].edge), all);
    }
    for (uint32_t block = 0; block < graph->block_count; block++) {
        if (dominators_is_head(marks, block)) {
            give(&marking, block, all);
        }
    }
    pass_on(&marking);
    memset(totals, 0, count * sizeof *totals);
    add_missing(&marking, all, totals);
out:
    free(marking.words);
    free(marking.own);
    free(marking.is_waiting);
    free(marking.ring);
    return status;
}

/* Which groups to work out exactly first: those with the largest bounds. */
static int compare_candidates(const void *left, const void *right, void *context)
{
    const struct retained *bounds = context;
    const struct retained *a = &bounds[*(const uint32_t *)left];
    const struct retained *b = &bounds[*(const uint32_t *)right];
    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    return 0;
}

/* Pointers to look at beyond those for the groups that must be exact: what takes some seconds. */
#define EXACT_WORK_MAX UINT64_C(400000000)

enum trace_status retained_largest(const struct heap_graph *graph, const struct heap_marks *marks,
                                   const uint32_t *groups, uint32_t group_count, size_t least,
                                   struct retained *totals, bool *is_exact,
                                   struct trace_error *error)
{
    const uint64_t work_each = graph->edge_count + graph->block_count;
    struct retained exact[RETAINED_BATCH];
    uint64_t work = 0;
    enum trace_status status = TRACE_OK;
    uint32_t *candidates = calloc((size_t)group_count + 1, sizeof *candidates);
    if (candidates == NULL) {
        return out_of_memory(graph, error);
    }
    for (uint32_t i = 0; i < group_count; i++) {
        candidates[i] = i;
    }
    qsort_r(candidates, group_count, sizeof *candidates, compare_candidates, totals);
    for (size_t first = 0; first < group_count && status == TRACE_OK; first += RETAINED_BATCH) {
        size_t left = group_count - first;
        size_t count = left < RETAINED_BATCH ? left : RETAINED_BATCH;
        work += work_each;
        if (work > EXACT_WORK_MAX && first >= least) {
            break;
        }
        status = retained_exactly(graph, marks, groups, candidates + first, (uint32_t)count, exact,
                                  error);
        for (size_t i = 0; i < count && status == TRACE_OK; i++) {
            totals[candidates[first + i]] = exact[i];
            is_exact[candidates[first + i]] = true;
        }
    }
    free(candidates);
    return status;
}
