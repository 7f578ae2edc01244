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
    thread_state_forget_time(state);
    state->clock = CLOCK_UNREAD; /* a forked child's ticks start anew */
    forget_ids(state);
    thread_state_restart_events(state);
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

struct seal_task {
    struct window *window;
    long result;
};

static void seal_on_own_stack(void *argument)
{
    struct seal_task *task = argument;
    task->result = window_seal(task->window, &process.file, 0, 0);
}

static long seal(struct thread_state *state, struct window *window)
{
    struct seal_task task = {.window = window};
    own_stack_call(seal_on_own_stack, &task, state->unwinder.own_stack_top);
    return task.result;
}

/* A new window starts from nothing, whatever the last record of the old one was. */
static long seal_events(struct thread_state *state)
{
    tally_window(&process.tally, &state->tallied, &state->events, &process.sites);
    thread_state_begin_emptying(state);
    long result = seal(state, &state->events);
    if (result == 0) {
        thread_state_forget_time(state);
        thread_state_restart_events(state);
    }
    return result;
}

static long seal_definitions(struct thread_state *state)
{
    long result = seal(state, &state->definitions.window);
    if (result == 0) {
        definitions_restart(&state->definitions);
    }
    return result;
}

/*
 * Empty the caches. Where what records or definitions are differences to may be another than in the
 * window, start a new one. The table of sites is whole at every moment. Return: 0 or -errno.
 */
static long recover(struct thread_state *state)
{
    long result = 0;
    thread_state_forget(state);
    if (state->bases_at == state->events.chunk->used) {
        result = seal_events(state);
    }
    if (result == 0 && !definitions_are_settled(&state->definitions)) {
        result = seal_definitions(state);
    }
    if (result == 0) {
        process_count(TRACE_LOST_CUT_SHORT);
    }
    return result;
}

bool process_recover(struct thread_state *state)
{
    long result = recover(state);
    if (result != 0 && !file_may_grow_later(result)) {
        process_stop(result);
    }
    return result == 0;
}

/*
 * What a state remembers of its thread's stack means nothing to another thread, but for where
 * stacks are: the next thread's is often in the same place, and a walk costs more than its start.
 * Return: 0 or -errno.
 */
static long leave_stack(struct thread_state *state)
{
    unwind_forget(&state->unwinder);
    long result = thread_busy(state) != THREAD_IDLE ? recover(state) : 0;
    if (result == 0) {
        thread_set_busy(state, THREAD_IDLE);
    }
    return result;
}

/*
 * Make a state whose thread has ended ready for the next one: under a new stream, as long as there
 * are few. If the file cannot take what the old one left, its stream goes on.
 * Return: 0, or -errno: the state cannot be used.
 */
static long renew(struct thread_state *state)
{
    long result = leave_stack(state);
    if (result == 0 && state->nested != NULL) {
        result = leave_stack(state->nested);
    }
    if (result == 0 && atomic_load(&process.threads.streams) < THREAD_STREAMS_MAX &&
        seal_events(state) == 0 && seal_definitions(state) == 0) {
        state->stream = atomic_fetch_add(&process.threads.streams, 1);
        forget_ids(state);
        window_restart(&state->events, state->stream);
        window_restart(&state->definitions.window, state->stream);
    }
    return result;
}

struct thread_state *process_make_thread(void)
{
    int thread = sys_gettid();
    struct thread_state *state = thread_list_reclaim(&process.threads, thread);
    long result = 0;
    if (state != NULL) {
        result = renew(state);
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
    (void)process_raise_epoch();
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
