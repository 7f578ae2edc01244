/*
 * Ticks: milliseconds since the trace began, from CLOCK_MONOTONIC_COARSE (6 ns to read, in steps of
 * the kernel's timer, 1 to 4 ms).
 */
#ifndef PRELOAD_CLOCK_H
#define PRELOAD_CLOCK_H

#include <stdint.h>
#include <time.h>

struct clock {
    int (*gettime)(clockid_t, struct timespec *); /* the kernel's, not another preload's */
    uint64_t start_ns;
};

/* The last reading of one thread, so that an unchanged clock costs no division. */
struct clock_reading {
    int64_t second;
    int64_t nanosecond;
    uint32_t tick;
};

/* Start counting now. Looks up the function: may allocate. */
void clock_start(struct clock *clock);

/* Start counting again: in a child after fork. */
void clock_restart(struct clock *clock);

/* The time of CLOCK_MONOTONIC, for how long something took. */
uint64_t clock_monotonic_ns(const struct clock *clock);

/* The time of CLOCK_REALTIME. */
uint64_t clock_realtime_ns(const struct clock *clock);

/*
 * The tick of a time. The clock may have been set to another time by CRIU or in a time namespace: a
 * tick is never less than the last one of the thread, nor more than 32 bits hold.
 */
static inline uint32_t clock_tick_at(const struct clock *clock, const struct timespec *now,
                                     uint32_t last)
{
    uint64_t now_ns = (uint64_t)now->tv_sec * 1000000000u + (uint64_t)now->tv_nsec;
    uint64_t tick = now_ns > clock->start_ns ? (now_ns - clock->start_ns) / 1000000u : 0;
    return tick > UINT32_MAX ? UINT32_MAX : tick > last ? (uint32_t)tick : last;
}

static inline uint32_t clock_tick(const struct clock *clock, struct clock_reading *last)
{
    struct timespec now;
    (void)clock->gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (__builtin_expect(now.tv_nsec != last->nanosecond || now.tv_sec != last->second, 0)) {
        last->second = now.tv_sec;
        last->nanosecond = now.tv_nsec;
        last->tick = clock_tick_at(clock, &now, last->tick);
    }
    return last->tick;
}

#endif
