/*
 * Chains as paths of a trie: a node is (what comes before, group, whether the blocks are wanted),
 * and below the trie's root stands one node for each label. Each block that is part of a chain has
 * one node; the wanted blocks are then sorted by the node at which they end, and the blocks before
 * them are counted by walking back, each once in a chain.
 */
#include "heap_chains.h"

#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "hash.h"

/* A node: the last step of a merged chain. Node 0 is the root of the trie. */
struct node {
    uint32_t parent;
    uint32_t group; /* of a node right below the root: a label */
    uint32_t start; /* of such a node: one of its roots */
    bool is_label;
    bool is_wanted;
    bool is_inside;
    bool is_repeated;
    uint32_t depth;
    uint32_t chain; /* the chain that was last laid out through it */
    uint32_t ends;  /* how many ends are here; then where they begin in the sorted list */
};

/* A word that points to a wanted block. */
struct end {
    uint32_t node;   /* of the chain that ends in it */
    uint32_t wanted; /* the block */
    uint32_t holder; /* the block that the word is in, or HEAP_NONE */
    uint32_t start;  /* the root, if it is in none */
};

struct merge {
    const struct heap_search *search;
    const uint32_t *groups;
    const uint32_t *labels;
    struct node *nodes;
    size_t node_count;
    size_t node_capacity;
    uint32_t *slots; /* hash table of nodes: index, 0 for none; at most half full */
    size_t slot_count;
    uint32_t *block_nodes; /* of each block that is part of a chain */
    uint32_t *stamps;      /* of each block and each start: the chain it was last counted in */
    struct end *ends;
    size_t end_count;
    size_t end_capacity;
};

enum { FIRST_SLOTS = 1024, CIRCLE_MAX = 4096 };

static uint32_t *find_slot(const struct merge *merge, const struct node *wanted)
{
    uint64_t flags = (wanted->is_label ? 1U : 0U) | (wanted->is_wanted ? 2U : 0U);
    uint64_t hash = hash_number(hash_number(HASH_START, wanted->parent), wanted->group);
    size_t at = (size_t)hash_number(hash, flags) & (merge->slot_count - 1);
    for (; merge->slots[at] != 0; at = (at + 1) & (merge->slot_count - 1)) {
        const struct node *node = &merge->nodes[merge->slots[at]];
        if (node->parent == wanted->parent && node->group == wanted->group &&
            node->is_label == wanted->is_label && node->is_wanted == wanted->is_wanted) {
            break;
        }
    }
    return &merge->slots[at];
}

static bool grow_slots(struct merge *merge)
{
    if (merge->node_count * 2 < merge->slot_count) {
        return true;
    }
    size_t count = merge->slot_count == 0 ? FIRST_SLOTS : merge->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    free(merge->slots);
    merge->slots = slots;
    merge->slot_count = count;
    for (size_t i = 1; i < merge->node_count; i++) {
        *find_slot(merge, &merge->nodes[i]) = (uint32_t)i;
    }
    return true;
}

/* Return: the node like @wanted, made if there was none; 0 without memory. */
static uint32_t find_node(struct merge *merge, const struct node *wanted)
{
    struct node *nodes =
        grow_array(merge->nodes, merge->node_count, &merge->node_capacity, sizeof *nodes);
    merge->nodes = nodes != NULL ? nodes : merge->nodes;
    if (nodes == NULL || !grow_slots(merge)) {
        return 0;
    }
    uint32_t *slot = find_slot(merge, wanted);
    if (*slot == 0) {
        merge->nodes[merge->node_count] = *wanted;
        merge->nodes[merge->node_count].depth = merge->nodes[wanted->parent].depth + 1;
        *slot = (uint32_t)merge->node_count++;
    }
    merge->nodes[*slot].is_inside = merge->nodes[*slot].is_inside && wanted->is_inside;
    return *slot;
}

static uint32_t label_node(struct merge *merge, uint32_t start)
{
    return find_node(
        merge, &(struct node){.group = merge->labels[start], .start = start, .is_label = true});
}

/* Return: the node of a block that comes after @before: there, or folded into one further up. */
static uint32_t step_node(struct merge *merge, uint32_t before, uint32_t block, bool is_inside)
{
    struct node wanted = {
        .parent = before,
        .group = merge->groups[block],
        .is_wanted = merge->search->is_wanted[block],
        .is_inside = is_inside,
    };
    for (uint32_t at = before; before != 0 && !merge->nodes[at].is_label;
         at = merge->nodes[at].parent) {
        if (merge->nodes[at].group == wanted.group &&
            merge->nodes[at].is_wanted == wanted.is_wanted) {
            merge->nodes[at].is_repeated = true;
            return at;
        }
    }
    return before == 0 ? 0 : find_node(merge, &wanted);
}

/* Give each block of a chain its node, the nearest first. Return: false without memory. */
static bool place_blocks(struct merge *merge)
{
    const struct heap_search *search = merge->search;
    for (uint32_t i = 0; i < search->graph->block_count; i++) {
        uint32_t block = search->order[i];
        if ((search->flags[block] & HEAP_CHAIN_USED) == 0) {
            continue;
        }
        uint32_t parent = search->parents[block];
        uint32_t before = parent != HEAP_NONE ? merge->block_nodes[parent]
                                              : label_node(merge, search->starts[block]);
        bool is_inside = (search->flags[block] & HEAP_CHAIN_INSIDE) != 0;
        merge->block_nodes[block] = step_node(merge, before, block, is_inside);
        if (merge->block_nodes[block] == 0) {
            return false;
        }
    }
    return true;
}

static bool add_end(struct merge *merge, uint32_t before, struct end end, bool is_inside)
{
    struct end *ends =
        grow_array(merge->ends, merge->end_count, &merge->end_capacity, sizeof *ends);
    merge->ends = ends != NULL ? ends : merge->ends;
    end.node = before == 0 ? 0 : step_node(merge, before, end.wanted, is_inside);
    if (ends == NULL || end.node == 0) {
        return false;
    }
    merge->ends[merge->end_count++] = end;
    return true;
}

/*
 * Return: whether @holder, which points to @block, keeps it alive: not if its own chain goes
 * through the block, and not if no root leads to it while one leads to the block.
 */
static bool is_keeping(const struct heap_search *search, uint32_t holder, uint32_t block)
{
    uint32_t steps = 0;
    if (((search->flags[holder] ^ search->flags[block]) & HEAP_CHAIN_ROOTED) != 0) {
        return false;
    }
    for (; holder != HEAP_NONE && search->depths[holder] > search->depths[block];
         holder = search->parents[holder]) {
        if (++steps > CIRCLE_MAX) {
            return false;
        }
    }
    return holder != block;
}

/* Collect all words that point to wanted blocks. Return: false without memory. */
static bool collect_ends(struct merge *merge)
{
    const struct heap_search *search = merge->search;
    const struct heap_graph *graph = search->graph;
    bool is_done = true;
    for (uint32_t i = 0; i < graph->root_count && is_done; i++) {
        uint32_t block = heap_edge_block(graph->roots[i].edge);
        if (search->is_wanted[block]) {
            is_done = add_end(merge, label_node(merge, i), (struct end){0, block, HEAP_NONE, i},
                              heap_edge_is_inside(graph->roots[i].edge));
        }
    }
    for (uint32_t holder = 0; holder < graph->block_count && is_done; holder++) {
        const heap_edge *end = heap_graph_end(graph, holder);
        for (const heap_edge *edge = heap_graph_begin(graph, holder); edge < end && is_done;
             edge++) {
            uint32_t block = heap_edge_block(*edge);
            if (search->is_wanted[block] && is_keeping(search, holder, block)) {
                is_done =
                    add_end(merge, merge->block_nodes[holder],
                            (struct end){0, block, holder, HEAP_NONE}, heap_edge_is_inside(*edge));
            }
        }
        uint32_t start = search->starts[holder];
        if (is_done && search->is_wanted[holder] && search->parents[holder] == HEAP_NONE &&
            start >= graph->root_count) {
            is_done = add_end(merge, label_node(merge, start),
                              (struct end){0, holder, HEAP_NONE, start}, false);
        }
    }
    return is_done;
}

/* Sort the ends by node. Return: false without memory. */
static bool sort_ends(struct merge *merge)
{
    struct end *sorted = calloc(merge->end_count + 1, sizeof *sorted);
    if (sorted == NULL) {
        return false;
    }
    for (size_t i = 0; i < merge->end_count; i++) {
        merge->nodes[merge->ends[i].node].ends++;
    }
    uint32_t total = 0;
    for (size_t i = 0; i < merge->node_count; i++) {
        total += merge->nodes[i].ends;
        merge->nodes[i].ends = total;
    }
    for (size_t i = merge->end_count; i-- > 0;) {
        sorted[--merge->nodes[merge->ends[i].node].ends] = merge->ends[i];
    }
    free(merge->ends);
    merge->ends = sorted;
    return true;
}

/* Count a block in the step of its node, if the chain goes through that. */
static void count_block(const struct merge *merge, struct heap_chain *chain, uint32_t stamp,
                        uint32_t node, uint32_t block)
{
    if (merge->nodes[node].chain != stamp) {
        return; // a branch of its own, that was folded into this one further up
    }
    struct heap_step *step = &chain->steps[chain->length - (merge->nodes[node].depth - 1)];
    step->sample = step->blocks == 0 ? block : step->sample;
    step->blocks++;
    step->bytes += merge->search->graph->bytes[block];
}

static void count_root(const struct merge *merge, struct heap_chain *chain, uint32_t start,
                       uint32_t stamp)
{
    uint32_t *stamped = &merge->stamps[merge->search->graph->block_count + start];
    if (*stamped != stamp) {
        *stamped = stamp;
        chain->roots++;
    }
}

/* Count what is on the chain whose ends are at @first up to @end. */
static void count_chain(const struct merge *merge, struct heap_chain *chain, size_t first,
                        size_t end, uint32_t stamp)
{
    const struct heap_search *search = merge->search;
    for (size_t i = first; i < end; i++) {
        const struct end *at = &merge->ends[i];
        if (merge->stamps[at->wanted] != stamp) {
            merge->stamps[at->wanted] = stamp;
            count_block(merge, chain, stamp, at->node, at->wanted);
        }
        if (at->holder == HEAP_NONE) {
            count_root(merge, chain, at->start, stamp);
        }
        for (uint32_t block = at->holder; block != HEAP_NONE && merge->stamps[block] != stamp;
             block = search->parents[block]) {
            merge->stamps[block] = stamp;
            count_block(merge, chain, stamp, merge->block_nodes[block], block);
            if (search->parents[block] == HEAP_NONE) {
                count_root(merge, chain, search->starts[block], stamp);
            }
        }
    }
}

/* Lay out the steps of a chain from its last node. Return: false without memory. */
static bool lay_out(struct merge *merge, uint32_t node, uint32_t stamp, struct arena *arena,
                    struct heap_chain *chain)
{
    chain->length = merge->nodes[node].depth - 1;
    chain->steps = arena_array(arena, chain->length, sizeof *chain->steps);
    if (chain->steps == NULL) {
        return false;
    }
    for (size_t i = 0; i < chain->length; i++, node = merge->nodes[node].parent) {
        struct node *at = &merge->nodes[node];
        at->chain = stamp;
        chain->steps[i] = (struct heap_step){
            .group = at->group, .is_inside = at->is_inside, .is_repeated = at->is_repeated};
    }
    chain->start = merge->nodes[node].start;
    chain->label = merge->nodes[node].group;
    return true;
}

/* The ends of one chain. */
struct run {
    uint32_t node;
    uint32_t first; /* of the sorted ends */
    uint32_t end;
    uint32_t depth;
    uint64_t bytes; /* of its wanted blocks */
};

/* Shortest first, then most bytes first; then as they came, which does not depend on the sort. */
static int compare_runs(const void *left, const void *right)
{
    const struct run *a = left;
    const struct run *b = right;
    if (a->depth != b->depth) {
        return a->depth < b->depth ? -1 : 1;
    }
    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    return a->node < b->node ? -1 : a->node > b->node;
}

/* Return: the chains there are, to be freed, and sorted; NULL without memory. */
static struct run *find_runs(const struct merge *merge, size_t *ret_count)
{
    struct run *runs = calloc(merge->node_count + 1, sizeof *runs);
    size_t count = 0;
    for (size_t i = 0; runs != NULL && i < merge->end_count; i++) {
        const struct end *at = &merge->ends[i];
        if (count == 0 || runs[count - 1].node != at->node) {
            runs[count++] = (struct run){
                .node = at->node, .first = (uint32_t)i, .depth = merge->nodes[at->node].depth};
        }
        struct run *run = &runs[count - 1];
        run->end = (uint32_t)i + 1;
        if (merge->stamps[at->wanted] != count) {
            merge->stamps[at->wanted] = (uint32_t)count;
            run->bytes += merge->search->graph->bytes[at->wanted];
        }
    }
    if (count > 0) {
        qsort(runs, count, sizeof *runs, compare_runs);
    }
    *ret_count = count;
    return runs;
}

/* Work the first chains out: only who is shown is walked back. Return: false without memory. */
static bool make_chains(struct merge *merge, size_t most, struct heap_chains *chains)
{
    size_t count = 0;
    struct run *runs = find_runs(merge, &count);
    size_t made = most == 0 || count < most ? count : most;
    bool is_done = runs != NULL;
    chains->items = calloc(made + 1, sizeof *chains->items);
    is_done = is_done && chains->items != NULL;
    chains->total = count;
    for (size_t i = 0; i < made && is_done; i++) {
        struct heap_chain *chain = &chains->items[chains->count++];
        uint32_t stamp = (uint32_t)(count + i + 1);
        is_done = lay_out(merge, runs[i].node, stamp, &chains->arena, chain);
        if (is_done) {
            count_chain(merge, chain, runs[i].first, runs[i].end, stamp);
        }
    }
    free(runs);
    return is_done;
}

enum trace_status heap_chains_make(const struct heap_search *search, const uint32_t *groups,
                                   const uint32_t *labels, size_t most,
                                   struct heap_chains *ret_chains, struct trace_error *error)
{
    const struct heap_graph *graph = search->graph;
    struct heap_chains chains = {0};
    struct merge merge = {
        .search = search,
        .groups = groups,
        .labels = labels,
        .nodes = calloc(1, sizeof *merge.nodes),
        .node_count = 1,
        .node_capacity = 1,
        .block_nodes = calloc((size_t)graph->block_count + 1, sizeof *merge.block_nodes),
        .stamps = calloc(graph->block_count + graph->root_count + 2, sizeof *merge.stamps),
    };
    bool is_done = merge.nodes != NULL && merge.block_nodes != NULL && merge.stamps != NULL &&
                   place_blocks(&merge) && collect_ends(&merge) && sort_ends(&merge) &&
                   make_chains(&merge, most, &chains);
    free(merge.nodes);
    free(merge.slots);
    free(merge.block_nodes);
    free(merge.stamps);
    free(merge.ends);
    if (!is_done) {
        heap_chains_fini(&chains);
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for chains");
    }
    *ret_chains = chains;
    return TRACE_OK;
}

void heap_chains_fini(struct heap_chains *chains)
{
    free(chains->items);
    arena_fini(&chains->arena);
    *chains = (struct heap_chains){0};
}
