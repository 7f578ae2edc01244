/* render_summary.c: a report filled by hand, and the words it must become. */
#include "render_summary.h"

#include <string.h>

#include "unit.h"

static char *text;

static void render(const struct report *report)
{
    size_t length = 0;
    free(text);
    FILE *out = open_memstream(&text, &length);
    render_summary_text(out, report);
    ck_assert_int_eq(fclose(out), 0);
}

static void has(const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in\n%s", part, text);
}

static void lacks(const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "\"%s\" in\n%s", part, text);
}

START_TEST(render_summary_leaves_out_what_is_unknown)
{
    struct report_trace trace = {.file = "t.trace", .pid = 7, .parent_pid = 6};
    const struct report report = {.kind = REPORT_SUMMARY, .traces = &trace, .trace_count = 1};
    render(&report);
    has("Program:       unknown\n");
    has("Process:       7, child of 6\n");
    has("Started:       1970-01-01 00:00:00 UTC\n");
    has("Threads:       0\n");
    has("\nNothing was lost, cut, unknown or skipped.\n");
    lacks("Command:");
    lacks("Directory:");
    lacks("Allocator:");
    lacks("Inherited:");
    lacks("Snapshots:");
    lacks("Heap pictures:");
    lacks("All ");
}
END_TEST

START_TEST(render_summary_tells_of_heap_pictures)
{
    struct report_trace trace = {
        .file = "t.trace",
        .totals = {.pictures = 1, .whole_pictures = 1, .longest_pause_us = 1250}};
    const struct report report = {.kind = REPORT_SUMMARY, .traces = &trace, .trace_count = 1};
    render(&report);
    has("Heap pictures: 1; the program was held up for 1.2 ms; --leaks reads them\n");
    trace.totals.pictures = 3;
    render(&report);
    has("Heap pictures: 3, 2 of them incomplete; the program was held up for 1.2 ms at most; ");
    trace.totals.longest_pause_us = 0;
    render(&report);
    has("Heap pictures: 3, 2 of them incomplete; --leaks reads them\n");
}
END_TEST

START_TEST(render_summary_counts_one_as_one)
{
    struct report_trace trace = {
        .file = "t.trace",
        .totals = {.allocations = 1, .reallocations = 1, .peak_blocks = 1, .peak_s = 0.25}};
    const struct report report = {.kind = REPORT_SUMMARY, .traces = &trace, .trace_count = 1};
    render(&report);
    has("Allocated:     1 block, 0 B\n");
    has("Reallocated:   1 time, ");
    has("in 1 block, after 0.250 s\n");
    has("Freed:         0 blocks, 0 B\n");
}
END_TEST

START_TEST(render_summary_obeys_no_name)
{
    const char *arguments[] = {"a\033[2Jb"};
    const char *threads[] = {"t\n1"};
    struct report_trace trace = {.file = "\033]0;x\a.trace",
                                 .program = "p\x9b",
                                 .host = "h\r",
                                 .arguments = arguments,
                                 .argument_count = 1,
                                 .argument_total = 3,
                                 .threads = threads,
                                 .thread_count = 1,
                                 .totals = {.threads = 2}};
    const struct report report = {.kind = REPORT_SUMMARY, .traces = &trace, .trace_count = 1};
    render(&report);
    has("Command:       a\\x1b[2Jb ... (2 more)\n");
    has("Threads:       2: t\\n1, ...\n");
    has(", on h\\x0d\n");
    for (const char *at = text; *at != '\0'; at++) {
        ck_assert(*at == '\n' || (unsigned char)*at >= 0x20);
    }
}
END_TEST

START_TEST(render_summary_sums_up_several)
{
    const char *notes[] = {"one: 1; do"};
    struct report_trace traces[] = {{.file = "a.trace"}, {.file = "b.trace"}};
    const struct report report = {.kind = REPORT_SUMMARY,
                                  .traces = traces,
                                  .trace_count = 2,
                                  .totals = {.allocations = 5},
                                  .notes = notes,
                                  .note_count = 1};
    render(&report);
    has("Trace:         a.trace\n");
    has("\n\nTrace:         b.trace\n");
    const char *all = strstr(text, "\nAll 2 traces:\n");
    ck_assert_ptr_nonnull(all);
    ck_assert_ptr_nonnull(strstr(all, "Allocated:     5 blocks"));
    ck_assert_ptr_nonnull(strstr(all, "the sum of each process's own peak"));
    has("\nTo know:\n- one: 1; do\n");
}
END_TEST

START_TEST(render_summary_lists_modules_that_lack_something)
{
    const struct report_module modules[] = {
        {"/lib/a.so", 30, 12, 30, "it has no symbols and no debug information"},
        {"/lib/b.so", 1, 0, 1, NULL},
    };
    const struct report report = {.kind = REPORT_SUMMARY, .modules = modules, .module_count = 2};
    render(&report);
    has("Names and lines:\n");
    has("- /lib/a.so: of 30 addresses, 12 without a name, 30 without a line; it has no symbols");
    has("- /lib/b.so: of 1 address, 0 without a name, 1 without a line\n");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("render_summary");
    tcase_add_test(tests, render_summary_leaves_out_what_is_unknown);
    tcase_add_test(tests, render_summary_counts_one_as_one);
    tcase_add_test(tests, render_summary_tells_of_heap_pictures);
    tcase_add_test(tests, render_summary_obeys_no_name);
    tcase_add_test(tests, render_summary_sums_up_several);
    tcase_add_test(tests, render_summary_lists_modules_that_lack_something);
    int result = unit_run("render_summary", tests);
    free(text);
    return result;
}
