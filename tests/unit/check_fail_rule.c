/* fail_rule.c: what is understood, and what is answered to what is not. */
#include "fail_rule.h"

#include <string.h>

#include "unit.h"

static const struct {
    const char *text;
    uint64_t limit;
    enum fail_quantity quantity;
    bool is_inclusive;
} rules[] = {
    {"live>0", 0, FAIL_LIVE, false},
    {"live>1MiB", 1 << 20, FAIL_LIVE, false},
    {"live>=1.5KiB", 1536, FAIL_LIVE, true},
    {"peak>12B", 12, FAIL_PEAK, false},
    {"peak>2GiB", UINT64_C(2) << 30, FAIL_PEAK, false},
    {"peak>.5TiB", UINT64_C(1) << 39, FAIL_PEAK, false},
    {"count>=7", 7, FAIL_COUNT, true},
    {"growth>0", 0, FAIL_GROWTH, false},
    {"growth>1KiB", 1024, FAIL_GROWTH_RATE, false},
};

START_TEST(fail_rule_is_read)
{
    struct fail_rule rule;
    ck_assert_ptr_null(fail_rule_parse(rules[_i].text, &rule));
    ck_assert_int_eq(rule.quantity, rules[_i].quantity);
    ck_assert_uint_eq(rule.limit, rules[_i].limit);
    ck_assert_int_eq(rule.is_inclusive, rules[_i].is_inclusive);
}
END_TEST

static const struct {
    const char *text;
    const char *answer;
} malformed[] = {
    {"", "begins with none of"},     {"liv>1", "begins with none of"},
    {"lives>1", "begins with"},      {"live", "has neither"},
    {"live<1", "has neither"},       {"live=1", "has neither"},
    {"live>", "has no number"},      {"live>MiB", "has no number"},
    {"live>-1", "has no number"},    {"live>.", "has no number"},
    {"live>0x10", "has no number"},  {"live>inf", "has no number"},
    {"live>1 MiB", "has a unit"},    {"live>1MB", "has a unit"},
    {"live>1e99", "too large"},      {"count>1KiB", "has no unit"},
    {"live>>1", "has no number"},    {">1", "begins with"},
    {"peak>9999999999TiB", "large"},
};

START_TEST(fail_rule_answers_what_is_wrong)
{
    struct fail_rule rule;
    const char *answer = fail_rule_parse(malformed[_i].text, &rule);
    ck_assert_ptr_nonnull(answer);
    ck_assert_msg(strstr(answer, malformed[_i].answer) != NULL, "%s: %s", malformed[_i].text,
                  answer);
}
END_TEST

START_TEST(fail_rule_takes_the_largest_table)
{
    struct report_table tables[] = {{.size = 5, .count = 9}, {.size = 7, .count = 1}};
    struct report report = {.kind = REPORT_TABLES, .tables = tables, .table_count = 2};
    struct fail_rule rule;
    uint64_t value = 0;
    report.totals.peak_bytes = 100;
    report.totals.live_bytes = 50;
    ck_assert_ptr_null(fail_rule_parse("live>6", &rule));
    ck_assert(fail_rule_holds(&rule, &report, &value));
    ck_assert_uint_eq(value, 7);
    ck_assert_ptr_null(fail_rule_parse("count>=10", &rule));
    ck_assert(!fail_rule_holds(&rule, &report, &value));
    ck_assert_ptr_null(fail_rule_parse("peak>=100", &rule));
    ck_assert(fail_rule_holds(&rule, &report, &value));
    ck_assert_ptr_null(fail_rule_parse("live>49", &rule));
    report.kind = REPORT_SUMMARY;
    ck_assert(fail_rule_holds(&rule, &report, &value));
}
END_TEST

START_TEST(fail_rule_tells_growing_groups_from_their_rate)
{
    struct report_table table = {.growth = {.groups = 3, .bytes_per_s = 0.5}};
    struct report report = {.kind = REPORT_TABLES, .tables = &table, .table_count = 1};
    struct fail_rule rule;
    uint64_t value = 0;
    ck_assert_ptr_null(fail_rule_parse("growth>2", &rule));
    ck_assert(fail_rule_holds(&rule, &report, &value));
    ck_assert_uint_eq(value, 3);
    ck_assert_str_eq(fail_rule_unit(&rule), "");
    ck_assert_ptr_null(fail_rule_parse("growth>0B", &rule)); // less than a byte a second is some
    ck_assert(fail_rule_holds(&rule, &report, &value));
    ck_assert_uint_eq(value, 1);
    ck_assert_str_eq(fail_rule_unit(&rule), " bytes a second");
    ck_assert_ptr_null(fail_rule_parse("growth>1B", &rule));
    ck_assert(!fail_rule_holds(&rule, &report, &value));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("fail_rule");
    tcase_add_loop_test(tests, fail_rule_is_read, 0, sizeof rules / sizeof rules[0]);
    tcase_add_loop_test(tests, fail_rule_answers_what_is_wrong, 0,
                        sizeof malformed / sizeof malformed[0]);
    tcase_add_test(tests, fail_rule_takes_the_largest_table);
    tcase_add_test(tests, fail_rule_tells_growing_groups_from_their_rate);
    return unit_run("fail_rule", tests);
}
