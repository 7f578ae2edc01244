/*
 * What is to be done now and then: samples of the resident set, the snapshots that
 * LIBTRACE_SNAPSHOT_EVERY asks for, and the heap pictures of LIBTRACE_PICTURE.
 *
 * No timer, no thread: it is done by whoever records the first event after it was due, when the
 * clock's tick has moved on. A process that allocates nothing has nothing new to tell.
 *
 * Context: between enter() and leave() of tracer.c.
 */
#ifndef PRELOAD_PERIODS_H
#define PRELOAD_PERIODS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "tally.h"

struct thread_state;

struct periods {
    struct period every;    /* of snapshots; as configured */
    uint64_t picture_ticks; /* from one heap picture to the next; 0: none */
    /* When the next sample is due: perhaps never, past the last tick. Heap pictures, which are at
     * least a second apart, are looked at then. */
    _Atomic uint64_t sample_tick;
    _Atomic uint64_t picture_tick;
    _Atomic uint64_t snapshot_at; /* ticks, or bytes allocated, of the next snapshot */
};

/* Start anew, with the process or with a forked child. */
void periods_start(struct periods *periods, const struct config *config, struct tally *tally);

/* Do what is due, or what another thread is not just doing. */
void periods_run(struct thread_state *state, uint32_t tick);

/* Write a sample of the resident set, whether one is due or not. */
void periods_sample(struct thread_state *state);

/* Return: how far the process is on the scale of @periods: ticks, or bytes allocated. */
static inline uint64_t periods_progress(const struct periods *periods, uint32_t tick,
                                        const struct tally *tally)
{
    return periods->every.is_time ? tick
                                  : atomic_load_explicit(&tally->allocated, memory_order_relaxed);
}

static inline bool periods_are_due(const struct periods *periods, uint32_t tick,
                                   const struct tally *tally)
{
    return tick >= atomic_load_explicit(&periods->sample_tick, memory_order_relaxed) ||
           periods_progress(periods, tick, tally) >=
               atomic_load_explicit(&periods->snapshot_at, memory_order_relaxed);
}

#endif
