/* A state that the short way did not give: none yet, in use, or left in the middle. See enter.h. */
#include "enter.h"

#include <signal.h>

#include "sys.h"

#define SIGNAL_FRAME_LEAST                                                                         \
    256 /* a handler's frames are further down: red zone and saved registers */

/*
 * Is the state still marked busy by a hook that no longer runs, because a signal handler left it
 * with longjmp()? Then the slot of the hook's return address has been used again, or its stack is
 * gone; or it has not come to that yet, and we are no deeper in the stack than a handler would be.
 * An alternate stack's addresses tell nothing.
 */
static bool is_stale(const struct thread_state *state, uintptr_t sp)
{
    stack_t alternate = {0};
    const uintptr_t used_sp = thread_use_sp(state);
    if (thread_busy(state) != THREAD_RECORDING) {
        return false;
    }
    if (!sys_holds(used_sp - sizeof(uintptr_t), (uint32_t)state->use.pc)) {
        return true;
    }
    return sp + SIGNAL_FRAME_LEAST > used_sp &&
           extents_are_one(&state->unwinder.extents, used_sp, sp) &&
           sys_sigaltstack(&alternate) == 0 && (alternate.ss_flags & SS_ONSTACK) == 0;
}

/* Is the state in use by a hook further up this stack, or on the stack that a handler came from? */
static bool is_in_use(const struct thread_state *state, uintptr_t sp)
{
    return thread_busy(state) != THREAD_IDLE && !is_stale(state, sp);
}

/* Return: the state of a signal handler that interrupted the use of @state; NULL if it is busy,
 * too. */
static struct thread_state *find_nested(struct thread_state *state, uintptr_t sp)
{
    if (state->nested == NULL && !process_add_nested(state)) {
        return NULL;
    }
    if (is_in_use(state->nested, sp)) {
        process_count(TRACE_LOST_NESTED);
        return NULL;
    }
    return state->nested;
}

struct thread_state *enter_slow(uintptr_t sp)
{
    for (;;) {
        struct thread_state *state = process_thread();
        if (state != NULL && is_in_use(state, sp)) {
            state = find_nested(state, sp);
        }
        if (state == NULL) {
            return NULL;
        }
        bool was_left = thread_busy(state) != THREAD_IDLE;
        if (enter_by(state, sp)) {
            return !was_left || process_recover(state) ? state : NULL;
        }
    }
}
