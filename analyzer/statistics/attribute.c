/*
 * Stacks are resolved in rounds, from the inside out: a round asks for one frame of each stack that
 * is not decided yet, and for some of its callers where that costs next to nothing. So debug
 * information is read for the few frames that decide, and not for main() and all that lies between,
 * unless the report needs them.
 */
#include "attribute.h"

#include <stdlib.h>
#include <string.h>

/* Callers asked about in the first round; twice as many in each one after it, up to a limit. */
enum { AHEAD_FIRST = 4, AHEAD_MOST = 256 };

enum trace_status attribution_init(const struct definitions *definitions, const uint32_t *modules,
                                   struct frame_table *frames, const struct frame_rules *rules,
                                   struct attribution *ret_attribution, struct trace_error *error)
{
    uint32_t *locations = calloc(definitions->stack_slots + 1, sizeof *locations);
    if (locations == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for %zu stacks",
                          definitions->stack_slots);
    }
    *ret_attribution = (struct attribution){definitions, modules, frames, rules, locations};
    return TRACE_OK;
}

void attribution_fini(struct attribution *attribution)
{
    free(attribution->locations);
    attribution->locations = NULL;
}

/* Ask for the frames of one node. Return: false without memory. */
static bool ask(struct attribution *attribution, const struct stack_node *node, uint32_t stack)
{
    uint32_t *location = &attribution->locations[stack - attribution->definitions->first_stack];
    if (*location == 0) {
        uint32_t module = 0;
        uint64_t address =
            module_address(attribution->definitions, attribution->modules, node, &module);
        *location = frame_table_ask(attribution->frames, module, address);
    }
    return *location != 0;
}

static struct frame_list frames_of(const struct attribution *attribution, uint32_t stack)
{
    size_t at = stack - attribution->definitions->first_stack;
    return frame_table_at(attribution->frames, attribution->locations[at]);
}

/* Return: whether a frame can be the one that a block belongs to. */
static bool is_candidate(const struct attribution *attribution, const struct frame *frame)
{
    if (frame->is_tracer) {
        return false;
    }
    return attribution->rules->own.count > 0 ? frame->is_own
                                             : !frame->is_plumbing && !frame->is_skipped;
}

/* Return: the caller of a node if the stack's fate is not decided by the node itself. */
static uint32_t next_undecided(const struct attribution *attribution, uint32_t stack)
{
    struct frame_list list = frames_of(attribution, stack);
    for (size_t i = 0; i < list.count; i++) {
        if (is_candidate(attribution, &list.frames[i])) {
            return TRACE_STACK_WHOLE;
        }
    }
    return definitions_stack(attribution->definitions, stack)->parent;
}

/* Ask for every node of every stack. A node that was asked for has had its callers asked for. */
static bool ask_all(struct attribution *attribution, const uint32_t *stacks, size_t count)
{
    const struct definitions *definitions = attribution->definitions;
    for (size_t i = 0; i < count; i++) {
        uint32_t stack = stacks[i];
        const struct stack_node *node = definitions_stack(definitions, stack);
        while (node != NULL && attribution->locations[stack - definitions->first_stack] == 0) {
            if (!ask(attribution, node, stack)) {
                return false;
            }
            stack = node->parent;
            node = definitions_stack(definitions, stack);
        }
    }
    return true;
}

/*
 * Ask for the innermost node of each stack, and note the modules of those that nobody has asked for
 * before. Return: false without memory.
 */
static bool ask_innermost(struct attribution *attribution, const uint32_t *stacks, size_t count,
                          bool *is_asked)
{
    for (size_t i = 0; i < count; i++) {
        const struct stack_node *node = definitions_stack(attribution->definitions, stacks[i]);
        if (attribution->locations[stacks[i] - attribution->definitions->first_stack] == 0) {
            is_asked[node->module] = true;
        }
        if (!ask(attribution, node, stacks[i])) {
            return false;
        }
    }
    return true;
}

/*
 * Ask for as many as @ahead callers of each stack that are in modules which are asked anyway: it
 * costs more to open a module's debug information again in the next round than to ask a little too
 * much in this one. Return: false without memory.
 */
static bool ask_ahead(struct attribution *attribution, const uint32_t *stacks, size_t count,
                      size_t ahead, const bool *is_asked)
{
    const struct definitions *definitions = attribution->definitions;
    for (size_t i = 0; i < count; i++) {
        const struct stack_node *node = definitions_stack(definitions, stacks[i]);
        for (size_t step = 0; step < ahead && node != NULL; step++) {
            uint32_t stack = node->parent;
            node = definitions_stack(definitions, stack);
            if (node != NULL && is_asked[node->module] && !ask(attribution, node, stack)) {
                return false;
            }
        }
    }
    return true;
}

/* One round for stacks that are not decided. @is_asked: work space, for each module. */
static enum trace_status run_round(struct attribution *attribution, const uint32_t *stacks,
                                   size_t count, size_t ahead, bool *is_asked,
                                   struct trace_error *error)
{
    memset(is_asked, 0, (size_t)UINT16_MAX + 1);
    if (!ask_innermost(attribution, stacks, count, is_asked) ||
        !ask_ahead(attribution, stacks, count, ahead, is_asked)) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for %zu stacks", count);
    }
    return frame_table_resolve(attribution->frames, error);
}

/* Leave out the stacks that have no node. Return: how many are left. */
static size_t leave_out_ended(const struct attribution *attribution, uint32_t *stacks, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (definitions_stack(attribution->definitions, stacks[i]) != NULL) {
            stacks[left++] = stacks[i];
        }
    }
    return left;
}

enum trace_status attribution_prepare(struct attribution *attribution, uint32_t *stacks,
                                      size_t count, bool is_whole, struct trace_error *error)
{
    if (is_whole) {
        if (!ask_all(attribution, stacks, count)) {
            return trace_fail(error, TRACE_NOMEM, 0, "no memory for %zu stacks", count);
        }
        return frame_table_resolve(attribution->frames, error);
    }
    bool *is_asked = calloc((size_t)UINT16_MAX + 1, sizeof *is_asked);
    enum trace_status status =
        is_asked != NULL ? TRACE_OK : trace_fail(error, TRACE_NOMEM, 0, "no memory for modules");
    size_t ahead = AHEAD_FIRST;
    count = leave_out_ended(attribution, stacks, count);
    for (size_t depth = 0; status == TRACE_OK && count > 0 && depth < DEFINITIONS_DEPTH_MAX;
         depth++) {
        status = run_round(attribution, stacks, count, ahead, is_asked, error);
        ahead = ahead < AHEAD_MOST ? ahead * 2 : AHEAD_MOST;
        for (size_t i = 0; i < count && status == TRACE_OK; i++) {
            stacks[i] = next_undecided(attribution, stacks[i]);
        }
        count = leave_out_ended(attribution, stacks, count);
    }
    free(is_asked);
    return status;
}

enum trace_status attribution_prepare_all(struct attribution *attribution,
                                          struct trace_error *error)
{
    const struct definitions *definitions = attribution->definitions;
    uint32_t *stacks = calloc(definitions->stack_slots + 1, sizeof *stacks);
    if (stacks == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for %zu stacks",
                          definitions->stack_slots);
    }
    for (size_t i = 0; i < definitions->stack_slots; i++) {
        stacks[i] = definitions->first_stack + (uint32_t)i;
    }
    enum trace_status status =
        attribution_prepare(attribution, stacks, definitions->stack_slots, true, error);
    free(stacks);
    return status;
}

const struct frame *attribution_frame(const struct attribution *attribution, uint32_t stack)
{
    struct frame_walk walk = frame_walk_over(attribution, stack);
    const struct frame *innermost = NULL;
    const struct frame *outermost = NULL;
    const struct frame *unmatched = NULL; // what it would be without --own
    for (const struct frame *frame; (frame = frame_walk_next(&walk)) != NULL;) {
        if (is_candidate(attribution, frame)) {
            return frame;
        }
        innermost = innermost == NULL ? frame : innermost;
        outermost = frame->function != NULL || frame->file != NULL ? frame : outermost;
        bool is_plain = !frame->is_plumbing && !frame->is_skipped;
        unmatched = unmatched == NULL && is_plain ? frame : unmatched;
    }
    if (unmatched != NULL) {
        return unmatched;
    }
    if (outermost != NULL) {
        return outermost;
    }
    return innermost != NULL ? innermost : frame_table_unknown(attribution->frames);
}

struct frame_walk frame_walk_over(const struct attribution *attribution, uint32_t stack)
{
    return (struct frame_walk){
        .attribution = attribution,
        .node = definitions_stack(attribution->definitions, stack),
        .stack = stack,
    };
}

const struct frame *frame_walk_next(struct frame_walk *walk)
{
    while (walk->node != NULL && walk->depth < DEFINITIONS_DEPTH_MAX) {
        struct frame_list list = frames_of(walk->attribution, walk->stack);
        if (walk->index < list.count) {
            const struct frame *frame = &list.frames[walk->index++];
            if (!frame->is_tracer) {
                return frame;
            }
            continue;
        }
        walk->stack = walk->node->parent;
        walk->node = definitions_stack(walk->attribution->definitions, walk->stack);
        walk->index = 0;
        walk->depth++;
    }
    return NULL;
}
