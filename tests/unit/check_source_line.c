/* source_line.c: lines as linecache has them, and files that must not be read. */
#include "source_line.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scene.h"
#include "unit.h"

static struct source_lines *sources;

static void write_text(const char *path, const char *text)
{
    builder_write_file(path, text, strlen(text));
}

static void setup(void)
{
    scene_enter();
    sources = source_lines_new();
    write_text("a.c", "  int a;  \n\n\t{ \t}\t\r\nlast");
}

static void teardown(void)
{
    source_lines_free(sources);
    scene_leave();
}

static const struct {
    uint32_t line;
    const char *text;
    const char *whole;
} rows[] = {
    {1, "int a;", "  int a;  "}, {2, NULL, ""},   {3, "{ \t}", "\t{ \t}\t"},
    {4, "last", "last"},         {5, NULL, NULL}, {0, NULL, NULL},
    {UINT32_MAX, NULL, NULL},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void check_row(size_t i)
{
    const char *text = source_line(sources, "a.c", rows[i].line);
    ck_assert(rows[i].text != NULL || text == NULL);
    ck_assert(rows[i].text == NULL || strcmp(rows[i].text, text) == 0);
    const char *whole = source_line_whole(sources, "a.c", rows[i].line);
    ck_assert(rows[i].whole != NULL || whole == NULL);
    ck_assert(rows[i].whole == NULL || strcmp(rows[i].whole, whole) == 0);
}

START_TEST(source_line_gives_lines_in_any_order)
{
    for (size_t i = 0; i < (size_t)ROWS * ROWS; i++) {
        check_row(i % ROWS);
        check_row(i / ROWS);
    }
}
END_TEST

START_TEST(source_line_changes_between_files)
{
    char path[64];
    write_text("b.c", "of b\n");
    ck_assert_str_eq(source_line(sources, "b.c", 1), "of b");
    ck_assert_str_eq(source_line(sources, "a.c", 4), "last");
    ck_assert_str_eq(source_line(sources, "b.c", 1), "of b");
    ck_assert_ptr_null(source_line_whole(sources, "b.c", 2)); // no line after the last newline
    ck_assert_ptr_nonnull(getcwd(path, sizeof path - sizeof "/a.c"));
    strcat(path, "/a.c"); // NOLINT: there is room
    ck_assert_str_eq(source_line(sources, path, 1), "int a;");
}
END_TEST

/* Whether a file was kept shows when it is gone. */
START_TEST(source_line_keeps_files)
{
    write_text("b.c", "of b\n");
    ck_assert_str_eq(source_line(sources, "b.c", 1), "of b");
    ck_assert_str_eq(source_line(sources, "a.c", 4), "last");
    ck_assert_ptr_null(source_line(sources, "c.c", 1));
    ck_assert_int_eq(unlink("a.c"), 0);
    ck_assert_int_eq(unlink("b.c"), 0);
    write_text("c.c", "too late\n");
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(source_line(sources, "b.c", 1), "of b");
        ck_assert_str_eq(source_line(sources, "a.c", 1), "int a;");
        ck_assert_ptr_null(source_line(sources, "c.c", 1));
    }
}
END_TEST

START_TEST(source_line_keeps_a_bounded_number_of_files)
{
    char path[32];
    char text[32];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 300; i++) {
            (void)snprintf(path, sizeof path, "%d.c", i);
            (void)snprintf(text, sizeof text, "of %d", i);
            write_text(path, text);
            ck_assert_str_eq(source_line(sources, path, 1), text);
        }
    }
    ck_assert_int_eq(unlink("0.c"), 0);
    ck_assert_ptr_null(source_line(sources, "0.c", 1));
    ck_assert_str_eq(source_line(sources, "299.c", 1), "of 299");
}
END_TEST

START_TEST(source_line_keeps_a_bounded_number_of_bytes)
{
    static const char *const paths[] = {"1.c", "2.c", "3.c", "4.c"};
    for (size_t i = 0; i < 4; i++) {
        write_text(paths[i], "large\n");
        ck_assert_int_eq(truncate(paths[i], (off_t)30 << 20), 0);
        ck_assert_str_eq(source_line(sources, paths[i], 1), "large");
        ck_assert_int_eq(unlink(paths[i]), 0);
    }
    ck_assert_str_eq(source_line(sources, "4.c", 1), "large");
    ck_assert_str_eq(source_line(sources, "2.c", 1), "large");
    ck_assert_ptr_null(source_line(sources, "1.c", 1));
}
END_TEST

START_TEST(source_line_reads_regular_files_only)
{
    ck_assert_int_eq(mkfifo("fifo", 0600), 0); // nobody writes: it must not wait either
    ck_assert_ptr_null(source_line(sources, "fifo", 1));
    ck_assert_ptr_null(source_line(sources, ".", 1));
    ck_assert_ptr_null(source_line(sources, "/dev/zero", 1));
    ck_assert_ptr_null(source_line(sources, "not there", 1));
    ck_assert_ptr_null(source_line(sources, "", 1));
    write_text("empty", "");
    ck_assert_ptr_null(source_line_whole(sources, "empty", 1));
    write_text("huge", "first\n");
    ck_assert_int_eq(truncate("huge", (off_t)1 << 32), 0);
    ck_assert_ptr_null(source_line(sources, "huge", 1));
}
END_TEST

START_TEST(source_line_cuts_long_lines)
{
    enum { LONG = 100000 };
    char *text = malloc(LONG + 1);
    memset(text, 'x', LONG);
    text[LONG] = '\0';
    write_text("long", text);
    const char *line = source_line(sources, "long", 1);
    ck_assert_ptr_nonnull(line);
    ck_assert_uint_gt(strlen(line), 1000);
    ck_assert_uint_lt(strlen(line), LONG);
    ck_assert_uint_eq(strspn(line, "x"), strlen(line));
    free(text);
}
END_TEST

START_TEST(source_lines_free_takes_nothing)
{
    source_lines_free(NULL);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("source_line");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, source_line_gives_lines_in_any_order);
    tcase_add_test(tests, source_line_changes_between_files);
    tcase_add_test(tests, source_line_keeps_files);
    tcase_add_test(tests, source_line_keeps_a_bounded_number_of_files);
    tcase_add_test(tests, source_line_keeps_a_bounded_number_of_bytes);
    tcase_add_test(tests, source_line_reads_regular_files_only);
    tcase_add_test(tests, source_line_cuts_long_lines);
    tcase_add_test(tests, source_lines_free_takes_nothing);
    return unit_run("source_line", tests);
}
