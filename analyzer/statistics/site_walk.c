/* The outermost stack, and one that is not defined, have no frames: they share one number. */
#include "site_walk.h"

#include <stdlib.h>

enum trace_status site_walk_start(const struct replay *replay, struct attribution *attribution,
                                  uint32_t stacks, struct site_walk *ret_walk,
                                  struct trace_error *error)
{
    const struct definitions *definitions = attribution->definitions;
    *ret_walk = (struct site_walk){
        .replay = replay,
        .definitions = definitions,
        .stacks = stacks,
        .numbers = calloc(definitions->stack_slots + 1, sizeof *ret_walk->numbers),
    };
    if (ret_walk->numbers == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "no memory for %zu stacks",
                          definitions->stack_slots);
    }
    return attribution_prepare_all(attribution, error);
}

bool site_walk_next(struct site_walk *walk)
{
    const struct definitions *definitions = walk->definitions;
    const struct replay *replay = walk->replay;
    while (walk->next < replay->site_count) {
        const size_t at = walk->next++;
        if (!replay_site_counts(&replay->sites[at]) || replay->sites[at].allocations == 0) {
            continue;
        }
        const uint32_t stack = definitions->sites[at].stack;
        const bool is_known = definitions_stack(definitions, stack) != NULL;
        uint32_t *number =
            &walk->numbers[is_known ? stack - definitions->first_stack : definitions->stack_slots];
        walk->is_stack_new = *number == 0;
        if (walk->is_stack_new) {
            *number = ++walk->stacks;
        }
        walk->at = at;
        walk->stack = *number - 1;
        return true;
    }
    return false;
}

void site_walk_fini(struct site_walk *walk)
{
    free(walk->numbers);
    walk->numbers = NULL;
}
