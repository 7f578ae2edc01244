/*
 * The graph of a heap picture with blocks merged by group (a line of the source, mostly): which
 * groups hold pointers to which among what is lost, and which groups others hang on in the
 * dominator tree.
 */
#ifndef ANALYZER_HEAP_LINKS_H
#define ANALYZER_HEAP_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dominators.h"
#include "error.h"
#include "heap_graph.h"
#include "heap_marks.h"

#define HEAP_LINK_ROOTS UINT32_MAX /* as `from`: no block, but what is outside the heap */

struct heap_link {
    uint32_t from;
    uint32_t to;
    uint64_t count; /* pointers of what is lost; blocks that hang on others in the tree */
    uint64_t bytes; /* in the tree: what these blocks retain; else 0 */
    bool is_inside; /* all of the pointers point inside */
};

/* All zero is none. The order is that in which they were found first. */
struct heap_links {
    struct heap_link *items;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* hash table of indices, plus 1 */
    size_t slot_count;
};

/*
 * Add the pointers from lost blocks to lost blocks (definitely, indirectly, or possibly).
 * @groups: of each block. @is_left_out: of each block, whether it is not to be told of.
 * Errors: TRACE_NOMEM.
 */
enum trace_status heap_links_add_lost(struct heap_links *links, const struct heap_graph *graph,
                                      const struct heap_marks *marks, const uint32_t *groups,
                                      const bool *is_left_out,
                                      struct trace_error *error) TRACE_CHECKED;

/*
 * Add the dominator tree: from the group of each block's immediate dominator, or HEAP_LINK_ROOTS,
 * to the block's own.
 * Errors: TRACE_NOMEM.
 */
enum trace_status heap_links_add_tree(struct heap_links *links, const struct heap_graph *graph,
                                      const struct dominators *tree, const uint32_t *groups,
                                      struct trace_error *error) TRACE_CHECKED;

void heap_links_fini(struct heap_links *links);

#endif
