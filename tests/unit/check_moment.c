/* moment.c: what --at takes, and which tick that is. */
#include "moment.h"

#include <stdio.h>

#include "unit.h"

static const struct {
    const char *text;
    enum moment_kind kind;
    uint64_t number;
    double value;
} good[] = {
    {"end", MOMENT_END, 0, 0},       {"peak", MOMENT_PEAK, 0, 0},
    {"12.5s", MOMENT_TIME, 0, 12.5}, {"0s", MOMENT_TIME, 0, 0},
    {".5s", MOMENT_TIME, 0, 0.5},    {"50%", MOMENT_SHARE, 0, 0.5},
    {"0%", MOMENT_SHARE, 0, 0},      {"100%", MOMENT_SHARE, 0, 1},
    {"#3", MOMENT_NUMBER, 3, 0},     {"#18446744073709551615", MOMENT_NUMBER, UINT64_MAX, 0},
    {"warm", MOMENT_NAME, 0, 0},     {"s", MOMENT_NAME, 0, 0},
    {"%", MOMENT_NAME, 0, 0},        {"ends", MOMENT_NAME, 0, 0},
    {"3 bags", MOMENT_NAME, 0, 0},   {"infs", MOMENT_NAME, 0, 0},
    {"nan%", MOMENT_NAME, 0, 0},
};

static const char *const bad[] = {"-1s", "-0.001s", "120%", "100.1%", "-1%",
                                  "#0",  "#",       "#-1",  "#x",     "#18446744073709551616",
                                  "",    "# 1",     "#1x"};

START_TEST(moment_reads_all_kinds)
{
    struct moment moment;
    ck_assert(moment_parse(good[_i].text, &moment));
    ck_assert_int_eq(moment.kind, good[_i].kind);
    ck_assert_str_eq(moment.text, good[_i].text);
    if (moment.kind == MOMENT_NUMBER) {
        ck_assert_uint_eq(moment.number, good[_i].number);
    }
    if (moment.kind == MOMENT_TIME || moment.kind == MOMENT_SHARE) {
        ck_assert_double_eq(moment.value, good[_i].value);
    }
}
END_TEST

START_TEST(moment_refuses_what_only_looks_like_one)
{
    struct moment moment = {.number = 77};
    ck_assert_msg(!moment_parse(bad[_i], &moment), "%s", bad[_i]);
    ck_assert_uint_eq(moment.number, 77); // written only on success
}
END_TEST

static const struct {
    const char *text;
    uint32_t last;
    uint32_t tick;
} ticks[] = {
    {"0s", 1000, 0},
    {"1.001s", 5000, 1001}, // the double nearest to 1.001 times 1000 is less than 1001
    {"0.0015s", 5000, 1},   // not after the moment
    {"50%", 1001, 500},
    {"100%", UINT32_MAX, UINT32_MAX},
    {"0%", 1000, 0},
    {"99999999999s", 1000, UINT32_MAX},
};

START_TEST(moment_has_a_tick)
{
    struct moment moment;
    ck_assert(moment_parse(ticks[_i].text, &moment));
    ck_assert_uint_eq(moment_tick(&moment, ticks[_i].last), ticks[_i].tick);
}
END_TEST

START_TEST(moment_times_of_whole_ticks_are_exact)
{
    for (uint32_t tick = 0; tick < 200000; tick += 7) {
        struct moment moment;
        char text[32];
        (void)snprintf(text, sizeof text, "%u.%03us", tick / 1000, tick % 1000);
        ck_assert(moment_parse(text, &moment));
        ck_assert_uint_eq(moment_tick(&moment, 0), tick);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("moment");
    tcase_add_loop_test(tests, moment_reads_all_kinds, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tests, moment_refuses_what_only_looks_like_one, 0,
                        sizeof bad / sizeof bad[0]);
    tcase_add_loop_test(tests, moment_has_a_tick, 0, sizeof ticks / sizeof ticks[0]);
    tcase_add_test(tests, moment_times_of_whole_ticks_are_exact);
    return unit_run("moment", tests);
}
