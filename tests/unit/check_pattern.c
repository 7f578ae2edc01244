/* pattern.c: what a glob of --filter matches, by the words of its header. */
#include "pattern.h"

#include <string.h>

#include "unit.h"

static const struct frame lined = {
    .place = "src/work.c",
    .line = 20,
    .has_line = true,
    .function = "int app::work<int>(char const*)",
    .file = "src/work.c",
    .path = "/home/me/src/work.c",
    .module = "/usr/bin/app",
};
static const struct frame bare = {
    .place = "libfoo.so.1!0x500",
    .module = "/usr/lib/libfoo.so.1",
};

static const struct {
    const char *glob;
    const struct frame *frame;
    bool matches;
    bool matches_file;
} rows[] = {
    {"src/work.c", &lined, true, true},
    {"work.c", &lined, true, true}, // after the last slash
    {"wor", &lined, false, false},  // a whole name only
    {"*work.c", &lined, true, true},
    {"*", &lined, true, true},
    {"/home/*.c", &lined, true, true}, // as recorded; "*" matches slashes
    {"rc/work.c", &lined, false, false},
    {"[st]rc/w?rk.c", &lined, true, true},
    {"src/work.c:20", &lined, true, false},
    {"src/work.c:21", &lined, false, false},
    {"*:20", &lined, true, false},
    {"app", &lined, true, false}, // the module
    {"/usr/bin/*", &lined, true, false},
    {"app::work<int>", &lined, true, false}, // without its parameters
    {"int app::work<int>(char const*)", &lined, true, false},
    {"app::*", &lined, true, false},
    {"work", &lined, false, false},
    {"libfoo.so.1", &bare, true, false},
    {"libfoo.so.1!0x500", &bare, true, false},
    {"libfoo.so.1!*", &bare, true, false},
    {"src/work.c", &bare, false, false},
    {"*:20", &bare, false, false},
};

START_TEST(pattern_matches)
{
    struct patterns patterns = {0};
    ck_assert(patterns_add(&patterns, rows[_i].glob, true));
    ck_assert_msg(patterns_match(&patterns, rows[_i].frame) == rows[_i].matches, "%s",
                  rows[_i].glob);
    patterns_fini(&patterns);
    ck_assert(patterns_add(&patterns, rows[_i].glob, false));
    ck_assert_msg(patterns_match_file(&patterns, rows[_i].frame) == rows[_i].matches_file, "%s",
                  rows[_i].glob);
    patterns_fini(&patterns);
}
END_TEST

static const struct {
    const char *text;
    const char *glob;
    uint32_t line;
    bool has_line;
} added[] = {
    {"a.c:12", "a.c", 12, true},
    {"a.c:12", "a.c:12", 0, false},
    {"a::b", "a::b", 0, true},
    {"a.c:0", "a.c:0", 0, true},
    {"a.c:12x", "a.c:12x", 0, true},
    {"a.c:4294967295", "a.c", UINT32_MAX, true},
    {"a.c:4294967296", "a.c:4294967296", 0, true},
    {"a.c:", "a.c:", 0, true},
    {"", "", 0, true},
};

START_TEST(pattern_takes_digits_after_the_last_colon_as_a_line)
{
    struct patterns patterns = {0};
    ck_assert(patterns_add(&patterns, added[_i].text, added[_i].has_line));
    ck_assert_uint_eq(patterns.count, 1);
    ck_assert_str_eq(patterns.items[0].glob, added[_i].glob);
    ck_assert_uint_eq(patterns.items[0].line, added[_i].line);
    patterns_fini(&patterns);
    ck_assert_uint_eq(patterns.count, 0);
}
END_TEST

START_TEST(pattern_matches_any_of_several_or_none)
{
    struct patterns patterns = {0};
    ck_assert(!patterns_match(&patterns, &lined));
    ck_assert(!patterns_match_file(&patterns, &lined));
    ck_assert(patterns_add(&patterns, "nothing", true));
    ck_assert(!patterns_match(&patterns, &lined));
    ck_assert(patterns_add(&patterns, "work.c", true));
    ck_assert(patterns_match(&patterns, &lined));
    patterns_fini(&patterns);
}
END_TEST

/* As in Python's fnmatch, where a backslash escapes nothing. */
START_TEST(pattern_takes_backslashes_as_they_are)
{
    const struct frame odd = {.place = "a\\*.c", .has_line = true, .file = "a\\*.c"};
    struct patterns patterns = {0};
    ck_assert(patterns_add(&patterns, "a\\*.c", true));
    ck_assert(patterns_match(&patterns, &odd));
    patterns_fini(&patterns);
}
END_TEST

START_TEST(pattern_names)
{
    char room[4];
    char *function = malloc(5000);
    ck_assert_str_eq(pattern_base_name("/a/b.c"), "b.c");
    ck_assert_str_eq(pattern_base_name("b.c"), "b.c");
    ck_assert_str_eq(pattern_base_name("/a/"), "");
    pattern_plain_name("f(void (*)(int))", room, sizeof room);
    ck_assert_str_eq(room, "f");
    pattern_plain_name("longer(int)", room, sizeof room);
    ck_assert_str_eq(room, "lon");
    memset(function, '<', 4999); // what nobody closes
    function[4999] = '\0';
    pattern_plain_name(function, room, sizeof room);
    ck_assert_str_eq(room, "<<<");
    free(function);
}
END_TEST

/* A pattern with a domain is about the blocks of a frame, not about all of the frame. */
START_TEST(pattern_may_be_of_one_domain)
{
    static const struct {
        const char *glob;
        bool matches_1;
        bool matches_2;
    } of_domains[] = {
        {"@1", true, false},
        {"work.c@1", true, false},
        {"work.c:20@2", false, true},
        {"work.c:21@1", false, false},
        {"other.c@1", false, false},
        {":20@1", false, false},
        {"*@4294967295", false, false},
        {"*:20@1", true, false},
    };
    for (size_t i = 0; i < sizeof of_domains / sizeof of_domains[0]; i++) {
        struct patterns patterns = {0};
        ck_assert(patterns_add(&patterns, of_domains[i].glob, true));
        ck_assert(!patterns_match(&patterns, &lined));
        ck_assert_msg(patterns_match_in_domain(&patterns, &lined, 1) == of_domains[i].matches_1 &&
                          patterns_match_in_domain(&patterns, &lined, 2) == of_domains[i].matches_2,
                      "%s", of_domains[i].glob);
        patterns_fini(&patterns);
    }
    // Without a domain, or with more than 32 bits of one, it is as it was.
    struct patterns patterns = {0};
    ck_assert(patterns_add(&patterns, "work.c", true));
    ck_assert(patterns_add(&patterns, "*@4294967296", true));
    ck_assert(patterns_add(&patterns, "*@x1", true));
    ck_assert(patterns_match(&patterns, &lined));
    ck_assert(!patterns_match_in_domain(&patterns, &lined, 1));
    patterns_fini(&patterns);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("pattern");
    tcase_add_loop_test(tests, pattern_matches, 0, sizeof rows / sizeof rows[0]);
    tcase_add_loop_test(tests, pattern_takes_digits_after_the_last_colon_as_a_line, 0,
                        sizeof added / sizeof added[0]);
    tcase_add_test(tests, pattern_matches_any_of_several_or_none);
    tcase_add_test(tests, pattern_takes_backslashes_as_they_are);
    tcase_add_test(tests, pattern_names);
    tcase_add_test(tests, pattern_may_be_of_one_domain);
    return unit_run("pattern", tests);
}
