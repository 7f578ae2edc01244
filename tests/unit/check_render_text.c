/* render_text.c, render_summary.c and safe_text.c: what people read. */
#include "render.h"

#include <string.h>

#include "safe_text.h"
#include "scene.h"
#include "unit.h"

static void check_report(const char *arguments, const char *expected)
{
    char *text = scene_report(arguments, NULL);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(render_text_titles)
{
    static const struct {
        const char *arguments;
        const char *title;
    } titles[] = {
        {"t.trace", "[ Top 10 by lineno, at end: 1517 B live in 9 blocks ]\n"},
        {"--top 0 t.trace", "[ All by lineno, at end: 1517 B live in 9 blocks ]\n"},
        {"--at peak t.trace",
         "[ Top 10 by lineno, at peak (2.000 s): 3517 B live in 11 blocks ]\n"},
        {"--at #1 t.trace",
         "[ Top 10 by lineno, at snapshot #1 \"warm\" (1.500 s): 500 B live in 6 blocks ]\n"},
        {"--at 1.2s --allocated t.trace",
         "[ Top 10 by lineno, at 1.2s: 400 B allocated in 4 blocks ]\n"},
        {"--each-snapshot t.trace", "[warm Top 10]\n"},
        {"--each-snapshot --top 0 t.trace", "[warm]\n"},
        {"--each-snapshot t.trace t.trace", "[warm of t.trace Top 10]\n"},
    };
    scene_write("t.trace");
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        char *text = scene_report(titles[i].arguments, NULL);
        ck_assert_msg(strncmp(text, titles[i].title, strlen(titles[i].title)) == 0, "%s", text);
        free(text);
    }
}
END_TEST

START_TEST(render_text_numbers_snapshots_without_a_name)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 2048);
    builder_allocate(builder, 0, 1);
    for (uint32_t i = 1; i <= 2; i++) {
        builder_time(builder, 0, i, i);
        builder_snapshot(builder, 0, i == 1 ? "Handle user0" : "");
    }
    builder_write(builder, "t.trace");
    builder_free(builder);
    check_report("--each-snapshot --top 3 t.trace",
                 "[Handle user0 Top 3]\n"
                 "src/work.c:20: size=2048 B, count=1, average=2048 B\n"
                 "\n"
                 "[#2 Top 3]\n"
                 "src/work.c:20: size=2048 B, count=1, average=2048 B\n");
}
END_TEST

START_TEST(render_text_shows_tracebacks)
{
    static const char table[] = "0x1 main.c 3 main\n0x2 work.c 2 work\n0x4 work.c 3 deep\n";
    static const char source[] = "one\n  \tint *p = malloc(4);  \n\n";
    struct trace_builder *builder = scene_new();
    builder_write_file("work.c", source, sizeof source - 1);
    builder_write_file("app", table, sizeof table - 1);
    builder_stack(builder, 50, TRACE_STACK_WHOLE, 1, SCENE_BIAS + 2);
    builder_stack(builder, 51, 50, 1, SCENE_BIAS + 4);
    builder_stack(builder, 52, 51, 1, SCENE_BIAS + 3);
    builder_stack(builder, 53, 52, 1, SCENE_BIAS + 5);
    builder_site(builder, 0, 1, 53, 10);
    builder_allocate(builder, 0, 1);
    builder_write(builder, "t.trace");
    builder_free(builder);
#define HEAD                                                                                       \
    "[ Top 10 by traceback, at end: 10 B live in 1 block ]\n"                                      \
    "work.c:3: size=10 B, count=1, average=10 B\n"
#define MAIN "  File \"main.c\", line 3\n"
#define WORK "  File \"work.c\", line 2\n    int *p = malloc(4);\n"
#define DEEP "  File \"work.c\", line 3\n"
    char *text = scene_report("--by traceback t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, HEAD MAIN "  app!0x3\n" WORK DEEP));
    free(text);
    check_report("--by traceback --most-recent-first t.trace", HEAD DEEP WORK "  app!0x3\n" MAIN);
    check_report("--by traceback --limit 2 t.trace", HEAD WORK DEEP);
    check_report("--by traceback --limit 99 t.trace", HEAD MAIN "  app!0x3\n" WORK DEEP);
    check_report("--by traceback --limit 0 t.trace", HEAD);
    check_report("--by traceback --limit -1 t.trace", HEAD MAIN "  app!0x3\n" WORK);
    check_report("--by traceback --limit -99 t.trace", HEAD);
    check_report("--by traceback --limit 2 --most-recent-first t.trace", HEAD DEEP WORK);
}
END_TEST

START_TEST(render_text_shows_differences)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 2048);
    builder_site(builder, 0, 2, SCENE_DUPLICATE, 10);
    builder_allocate(builder, 0, 1);
    builder_allocate(builder, 0, 2);
    builder_time(builder, 0, 1500, 1);
    builder_snapshot(builder, 0, "warm");
    builder_write(builder, "old.trace");
    builder_release(builder, 0, 1, 1500);
    builder_allocate(builder, 0, 2);
    builder_write(builder, "t.trace");
    builder_free(builder);
#define LINES                                                                                      \
    "src/work.c:20: size=0 B (-2048 B), count=0 (-1)\n"                                            \
    "/scene/src/main.c:10: size=20 B (+10 B), count=2 (+1), average=10 B\n"
    check_report("--compare-to warm t.trace",
                 "[ Top 10 by lineno, at end, compared to snapshot #1 \"warm\" (1.500 s): "
                 "20 B (-2038 B) live in 2 blocks (+0) ]\n" LINES);
    check_report("--compare-to old.trace t.trace",
                 "[ Top 10 by lineno, at end, compared to old.trace, at end: "
                 "20 B (-2038 B) live in 2 blocks (+0) ]\n" LINES);
    check_report("--compare-to #1 t.trace t.trace --top 1",
                 "[ Top 1 by lineno, at end, compared to #1: "
                 "40 B (-4076 B) live in 4 blocks (+0) ]\n"
                 "src/work.c:20: size=0 B (-4096 B), count=0 (-2)\n"
                 "1 other: size=40 B (+20 B), count=4 (+2), average=10 B\n");
    check_report("--format csv --compare-to warm t.trace",
                 "file,moment,key,line,size,count,size_diff,count_diff\r\n"
                 "\"t.trace\",\"end\",\"src/work.c\",20,0,0,-2048,-1\r\n"
                 "\"t.trace\",\"end\",\"/scene/src/main.c\",10,20,2,10,1\r\n");
}
END_TEST

START_TEST(render_text_misses_what_to_compare_with)
{
    scene_write("t.trace");
    check_report("--compare-to cold t.trace", "t.trace: has no snapshot \"cold\"; it has #1 warm");
    char *text = scene_report("--compare-to ./gone.trace t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "gone.trace"));
    free(text);
}
END_TEST

START_TEST(render_text_lists_snapshots)
{
    scene_write("t.trace");
    check_report("--snapshots t.trace", "#1 1.500 s: 500 B live in 6 blocks  warm\n"
                                        "end 2.000 s: 1517 B live in 9 blocks\n");
    struct trace_builder *builder = scene_new();
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("--each-snapshot t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "No snapshots were taken"));
    free(text);
}
END_TEST

START_TEST(render_text_says_when_nothing_is_live)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 2048);
    builder_allocate(builder, 0, 1);
    builder_time(builder, 0, 90, 1);
    builder_release(builder, 0, 1, 90);
    builder_write(builder, "t.trace");
    builder_free(builder);
    check_report("t.trace",
                 "Nothing is live at end; the peak was 2048 B in 1 block, after 0.000 s.\n");
}
END_TEST

START_TEST(render_text_misses_a_snapshot)
{
    int code = 0;
    scene_write("t.trace");
    char *text = scene_report("--at cold t.trace", &code);
    ck_assert_str_eq(text, "t.trace: has no snapshot \"cold\"; it has #1 warm");
    ck_assert_int_eq(code, 1);
    free(text);
}
END_TEST

START_TEST(render_text_sums_up)
{
    scene_write("t.trace");
    check_report(
        "--summary t.trace",
        "Trace:         t.trace\n"
        "Program:       /bin/app\n"
        "Command:       /bin/app --flag ... (1 more)\n"
        "Directory:     /scene\n"
        "Process:       4711, child of 4710, on host\n"
        "Allocator:     /lib/libc.so.6\n"
        "Started:       2027-01-15 08:00:00 UTC\n"
        "Traced for:    2.000 s\n"
        "Ended:         normally, by exit() or a return from main\n"
        "Threads:       1: app (4711)\n"
        "Allocated:     11 blocks, 3517 B\n"
        "Freed:         2 blocks, 2000 B\n"
        "Reallocated:   0 times, counted above as one of each\n"
        "Live at end:   9 blocks, 1517 B\n"
        "Peak:          3517 B in 11 blocks, after 2.000 s\n"
        "Call stacks:   8 nodes, 5 sites\n"
        "Snapshots:     1; --snapshots lists them\n"
        "\n"
        "Names and lines:\n"
        "- app: of 7 addresses, 1 without a name, 2 without a line; its debug information does not "
        "tell of them: a part was built without -g\n"
        "\n"
        "To know:\n"
        "- call stacks cut at the depth limit: 1; set LIBTRACE_DEPTH higher\n"
        "- addresses without a name: 1; install debug symbols, or give --symbols DIR or "
        "--sysroot DIR\n");
}
END_TEST

START_TEST(render_text_says_what_went_wrong)
{
    struct trace_builder *builder = scene_new();
    struct trace_file_header *header = builder_header(builder);
    header->end_state = TRACE_END_NONE;
    for (size_t i = 0; i < TRACE_COUNTERS_USED; i++) {
        header->counters[i] = 100 + i;
    }
    builder_site(builder, 0, 1, SCENE_WORK, 10);
    builder_release(builder, 0, 1, 1);
    builder_inherited_free(builder, 0, 5);
    builder_allocate(builder, 0, 9);
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("--summary t.trace", NULL);
    static const char *const parts[] = {
        "did not end normally: killed or crashed",
        "Live at end:   0 blocks, 0 B\n",
        "Inherited:     1 block, 5 B\n",
        "- pieces of the trace damaged and skipped: 1; ",
        "- sites freed more often than allocated: 1; ",
        "- events lost because the trace file could not grow: 102; ",
        "- events lost because the tracer got no memory: 101; ",
        "- events lost in signal handlers inside signal handlers: 100; ",
        "- events lost at addresses that the tracer cannot map: 103; ",
        "- frees of blocks that the trace does not know: 104; ",
        "- call stacks corrected by the unwinder's self-check: 106; ",
        "105 call stacks taken twice, 106 differed",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ck_assert_msg(strstr(text, parts[i]) != NULL, "no \"%s\" in\n%s", parts[i], text);
    }
    free(text);
}
END_TEST

static const struct {
    const char *text;
    const char *shown;
} texts[] = {
    {"plain", "plain"},
    {"", ""},
    {"a\033[31mb\r\n\tc\x7f", "a\\x1b[31mb\\x0d\\n\\tc\\x7f"},
    {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"\xc2\x9b"
     "31m",
     "\\xc2\\x9b31m"}, // CSI as one character of the C1 set
    {"\x9b"
     "31m",
     "\\x9b31m"},                                 // and as a byte
    {"\xc0\xaf", "\\xc0\\xaf"},                   // overlong
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          // a surrogate
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, // beyond Unicode
    {"\xe2\x82", "\\xe2\\x82"},                   // cut
};

START_TEST(safe_text_is_safe)
{
    char *shown = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&shown, &length);
    safe_text_print(out, texts[_i].text);
    (void)fclose(out);
    ck_assert_str_eq(shown, texts[_i].shown);
    free(shown);
}
END_TEST

START_TEST(render_text_obeys_no_escapes_of_a_trace)
{
    static const char table[] = "0x1 \033[2Jevil.c 3 main\n";
    struct trace_builder *builder = scene_new();
    builder_write_file("app", table, sizeof table - 1);
    builder_stack(builder, 50, TRACE_STACK_WHOLE, 1, SCENE_BIAS + 2);
    builder_site(builder, 1, 1, 50, 10);
    builder_thread(builder, 1, 5, "\033]0;title\007");
    builder_allocate(builder, 1, 1);
    builder_time(builder, 1, 1, 1);
    builder_snapshot(builder, 1, "\033c");
    builder_write(builder, "t.trace");
    builder_free(builder);
    static const char *const reports[] = {
        "t.trace",
        "--by thread t.trace",
        "--by traceback t.trace",
        "--snapshots t.trace",
        "--each-snapshot t.trace",
        "--summary t.trace",
        "--by function --format json t.trace",
    };
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        char *text = scene_report(reports[i], NULL);
        ck_assert_ptr_null(strchr(text, '\033'));
        ck_assert_ptr_null(strchr(text, '\007'));
        free(text);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("render_text");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, render_text_titles);
    tcase_add_test(tests, render_text_numbers_snapshots_without_a_name);
    tcase_add_test(tests, render_text_shows_tracebacks);
    tcase_add_test(tests, render_text_shows_differences);
    tcase_add_test(tests, render_text_misses_what_to_compare_with);
    tcase_add_test(tests, render_text_lists_snapshots);
    tcase_add_test(tests, render_text_says_when_nothing_is_live);
    tcase_add_test(tests, render_text_misses_a_snapshot);
    tcase_add_test(tests, render_text_sums_up);
    tcase_add_test(tests, render_text_says_what_went_wrong);
    tcase_add_loop_test(tests, safe_text_is_safe, 0, sizeof texts / sizeof texts[0]);
    tcase_add_test(tests, render_text_obeys_no_escapes_of_a_trace);
    return unit_run("render_text", tests);
}
