/*
 * What an event calls things: the id of a stack for the frame that allocates, the id of a site for
 * a stack and a size. Each is defined in the file before an event names it.
 *
 * What the last event had is answered inline, what is new by functions.
 *
 * Context: between enter() and leave(), by the state's thread.
 */
#ifndef PRELOAD_NAMING_H
#define PRELOAD_NAMING_H

#include <stddef.h>
#include <stdint.h>

#include "process.h"
#ifdef TRACE_VERIFY
#include "verify.h"
#endif

/* Code has been unloaded, or everything that was recorded so far counts no more. @generation: of
 * the gate, now. */
__attribute__((noinline, cold)) void naming_renew(struct thread_state *state, uint32_t generation);

/* naming_find_stack() for a stack that is not the last one, in the same generation. */
__attribute__((noinline)) uint32_t naming_find_changed_stack(struct thread_state *state,
                                                             const struct frame *caller);

/* Return: a new site, or 0: no memory, or no room in the file. */
__attribute__((noinline)) uint32_t naming_add_site(struct thread_state *state, uint32_t stack,
                                                   size_t size);

/*
 * Copy what the process says of code that it made at run time into the trace, if stacks have gone
 * through any. @sp: of the caller's caller. Context: any thread, outside enter() and leave().
 */
void naming_save_code_map(uintptr_t sp);

/* Return: the id of the stack of @caller, or STACK_NONE. */
static inline uint32_t naming_find_stack(struct thread_state *state, const struct frame *caller)
{
    struct unwinder *unwinder = &state->unwinder;
    const uint32_t generation = atomic_load_explicit(&gate.generation, memory_order_relaxed);
    if (__builtin_expect(generation != state->generation, 0)) {
        naming_renew(state, generation);
    }
    uint32_t stack = unwind_is_leaf(unwinder, caller) && unwind_is_unchanged(unwinder)
                         ? unwinder->leaf->id
                         : naming_find_changed_stack(state, caller);
#ifdef TRACE_VERIFY
    verify_stack(stack);
#endif
    return stack;
}

/* Return: the same as naming_find_site(), or 0: that must look for it. */
static inline uint32_t naming_recall_site(const struct thread_state *state, uint32_t stack,
                                          size_t size)
{
    if (__builtin_expect(stack == state->last_stack && size == state->last_size, 0)) {
        return thread_last_site(state);
    }
    return __builtin_expect(stack != STACK_NONE, 1) ? site_table_peek(&state->sites, stack, size)
                                                    : 0;
}

/* Return: the site of an allocation of a stack, which may be STACK_NONE; or 0. */
static inline uint32_t naming_find_site(struct thread_state *state, uint32_t stack, size_t size)
{
    if (__builtin_expect(stack == state->last_stack && size == state->last_size, 1)) {
        return thread_last_site(state);
    }
    if (stack == STACK_NONE) {
        return 0;
    }
    struct unwind_segment *segment =
        stack != state->last_stack ? unwind_segments_last(&state->unwinder.segments, stack) : NULL;
    struct unwind_segment_site *known =
        segment != NULL && size <= UINT32_MAX ? unwind_segment_site(segment, size) : NULL;
    uint32_t site = known != NULL && known->size == size ? known->site : 0;
    if (site == 0) {
        site = site_table_find(&state->sites, stack, size);
        if (__builtin_expect(site == 0, 0)) {
            site = naming_add_site(state, stack, size);
        }
        if (known != NULL) {
            *known = (struct unwind_segment_site){(uint32_t)size, site};
        }
    }
    return site;
}

#endif
