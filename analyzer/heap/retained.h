/*
 * Retained size: what would go if some blocks went, because every chain of pointers to it goes
 * through them.
 *
 * Of a single block it is what the block dominates, itself included, and one pass over the tree
 * gives it for all blocks. Of a group of blocks (those of one line) it is more than the sum over
 * its blocks: two views of one array keep it together, and neither does alone. So the sum is a
 * lower bound, and quick; the exact figure takes marking without the group, here for 64 groups at
 * once.
 */
#ifndef ANALYZER_RETAINED_H
#define ANALYZER_RETAINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dominators.h"
#include "error.h"
#include "heap_graph.h"
#include "heap_marks.h"

struct retained {
    uint64_t bytes;
    uint64_t blocks;
};

enum {
    RETAINED_BATCH = 64, /* groups whose exact figures are worked out at once */
};

/*
 * What each single block retains.
 * @ret_blocks: by block; the caller frees it.
 */
enum trace_status retained_by_block(const struct heap_graph *graph, const struct dominators *tree,
                                    struct retained **ret_blocks,
                                    struct trace_error *error) TRACE_CHECKED;

/*
 * A lower bound of what each group retains: what its blocks dominate, each block counted once.
 * @groups: of each block, below @group_count.
 * @bounds: one for each group; set.
 */
enum trace_status retained_bounds(const struct heap_graph *graph, const struct dominators *tree,
                                  const uint32_t *groups, uint32_t group_count,
                                  struct retained *bounds, struct trace_error *error) TRACE_CHECKED;

/*
 * What up to RETAINED_BATCH groups retain, exactly.
 * @groups: of each block. @batch: the groups asked for, all different.
 * @totals: one for each of the batch; set.
 */
enum trace_status retained_exactly(const struct heap_graph *graph, const struct heap_marks *marks,
                                   const uint32_t *groups, const uint32_t *batch, uint32_t count,
                                   struct retained *totals,
                                   struct trace_error *error) TRACE_CHECKED;

/*
 * Replace bounds by exact figures: of the largest groups first, as far as that takes seconds.
 * @groups: of each block, below @group_count.
 * @least: so many of the largest ones are made exact, whatever it takes.
 * @totals: one for each group, as retained_bounds() sets them.
 * @is_exact: one for each group; set where the figure is exact now.
 */
enum trace_status retained_largest(const struct heap_graph *graph, const struct heap_marks *marks,
                                   const uint32_t *groups, uint32_t group_count, size_t least,
                                   struct retained *totals, bool *is_exact,
                                   struct trace_error *error) TRACE_CHECKED;

#endif
