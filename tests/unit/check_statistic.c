/* statistic.c: the order of lines, and what is left over. */
#include "statistic.h"

#include "unit.h"

static struct group groups[] = {
    {.name = "a", .line = 1, .size = 100, .count = 1},
    {.name = "a", .line = 2, .size = 100, .count = 1},
    {.name = "b", .line = 1, .size = 100, .count = 1},
    {.name = "c", .line = 1, .size = 100, .count = 50},
    {.name = "d", .line = 1, .size = 300, .count = 2},
    {.name = "e", .line = 1, .size = 0, .count = 3},
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

static void check_order(enum statistic_sort sort, const char *names)
{
    struct statistic_sum rest;
    ck_assert_uint_eq(statistic_sort(groups, GROUPS, sort, false, 0, &rest), GROUPS);
    ck_assert_uint_eq(rest.groups, 0);
    for (size_t i = 0; i < GROUPS; i++) {
        ck_assert_int_eq(groups[i].name[0], names[i]);
    }
}

START_TEST(statistic_sorts_by_size_then_count_then_place)
{
    check_order(STATISTIC_BY_SIZE, "dcbaae");
    ck_assert_uint_eq(groups[3].line, 2);
}
END_TEST

START_TEST(statistic_sorts_by_count)
{
    check_order(STATISTIC_BY_COUNT, "cedbaa");
}
END_TEST

START_TEST(statistic_sorts_by_average)
{
    check_order(STATISTIC_BY_AVERAGE, "dbaace");
}
END_TEST

START_TEST(statistic_sorts_differences_whatever_their_sign)
{
    static const struct {
        enum statistic_sort sort;
        const char *names;
    } orders[] = {
        {STATISTIC_BY_SIZE, "gacbdu"},
        {STATISTIC_BY_COUNT, "dgcbua"},
        {STATISTIC_BY_AVERAGE, "abcdug"},
    };
    struct group changed[] = {
        {.name = "u", .size = 100, .count = 90, .old_size = 100, .old_count = 90},
        {.name = "d", .size = 100, .count = 80, .old_size = 101, .old_count = 90},
        {.name = "c", .size = 100, .count = 12, .old_size = 110, .old_count = 10},
        {.name = "b", .size = 100, .count = 11, .old_size = 90, .old_count = 10},
        {.name = "a", .size = 110, .count = 10, .old_size = 100, .old_count = 10},
        {.name = "g", .old_size = 11, .old_count = 3},
    };
    struct statistic_sum rest;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        ck_assert_uint_eq(statistic_sort(changed, 6, orders[i].sort, true, 2, &rest), 2);
        for (size_t g = 0; g < 6; g++) {
            ck_assert_int_eq(changed[g].name[0], orders[i].names[g]);
        }
    }
    ck_assert_uint_eq(rest.groups, 4);
    ck_assert_uint_eq(rest.old_size, 110 + 101 + 100 + 11);
    ck_assert_uint_eq(rest.old_count, 10 + 90 + 90 + 3);
}
END_TEST

START_TEST(statistic_sums_the_rest)
{
    struct statistic_sum rest;
    ck_assert_uint_eq(statistic_sort(groups, GROUPS, STATISTIC_BY_SIZE, false, 2, &rest), 2);
    ck_assert_uint_eq(rest.groups, 4);
    ck_assert_uint_eq(rest.size, 300);
    ck_assert_uint_eq(rest.count, 6);
    ck_assert_uint_eq(statistic_sort(groups, GROUPS, STATISTIC_BY_SIZE, false, 100, &rest), GROUPS);
    ck_assert_uint_eq(statistic_sort(NULL, 0, STATISTIC_BY_SIZE, false, 10, &rest), 0);
}
END_TEST

START_TEST(statistic_compares_huge_averages)
{
    struct group two[] = {
        {.name = "a", .size = UINT64_MAX, .count = UINT64_MAX},
        {.name = "b", .size = UINT64_MAX, .count = UINT64_MAX - 1},
    };
    struct statistic_sum rest;
    (void)statistic_sort(two, 2, STATISTIC_BY_AVERAGE, false, 0, &rest);
    ck_assert_str_eq(two[0].name, "b");
}
END_TEST

START_TEST(statistic_orders_tracebacks_oldest_first)
{
    const struct frame main_1 = {.place = "main.c", .line = 1};
    const struct frame main_2 = {.place = "main.c", .line = 2};
    const struct frame work = {.place = "work.c", .line = 1};
    const struct frame *short_one[] = {&main_1};
    const struct frame *long_one[] = {&main_2, &main_1};
    const struct frame *other[] = {&work, &main_2};
    struct group three[] = {
        {.name = "short", .traceback = short_one, .traceback_length = 1},
        {.name = "other", .traceback = other, .traceback_length = 2},
        {.name = "long", .traceback = long_one, .traceback_length = 2},
    };
    struct statistic_sum rest;
    (void)statistic_sort(three, 3, STATISTIC_BY_SIZE, false, 0, &rest);
    ck_assert_str_eq(three[0].name, "other");
    ck_assert_str_eq(three[1].name, "long");
    ck_assert_str_eq(three[2].name, "short");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("statistic");
    tcase_add_test(tests, statistic_sorts_by_size_then_count_then_place);
    tcase_add_test(tests, statistic_sorts_by_count);
    tcase_add_test(tests, statistic_sorts_by_average);
    tcase_add_test(tests, statistic_sorts_differences_whatever_their_sign);
    tcase_add_test(tests, statistic_sums_the_rest);
    tcase_add_test(tests, statistic_compares_huge_averages);
    tcase_add_test(tests, statistic_orders_tracebacks_oldest_first);
    return unit_run("statistic", tests);
}
