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

/* The time of CLOCK_REALTIME. */
uint64_t clock_realtime_ns(const struct clock *clock);

static inline uint32_t clock_tick(const struct clock *clock, struct clock_reading *last)
{
    struct timespec now;
    (void)clock->gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (now.tv_nsec != last->nanosecond || now.tv_sec != last->second) {
        uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
        last->second = now.tv_sec;
        last->nanosecond = now.tv_nsec;
        last->tick = (uint32_t)((now_ns - clock->start_ns) / 1000000u);
    }
    return last->tick;
}

#endif
