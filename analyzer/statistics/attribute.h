/*
 * Which frame a block belongs to.
 *
 * The innermost frame that is neither allocation plumbing nor skipped; with --own, the innermost
 * that matches it. If there is none, the outermost frame that has a name, for the plumbing was then
 * called by something unknown. Frames of libtrace.so are never looked at.
 */
#ifndef ANALYZER_ATTRIBUTE_H
#define ANALYZER_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "definitions.h"
#include "error.h"
#include "frame.h"
#include "frame_table.h"

/* Stacks of one trace. */
struct attribution {
    const struct definitions *definitions;
    const uint32_t *modules; /* of the trace's ids: module_table_add() */
    struct frame_table *frames;
    const struct frame_rules *rules;
    uint32_t *locations; /* of each stack's innermost frame in the frame table; 0: not asked for */
};

/* All of the arguments must outlive @ret_attribution. */
enum trace_status attribution_init(const struct definitions *definitions, const uint32_t *modules,
                                   struct frame_table *frames, const struct frame_rules *rules,
                                   struct attribution *ret_attribution,
                                   struct trace_error *error) TRACE_CHECKED;
void attribution_fini(struct attribution *attribution);

/*
 * Resolve what is needed to attribute each of @stacks.
 * @stacks: changed: used as work space.
 * @is_whole: resolve all of each stack, not only as far as the attributed frame.
 */
enum trace_status attribution_prepare(struct attribution *attribution, uint32_t *stacks,
                                      size_t count, bool is_whole,
                                      struct trace_error *error) TRACE_CHECKED;

/* The same for all stacks of the trace, each whole. */
enum trace_status attribution_prepare_all(struct attribution *attribution,
                                          struct trace_error *error) TRACE_CHECKED;

/* Return: the frame that blocks of a prepared stack belong to; never NULL. */
const struct frame *attribution_frame(const struct attribution *attribution, uint32_t stack);

/* A walk over the frames of a stack that was prepared whole, innermost first, without our own. */
struct frame_walk {
    const struct attribution *attribution;
    const struct stack_node *node;
    uint32_t stack;
    size_t index; /* in the frames of the node's address */
    size_t depth;
};

struct frame_walk frame_walk_over(const struct attribution *attribution, uint32_t stack);

/* Return: the next frame, NULL at the end. */
const struct frame *frame_walk_next(struct frame_walk *walk);

#endif
