/* growth.c and its report in words: short runs, several traces, what is refused. */
#include "growth.h"

#include <stdio.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

static void check_report(const char *arguments, const char *expected)
{
    char *text = scene_report(arguments, NULL);
    ck_assert_str_eq(text, expected);
    free(text);
}

/*
 * Site 1 grows by a block in each of @steps of @ticks, site 2 has one block that is reallocated,
 * and site 3 is there from the start.
 */
static void write_trace(const char *path, uint32_t steps, uint32_t ticks)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 10);
    builder_site(builder, 0, 3, SCENE_INLINED, 5000);
    for (uint32_t i = 0; i < 11; i++) {
        builder_site(builder, 0, 100 + i, SCENE_MAIN, UINT64_C(16) << i);
    }
    builder_allocate(builder, 0, 3);
    builder_allocate(builder, 0, 100);
    uint32_t vector = 0;
    for (uint32_t i = 0; i < steps; i++) {
        builder_time(builder, 0, i * ticks, i);
        builder_allocate(builder, 0, 1);
        builder_allocate(builder, 0, 3);
        builder_release(builder, 0, 3, 0);
        if (i >= UINT32_C(1) << vector) {
            builder_reallocate(builder, 0, 100 + vector, 0, 101 + vector);
            vector++;
        }
    }
    builder_write(builder, path);
    builder_free(builder);
}

START_TEST(reports_have_growth)
{
    write_trace("t.trace", 640, 10);
    check_report("--growth t.trace",
                 "[ Top 10 by lineno, growing over 6.390 s: 2 of 3 groups, 3345 B/s ]\n"
                 "/scene/src/main.c:10: growth=2344 B/s, size=16.0 KiB, count=1, average=16.0 KiB\n"
                 "    rose in 6 of 63 steps: 1 born, never freed, 16.0 KiB in 10 jumps of "
                 "reallocated blocks\n"
                 "src/work.c:20: growth=1001 B/s, size=6400 B, count=640, average=10 B\n"
                 "    rose in 63 of 63 steps: 640 born, never freed\n"
                 "Not growing: 1 group, size=5000 B, count=1\n");
    check_report("--growth --filter *inner.c t.trace",
                 "[ Top 10 by lineno, growing over 6.390 s: 0 of 1 group, 0 B/s ]\n"
                 "Not growing: 1 group, size=5000 B, count=1\n");
    check_report("--growth --top 1 t.trace",
                 "[ Top 1 by lineno, growing over 6.390 s: 2 of 3 groups, 3345 B/s ]\n"
                 "/scene/src/main.c:10: growth=2344 B/s, size=16.0 KiB, count=1, average=16.0 KiB\n"
                 "    rose in 6 of 63 steps: 1 born, never freed, 16.0 KiB in 10 jumps of "
                 "reallocated blocks\n"
                 "1 other: size=6400 B, count=640, average=10 B\n"
                 "Not growing: 1 group, size=5000 B, count=1\n");
}
END_TEST

/* A run of a few ticks is measured in allocations. */
START_TEST(growth_is_seen_in_a_short_run)
{
    write_trace("t.trace", 640, 0);
    char *text = scene_report("--growth --filter *work.c t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "\n    rose in 63 of 63 steps: 640 born, never freed\n"));
    free(text);
}
END_TEST

START_TEST(growth_of_several_traces_adds_up)
{
    write_trace("a.trace", 640, 10);
    write_trace("b.trace", 640, 10);
    check_report("--growth --filter *work.c a.trace b.trace",
                 "[ Top 10 by lineno, growing: 1 of 1 group, 2003 B/s ]\n"
                 "src/work.c:20: growth=2003 B/s, size=12.5 KiB, count=1280, average=10 B\n"
                 "    rose in 126 of 126 steps: 1280 born, never freed\n");
}
END_TEST

START_TEST(growth_is_counted_in_allocations_of_blocks)
{
    struct growth *growth = growth_new(2, 100, 64);
    struct growth_counts *counts = growth_counts_new();
    for (uint32_t i = 0; i < 64; i++) {
        growth_begin(growth, i % 2);
        growth_end(growth, 0, i, i % 2); // more than there were: a damaged trace
        growth_reach(growth, i);         // not measured in time
    }
    growth_finish(growth);
    ck_assert(growth_counts_add(counts, 7, growth, 1, 1000));
    growth_counts_close(counts, growth);
    struct growth_summary summary = growth_counts_summary(counts, 7);
    for (int64_t i = 0; i < GROWTH_SAMPLES; i++) {
        ck_assert_int_eq(summary.levels[i], (i + 1) / 2 * 1000);
    }
    ck_assert_uint_eq(summary.born, 32);
    ck_assert_uint_eq(growth_counts_summary(counts, 3).born, 0);
    ck_assert_uint_eq(growth_counts_summary(counts, 8).born, 0);
    growth_counts_free(counts);
    growth_free(growth);
}
END_TEST

/* What a thread that was faster has allocated since a clear counts, and only that. */
START_TEST(growth_of_a_short_run_starts_anew_at_a_clear)
{
    enum { EARLY = 4 };
    struct growth *growth = growth_new(2, 100, GROWTH_SAMPLES);
    struct growth_counts *counts = growth_counts_new();
    for (uint32_t i = 0; i < 20; i++) {
        growth_begin(growth, 0);
    }
    for (uint32_t i = 0; i < EARLY; i++) {
        growth_begin(growth, 1);
    }
    growth_clear(growth, 2, 1, 5);
    for (uint32_t i = EARLY; i < GROWTH_SAMPLES; i++) {
        growth_begin(growth, 1);
    }
    growth_finish(growth);
    ck_assert(growth_counts_add(counts, 0, growth, 0, 1));
    ck_assert(growth_counts_add(counts, 1, growth, 1, 1));
    growth_counts_close(counts, growth);
    ck_assert_uint_eq(growth_counts_summary(counts, 0).born, 0);
    struct growth_summary summary = growth_counts_summary(counts, 1);
    ck_assert_uint_eq(summary.born, GROWTH_SAMPLES);
    for (int64_t i = EARLY - 1; i < GROWTH_SAMPLES; i++) {
        ck_assert_int_eq(summary.levels[i], i + 1);
    }
    growth_counts_free(counts);
    growth_free(growth);
}
END_TEST

static const struct {
    const char *arguments;
    const char *answer;
} refused[] = {
    {"--growth --summary t.trace", "--growth: is a table of the whole run"},
    {"--growth --at peak t.trace", "--growth: is a table of the whole run"},
    {"--fail-if growth>0 --timeline t.trace", "--growth: is a table of the whole run"},
    {"--growth --freed t.trace", "--growth: is about what is live, and compares moments by itself"},
    {"--growth --compare-to 50% t.trace",
     "--growth: is about what is live, and compares moments by itself"},
    {"--growth --sort count t.trace", "--growth: has the steepest first; --sort cannot be given"},
};

START_TEST(growth_refuses_what_it_is_not)
{
    int code = 0;
    char *text = scene_report(refused[_i].arguments, &code);
    ck_assert_int_eq(code, 2);
    ck_assert_str_eq(text, refused[_i].answer);
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("growth");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, reports_have_growth);
    tcase_add_test(tests, growth_is_seen_in_a_short_run);
    tcase_add_test(tests, growth_of_several_traces_adds_up);
    tcase_add_test(tests, growth_is_counted_in_allocations_of_blocks);
    tcase_add_test(tests, growth_of_a_short_run_starts_anew_at_a_clear);
    tcase_add_loop_test(tests, growth_refuses_what_it_is_not, 0,
                        sizeof refused / sizeof refused[0]);
    return unit_run("growth", tests);
}
