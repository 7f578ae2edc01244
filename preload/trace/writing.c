/* See writing.h. */
#include "writing.h"

#include "own_stack.h"

#define EVENTS_TO_LOSE 10000 /* when no descriptor is free: an attempt costs 0.3 ms */

/* Add up what the thread has recorded since the last time, if somebody wants to know. */
static void add_records(struct thread_state *state)
{
    tally_window(&process.tally, &state->tallied, &state->events, &process.sites);
}

struct seal_task {
    struct window *window;
    struct thread_state *state;
    long result;
};

static void seal_on_own_stack(void *argument)
{
    struct seal_task *task = argument;
    task->result =
        window_seal(task->window, &process.file, thread_tick(task->state), task->state->epoch);
}

/*
 * Return: false if the file cannot grow. The tracer has stopped then, unless the program has only
 * run out of descriptors.
 */
static bool seal(struct thread_state *state, struct window *window)
{
    struct seal_task task = {.window = window, .state = state};
    if (state->is_detached) {
        return false;
    }
    add_records(state);
    if (window == &state->events) {
        thread_state_begin_emptying(state);
    }
    own_stack_call(seal_on_own_stack, &task, state->unwinder.own_stack_top);
    if (file_may_grow_later(task.result)) {
        state->events_to_lose = EVENTS_TO_LOSE; /* the program may close some descriptors */
        return false;
    }
    if (task.result != 0) {
        process_stop(task.result);
        return false;
    }
    if (window == &state->events) {
        thread_state_restart_events(state);
    }
    return true;
}

bool writing_make_definition_room(struct thread_state *state)
{
    if (state->events_to_lose > 0) {
        state->events_to_lose--;
        return false;
    }
    if (!seal(state, &state->definitions.window)) {
        return false;
    }
    definitions_restart(&state->definitions);
    return true;
}

/* A thread may be given its name at any time. It is looked for when the clock has moved since the
 * last time: a program that fills its windows fast would ask for it a thousand times a second. */
static void refresh_name_sometimes(struct thread_state *state)
{
    if (thread_tick(state) != state->named_at) {
        state->named_at = thread_tick(state);
        writing_refresh_name(state);
    }
}

void writing_refresh_name(struct thread_state *state)
{
    if (process_refresh_name(state)) {
        (void)DEFINE(state, define_thread(&state->definitions, (uint32_t)atomic_load(&state->owner),
                                          state->name));
    }
}

uint8_t *writing_make_room(struct thread_state *state, size_t room)
{
    if (state->events_to_lose > 0) {
        state->events_to_lose--;
        process_count(TRACE_LOST_SPACE);
        return NULL;
    }
    if (window_advance(&state->events, room)) {
        (void)process_raise_epoch();
        clock_check_words(&process.clock);
        refresh_name_sometimes(state);
        unwind_pass(&state->unwinder, WINDOW_STEP_BYTES);
        add_records(state);
    } else if (!seal(state, &state->events)) {
        process_count(TRACE_LOST_SPACE);
        return NULL;
    }
    return window_reserve(&state->events, room);
}

uint8_t *writing_pass_time(struct thread_state *state, size_t room)
{
    uint32_t tick = clock_tick(&process.clock, &state->clock);
    if (tick != thread_tick(state)) {
        add_records(state);
    }
    if (periods_are_due(&process.periods, tick, &process.tally)) {
        periods_run(state, tick);
        tick = clock_tick(&process.clock, &state->clock); /* that took its time */
    }
    uint8_t *to = window_reserve(&state->events, room);
    if (to == NULL) {
        to = writing_make_room(state, room);
        if (to == NULL) {
            state->clock = CLOCK_UNREAD; /* what it says has not been written */
            state->clock.tick = tick;
            return NULL;
        }
    }
    uint64_t gate_state = atomic_load_explicit(&gate.state, memory_order_acquire);
    uint64_t epoch = gate_state / GATE_EPOCH;
    if (tick != thread_tick(state) || epoch != state->epoch) {
        to = encode_time(to, tick - thread_tick(state), epoch - state->epoch);
        thread_state_change_bases(state);
        thread_state_set_time(state, tick, epoch);
    }
    process_settle(state, gate_state);
    return to;
}
