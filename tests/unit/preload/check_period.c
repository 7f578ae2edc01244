/* Periods: what is one is checked by check_config.c; here, what their ends are called. */
#include "period.h"

#include "suite.h"

static void assert_name(const char *text, uint64_t progress, const char *expected)
{
    char name[PERIOD_NAME_BYTES];
    struct period period;
    ck_assert(period_parse(text, &period));
    period_name(&period, progress, name);
    ck_assert_str_eq(name, expected);
}

START_TEST(period_names_its_ends)
{
    assert_name("5s", 5000, "after 5 s");
    assert_name("5s", 14999, "after 10 s");
    assert_name("0.25s", 250, "after 0.25 s");
    assert_name("0.25s", 1000, "after 1 s");
    assert_name("0.005s", 1005, "after 1.005 s");
    assert_name("100MiB", UINT64_C(350) << 20, "after 300 MiB");
    assert_name("1.5KiB", 3072, "after 3 KiB");
    assert_name("0.1GiB", UINT64_C(1) << 30, "after 1 GiB");
}
END_TEST

START_TEST(period_names_the_end_of_time)
{
    assert_name("0.001s", UINT32_MAX, "after 4294967.295 s");
    assert_name("0.001KiB", UINT64_MAX >> 8, "after 72057594037927.935 KiB");
    assert_name("1000000000GiB", UINT64_MAX, "after 17000000000 GiB");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        period_names_its_ends,
        period_names_the_end_of_time,
        NULL,
    };
    return suite_run("period", tests);
}
