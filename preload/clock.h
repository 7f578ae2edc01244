/*
 * Ticks: milliseconds since the trace began, from CLOCK_MONOTONIC_COARSE (in steps of the kernel's
 * timer, 1 to 4 ms).
 *
 * That clock is two words in a page that the kernel shows to every process, for the vDSO's
 * functions. Most events only look whether these words are still those of the last reading, at a
 * fifth of the cost of a call (clock_page.h): equal words are an equal time. Only when they have
 * changed is the kernel's function asked.
 */
#ifndef PRELOAD_CLOCK_H
#define PRELOAD_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "clock_page.h"

struct clock {
    int (*gettime)(clockid_t, struct timespec *); /* the kernel's, not another preload's */
    uint64_t start_ns;
    _Atomic(const struct clock_words *) words; /* the kernel's, or clock_no_words; NULL before the
                                                  start */
    bool ignores_words;
};

#define CLOCK_NS_PER_SECOND UINT64_C(1000000000)

/* The last reading of one thread, so that an unchanged clock costs no division. */
struct clock_reading {
    uint64_t ns; /* of the kernel's clock */
    uint32_t tick;
};

/* Before the first reading: no words say this, neither those of a page that was emptied. */
#define CLOCK_UNREAD ((struct clock_reading){.ns = UINT64_MAX - 1})

/* Start counting now. Looks up the function: may allocate. */
void clock_start(struct clock *clock);

/* Start counting again: in a child after fork. */
void clock_restart(struct clock *clock);

/* Call the kernel's function for every tick from now on, and after clock_restart(), too. */
void clock_ignore_words(struct clock *clock);

/*
 * Compare the words with the kernel's function, and ignore them from now on if they stand still.
 * To be called now and then.
 */
void clock_check_words(struct clock *clock);

/* The time of CLOCK_MONOTONIC, for how long something took. */
uint64_t clock_monotonic_ns(const struct clock *clock);

/* The time of CLOCK_REALTIME. */
uint64_t clock_realtime_ns(const struct clock *clock);

/* clock_tick() when the words do not say that it is the one of @last. */
uint32_t clock_next_tick(const struct clock *clock, struct clock_reading *last);

/* Return: true if the clock is known not to have moved since @last. */
static inline bool clock_is_at(const struct clock *clock, const struct clock_reading *last)
{
    const struct clock_words *words = atomic_load_explicit(&clock->words, memory_order_relaxed);
    /* read in the middle of a change, they are not those of the last reading either */
    return (uint64_t)words->second * CLOCK_NS_PER_SECOND + (uint64_t)words->nanosecond == last->ns;
}

/*
 * Return: the tick now. The clock may have been set to another time by CRIU or in a time namespace:
 * a tick is never less than the last one of the thread, nor more than 32 bits hold.
 */
static inline uint32_t clock_tick(const struct clock *clock, struct clock_reading *last)
{
    return __builtin_expect(clock_is_at(clock, last), 1) ? last->tick
                                                         : clock_next_tick(clock, last);
}

#endif
