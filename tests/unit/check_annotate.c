/* annotate.c and render_annotate.c: what is below each line, and memory_profiler's table of it. */
#include "annotate.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"
#include "unit.h"

#define KIB UINT64_C(1024)

/* Stacks by their innermost lines. */
enum { MAIN = 50, WORK, AGAIN, INLINED };

static void check_report(const char *arguments, const char *expected)
{
    char *text = scene_report(arguments, NULL);
    ck_assert_str_eq(text, expected);
    free(text);
}

/* main calls work, which calls itself; or work with an inlined call. */
static struct trace_builder *new_trace(void)
{
    static const char table[] = "0x1 main.c 4 main\n0x2 work.c 2 work\n"
                                "0x3 work.c 3 inner\n0x3 work.c 5 work\n";
    static const char source[] = "int work(int n)\r\n\tx = work();  \n  \"\033[2J\"\n\n}";
    struct trace_builder *builder = scene_new();
    builder_write_file("app", table, sizeof table - 1);
    builder_write_file("work.c", source, sizeof source - 1);
    builder_stack(builder, MAIN, TRACE_STACK_WHOLE, 1, SCENE_BIAS + 2);
    builder_stack(builder, WORK, MAIN, 1, SCENE_BIAS + 3);
    builder_stack(builder, AGAIN, WORK, 1, SCENE_BIAS + 3);
    builder_stack(builder, INLINED, MAIN, 1, SCENE_BIAS + 4);
    builder_site(builder, 0, 1, WORK, 1024 * KIB);
    builder_site(builder, 0, 2, AGAIN, 2048 * KIB);
    builder_site(builder, 0, 3, INLINED, 512 * KIB);
    builder_allocate(builder, 0, 1);
    builder_allocate(builder, 0, 1);
    builder_allocate(builder, 0, 2); // 4 MiB: the peak
    builder_time(builder, 0, 10, 1);
    builder_snapshot(builder, 0, "most");
    builder_release(builder, 0, 2, 10);
    builder_allocate(builder, 0, 3); // 2.5 MiB
    builder_release(builder, 0, 1, 10);
    builder_reallocate(builder, 0, 1, 10, 3); // 1 MiB
    return builder;
}

static void write_trace(void)
{
    struct trace_builder *builder = new_trace();
    builder_write(builder, "t.trace");
    builder_free(builder);
}

#define HEADER                                                                                     \
    "Line #    Mem usage    Increment  Occurrences   Line Contents\n"                              \
    "=============================================================\n"
#define MAIN_C "Filename: main.c\n\n" HEADER
#define WORK_C                                                                                     \
    "Filename: work.c\n\n" HEADER "     1                                         int work(int "   \
    "n)\n"

START_TEST(annotate_has_memory_profilers_layout)
{
    write_trace();
    check_report("--annotate work.c t.trace",
                 WORK_C "     2      4.0 MiB      0.0 MiB           3   \tx = work();  \n"
                        "     3      2.5 MiB      1.0 MiB           2     \"\\x1b[2J\"\n"
                        "     4                                         \n"
                        "     5      2.5 MiB      1.0 MiB           2   }\n\n\n");
    check_report("--annotate main.c --precision 3 t.trace",
                 MAIN_C "     4    4.000 MiB    1.000 MiB           5   \n\n\n");
    check_report("--annotate main.c --precision 0 t.trace",
                 MAIN_C "     4        4 MiB        1 MiB           5   \n\n\n");
}
END_TEST

START_TEST(annotate_stands_at_a_moment)
{
    write_trace();
    static const char *const moments[] = {"peak", "most", "0s"};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        char arguments[64];
        (void)snprintf(arguments, sizeof arguments, "--annotate work.c --at %s t.trace",
                       moments[i]);
        check_report(arguments,
                     WORK_C "     2      4.0 MiB      4.0 MiB           3   \tx = work();  \n"
                            "     3                                           \"\\x1b[2J\"\n"
                            "     4                                         \n"
                            "     5                                         }\n\n\n");
    }
    int code = 0;
    char *text = scene_report("--annotate work.c --at cold t.trace", &code);
    ck_assert_int_eq(code, 1);
    free(text);
}
END_TEST

START_TEST(annotate_takes_several_files_and_traces)
{
    write_trace();
    (void)unlink("work.c");
    check_report("--annotate w*.c --annotate main.c t.trace t.trace", MAIN_C
                 "     4      4.0 MiB      2.0 MiB          10   \n\n\n"
                 "Filename: work.c\n\n" HEADER "     2      4.0 MiB      0.0 MiB           6   \n"
                 "     3      2.5 MiB      2.0 MiB           4   \n"
                 "     5      2.5 MiB      2.0 MiB           4   \n\n\n");
}
END_TEST

START_TEST(annotate_counts_what_passes_the_filters)
{
    write_trace();
    check_report("--annotate main.c --filter work.c:3 t.trace",
                 MAIN_C "     4      2.5 MiB      1.0 MiB           2   \n\n\n");
    check_report("--annotate main.c --exclude work.c:5 --all-frames t.trace",
                 MAIN_C "     4      4.0 MiB      0.0 MiB           3   \n\n\n");
    check_report("--annotate work --annotate app t.trace", // a function and a module
                 "No call stack goes through a line of such a file; --by filename --cumulative "
                 "--top 0 lists the files there are.\n");
}
END_TEST

START_TEST(annotate_is_data_too)
{
    write_trace();
    char *text = scene_report("--annotate work.c --format json t.trace", NULL);
    struct json_object *root = json_tokener_parse(text);
    struct json_object *lines = NULL;
    ck_assert(json_object_object_get_ex(root, "annotate", &lines));
    ck_assert_uint_eq(json_object_array_length(lines), 3);
    ck_assert_str_eq(
        json_object_to_json_string_ext(json_object_array_get_idx(lines, 0), JSON_C_TO_STRING_PLAIN),
        "{\"file\":\"work.c\",\"line\":2,\"mem_usage\":4194304,\"increment\":0,"
        "\"occurrences\":3,\"contents\":\"\\tx = work();  \"}");
    json_object_put(root);
    free(text);
}
END_TEST

START_TEST(annotate_holds_many_lines)
{
    enum { LINES = 2000 };
    char *table = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&table, &length);
    struct trace_builder *builder = scene_new();
    for (uint32_t i = 0; i < LINES; i++) {
        (void)fprintf(out, "%#x many.c %u f\n", i + 1, LINES - i);
        builder_stack(builder, 50 + i, TRACE_STACK_WHOLE, 1, SCENE_BIAS + i + 2);
        builder_site(builder, 0, 1 + i, 50 + i, 1 << 20);
        builder_allocate(builder, 0, 1 + i);
    }
    (void)fclose(out);
    builder_write_file("app", table, length);
    free(table);
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("--annotate many.c t.trace", NULL);
    const char *at = text;
    for (uint32_t i = 1; i <= LINES; i++) {
        char line[80];
        (void)snprintf(line, sizeof line, "\n%6u %6u.0 MiB      1.0 MiB           1   \n", i,
                       LINES + 1 - i);
        at = strstr(at, line);
        ck_assert_msg(at != NULL, "no%sin\n%.2000s", line, text);
    }
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("annotate");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, annotate_has_memory_profilers_layout);
    tcase_add_test(tests, annotate_stands_at_a_moment);
    tcase_add_test(tests, annotate_takes_several_files_and_traces);
    tcase_add_test(tests, annotate_counts_what_passes_the_filters);
    tcase_add_test(tests, annotate_is_data_too);
    tcase_add_test(tests, annotate_holds_many_lines);
    return unit_run("annotate", tests);
}
