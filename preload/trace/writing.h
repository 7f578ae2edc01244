/*
 * From records to the thread's windows: an event begins with the time, if it is another than
 * before, and ends when all its bytes are there. Definitions and events alike make room when a
 * window is full; everything rare happens on that occasion or when time moves on, never at an event
 * as such.
 *
 * Context: between enter() and leave() of tracer.c, by the state's thread.
 */
#ifndef PRELOAD_WRITING_H
#define PRELOAD_WRITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoder.h"
#include "process.h"
#include "window.h"

/* Make room for an event. Return: where to write, or NULL: the event is lost, and counted. */
__attribute__((noinline, cold)) uint8_t *writing_make_room(struct thread_state *state, size_t room);

/* Time has moved on: write it, after whatever was due. Return: as writing_begin(). */
__attribute__((noinline, cold)) uint8_t *writing_pass_time(struct thread_state *state, size_t room);

/* Return: false if there is no more room for definitions. */
__attribute__((noinline, cold)) bool writing_make_definition_room(struct thread_state *state);

/* Write a definition, making room for it if need be. */
#define DEFINE(state, definition)                                                                  \
    ((definition) || (writing_make_definition_room(state) && (definition)))

/* Write down what the thread is called, if that is new. */
void writing_refresh_name(struct thread_state *state);

/*
 * Start an event: the time now is thread_tick() afterwards, and written if it is not what it was.
 * Return: where to write at most @room bytes less than ENCODER_EVENT_BYTES' time record, or NULL.
 */
static inline __attribute__((always_inline)) uint8_t *writing_begin(struct thread_state *state,
                                                                    size_t room)
{
    uint8_t *to = window_reserve(&state->events, room);
    if (__builtin_expect(to == NULL, 0)) {
        to = writing_make_room(state, room);
        if (to == NULL) {
            return NULL;
        }
    }
    uint64_t epoch = process_epoch();
    uint32_t tick = clock_tick(&process.clock, &state->clock);
    if (__builtin_expect(tick != thread_tick(state) || epoch != state->epoch, 0)) {
        to = writing_pass_time(state, room);
    }
    return to;
}

/* Return: true if an event can be written after the @used bytes of the window, once the gate is as
 * it was: there is room, and the clock has not moved on since the last one. */
static inline __attribute__((always_inline)) bool writing_is_ready(const struct thread_state *state,
                                                                   uint64_t used)
{
    return __builtin_expect(used <= state->events.full, 1) &&
           __builtin_expect(clock_is_at(&process.clock, &state->clock), 1);
}

static inline __attribute__((always_inline)) void writing_end(const struct thread_state *state,
                                                              const uint8_t *to)
{
    window_commit(&state->events, to);
}

#endif
