/*
 * Small graphs of blocks, at random but always the same for a seed, with everything known about
 * them in plain matrices: what the tests of the graph's algorithms compare with.
 */
#ifndef TESTS_RANDOM_GRAPH_H
#define TESTS_RANDOM_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "heap_graph.h"

enum { RANDOM_BLOCKS_MAX = 24 };

struct random_graph {
    struct heap_graph graph;
    bool has_edge[RANDOM_BLOCKS_MAX][RANDOM_BLOCKS_MAX];   /* of any kind */
    bool has_strict[RANDOM_BLOCKS_MAX][RANDOM_BLOCKS_MAX]; /* to the start of the block */
    bool is_root[RANDOM_BLOCKS_MAX];
    bool is_strict_root[RANDOM_BLOCKS_MAX];
    bool is_young[RANDOM_BLOCKS_MAX];
    uint32_t groups[RANDOM_BLOCKS_MAX];
    uint32_t group_count;
};

/* @seed: not 0. Shapes, sizes and densities depend on it. */
void random_graph_init(struct random_graph *random, uint64_t seed);
void random_graph_fini(struct random_graph *random);

/*
 * Find what can be reached, by going on until nothing changes.
 * @is_reached: of each block; those that are set are where it starts.
 * @is_strict: by pointers to starts of blocks only.
 * @is_removed: blocks that are not there; NULL for none.
 */
void random_graph_reach(const struct random_graph *random, bool *is_reached, bool is_strict,
                        const bool *is_removed);

#endif
