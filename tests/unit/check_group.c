/* group.c and tally.c: what belongs together, over one trace and over several. */
#include <string.h>

#include "scene.h"
#include "unit.h"

static const struct {
    const char *arguments;
    const char *table;
} rows[] = {
    {"--by lineno t.trace", "src/inner.c:7: size=1000 B, count=1, average=1000 B\n"
                            "src/work.c:20: size=400 B, count=4, average=100 B\n"
                            "/scene/src/main.c:10: size=100 B, count=2, average=50 B\n"
                            "app!0x500: size=10 B, count=1, average=10 B\n"
                            "app!exported+0x0: size=7 B, count=1, average=7 B\n"},
    {"--by filename t.trace", "src/inner.c:0: size=1000 B, count=1, average=1000 B\n"
                              "src/work.c:0: size=400 B, count=4, average=100 B\n"
                              "/scene/src/main.c:0: size=100 B, count=2, average=50 B\n"
                              "app: size=17 B, count=2, average=8 B\n"},
    {"--by function t.trace", "src/inner.c:inner: size=1000 B, count=1, average=1000 B\n"
                              "src/work.c:work: size=400 B, count=4, average=100 B\n"
                              "/scene/src/main.c:main: size=100 B, count=2, average=50 B\n"
                              "app!0x500: size=10 B, count=1, average=10 B\n"
                              "app!exported: size=7 B, count=1, average=7 B\n"},
    {"--by module t.trace", "app: size=1517 B, count=9, average=169 B\n"},
    {"--by thread t.trace", "app (4711): size=1517 B, count=9, average=169 B\n"},
    {"--by size --top 2 t.trace", "1000 B: size=1000 B, count=1, average=1000 B\n"
                                  "100 B: size=400 B, count=4, average=100 B\n"
                                  "3 other: size=117 B, count=4, average=29 B\n"},
    {"--allocated --by size --top 1 t.trace", "1000 B: size=3000 B, count=3, average=1000 B\n"
                                              "4 other: size=517 B, count=8, average=65 B\n"},
    {"--freed t.trace", "src/inner.c:7: size=2000 B, count=2, average=1000 B\n"},
    {"--at peak --top 1 t.trace", "src/inner.c:7: size=3000 B, count=3, average=1000 B\n"
                                  "4 other: size=517 B, count=8, average=65 B\n"},
    {"--at warm t.trace", "src/work.c:20: size=400 B, count=4, average=100 B\n"
                          "/scene/src/main.c:10: size=100 B, count=2, average=50 B\n"},
    {"--sort count t.trace", "src/work.c:20: size=400 B, count=4, average=100 B\n"
                             "/scene/src/main.c:10: size=100 B, count=2, average=50 B\n"
                             "src/inner.c:7: size=1000 B, count=1, average=1000 B\n"},
    {"--cumulative t.trace",
     "/scene/src/main.c:10: size=1507 B, count=8, average=188 B\n"
     "src/work.c:22: size=1000 B, count=1, average=1000 B\n"
     "src/inner.c:7: size=1000 B, count=1, average=1000 B\n"
     "src/work.c:20: size=400 B, count=4, average=100 B\n"
     "/usr/include/c++/12/bits/new_allocator.h:137: size=400 B, count=4, average=100 B\n"},
    {"--top 1 t.trace t.trace", "src/inner.c:7: size=2000 B, count=2, average=1000 B\n"
                                "4 other: size=1034 B, count=16, average=65 B\n"},
};

START_TEST(group_makes_tables)
{
    scene_write("t.trace");
    char *text = scene_report(rows[_i].arguments, NULL);
    ck_assert_msg(strstr(text, rows[_i].table) != NULL, "%s: expected\n%sin\n%s",
                  rows[_i].arguments, rows[_i].table, text);
    free(text);
}
END_TEST

/* tracemalloc counts a block once for every occurrence of a frame: recursion counts twice. */
START_TEST(group_counts_recursion_as_often_as_it_occurs)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_RECURSED, 24);
    builder_allocate(builder, 0, 1);
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("--cumulative t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "at end: 24 B live in 1 block ]"));
    ck_assert_ptr_nonnull(strstr(text, "src/work.c:20: size=48 B, count=2, average=24 B\n"));
    free(text);
}
END_TEST

START_TEST(group_tells_threads_apart)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 10);
    builder_site(builder, 1, 2, SCENE_WORK, 20);
    builder_site(builder, 2, 3, SCENE_WORK, 30);
    builder_thread(builder, 1, 50, "worker");
    builder_thread(builder, 1, 51, "other");
    for (uint32_t i = 0; i < 3; i++) {
        builder_allocate(builder, i, i + 1);
    }
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("--by thread t.trace", NULL);
    ck_assert_ptr_nonnull(strstr(text, "<unknown>: size=30 B, count=1, average=30 B\n"
                                       "worker (50) and 1 more: size=20 B, count=1, average=20 B\n"
                                       "app (4711): size=10 B, count=1, average=10 B\n"));
    free(text);
}
END_TEST

/* The same place through different stacks is one line, but two tracebacks. */
START_TEST(group_tells_tracebacks_apart)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 10);
    builder_site(builder, 0, 2, SCENE_RECURSED, 10);
    builder_site(builder, 0, 3, SCENE_WORK, 30);
    for (uint32_t i = 1; i <= 3; i++) {
        builder_allocate(builder, 0, i);
    }
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("--by traceback t.trace", NULL);
    ck_assert_str_eq(text, "[ Top 10 by traceback, at end: 50 B live in 3 blocks ]\n"
                           "src/work.c:20: size=40 B, count=2, average=20 B\n"
                           "  File \"/scene/src/main.c\", line 10\n"
                           "  File \"src/work.c\", line 20\n"
                           "src/work.c:20: size=10 B, count=1, average=10 B\n"
                           "  File \"/scene/src/main.c\", line 10\n"
                           "  File \"src/work.c\", line 20\n"
                           "  File \"src/work.c\", line 20\n");
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("group");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_loop_test(tests, group_makes_tables, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(tests, group_counts_recursion_as_often_as_it_occurs);
    tcase_add_test(tests, group_tells_threads_apart);
    tcase_add_test(tests, group_tells_tracebacks_apart);
    return unit_run("group", tests);
}
