/* render_folded.c: call stacks that flame graphs are drawn from. */
#include "render.h"

#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

static void check_report(const char *arguments, const char *expected)
{
    char *text = scene_report(arguments, NULL);
    ck_assert_str_eq(text, expected);
    free(text);
}

#define VECTOR "main;work;std::__new_allocator<int>::allocate"

START_TEST(render_folded_has_all_stacks)
{
    scene_write("t.trace");
    check_report("--format folded t.trace", "main;work;inner 1000\n" VECTOR " 400\n"
                                            "main;xstrdup 100\n"
                                            "app!0x500 10\n"
                                            "main;exported 7\n");
    check_report("--format folded --sort count --top 2 t.trace", VECTOR " 4\n"
                                                                        "main;xstrdup 2\n"
                                                                        "[other] 3\n");
    check_report("--format folded --at warm --limit 1 t.trace",
                 "std::__new_allocator<int>::allocate 400\nxstrdup 100\n");
}
END_TEST

START_TEST(render_folded_compares)
{
    scene_write("t.trace");
    check_report("--format folded --compare-to warm t.trace",
                 "main;work;inner 0 1000\n"
                 "app!0x500 0 10\n"
                 "main;exported 0 7\n" VECTOR " 400 400\n"
                 "main;xstrdup 100 100\n");
}
END_TEST

START_TEST(render_folded_keeps_names_apart)
{
    static const char table[] = "0x100 a.c 1 f(a;b)\x1b\xff;\n";
    struct trace_builder *builder = scene_new();
    builder_write_file("app", table, sizeof table - 1);
    builder_site(builder, 0, 1, SCENE_MAIN, 10);
    builder_site(builder, 0, 2, TRACE_STACK_WHOLE, 5);
    builder_site(builder, 0, 3, SCENE_WORK, 0);
    for (uint32_t site = 1; site <= 3; site++) {
        builder_allocate(builder, 0, site);
    }
    builder_write(builder, "t.trace");
    builder_free(builder);
    check_report("--format folded t.trace", "f(a:b)\\x1b\\xff: 10\n[unknown] 5\n");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("render_folded");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, render_folded_has_all_stacks);
    tcase_add_test(tests, render_folded_compares);
    tcase_add_test(tests, render_folded_keeps_names_apart);
    return unit_run("render_folded", tests);
}
