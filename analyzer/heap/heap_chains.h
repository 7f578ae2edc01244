/*
 * Who keeps some blocks alive: chains of pointers from roots to them.
 *
 * Every block has one shortest chain; a wanted block has as many chains as there are words that
 * point to it, each going on along the shortest chain of the block that the word is in. Chains with
 * the same root and the same groups of blocks on the way are one, which counts the blocks at each
 * step. A group that comes again on a chain is folded into where it came first: a list of a million
 * nodes is one step.
 *
 * What no root leads to is reached from what is lost or young: then such a block is the start. What
 * is lost keeps nothing else alive.
 */
#ifndef ANALYZER_HEAP_CHAINS_H
#define ANALYZER_HEAP_CHAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"
#include "heap_graph.h"
#include "heap_marks.h"

/* Where chains start that no root begins: indices after those of the roots. */
#define HEAP_START_LOST(graph) ((uint32_t)(graph)->root_count)
#define HEAP_START_YOUNG(graph) ((uint32_t)(graph)->root_count + 1)

/* The shortest chain of every block, as far as it is wanted. */
struct heap_search {
    const struct heap_graph *graph;
    const bool *is_wanted;
    uint32_t *order;   /* all blocks, nearest to a start first */
    uint32_t *parents; /* of each block: the one before it in its chain; HEAP_NONE at the start */
    uint32_t *starts;  /* of blocks without a parent: the root, or one of the two above */
    uint32_t *depths;
    uint8_t *flags; /* of each block, below */
    bool
        *is_start_used; /* of each root and the two above: a chain of a wanted block begins there */
};

enum {
    HEAP_CHAIN_INSIDE = 1, /* what points to it in its chain points inside */
    HEAP_CHAIN_USED = 2,   /* it is part of a chain of a wanted block */
    HEAP_CHAIN_ROOTED = 4, /* its chain begins at a root */
};

/*
 * Find the shortest chains.
 * @marks: of @graph. @is_wanted: of each block; all three must outlive @ret_search.
 * @ranks: of each root: of two chains of the same length, the one from the root of lower rank is
 * taken; ranks are below HEAP_RANKS.
 */
enum { HEAP_RANKS = 8 };
enum trace_status heap_search_make(const struct heap_graph *graph, const struct heap_marks *marks,
                                   const bool *is_wanted, const uint8_t *ranks,
                                   struct heap_search *ret_search,
                                   struct trace_error *error) TRACE_CHECKED;
void heap_search_fini(struct heap_search *search);

struct heap_step {
    uint32_t group;
    uint32_t sample;  /* one of its blocks */
    uint64_t blocks;  /* of this step, that lead to the wanted ones of this chain */
    uint64_t bytes;   /* of these */
    bool is_inside;   /* what points to them points inside */
    bool is_repeated; /* some are reached through others of the same step */
};

struct heap_chain {
    uint32_t start; /* one of the roots with its label */
    uint32_t label;
    uint64_t roots; /* how many there are on it */
    size_t length;  /* of steps; the first is the wanted blocks */
    struct heap_step *steps;
};

struct heap_chains {
    struct heap_chain *items; /* shortest first, among these most bytes of wanted blocks first */
    size_t count;
    size_t total; /* with those that were not asked for */
    struct arena arena;
};

/*
 * Merge the chains of wanted blocks.
 * @groups: of each block. @labels: of each root that is used and of the two starts after them; what
 * has the same label is the same root. @most: how many chains are wanted; 0 for all.
 * @ret_chains: heap_chains_fini() when done.
 */
enum trace_status heap_chains_make(const struct heap_search *search, const uint32_t *groups,
                                   const uint32_t *labels, size_t most,
                                   struct heap_chains *ret_chains,
                                   struct trace_error *error) TRACE_CHECKED;
void heap_chains_fini(struct heap_chains *chains);

#endif
