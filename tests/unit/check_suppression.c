/* suppression.c: LeakSanitizer's patterns and files, and what a report says of them. */
#include "suppression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

static const struct {
    const char *pattern;
    const char *text;
    bool is_match;
} rows[] = {
    {"foo", "foo", true},
    {"foo", "a_foo_b", true},
    {"foo", "fo", false},
    {"^foo", "foobar", true},
    {"^foo", "a_foo", false},
    {"foo$", "a_foo", true},
    {"foo$", "foo_b", false},
    {"^foo$", "foo", true},
    {"^foo$", "foofoo", false},
    {"foo$", "foofoo", true},
    {"a*c", "xabcx", true},
    {"a*c", "ca", false},
    {"^a*c$", "abcbc", true},
    {"^a*c$", "abcb", false},
    {"^*b$", "ab", true},
    {"*", "x", true},
    {"a**b", "ab", true},
    {"ab*bc", "abc", false},
    {"libz.so", "/lib/libz.so.1", true},
    {"x", NULL, false},
    {"^a*a$", "a", false},
};

START_TEST(suppression_matches_as_in_leak_sanitizer)
{
    ck_assert_int_eq(suppression_matches(rows[_i].pattern, rows[_i].text), rows[_i].is_match);
}
END_TEST

static void check_file(const char *text, const char *fault, size_t count)
{
    struct suppressions suppressions = {0};
    struct trace_error error = {0};
    builder_write_file("s.supp", text, strlen(text));
    enum trace_status status = suppressions_load(&suppressions, "s.supp", &error);
    ck_assert_int_eq(status, fault == NULL ? TRACE_OK : TRACE_CORRUPT);
    ck_assert_msg(fault == NULL || strstr(error.text, fault) != NULL, "%s", error.text);
    ck_assert_uint_eq(suppressions.count, count);
    suppressions_fini(&suppressions);
}

START_TEST(suppressions_are_read)
{
    check_file("", NULL, 0);
    check_file("# nothing\n\n   \n", NULL, 0);
    check_file("leak:a\n  leak:b c  \r\n#leak:d\nleak:e", NULL, 3);
    check_file("leak:a\nrace:b\n", "s.supp:2: \"race:b\"", 1);
    check_file("leak:\n", "s.supp:1", 0);
    check_file("foo\n", "leak:PATTERN", 0);
}
END_TEST

static void check_report(const char *supp, const char *arguments, const char *part)
{
    char line[256];
    builder_write_file("s.supp", supp, strlen(supp));
    (void)snprintf(line, sizeof line, "--suppressions s.supp %s", arguments);
    char *text = scene_report(line, NULL);
    ck_assert_msg(strstr(text, part) != NULL, "%s: no \"%s\" in\n%s", supp, part, text);
    free(text);
}

START_TEST(suppressed_blocks_are_left_out_and_told)
{
    scene_write("t.trace");
    check_report("leak:^work$\n", "t.trace", ": 117 B live in 4 blocks ]");
    check_report("leak:^work$\n", "t.trace", "\nSuppressed: size=1400 B, count=5\n");
    check_report("leak:util.c\n", "t.trace", "\nSuppressed: size=100 B, count=2\n");
    check_report("leak:/scene/src/main.c\n", "--by size t.trace", ": 10 B live in 1 block ]");
    check_report("leak:app\n", "t.trace", "Nothing is live at end that passes the filters");
    check_report("leak:app\n", "t.trace", "\nSuppressed: size=1517 B, count=9\n");
    check_report("leak:main\n", "--compare-to warm t.trace", "10 B (+10 B) live in 1 block (+1) ]");
    check_report("leak:inner\n", "--exclude inner t.trace", ": 517 B live in 8 blocks ]");
    check_report("leak:work\n", "--format json t.trace",
                 "\"suppressed\": {\n    \"size\": 1400,\n    \"count\": 5\n  }");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("suppression");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_loop_test(tests, suppression_matches_as_in_leak_sanitizer, 0,
                        sizeof rows / sizeof rows[0]);
    tcase_add_test(tests, suppressions_are_read);
    tcase_add_test(tests, suppressed_blocks_are_left_out_and_told);
    return unit_run("suppression", tests);
}
