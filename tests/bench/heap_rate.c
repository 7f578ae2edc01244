/*
 * How long the questions about a heap picture take, and how much memory: on a made-up heap of so
 * many blocks with two pointers each, one to a neighbour and one anywhere, in lists, trees and
 * cycles; a thousandth of the blocks has no pointer to it.
 *
 *     heap_rate [blocks, in millions]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "dominators.h"
#include "heap_chains.h"
#include "heap_graph.h"
#include "heap_marks.h"
#include "retained.h"

enum { LINES = 1000, DEFAULT_MILLIONS = 10, MILLION = 1000000 };

/* Processor time, so that other work on the machine counts less. */
static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Print what a step took. Return: the time now. */
static double step(const char *what, double since)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    double now = now_s();
    printf("%-32s %6.2f s, up to %5ld MiB\n", what, now - since, usage.ru_maxrss / 1024);
    return now;
}

static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

/* Return: false without memory, or without a block. */
static bool build(struct heap_graph *graph, uint32_t *lines, uint32_t blocks)
{
    uint64_t state = 88172645463325252;
    bool is_done = blocks > 0;
    for (uint32_t i = 0; i < blocks && is_done; i++) {
        lines[i] = (uint32_t)(draw(&state) % LINES * (draw(&state) % LINES) / LINES);
        is_done = heap_graph_add_block(graph, 16 + draw(&state) % 180);
    }
    for (uint32_t i = 0; i < blocks && is_done; i++) {
        uint32_t neighbour = i + 1 < blocks && i % 1000 != 999 ? i + 1 : i;
        uint32_t any = (uint32_t)(draw(&state) % blocks);
        any = any % 1000 == 0 ? any + 1 : any;
        is_done = heap_graph_add_edge(graph, i, neighbour, false) &&
                  heap_graph_add_edge(graph, i, any < blocks ? any : i, draw(&state) % 16 == 0);
    }
    for (uint32_t i = 0; i < 1000 && is_done; i++) {
        is_done = heap_graph_add_root(graph, 0, i, (uint32_t)(draw(&state) % blocks), false);
    }
    return is_done && heap_graph_finish(graph);
}

/* Who keeps the blocks of one line. */
static enum trace_status ask(const struct heap_graph *graph, const struct heap_marks *marks,
                             const uint32_t *lines, uint32_t line, struct trace_error *error)
{
    bool *is_wanted = calloc(graph->block_count, sizeof *is_wanted);
    uint8_t *ranks = calloc(graph->root_count + 1, sizeof *ranks);
    uint32_t *labels = calloc(graph->root_count + 2, sizeof *labels);
    struct heap_search search = {0};
    struct heap_chains chains = {0};
    enum trace_status status = TRACE_NOMEM;
    if (is_wanted != NULL && ranks != NULL && labels != NULL) {
        for (uint32_t i = 0; i < graph->block_count; i++) {
            is_wanted[i] = lines[i] == line;
        }
        status = heap_search_make(graph, marks, is_wanted, ranks, &search, error);
    }
    if (status == TRACE_OK) {
        status = heap_chains_make(&search, lines, labels, 10, &chains, error);
    }
    printf("%zu chains\n", chains.total);
    heap_chains_fini(&chains);
    heap_search_fini(&search);
    free(is_wanted);
    free(ranks);
    free(labels);
    return status;
}

int main(int argc, char **argv)
{
    const uint32_t blocks =
        (uint32_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_MILLIONS) * MILLION;
    uint32_t *lines = malloc(blocks * sizeof *lines);
    struct heap_graph graph = {0};
    struct heap_marks marks = {0};
    struct dominators tree = {0};
    struct retained bounds[LINES];
    struct retained totals[RETAINED_BATCH];
    uint32_t batch[RETAINED_BATCH];
    struct trace_error error = {0};
    double start = now_s();
    if (lines == NULL || !build(&graph, lines, blocks)) {
        return EXIT_FAILURE;
    }
    start = step("the heap itself", start);
    enum trace_status status = heap_marks_make(&graph, NULL, &marks, &error);
    start = step("what is lost", start);
    if (status == TRACE_OK) {
        status = dominators_make(&graph, &marks, &tree, &error);
    }
    start = step("dominators", start);
    if (status == TRACE_OK) {
        status = retained_bounds(&graph, &tree, lines, LINES, bounds, &error);
    }
    start = step("bounds of 1000 lines", start);
    for (uint32_t i = 0; i < RETAINED_BATCH; i++) {
        batch[i] = i;
    }
    if (status == TRACE_OK) {
        status = retained_exactly(&graph, &marks, lines, batch, RETAINED_BATCH, totals, &error);
    }
    start = step("exact figures of 64 lines", start);
    dominators_fini(&tree);
    if (status == TRACE_OK) {
        status = ask(&graph, &marks, lines, 17, &error);
    }
    (void)step("chains of one line", start);
    printf("%" PRIu32 " blocks, %" PRIu32 " pointers, %" PRIu64 " definitely and %" PRIu64
           " indirectly lost\n",
           blocks, graph.edge_count, marks.blocks[HEAP_DEFINITE], marks.blocks[HEAP_INDIRECT]);
    heap_marks_fini(&marks);
    heap_graph_fini(&graph);
    free(lines);
    return status == TRACE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
