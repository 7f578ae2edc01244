/* trend.c: what is steady growth, and what only looks like it. */
#include "trend.h"

#include <math.h>

#include "unit.h"

enum { COUNT = TREND_SAMPLES_MAX };

static int64_t levels[COUNT];

static uint32_t state = 4711;

/* Return: a number below @limit. */
static int64_t random_below(int64_t limit)
{
    state = state * 1664525 + 1013904223;
    return (int64_t)(state >> 8) % limit;
}

START_TEST(trend_of_a_line_is_its_slope)
{
    for (int64_t i = 0; i < COUNT; i++) {
        levels[i] = 1000 + 7 * i;
    }
    struct trend trend = trend_of(levels, COUNT);
    ck_assert(trend.is_steady);
    ck_assert_double_eq(trend.slope, 7);
    ck_assert_double_eq(trend.lowest, 7);
    ck_assert_uint_eq(trend.rises, COUNT - 1);
}
END_TEST

START_TEST(trend_is_not_moved_by_peaks_and_drops)
{
    for (int64_t i = 0; i < COUNT; i++) {
        levels[i] = 1000 + 7 * i;
    }
    levels[10] = 1000000;
    levels[50] = 0;
    levels[COUNT - 1] = 0; // all is freed at the end
    struct trend trend = trend_of(levels, COUNT);
    ck_assert(trend.is_steady);
    ck_assert_double_eq_tol(trend.slope, 7, 0.01);
}
END_TEST

START_TEST(trend_sees_growth_in_noise)
{
    for (int64_t i = 0; i < COUNT; i++) {
        levels[i] = 100 * i + random_below(1500);
    }
    struct trend trend = trend_of(levels, COUNT);
    ck_assert(trend.is_steady);
    ck_assert_double_eq_tol(trend.slope, 100, 10);
    ck_assert_double_gt(trend.lowest, 80);
}
END_TEST

/* A quarter may gain little by chance, and that is taken into account. */
START_TEST(trend_sees_growth_in_much_noise)
{
    enum { ROUNDS = 1000 };
    int steady = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int64_t i = 0; i < COUNT; i++) {
            levels[i] = 100 * i + random_below(3000);
        }
        steady += trend_of(levels, COUNT).is_steady ? 1 : 0;
    }
    ck_assert_int_gt(steady, ROUNDS * 98 / 100);
}
END_TEST

START_TEST(trend_sees_a_block_that_doubles)
{
    for (int64_t i = 0; i < COUNT; i++) {
        levels[i] = INT64_C(16) << (int)log2((double)i + 1);
    }
    ck_assert(trend_of(levels, COUNT).is_steady);
}
END_TEST

START_TEST(trend_sees_growth_after_a_set_up_phase)
{
    for (int64_t i = 0; i < COUNT; i++) {
        levels[i] = (i < COUNT / 8 ? i * 10000 : 80000) + 5 * i;
    }
    ck_assert(trend_of(levels, COUNT).is_steady);
}
END_TEST

START_TEST(trend_sees_growth_that_becomes_faster)
{
    for (int64_t i = 0; i < COUNT; i++) {
        levels[i] = i * i * i;
    }
    ck_assert(trend_of(levels, COUNT).is_steady);
}
END_TEST

START_TEST(trend_sees_a_block_now_and_then)
{
    for (int64_t i = 0; i < COUNT; i++) {
        levels[i] = i / 4 * 500;
    }
    ck_assert(trend_of(levels, COUNT).is_steady);
}
END_TEST

/* Levels that are no growth. */
static int64_t still(int64_t i)
{
    return 5000 + 0 * i;
}
static int64_t step(int64_t i)
{
    return i < COUNT / 2 ? 0 : 1000000;
}
static int64_t two_steps(int64_t i)
{
    return i / (COUNT / 3) * 1000;
}
static int64_t filled(int64_t i) // a cache: full before half the time is over
{
    return i < COUNT / 2 - 2 ? i * 100 : (int64_t)(COUNT / 2 - 2) * 100;
}
static int64_t saw(int64_t i)
{
    return i % 16 * 100;
}
static int64_t falling(int64_t i)
{
    return 100000 - 10 * i;
}
static int64_t noise(int64_t i)
{
    return 10000 + random_below(5000) + 0 * i;
}

static int64_t fading(int64_t i) // a set-up phase that runs out
{
    return (int64_t)(100000 * (1 - exp(-(double)i / 12)));
}
static int64_t phases(int64_t i) // a table for each phase of the program, and churn
{
    return (i < COUNT / 6 ? 0 : i < COUNT * 2 / 3 ? 50000 : 90000) + random_below(300);
}
static int64_t few(int64_t i) // too few to tell
{
    return i / 10 * 24000;
}

static int64_t (*const no_growth[])(int64_t) = {still,   step,  two_steps, filled, saw,
                                                falling, noise, fading,    phases, few};

START_TEST(trend_is_none)
{
    for (int64_t i = 0; i < COUNT; i++) {
        levels[i] = no_growth[_i](i);
    }
    ck_assert(!trend_of(levels, COUNT).is_steady);
}
END_TEST

/* Noise that does not grow must not be taken for growth, in thousands of groups. */
START_TEST(trend_is_none_in_much_noise)
{
    for (int round = 0; round < 5000; round++) {
        for (int64_t i = 0; i < COUNT; i++) {
            levels[i] = random_below(1000);
        }
        ck_assert_msg(!trend_of(levels, COUNT).is_steady, "round %d", round);
    }
}
END_TEST

START_TEST(trend_of_few_samples_is_none)
{
    for (size_t count = 0; count < 5; count++) {
        for (size_t i = 0; i < count; i++) {
            levels[i] = (int64_t)i;
        }
        ck_assert(!trend_of(levels, count).is_steady);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("trend");
    tcase_add_test(tests, trend_of_a_line_is_its_slope);
    tcase_add_test(tests, trend_is_not_moved_by_peaks_and_drops);
    tcase_add_test(tests, trend_sees_growth_in_noise);
    tcase_add_test(tests, trend_sees_growth_in_much_noise);
    tcase_add_test(tests, trend_sees_a_block_that_doubles);
    tcase_add_test(tests, trend_sees_growth_after_a_set_up_phase);
    tcase_add_test(tests, trend_sees_growth_that_becomes_faster);
    tcase_add_test(tests, trend_sees_a_block_now_and_then);
    tcase_add_loop_test(tests, trend_is_none, 0, sizeof no_growth / sizeof no_growth[0]);
    tcase_add_test(tests, trend_is_none_in_much_noise);
    tcase_add_test(tests, trend_of_few_samples_is_none);
    return unit_run("trend", tests);
}
