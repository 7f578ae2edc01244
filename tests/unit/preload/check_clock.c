/* Ticks, with a clock that the test moves, and with the kernel's. */
#include "clock.h"

#include <string.h>

#include "suite.h"

#define SECOND_NS ((uint64_t)1000000000)

static struct timespec coarse_time;
static struct timespec real_time;

static int tell_made_up_time(clockid_t id, struct timespec *ret_now)
{
    *ret_now = id == CLOCK_REALTIME ? real_time : coarse_time;
    return 0;
}

static struct clock start_made_up(time_t second, long nanosecond)
{
    struct clock clock = {.gettime = tell_made_up_time};
    coarse_time = (struct timespec){second, nanosecond};
    clock_restart(&clock);
    return clock;
}

START_TEST(clock_counts_whole_milliseconds)
{
    static const struct {
        time_t second;
        long nanosecond;
        uint32_t tick;
    } moments[] = {
        {7, 999999999, 0},        {8, 0, 0},       {8, 999998, 0}, {8, 999999, 1},
        {8, 1000000, 1},          {8, 1999999, 2}, {9, 0, 1000},   {9, 999999999, 2000},
        {7 + 86400, 0, 86399000},
    };
    struct clock clock = start_made_up(7, 999999999);
    struct clock_reading reading = CLOCK_UNREAD;
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        coarse_time = (struct timespec){moments[i].second, moments[i].nanosecond};
        ck_assert_uint_eq(clock_tick(&clock, &reading), moments[i].tick);
        ck_assert_uint_eq(clock_tick(&clock, &reading), moments[i].tick);
    }
}
END_TEST

START_TEST(clock_tells_apart_moments_with_equal_fractions)
{
    struct clock clock = start_made_up(1000, 5);
    struct clock_reading reading = CLOCK_UNREAD;
    for (uint32_t second = 0; second < 10; second++) {
        coarse_time.tv_sec = 1000 + second;
        ck_assert_uint_eq(clock_tick(&clock, &reading), (uint64_t)second * 1000);
    }
}
END_TEST

START_TEST(clock_stays_after_49_days)
{
    struct clock clock = start_made_up(0, 1);
    struct clock_reading reading = CLOCK_UNREAD;
    coarse_time = (struct timespec){4294967, 295 * 1000000 + 1};
    ck_assert_uint_eq(clock_tick(&clock, &reading), UINT32_MAX);
    coarse_time.tv_nsec += 1000000;
    ck_assert_uint_eq(clock_tick(&clock, &reading), UINT32_MAX);
}
END_TEST

START_TEST(clock_starts_again)
{
    struct clock clock = start_made_up(50, 0);
    struct clock_reading reading = CLOCK_UNREAD;
    coarse_time.tv_sec = 60;
    ck_assert_uint_eq(clock_tick(&clock, &reading), 10000);
    clock_restart(&clock);
    reading = CLOCK_UNREAD;
    ck_assert_uint_eq(clock_tick(&clock, &reading), 0);
    ck_assert_uint_eq(clock.start_ns, 60 * SECOND_NS);
}
END_TEST

START_TEST(clock_tells_real_time)
{
    struct clock clock = start_made_up(50, 0);
    real_time = (struct timespec){1700000000, 123456789};
    ck_assert_uint_eq(clock_realtime_ns(&clock), 1700000000123456789u);
}
END_TEST

START_TEST(clock_follows_the_kernel)
{
    struct clock clock = {0};
    struct clock_reading reading = CLOCK_UNREAD;
    struct timespec now;
    clock_start(&clock);
    ck_assert(clock.gettime != NULL);
    ck_assert_uint_le(clock_tick(&clock, &reading), 100);
    ck_assert_int_eq(usleep(30000), 0);
    uint32_t tick = clock_tick(&clock, &reading);
    ck_assert_uint_ge(tick, 20);
    ck_assert_uint_le(tick, 10000);
    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
    uint64_t now_ns = (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
    uint64_t told_ns = clock_realtime_ns(&clock);
    ck_assert_uint_ge(told_ns, now_ns);
    ck_assert_uint_lt(told_ns - now_ns, 10 * SECOND_NS);
}
END_TEST

/* Return: the tick that the kernel's function gives. */
static uint32_t tick_by_function(const struct clock *clock)
{
    struct clock_reading reading = CLOCK_UNREAD;
    return clock_next_tick(clock, &reading);
}

static bool has_words(const struct clock *clock)
{
    return atomic_load(&clock->words) != &clock_no_words;
}

/* The words are the clock: no reading is older than the function's answer before it. */
START_TEST(clock_reads_words_that_are_never_late)
{
    struct clock clock = {0};
    struct clock_reading reading = CLOCK_UNREAD;
    uint32_t changes = 0;
    clock_start(&clock);
    while (changes < 50) {
        uint32_t before = tick_by_function(&clock);
        uint32_t last = reading.tick;
        uint32_t tick = clock_tick(&clock, &reading);
        ck_assert_uint_ge(tick, before);
        ck_assert_uint_le(tick, tick_by_function(&clock));
        changes += tick != last;
    }
}
END_TEST

START_TEST(clock_finds_the_words_of_this_kernel)
{
    struct clock clock = {0};
    clock_start(&clock);
    if (has_words(&clock)) {
        clock_check_words(&clock);
        ck_assert(has_words(&clock));
        ck_assert_int_eq(clock.gettime(CLOCK_MONOTONIC_COARSE, &coarse_time), 0);
        int64_t late = atomic_load(&clock.words)->second - coarse_time.tv_sec;
        ck_assert_int_le(late, 10);
        ck_assert_int_ge(late, 0);
    }
}
END_TEST

START_TEST(clock_ignores_words_that_stand_still)
{
    static const struct clock_words still = {10000, 5};
    static const time_t moves[] = {3600, -3600};
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        struct clock clock = start_made_up(10000, 5);
        struct clock_reading reading = {.ns = 10000 * CLOCK_NS_PER_SECOND + 5};
        atomic_store(&clock.words, &still);
        clock_check_words(&clock);
        ck_assert(has_words(&clock));
        coarse_time.tv_sec += moves[i];
        ck_assert_uint_eq(clock_tick(&clock, &reading), 0); /* not noticed yet */
        clock_check_words(&clock);
        ck_assert(!has_words(&clock));
        ck_assert_uint_eq(clock_tick(&clock, &reading), moves[i] > 0 ? 3600000 : 0);
        clock_restart(&clock);
        ck_assert(!has_words(&clock));
    }
}
END_TEST

/* A process that is restored on another kernel finds zeros where the words were. */
START_TEST(clock_does_not_read_zeros)
{
    static const struct clock_words zeros;
    struct clock clock = start_made_up(10000, 5);
    struct clock_reading reading = CLOCK_UNREAD;
    atomic_store(&clock.words, &zeros);
    coarse_time.tv_sec += 60;
    ck_assert_uint_eq(clock_tick(&clock, &reading), 60000);
    coarse_time.tv_sec += 60;
    ck_assert_uint_eq(clock_tick(&clock, &reading), 120000);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        clock_counts_whole_milliseconds,
        clock_tells_apart_moments_with_equal_fractions,
        clock_stays_after_49_days,
        clock_starts_again,
        clock_tells_real_time,
        clock_follows_the_kernel,
        clock_reads_words_that_are_never_late,
        clock_finds_the_words_of_this_kernel,
        clock_ignores_words_that_stand_still,
        clock_does_not_read_zeros,
        NULL,
    };
    return suite_run("clock", tests);
}
