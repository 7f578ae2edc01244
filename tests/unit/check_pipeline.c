/* pipeline.c and its parts: several traces through one pipeline, and what becomes of a bad one. */
#include "pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

/* A pipeline and its report, by the words of a command line. */
struct run {
    struct options options;
    struct pipeline *pipeline;
    struct report report;
    struct trace_error error;
};

static void run_start(struct run *run, int count, char **words)
{
    memset(run, 0, sizeof *run);
    ck_assert_msg(options_parse(count, words, true, &run->options), "%s", run->options.error);
    ck_assert_int_eq(pipeline_new(&run->options, &run->pipeline, &run->error), TRACE_OK);
    run->report = pipeline_report(run->pipeline);
}

static enum trace_status run_add(struct run *run, const char *path)
{
    return pipeline_add(run->pipeline, path, &run->report, &run->error);
}

static void run_finish(struct run *run)
{
    ck_assert_int_eq(pipeline_finish(run->pipeline, &run->report, &run->error), TRACE_OK);
}

static void run_end(struct run *run)
{
    report_fini(&run->report);
    pipeline_free(run->pipeline);
    options_fini(&run->options);
}

#define RUN_START(run, ...)                                                                        \
    run_start(run, sizeof((char *[]){"trace-report", __VA_ARGS__}) / sizeof(char *),               \
              (char *[]){"trace-report", __VA_ARGS__, NULL})

START_TEST(pipeline_adds_traces_up)
{
    struct run run;
    scene_write("t.trace");
    RUN_START(&run, "--top=0");
    ck_assert_int_eq(run_add(&run, "t.trace"), TRACE_OK);
    ck_assert_int_eq(run_add(&run, "t.trace"), TRACE_OK);
    run_finish(&run);
    ck_assert_uint_eq(run.report.table_count, 1);
    ck_assert_uint_eq(run.report.tables[0].size, 3034);
    ck_assert_uint_eq(run.report.tables[0].count, 18);
    ck_assert_uint_eq(run.report.tables[0].shown, 5); // the same lines, so the same groups
    ck_assert_uint_eq(run.report.trace_count, 2);
    ck_assert_uint_eq(run.report.totals.allocations, 22);
    run_end(&run);
}
END_TEST

START_TEST(pipeline_leaves_a_bad_trace_out)
{
    struct run run;
    scene_write("t.trace");
    builder_write_file("bad.trace", "no trace", strlen("no trace"));
    RUN_START(&run, "--top=0");
    ck_assert_int_eq(run_add(&run, "bad.trace"), TRACE_CORRUPT);
    ck_assert_ptr_nonnull(strstr(run.error.text, "bad.trace"));
    ck_assert_int_eq(run_add(&run, "missing.trace"), TRACE_IO);
    ck_assert_int_eq(run_add(&run, "t.trace"), TRACE_OK);
    run_finish(&run);
    ck_assert_uint_eq(run.report.trace_count, 1);
    ck_assert_uint_eq(run.report.tables[0].size, 1517);
    run_end(&run);
}
END_TEST

/* A snapshot that one trace has and another has not: totals are of both, the table of the one. */
START_TEST(pipeline_tells_which_snapshots_there_are)
{
    struct run run;
    scene_write("t.trace");
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_MAIN, 100);
    builder_allocate(builder, 0, 1);
    builder_write(builder, "none.trace");
    builder_free(builder);
    RUN_START(&run, "--at=warm");
    ck_assert_int_eq(run_add(&run, "t.trace"), TRACE_OK);
    ck_assert_int_eq(run_add(&run, "none.trace"), TRACE_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(run.error.text, "has no snapshot \"warm\"; it has none"));
    run_finish(&run);
    ck_assert_uint_eq(run.report.tables[0].size, 500);
    ck_assert_uint_eq(run.report.totals.allocations, 12);
    run_end(&run);
    RUN_START(&run, "--at=cold");
    ck_assert_int_eq(run_add(&run, "t.trace"), TRACE_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(run.error.text, "it has #1 warm"));
    ck_assert_uint_eq(run.report.table_count, 0);
    run_end(&run);
}
END_TEST

/* What is compared is a moment of the same trace, another trace, or what another run saved of it.
 */
static const struct {
    char *compared;
    const char *old_moment;
    uint64_t old_size;
} compared[] = {
    {"--compare-to=warm", "snapshot #1 \"warm\" (1.500 s)", 500},
    {"--compare-to=./t.trace", "./t.trace, at end", 1517},
    {"--compare-to=./saved", "./saved, at end", 1517},
};

START_TEST(pipeline_compares)
{
    struct run run;
    scene_write("t.trace");
    RUN_START(&run, "--save-statistics=saved");
    ck_assert_int_eq(run_add(&run, "t.trace"), TRACE_OK);
    run_finish(&run);
    run_end(&run);
    RUN_START(&run, compared[_i].compared);
    ck_assert_int_eq(run_add(&run, "t.trace"), TRACE_OK);
    run_finish(&run);
    ck_assert_str_eq(run.report.tables[0].old_moment, compared[_i].old_moment);
    ck_assert_uint_eq(run.report.tables[0].size, 1517);
    ck_assert_uint_eq(run.report.tables[0].old_size, compared[_i].old_size);
    ck_assert_uint_eq(run.report.totals.allocations, 11); // that of the report, not of the other
    run_end(&run);
}
END_TEST

START_TEST(pipeline_cannot_compare_with_nothing)
{
    struct run run;
    scene_write("t.trace");
    RUN_START(&run, "--compare-to=./missing");
    ck_assert_int_eq(run_add(&run, "t.trace"), TRACE_OK);
    ck_assert_int_eq(pipeline_finish(run.pipeline, &run.report, &run.error), TRACE_IO);
    ck_assert_ptr_nonnull(strstr(run.error.text, "./missing"));
    run_end(&run);
}
END_TEST

/* Each file is told of once, whatever the number of traces that have it; not what is no file. */
START_TEST(pipeline_tells_of_allocators_inside)
{
    struct run run;
    for (int i = 0; i < 2; i++) {
        struct trace_builder *builder = scene_new();
        builder_module(builder, 2, 0x10000, "/lib/liba.so");
        builder_module(builder, 3, 0x20000, "/lib/jemalloc_in_b.so");
        builder_module(builder, 4, 0x30000, "/lib/jemalloc_in_c.so");
        builder_module(builder, 5, 0x40000, "a/jemalloc_in_d.so");
        builder_write(builder, i == 0 ? "a.trace" : "b.trace");
        builder_free(builder);
    }
    RUN_START(&run, "--summary");
    ck_assert_int_eq(run_add(&run, "a.trace"), TRACE_OK);
    ck_assert_int_eq(run_add(&run, "b.trace"), TRACE_OK);
    run_finish(&run);
    ck_assert_uint_eq(run.report.inner_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const char *path = i == 0 ? "/lib/jemalloc_in_b.so has" : "/lib/jemalloc_in_c.so has";
        ck_assert_ptr_nonnull(strstr(run.report.inner_allocators[i], path));
    }
    run_end(&run);
}
END_TEST

/* Modules that lack most come first: names, then lines. */
START_TEST(pipeline_sorts_modules_by_what_they_lack)
{
    static const struct report_module expected[] = {
        {.path = "app", .unnamed = 1, .lineless = 2}, // of the scene's own stacks
        {.path = "nameless.so", .unnamed = 1, .lineless = 1},
        {.path = "two.so", .lineless = 2},
        {.path = "one.so", .lineless = 1},
        {.path = "other.so", .lineless = 1},
    };
    static const char named[] = "0x100 - 0 f\n0x200 - 0 g\n";
    static const char *const paths[] = {"other.so", "one.so", "nameless.so", "two.so"};
    struct run run;
    struct trace_builder *builder = scene_new();
    for (uint32_t i = 0; i < 4; i++) {
        const uint64_t bias = (i + 1) * UINT64_C(0x10000);
        builder_module(builder, 2 + i, bias, paths[i]);
        builder_stack(builder, 100 + i, TRACE_STACK_WHOLE, 2 + i, bias + 0x101);
        builder_site(builder, 0, 1 + i, 100 + i, 8);
        builder_allocate(builder, 0, 1 + i);
        if (i != 2) {
            builder_write_file(paths[i], named, sizeof named - 1);
        }
    }
    builder_stack(builder, 104, TRACE_STACK_WHOLE, 5, UINT64_C(0x40000) + 0x201);
    builder_site(builder, 0, 5, 104, 8);
    builder_allocate(builder, 0, 5);
    builder_write(builder, "t.trace");
    builder_free(builder);
    RUN_START(&run, "--summary");
    ck_assert_int_eq(run_add(&run, "t.trace"), TRACE_OK);
    run_finish(&run);
    ck_assert_uint_eq(run.report.module_count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < run.report.module_count; i++) {
        ck_assert_str_eq(run.report.modules[i].path, expected[i].path);
        ck_assert_uint_eq(run.report.modules[i].unnamed, expected[i].unnamed);
        ck_assert_uint_eq(run.report.modules[i].lineless, expected[i].lineless);
    }
    run_end(&run);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("pipeline");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, pipeline_adds_traces_up);
    tcase_add_test(tests, pipeline_leaves_a_bad_trace_out);
    tcase_add_test(tests, pipeline_tells_which_snapshots_there_are);
    tcase_add_loop_test(tests, pipeline_compares, 0, sizeof compared / sizeof compared[0]);
    tcase_add_test(tests, pipeline_cannot_compare_with_nothing);
    tcase_add_test(tests, pipeline_sorts_modules_by_what_they_lack);
    tcase_add_test(tests, pipeline_tells_of_allocators_inside);
    return unit_run("pipeline", tests);
}
