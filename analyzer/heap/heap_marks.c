/*
 * Marking in four rounds, each from what the last one left unmarked, and each block waits in the
 * queue once in a round: time follows blocks and pointers. A queue and not a stack, because what
 * comes next can be fetched from memory while a block before it is looked at: pointers lead
 * anywhere.
 *
 * In the last round blocks are taken in their order, each as leader of all unmarked blocks that it
 * leads to. A leader that a later one leads to is none any more, and passes its followers on: in
 * the end the leaders are the first blocks of those lost cycles (or the single blocks) to which
 * nothing leads.
 */
#include "heap_marks.h"

#include <stdlib.h>
#include <string.h>

/* So many blocks ahead, their rows and their edges are fetched. */
enum { ROWS_AHEAD = 16, EDGES_AHEAD = 8, TARGETS_AHEAD = 4 };

struct marking {
    const struct heap_graph *graph;
    uint8_t *classes;
    uint32_t *leaders;
    uint32_t *queue; /* each block at most once; those from next on wait */
    uint32_t next;
    uint32_t end;
    uint32_t *kept; /* reachable blocks that point inside others; where leaders will be */
    uint32_t kept_count;
};

static void push(struct marking *marking, uint32_t block, enum heap_class class)
{
    marking->classes[block] = (uint8_t) class;
    marking->queue[marking->end++] = block;
}

/* Take the block that has waited longest, and fetch what is needed of those behind it. */
static uint32_t pop(struct marking *marking)
{
    const struct heap_graph *graph = marking->graph;
    const uint32_t at = marking->next++;
    const uint32_t *queue = marking->queue;
    if (marking->end - at > ROWS_AHEAD) {
        __builtin_prefetch(&graph->first[queue[at + ROWS_AHEAD]]);
    }
    if (marking->end - at > EDGES_AHEAD) {
        __builtin_prefetch(heap_graph_begin(graph, queue[at + EDGES_AHEAD]));
    }
    if (marking->end - at > TARGETS_AHEAD) {
        uint32_t ahead = queue[at + TARGETS_AHEAD];
        const heap_edge *end = heap_graph_end(graph, ahead);
        const heap_edge *edge = heap_graph_begin(graph, ahead);
        for (unsigned i = 0; edge < end && i < TARGETS_AHEAD; edge++, i++) {
            __builtin_prefetch(&marking->classes[heap_edge_block(*edge)]);
        }
    }
    return queue[at];
}

/* Return: whether any block waits; the queue is empty if not. */
static bool is_waiting(struct marking *marking)
{
    if (marking->next < marking->end) {
        return true;
    }
    marking->next = 0;
    marking->end = 0;
    return false;
}

/* Mark what waits and all unmarked blocks that it leads to. */
static void spread(struct marking *marking, enum heap_class class)
{
    const struct heap_graph *graph = marking->graph;
    while (is_waiting(marking)) {
        uint32_t block = pop(marking);
        const heap_edge *end = heap_graph_end(graph, block);
        for (const heap_edge *edge = heap_graph_begin(graph, block); edge < end; edge++) {
            uint32_t target = heap_edge_block(*edge);
            if (marking->classes[target] == HEAP_UNMARKED) {
                push(marking, target, class);
            }
        }
    }
}

/* The same by pointers to starts only; keep the blocks that have others, to unmarked blocks. */
static void spread_strictly(struct marking *marking)
{
    const struct heap_graph *graph = marking->graph;
    while (is_waiting(marking)) {
        uint32_t block = pop(marking);
        bool has_others = false;
        const heap_edge *end = heap_graph_end(graph, block);
        for (const heap_edge *edge = heap_graph_begin(graph, block); edge < end; edge++) {
            uint32_t target = heap_edge_block(*edge);
            if (marking->classes[target] != HEAP_UNMARKED) {
                continue;
            }
            if (heap_edge_is_inside(*edge)) {
                has_others = true;
            } else {
                push(marking, target, HEAP_REACHABLE);
            }
        }
        if (has_others) {
            marking->kept[marking->kept_count++] = block;
        }
    }
}

static void mark_reachable(struct marking *marking)
{
    const struct heap_graph *graph = marking->graph;
    for (size_t i = 0; i < graph->root_count; i++) {
        heap_edge edge = graph->roots[i].edge;
        if (!heap_edge_is_inside(edge) &&
            marking->classes[heap_edge_block(edge)] == HEAP_UNMARKED) {
            push(marking, heap_edge_block(edge), HEAP_REACHABLE);
        }
    }
    spread_strictly(marking);
}

static void mark_possible(struct marking *marking)
{
    const struct heap_graph *graph = marking->graph;
    for (uint32_t i = 0; i < marking->kept_count; i++) {
        uint32_t block = marking->kept[i];
        const heap_edge *end = heap_graph_end(graph, block);
        for (const heap_edge *edge = heap_graph_begin(graph, block); edge < end; edge++) {
            if (marking->classes[heap_edge_block(*edge)] == HEAP_UNMARKED) {
                push(marking, heap_edge_block(*edge), HEAP_POSSIBLE);
            }
        }
    }
    for (size_t i = 0; i < graph->root_count; i++) {
        uint32_t block = heap_edge_block(graph->roots[i].edge);
        if (marking->classes[block] == HEAP_UNMARKED) {
            push(marking, block, HEAP_POSSIBLE);
        }
    }
    spread(marking, HEAP_POSSIBLE);
}

static void mark_young(struct marking *marking, const bool *is_young)
{
    uint32_t count = is_young != NULL ? marking->graph->block_count : 0;
    for (uint32_t block = 0; block < count; block++) {
        if (is_young[block] && marking->classes[block] == HEAP_UNMARKED) {
            push(marking, block, HEAP_YOUNG);
        }
    }
    spread(marking, HEAP_YOUNG);
}

/* A pointer from @block, which @leader leads to. */
static void lead_to(struct marking *marking, uint32_t leader, uint32_t block, uint32_t target)
{
    if (target == leader) {
        if (block != leader) {
            marking->leaders[leader] = leader;
        }
    } else if (marking->classes[target] == HEAP_UNMARKED) {
        marking->leaders[target] = leader;
        push(marking, target, HEAP_INDIRECT);
    } else if (marking->classes[target] == HEAP_DEFINITE) {
        marking->leaders[target] = leader;
        marking->classes[target] = HEAP_INDIRECT;
    }
}

/* Follow a leader: its unmarked blocks become indirect, and leaders among them cease to be some. */
static void lead(struct marking *marking, uint32_t leader)
{
    const struct heap_graph *graph = marking->graph;
    push(marking, leader, HEAP_DEFINITE);
    while (is_waiting(marking)) {
        uint32_t block = pop(marking);
        const heap_edge *end = heap_graph_end(graph, block);
        for (const heap_edge *edge = heap_graph_begin(graph, block); edge < end; edge++) {
            lead_to(marking, leader, block, heap_edge_block(*edge));
        }
    }
}

/*
 * Let each indirect block name the leader that is left: a leader that ceased to be one names
 * another one, which names a third one, and so on.
 */
static void settle_leaders(struct marking *marking)
{
    uint32_t *leaders = marking->leaders;
    for (uint32_t block = 0; block < marking->graph->block_count; block++) {
        if (marking->classes[block] != HEAP_INDIRECT) {
            continue;
        }
        uint32_t last = leaders[block];
        while (marking->classes[last] == HEAP_INDIRECT) {
            last = leaders[last];
        }
        for (uint32_t at = block; marking->classes[at] == HEAP_INDIRECT;) {
            uint32_t next = leaders[at];
            leaders[at] = last;
            at = next;
        }
    }
}

static void mark_lost(struct marking *marking)
{
    for (uint32_t block = 0; block < marking->graph->block_count; block++) {
        if (marking->classes[block] == HEAP_UNMARKED) {
            lead(marking, block);
        }
    }
    settle_leaders(marking);
}

static void sum_up(const struct heap_graph *graph, struct heap_marks *marks)
{
    for (uint32_t block = 0; block < graph->block_count; block++) {
        marks->blocks[marks->classes[block]]++;
        marks->bytes[marks->classes[block]] += graph->bytes[block];
        marks->cycles += heap_marks_is_cycle(marks, block) ? 1 : 0;
    }
}

enum trace_status heap_marks_make(const struct heap_graph *graph, const bool *is_young,
                                  struct heap_marks *ret_marks, struct trace_error *error)
{
    size_t count = graph->block_count;
    struct marking marking = {
        .graph = graph,
        .classes = calloc(count + 1, sizeof *marking.classes),
        .leaders = malloc((count + 1) * sizeof *marking.leaders),
        .queue = malloc((count + 1) * sizeof *marking.queue),
    };
    struct heap_marks marks = {.classes = marking.classes, .leaders = marking.leaders};
    if (marking.classes == NULL || marking.leaders == NULL || marking.queue == NULL) {
        heap_marks_fini(&marks);
        free(marking.queue);
        return trace_fail(error, TRACE_NOMEM, 0, "no memory to mark %zu blocks", count);
    }
    marking.kept = marking.leaders;
    mark_reachable(&marking);
    mark_possible(&marking);
    mark_young(&marking, is_young);
    memset(marking.leaders, 0xff, count * sizeof *marking.leaders); // HEAP_NONE
    mark_lost(&marking);
    sum_up(graph, &marks);
    free(marking.queue);
    *ret_marks = marks;
    return TRACE_OK;
}

void heap_marks_fini(struct heap_marks *marks)
{
    free(marks->classes);
    free(marks->leaders);
    *marks = (struct heap_marks){0};
}
