/* lifetimes.c: medians to a sixteenth, the longest exactly; and what reports say of them. */
#include "lifetimes.h"

#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

START_TEST(lifetimes_are_as_precise_as_said)
{
    for (uint64_t age = 0; age <= UINT32_MAX; age += 1 + age / 100) {
        struct age_counts *counts = age_counts_new();
        // The longest would cut the middle of a class down to the right one.
        const struct aged blocks[] = {{7, (uint32_t)age, 2}, {7, UINT32_MAX, 1}};
        ck_assert(age_counts_add(counts, blocks, 2));
        struct age_summary summary = age_counts_summary(counts, 7);
        uint64_t distance = summary.median > age ? summary.median - age : age - summary.median;
        ck_assert_uint_eq(summary.blocks, 3);
        ck_assert_uint_le(distance, age < 16 ? 0 : age / 16);
        ck_assert_uint_eq(summary.longest, UINT32_MAX);
        age_counts_free(counts);
    }
}
END_TEST

START_TEST(lifetimes_of_many_owners_are_kept_apart)
{
    struct age_counts *counts = age_counts_new();
    struct age_counts *sums = age_counts_new();
    for (uint32_t owner = 0; owner < 5000; owner++) {
        const struct aged blocks[] = {{owner, owner, 1}, {owner, owner + 1, 1}};
        ck_assert(age_counts_add(counts, blocks, 2));
        ck_assert(age_counts_merge(sums, owner % 2, counts, owner));
    }
    ck_assert_uint_eq(age_counts_summary(counts, 10).median, 10);
    ck_assert_uint_eq(age_counts_summary(counts, 4999).longest, 5000);
    ck_assert_uint_eq(age_counts_summary(counts, 5000).blocks, 0);
    ck_assert_uint_eq(age_counts_summary(sums, 0).blocks, 5000);
    ck_assert_uint_eq(age_counts_summary(sums, 0).longest, 4999);
    ck_assert_uint_eq(age_counts_summary(sums, 1).longest, 5000);
    age_counts_free(sums);
    age_counts_free(counts);
}
END_TEST

/* Counters can be asked for at any time: nothing is missing then, and nothing is counted twice. */
START_TEST(lifetimes_are_told_so_far)
{
    enum { SITES = 1000, ROUNDS = 3 };
    struct lifetimes *lifetimes = lifetimes_new(SITES, 1);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        for (uint32_t site = 0; site < SITES; site++) {
            lifetimes_end(lifetimes, 0, site, 5000, 0, false);
            lifetimes_end(lifetimes, 0, site, 5000, site + round, false);
        }
        const struct age_counts *ages = lifetimes_ages(lifetimes);
        ck_assert_ptr_nonnull(ages);
        for (uint32_t site = 0; site < SITES; site++) {
            struct age_summary summary = age_counts_summary(ages, site);
            ck_assert_uint_eq(summary.blocks, 2 * round);
            ck_assert_uint_eq(summary.median, 0);
            ck_assert_uint_eq(summary.longest, site + round);
        }
    }
    lifetimes_free(lifetimes);
}
END_TEST

static void check_report(const char *arguments, const char *expected)
{
    char *text = scene_report(arguments, NULL);
    ck_assert_str_eq(text, expected);
    free(text);
}

/* Site 1 is temporary twice; 2 is freed after another allocation, or by a reallocation. */
static void write_trace(void)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 10);
    builder_site(builder, 0, 2, SCENE_MAIN, 100);
    builder_allocate(builder, 0, 2);
    builder_time(builder, 0, 5, 1);
    builder_allocate(builder, 0, 1);
    builder_release(builder, 0, 2, 5);
    builder_release(builder, 0, 1, 0);
    builder_release(builder, 0, 1, 0); // not once more
    builder_allocate(builder, 0, 2);
    builder_reallocate(builder, 0, 2, 0, 1);
    builder_time(builder, 0, 3005, 2);
    builder_release(builder, 0, 1, 3000);
    builder_allocate(builder, 0, 2);
    builder_snapshot(builder, 0, "");
    builder_time(builder, 0, 3006, 3);
    builder_implied_free(builder, 0, 2, 1);
    builder_write(builder, "t.trace");
    builder_free(builder);
}

START_TEST(reports_have_lifetimes)
{
    write_trace();
    check_report("--lifetimes t.trace", "[ Top 10 by lineno, at end: 330 B freed in 6 blocks ]\n"
                                        "/scene/src/main.c:10: size=300 B, count=3, average=100 B, "
                                        "median=0.001 s, longest=0.005 s\n"
                                        "src/work.c:20: size=30 B, count=3, average=10 B, "
                                        "median=<0.001 s, longest=3.000 s\n");
    check_report("--lifetimes --at 1s --by thread t.trace",
                 "[ Top 10 by thread, at 1s: 220 B freed in 4 blocks ]\n"
                 "app (4711): size=220 B, count=4, average=55 B, median=<0.001 s, "
                 "longest=0.005 s\n");
    char *text = scene_report("--lifetimes --format json t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "\"median_lifetime_s\": 0.001,"));
    ck_assert_ptr_nonnull(strstr(text, "\"longest_lifetime_s\": 3.000,"));
    free(text);
    text = scene_report("--format json t.trace", NULL);
    ck_assert_ptr_null(strstr(text, "\"median_lifetime_s\": 0"));
    free(text);
}
END_TEST

START_TEST(reports_have_temporary_blocks)
{
    write_trace();
    check_report("--temporary t.trace", "[ Top 10 by lineno, at end: 20 B temporary in 2 blocks ]\n"
                                        "src/work.c:20: size=20 B, count=2, average=10 B\n");
    check_report("--temporary --compare-to 10% t.trace",
                 "[ Top 10 by lineno, at end, compared to 10%: 20 B (+10 B) temporary in 2 blocks "
                 "(+1) ]\n"
                 "src/work.c:20: size=20 B (+10 B), count=2 (+1), average=10 B\n");
    check_report("--temporary --at peak t.trace",
                 "Nothing was temporary at peak (0.005 s); the peak was 110 B in 2 blocks, after "
                 "0.005 s.\n");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("lifetimes");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, lifetimes_are_as_precise_as_said);
    tcase_add_test(tests, lifetimes_of_many_owners_are_kept_apart);
    tcase_add_test(tests, lifetimes_are_told_so_far);
    tcase_add_test(tests, reports_have_lifetimes);
    tcase_add_test(tests, reports_have_temporary_blocks);
    return unit_run("lifetimes", tests);
}
