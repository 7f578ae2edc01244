/* A hash table with linear probing over an array of links; at most half full. */
#include "heap_links.h"

#include <stdlib.h>

#include "grow.h"
#include "hash.h"
#include "retained.h"

enum { FIRST_SLOTS = 256 };

/* Return: the slot of a link, or the empty one where it belongs. */
static uint32_t *find_slot(const struct heap_links *links, uint32_t from, uint32_t to)
{
    size_t mask = links->slot_count - 1;
    size_t at = (size_t)hash_number(hash_number(HASH_START, from), to) & mask;
    while (links->slots[at] != 0 && (links->items[links->slots[at] - 1].from != from ||
                                     links->items[links->slots[at] - 1].to != to)) {
        at = (at + 1) & mask;
    }
    return &links->slots[at];
}

/* Make room for one more. Return: false without memory. */
static bool reserve(struct heap_links *links)
{
    struct heap_link *items =
        grow_array(links->items, links->count, &links->capacity, sizeof *items);
    if (items == NULL) {
        return false;
    }
    links->items = items;
    if (links->count < links->slot_count / 2) {
        return true;
    }
    size_t slot_count = links->slot_count == 0 ? FIRST_SLOTS : links->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    free(links->slots);
    links->slots = slots;
    links->slot_count = slot_count;
    for (size_t i = 0; i < links->count; i++) {
        *find_slot(links, items[i].from, items[i].to) = (uint32_t)(i + 1);
    }
    return true;
}

/* Return: the link between two groups, new if there was none; NULL without memory. */
static struct heap_link *find_link(struct heap_links *links, uint32_t from, uint32_t to)
{
    if (!reserve(links)) {
        return NULL;
    }
    uint32_t *slot = find_slot(links, from, to);
    if (*slot == 0) {
        links->items[links->count] = (struct heap_link){.from = from, .to = to, .is_inside = true};
        *slot = (uint32_t)++links->count;
    }
    return &links->items[*slot - 1];
}

static enum trace_status out_of_memory(struct trace_error *error)
{
    return trace_fail(error, TRACE_NOMEM, 0, "no memory for the graph of a heap picture");
}

static bool is_lost(const struct heap_marks *marks, const bool *is_left_out, uint32_t block)
{
    uint8_t class = marks->classes[block];
    return (class == HEAP_DEFINITE || class == HEAP_INDIRECT || class == HEAP_POSSIBLE) &&
           !is_left_out[block];
}

enum trace_status heap_links_add_lost(struct heap_links *links, const struct heap_graph *graph,
                                      const struct heap_marks *marks, const uint32_t *groups,
                                      const bool *is_left_out, struct trace_error *error)
{
    for (uint32_t block = 0; block < graph->block_count; block++) {
        const heap_edge *edge = heap_graph_begin(graph, block);
        const heap_edge *end =
            is_lost(marks, is_left_out, block) ? heap_graph_end(graph, block) : edge;
        for (; edge < end; edge++) {
            uint32_t target = heap_edge_block(*edge);
            if (!is_lost(marks, is_left_out, target)) {
                continue;
            }
            struct heap_link *link = find_link(links, groups[block], groups[target]);
            if (link == NULL) {
                return out_of_memory(error);
            }
            link->count++;
            link->is_inside = link->is_inside && heap_edge_is_inside(*edge);
        }
    }
    return TRACE_OK;
}

enum trace_status heap_links_add_tree(struct heap_links *links, const struct heap_graph *graph,
                                      const struct dominators *tree, const uint32_t *groups,
                                      struct trace_error *error)
{
    struct retained *blocks = NULL;
    enum trace_status status = retained_by_block(graph, tree, &blocks, error);
    for (uint32_t vertex = 1; vertex < tree->count && status == TRACE_OK; vertex++) {
        uint32_t block = tree->blocks[vertex];
        uint32_t parent = tree->parents[vertex];
        uint32_t from = parent == 0 ? HEAP_LINK_ROOTS : groups[tree->blocks[parent]];
        struct heap_link *link = find_link(links, from, groups[block]);
        if (link == NULL) {
            status = out_of_memory(error);
            break;
        }
        link->count++;
        link->bytes += blocks[block].bytes;
        link->is_inside = false;
    }
    free(blocks);
    return status;
}

void heap_links_fini(struct heap_links *links)
{
    free(links->items);
    free(links->slots);
    *links = (struct heap_links){0};
}
