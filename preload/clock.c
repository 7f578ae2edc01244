/* Finding the clock. See clock.h. */
#include "clock.h"

#include <dlfcn.h>
#include <string.h>

#define NS_PER_TICK 1000000
#define SECONDS_APART 1 /* the words may be, when they are read in the middle of a change */

static uint64_t read_ns(const struct clock *clock, clockid_t id)
{
    struct timespec now = {0};
    (void)clock->gettime(id, &now);
    return (uint64_t)now.tv_sec * CLOCK_NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* The kernel's own function, or libc's: libfaketime and its like interpose clock_gettime(), and
 * theirs may even allocate. */
static void *find_gettime(void)
{
    void *kernel = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
    void *function = kernel != NULL ? dlsym(kernel, "__vdso_clock_gettime") : NULL;
    if (function == NULL) {
        void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
        function = libc != NULL ? dlsym(libc, "clock_gettime") : NULL;
    }
    return function;
}

void clock_start(struct clock *clock)
{
    void *function = find_gettime();
    clock->gettime = clock_gettime;
    if (function != NULL) {
        memcpy(&clock->gettime, &function, sizeof function);
    }
    clock_restart(clock);
}

void clock_restart(struct clock *clock)
{
    clock->start_ns = read_ns(clock, CLOCK_MONOTONIC_COARSE);
    atomic_store(&clock->words,
                 clock->ignores_words ? &clock_no_words : clock_page_find(clock->gettime));
}

void clock_ignore_words(struct clock *clock)
{
    clock->ignores_words = true;
    atomic_store(&clock->words, &clock_no_words);
}

void clock_check_words(struct clock *clock)
{
    const struct clock_words *words = atomic_load(&clock->words);
    struct timespec now;
    (void)clock->gettime(CLOCK_MONOTONIC_COARSE, &now);
    int64_t behind = now.tv_sec - words->second;
    if (behind < -SECONDS_APART || behind > SECONDS_APART) {
        clock_ignore_words(clock);
    }
}

/* The tick of a time, at least @last. */
static uint32_t tick_at(const struct clock *clock, uint64_t now, uint32_t last)
{
    uint64_t tick = now > clock->start_ns ? (now - clock->start_ns) / NS_PER_TICK : 0;
    return tick > UINT32_MAX ? UINT32_MAX : tick > last ? (uint32_t)tick : last;
}

uint32_t clock_next_tick(const struct clock *clock, struct clock_reading *last)
{
    uint64_t now = read_ns(clock, CLOCK_MONOTONIC_COARSE);
    if (now != last->ns) {
        last->ns = now;
        last->tick = tick_at(clock, now, last->tick);
    }
    return last->tick;
}

uint64_t clock_monotonic_ns(const struct clock *clock)
{
    return read_ns(clock, CLOCK_MONOTONIC);
}

uint64_t clock_realtime_ns(const struct clock *clock)
{
    return read_ns(clock, CLOCK_REALTIME);
}
