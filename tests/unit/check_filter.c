/* filter.c: tracemalloc's filters. Totals say what is left of 1517 bytes in 9 blocks. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"
#include "unit.h"

static const struct {
    const char *arguments;
    const char *total;
} rows[] = {
    {"", "1517 B live in 9 blocks"},
    {"--filter src/work.c", "400 B live in 4 blocks"},
    {"--filter work.c", "400 B live in 4 blocks"}, // a name without its directory
    {"--filter */work.c", "400 B live in 4 blocks"},
    {"--filter src/*", "1400 B live in 5 blocks"},
    {"--filter src/work.c:20", "400 B live in 4 blocks"},
    {"--filter src/work.c --filter inner", "1400 B live in 5 blocks"}, // or
    {"--filter [!s]*/main.c", "100 B live in 2 blocks"},
    {"--filter app!0x500", "10 B live in 1 block"},
    {"--filter app", "1517 B live in 9 blocks"}, // the module
    {"--exclude src/work.c", "1117 B live in 5 blocks"},
    {"--exclude src/work.c:21", "1517 B live in 9 blocks"},
    {"--filter src/* --exclude inner", "400 B live in 4 blocks"},
    {"--exclude inner --exclude work", "117 B live in 4 blocks"},
    {"--all-frames", "1517 B live in 9 blocks"},
    {"--all-frames --filter main", "1507 B live in 8 blocks"},
    {"--all-frames --filter xstrdup", "100 B live in 2 blocks"},
    {"--all-frames --exclude main", "10 B live in 1 block"},
    {"--all-frames --filter main --exclude src/work.c", "107 B live in 3 blocks"},
    {"--all-frames --filter src/work.c:22", "1000 B live in 1 block"},
};

START_TEST(filter_keeps_what_tracemalloc_keeps)
{
    char arguments[256];
    (void)snprintf(arguments, sizeof arguments, "%s%st.trace", rows[_i].arguments,
                   rows[_i].arguments[0] != '\0' ? " " : "");
    scene_write("t.trace");
    char *text = scene_report(arguments, NULL);
    ck_assert_msg(strstr(text, rows[_i].total) != NULL, "%s: no \"%s\" in\n%s", arguments,
                  rows[_i].total, text);
    free(text);
}
END_TEST

START_TEST(filter_that_nothing_passes_is_said)
{
    scene_write("t.trace");
    char *text = scene_report("--filter nothing t.trace", NULL);
    ck_assert_str_eq(text, "Nothing is live at end that passes the filters; the peak was 3517 B in "
                           "11 blocks, after 2.000 s.\n");
    free(text);
}
END_TEST

/* A file below the working directory is shown relative to it, and matches either way. */
START_TEST(filter_knows_a_file_by_both_its_names)
{
    char directory[64];
    char line[256];
    ck_assert_ptr_nonnull(getcwd(directory, sizeof directory));
    (void)snprintf(line, sizeof line, "0x200 %s/sub/a.c 3 f\n", directory);
    scene_write("t.trace");
    builder_write_file("app", line, strlen(line));
    (void)snprintf(line, sizeof line, "%s/sub/*", directory);
    const char *const globs[] = {"sub/a.c", line, "a.c:3"};
    for (size_t i = 0; i < sizeof globs / sizeof globs[0]; i++) {
        char arguments[512];
        (void)snprintf(arguments, sizeof arguments, "--own f --filter %s t.trace", globs[i]);
        char *text = scene_report(arguments, NULL);
        ck_assert_msg(strstr(text, "\nsub/a.c:3: size=400 B, count=4") != NULL, "%s: %s", arguments,
                      text);
        ck_assert_ptr_null(strstr(text, "app!"));
        free(text);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("filter");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_loop_test(tests, filter_keeps_what_tracemalloc_keeps, 0,
                        sizeof rows / sizeof rows[0]);
    tcase_add_test(tests, filter_knows_a_file_by_both_its_names);
    tcase_add_test(tests, filter_that_nothing_passes_is_said);
    return unit_run("filter", tests);
}
