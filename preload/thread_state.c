/* States of threads. See thread_state.h. */
#include "thread_state.h"

#include <errno.h>

#include "memory.h"
#include "sys.h"

#define RECLAIM_TRIES 8

/* Nothing is to be compared with the last allocation, or added to its record. */
static void forget_last(struct thread_state *state)
{
    state->last_size = NO_SIZE;
    state->again_size = NO_SIZE;
    state->unpaired = NO_RECORD;
}

struct thread_state *thread_state_new(void)
{
    struct thread_state *state = memory_map(sizeof *state);
    if (state != NULL) {
        state->unwinder.own_stack_top = state->own_stack + sizeof state->own_stack;
        forget_last(state);
        state->as_of = GATE_NEVER;
    }
    return state;
}

void thread_state_free(struct thread_state *state)
{
    if (state != NULL) {
        site_table_clear(&state->sites);
        memory_unmap(state, sizeof *state);
    }
}

void thread_state_restart_events(struct thread_state *state)
{
    thread_state_set_last(state, (struct allocation){.size = NO_SIZE});
    forget_last(state);
    tally_restart_window(&state->tallied);
}

void thread_state_forget(struct thread_state *state)
{
    unwind_forget(&state->unwinder);
    forget_last(state);
    state->freer.is_known = false;
}

void thread_list_add(struct thread_list *list, struct thread_state *state, int owner)
{
    atomic_store(&state->owner, owner);
    state->next = atomic_load(&list->first);
    while (!atomic_compare_exchange_weak(&list->first, &state->next, state)) {
    }
}

/* A thread id that is our own is a dead thread's too: the kernel has used the number again. */
static bool is_gone(int owner, int self)
{
    return owner == self || sys_tgkill(sys_getpid(), owner, 0) == -ESRCH;
}

struct thread_state *thread_list_reclaim(struct thread_list *list, int owner)
{
    struct thread_state *state = atomic_load(&list->hand);
    for (unsigned i = 0; i < RECLAIM_TRIES; i++) {
        if (state == NULL) {
            state = atomic_load(&list->first);
        }
        if (state == NULL) {
            break;
        }
        int previous = atomic_load(&state->owner);
        atomic_store(&list->hand, state->next);
        if (is_gone(previous, owner) &&
            atomic_compare_exchange_strong(&state->owner, &previous, owner)) {
            return state;
        }
        state = state->next;
    }
    return NULL;
}
