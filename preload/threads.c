/* The states of threads: made, taken over, named. See process.h. */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "process.h"
#include "sys.h"

bool process_refresh_name(struct thread_state *state)
{
    char name[sizeof state->name] = {0};
    if (sys_prctl(PR_GET_NAME, name) != 0 || memcmp(name, state->name, sizeof name) == 0) {
        return false;
    }
    memcpy(state->name, name, sizeof name);
    return true;
}

/* Ids that the thread knew are another's, or another file's. */
static void forget_ids(struct thread_state *state)
{
    thread_state_forget(state);
    site_table_clear(&state->sites);
    definitions_restart(&state->definitions);
}

long process_open_windows(struct thread_state *state)
{
    state->stream = atomic_fetch_add(&process.threads.streams, 1);
    state->tick = 0;
    state->epoch = 0;
    state->clock = (struct clock_reading){0}; /* a forked child's ticks start anew */
    forget_ids(state);
    long result =
        window_open(&state->definitions.window, &process.file, TRACE_DEFINITIONS, state->stream);
    return result != 0 ? result
                       : window_open(&state->events, &process.file, TRACE_EVENTS, state->stream);
}

void process_name_thread(struct thread_state *state)
{
    int thread = sys_gettid();
    atomic_store(&state->owner, thread);
    (void)process_refresh_name(state);
    (void)define_thread(&state->definitions, (uint32_t)thread, state->name);
}

/* What a state knows about its thread's stack means nothing to another thread. */
static void forget_stack(struct thread_state *state)
{
    state->busy = THREAD_IDLE;
    state->unwinder.memo_used = 0;
    memset(state->unwinder.extents, 0, sizeof state->unwinder.extents);
}

struct renewal {
    struct thread_state *state;
    long result;
};

/* Seal what a dead thread left, so that its windows can be another stream's. */
static void seal_on_own_stack(void *argument)
{
    struct renewal *renewal = argument;
    struct thread_state *state = renewal->state;
    renewal->result = window_seal(&state->events, &process.file, 0, 0);
    if (renewal->result == 0) {
        renewal->result = window_seal(&state->definitions.window, &process.file, 0, 0);
    }
}

/*
 * Make a state whose thread has ended ready for the next one: under a new stream, as long as there
 * are few. If the file cannot take what the old one left, its stream goes on.
 */
static void renew(struct thread_state *state)
{
    struct renewal renewal = {.state = state};
    forget_stack(state);
    if (state->nested != NULL) {
        forget_stack(state->nested);
    }
    if (atomic_load(&process.threads.streams) < THREAD_STREAMS_MAX) {
        own_stack_call(seal_on_own_stack, &renewal, state->unwinder.own_stack_top);
        if (renewal.result != 0) {
            return;
        }
        state->stream = atomic_fetch_add(&process.threads.streams, 1);
        state->tick = 0;
        state->epoch = 0;
        forget_ids(state);
        window_restart(&state->events, state->stream);
        window_restart(&state->definitions.window, state->stream);
    }
}

struct thread_state *process_make_thread(void)
{
    int thread = sys_gettid();
    struct thread_state *state = thread_list_reclaim(&process.threads, thread);
    long result = 0;
    if (state != NULL) {
        renew(state);
    } else {
        state = thread_state_new();
        result = state != NULL ? process_open_windows(state) : -ENOMEM;
        if (result == 0) {
            thread_list_add(&process.threads, state, thread);
        } else {
            thread_state_free(state);
        }
    }
    if (file_may_grow_later(result)) {
        process_count(TRACE_LOST_SPACE);
        return NULL; /* the thread's next event tries again */
    }
    if (result != 0) {
        process_stop(result);
        return NULL;
    }
    /* what other threads did before this one began comes before its first event */
    atomic_fetch_add(&gate.epoch, 1);
    process_name_thread(state);
    return state;
}

bool process_add_nested(struct thread_state *state)
{
    struct process_inside inside = process_go_inside();
    struct thread_state *nested = thread_state_new();
    long result = nested != NULL ? process_open_windows(nested) : -ENOMEM;
    if (result == 0) {
        process_name_thread(nested);
        state->nested = nested;
    } else {
        thread_state_free(nested);
        process_stop(result);
    }
    process_come_out(&inside, inside.self);
    return result == 0;
}
