/* options.c and moment.c: what is understood, and what is answered to what is not. */
#include "options.h"

#include <string.h>

#include "unit.h"

enum { WORDS_MAX = 32 };

static struct options options;
static char text[512]; // options point into these two
static char *words[WORDS_MAX] = {"trace-report"};

static bool parse_line(const char *line)
{
    int count = 1;
    (void)snprintf(text, sizeof text, "%s", line);
    char *rest = text;
    for (char *word; line[0] != '\0' && (word = strsep(&rest, " ")) != NULL;) {
        words[count++] = word;
    }
    return options_parse(count, words, true, &options);
}

START_TEST(options_have_defaults)
{
    ck_assert(parse_line(""));
    ck_assert_int_eq(options.kind, REPORT_TABLES);
    ck_assert_int_eq(options.tally.by, GROUP_LINENO);
    ck_assert_int_eq(options.tally.metric, REPORT_LIVE);
    ck_assert_int_eq(options.at.kind, MOMENT_END);
    ck_assert_uint_eq(options.top, 10);
    ck_assert(!options.has_limit);
    ck_assert(options.render == render_text);
    ck_assert_uint_eq(options.file_count, 0);
    options_fini(&options);
}
END_TEST

START_TEST(options_are_understood)
{
    ck_assert(parse_line("--by=thread --at 12.5s a.trace --top 0 --limit -3 --filter a.c:12 "
                         "--exclude std::x:y --format json b.trace -o out"));
    ck_assert_int_eq(options.tally.by, GROUP_THREAD);
    ck_assert_int_eq(options.at.kind, MOMENT_TIME);
    ck_assert(options.at.value == 12.5);
    ck_assert_uint_eq(options.top, 0);
    ck_assert_int_eq(options.limit, -3);
    ck_assert_uint_eq(options.rules.include.items[0].line, 12);
    ck_assert_str_eq(options.rules.include.items[0].glob, "a.c");
    ck_assert_str_eq(options.rules.exclude.items[0].glob, "std::x:y");
    ck_assert(options.render == render_json);
    ck_assert_str_eq(options.output, "out");
    ck_assert_uint_eq(options.file_count, 2);
    ck_assert_str_eq(options.files[1], "b.trace");
    options_fini(&options);
}
END_TEST

START_TEST(options_tell_moments_from_files)
{
    static const struct {
        const char *line;
        enum moment_kind kind;
        bool is_file;
    } cases[] = {
        {"--compare-to peak", MOMENT_PEAK, false},
        {"--compare-to 5%", MOMENT_SHARE, false},
        {"--compare-to #2", MOMENT_NUMBER, false},
        {"--compare-to no-such-file", MOMENT_NAME, false},
        {"--compare-to ./gone", MOMENT_NAME, true},
        {"--compare-to /dev/null", MOMENT_NAME, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert(parse_line(cases[i].line));
        ck_assert(options.is_compared);
        ck_assert_int_eq(options.compared.kind, cases[i].kind);
        ck_assert_int_eq(options.compared_file != NULL, cases[i].is_file);
        options_fini(&options);
    }
}
END_TEST

static const struct {
    const char *line;
    const char *answer; /* part of it; empty: argp answers */
} wrong[] = {
    {"--by foo", "--by: \"foo\" is none of lineno, filename"},
    {"--sort big", "--sort: \"big\" is none of size, count, average"},
    {"--format xml", "text, json, csv, folded, pprof, dot, mprof, sqlite"},
    {"--top -1", "--top: \"-1\""},
    {"--top 1x", "--top: \"1x\""},
    {"--top 99999999999999999999", "--top"},
    {"--limit many", "--limit"},
    {"--at -1s", "--at"},
    {"--at 101%", "--at"},
    {"--at #0", "--at"},
    {"--at #", "--at"},
    {"--at #-1", "--at"},
    {"--cumulative --by traceback", "--cumulative"},
    {"--by size --cumulative", "--cumulative"},
    {"--compare-to #0", "--compare-to"},
    {"--compare-to end --summary", "--compare-to: compares tables"},
    {"--compare-to end --each-snapshot", "--compare-to: compares one moment"},
    {"--annotate a.c --each-snapshot", "--annotate"},
    {"--freed --annotate a.c", "--annotate"},
    {"--format csv --summary", "--format"},
    {"--fail-if live", "--fail-if: \"live\" has neither"},
    {"--fail-if live>1 --freed", "--fail-if: live>1 is about"},
    {"--suppressions /no/such/file", "cannot be read"},
    {"--format folded --timeline", "--format"},
    {"--format pprof --summary", "--format: pprof"},
    {"--format pprof --freed", "--format: pprof"},
    {"--format pprof --compare-to end", "--format: pprof"},
    {"--format mprof --summary", "--format: mprof"},
    {"--format mprof --timeline --each-file", "--format: mprof"},
    {"--format mprof --by size", "--format: mprof"},
    {"--format sqlite --filter a.c", "--format: sqlite"},
    {"--format sqlite --timeline", "--format: sqlite"},
    {"--format folded --each-snapshot", "--format"},
    {"--format folded --sort average", "--format"},
    {"--format folded --by lineno", "--format"},
    {"--cumulative --format folded", "--format"},
    {"--precision -1", "--precision"},
    {"--no-such-option", ""},
    {"--by", ""},
};

START_TEST(options_answer_wrong_usage)
{
    ck_assert(!parse_line(wrong[_i].line));
    ck_assert_msg(strstr(options.error, wrong[_i].answer) != NULL, "%s: %s", wrong[_i].line,
                  options.error);
    options_fini(&options);
}
END_TEST

static const struct {
    const char *text;
    enum moment_kind kind;
    uint32_t tick; /* of a trace of 1000 ticks */
} moments[] = {
    {"end", MOMENT_END, 0},      {"peak", MOMENT_PEAK, 0},      {"12.5s", MOMENT_TIME, 12500},
    {"0s", MOMENT_TIME, 0},      {"50%", MOMENT_SHARE, 500},    {"100%", MOMENT_SHARE, 1000},
    {"#12", MOMENT_NUMBER, 0},   {"s", MOMENT_NAME, 0},         {"%", MOMENT_NAME, 0},
    {"steps", MOMENT_NAME, 0},   {"after 5s", MOMENT_NAME, 0},  {"1e99s", MOMENT_TIME, UINT32_MAX},
    {"infs", MOMENT_NAME, 0},    {"1.001s", MOMENT_TIME, 1001}, {"8.029s", MOMENT_TIME, 8029},
    {"0.0019s", MOMENT_TIME, 1},
};

START_TEST(moment_is_read)
{
    struct moment moment;
    ck_assert(moment_parse(moments[_i].text, &moment));
    ck_assert_int_eq(moment.kind, moments[_i].kind);
    if (moment.kind == MOMENT_TIME || moment.kind == MOMENT_SHARE) {
        ck_assert_uint_eq(moment_tick(&moment, 1000), moments[_i].tick);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("options");
    tcase_add_test(tests, options_have_defaults);
    tcase_add_test(tests, options_are_understood);
    tcase_add_test(tests, options_tell_moments_from_files);
    tcase_add_loop_test(tests, options_answer_wrong_usage, 0, sizeof wrong / sizeof wrong[0]);
    tcase_add_loop_test(tests, moment_is_read, 0, sizeof moments / sizeof moments[0]);
    return unit_run("options", tests);
}
