/* ledger.c and freers.c: who freed a module's blocks, where it is known, and where it is not. */
#include <stdio.h>
#include <string.h>

#include "scene.h"
#include "unit.h"

#define OTHER_BIAS UINT64_C(0x900000)
#define OTHER_STACK 50 /* of a second module */

/* Site 1 is the program's, site 2 that of a library. */
static struct trace_builder *begin(void)
{
    struct trace_builder *builder = scene_new();
    builder_module(builder, 2, OTHER_BIAS, "/scene/libother.so");
    builder_stack(builder, OTHER_STACK, TRACE_STACK_WHOLE, 2, OTHER_BIAS + 0x100);
    builder_site(builder, 0, 1, SCENE_WORK, 10);
    builder_site(builder, 0, 2, OTHER_STACK, 100);
    return builder;
}

static void allocate(struct trace_builder *builder, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        builder_allocate(builder, 0, 1);
    }
}

static void expect(struct trace_builder *builder, const char *line)
{
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("--by module t.trace", NULL);
    ck_assert_msg(strstr(text, line) != NULL, "no \"%s\" in\n%s", line, text);
    free(text);
}

START_TEST(ledger_names_who_freed)
{
    struct trace_builder *builder = begin();
    allocate(builder, 6);
    builder_freer(builder, 0, SCENE_MAIN);
    builder_release(builder, 0, 1, 0);
    builder_freer(builder, 0, OTHER_STACK);
    builder_release(builder, 0, 1, 0);
    builder_reallocate(builder, 0, 1, 0, 2); // by whom site 2 is
    builder_implied_free(builder, 0, 1, 0);  // by whom nobody saw
    builder_freer(builder, 0, TRACE_STACK_WHOLE);
    builder_release(builder, 0, 1, 0);
    expect(builder, "    allocated 60 B in 6: freed 10 B in 1 by itself, 20 B in 2 by libother.so, "
                    "20 B in 2 by unknown\n");
}
END_TEST

/* Streams have freers of their own, and one that is no stack is nobody. */
START_TEST(ledger_keeps_streams_apart)
{
    struct trace_builder *builder = begin();
    allocate(builder, 5);
    builder_freer(builder, 0, SCENE_MAIN);
    builder_time(builder, 1, 1, 1);
    builder_freer(builder, 1, OTHER_STACK);
    builder_release(builder, 1, 1, 0);
    builder_time(builder, 0, 2, 2);
    builder_release(builder, 0, 1, 0);
    builder_time(builder, 1, 3, 3);
    builder_release(builder, 1, 1, 0);
    builder_freer(builder, 1, 99999);
    builder_release(builder, 1, 1, 0);
    expect(builder, "    allocated 50 B in 5: freed 10 B in 1 by itself, 20 B in 2 by libother.so, "
                    "10 B in 1 by unknown\n");
}
END_TEST

/* What was cleared is in no ledger, and a module is there of whose blocks nothing is left. */
START_TEST(ledger_starts_anew_at_a_clear)
{
    struct trace_builder *builder = begin();
    builder_site(builder, 0, 3, SCENE_WORK, 7);
    allocate(builder, 2);
    builder_freer(builder, 0, OTHER_STACK);
    builder_release(builder, 0, 1, 0);
    builder_clear(builder, 0, 3);
    builder_release(builder, 0, 1, 0);
    builder_allocate(builder, 0, 3);
    builder_release(builder, 0, 3, 0);
    expect(builder,
           ": size=0 B, count=0\n    allocated 7 B in 1: freed 0 B in 0 by itself, 7 B in 1 "
           "by libother.so\n");
}
END_TEST

/* Eight others are named, those that freed most; what the rest did is added up. */
START_TEST(ledger_adds_up_those_it_does_not_name)
{
    enum { OTHERS = 11, FIRST_MODULE = 10 };
    char path[32];
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 10);
    for (uint32_t i = 0; i < OTHERS; i++) {
        const uint64_t bias = OTHER_BIAS + i * UINT64_C(0x100000);
        (void)snprintf(path, sizeof path, "/scene/lib%02u.so", i);
        builder_module(builder, FIRST_MODULE + i, bias, path);
        builder_stack(builder, OTHER_STACK + i, TRACE_STACK_WHOLE, FIRST_MODULE + i, bias + 0x100);
        builder_freer(builder, 0, OTHER_STACK + i);
        for (uint32_t block = 0; block <= i; block++) {
            builder_allocate(builder, 0, 1);
            builder_release(builder, 0, 1, 0);
        }
    }
    expect(builder, "    allocated 660 B in 66: freed 0 B in 0 by itself, 110 B in 11 by lib10.so, "
                    "100 B in 10 by lib09.so, 90 B in 9 by lib08.so, 80 B in 8 by lib07.so, "
                    "70 B in 7 by lib06.so, 60 B in 6 by lib05.so, 50 B in 5 by lib04.so, "
                    "40 B in 4 by lib03.so, 60 B in 6 by 3 more\n");
}
END_TEST

START_TEST(ledger_is_not_there_if_nobody_knows)
{
    struct trace_builder *builder = begin();
    allocate(builder, 2);
    builder_release(builder, 0, 1, 0);
    builder_write(builder, "t.trace");
    builder_free(builder);
    char *text = scene_report("--by module t.trace", NULL);
    ck_assert_ptr_null(strstr(text, "allocated"));
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("ledger");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, ledger_names_who_freed);
    tcase_add_test(tests, ledger_keeps_streams_apart);
    tcase_add_test(tests, ledger_starts_anew_at_a_clear);
    tcase_add_test(tests, ledger_adds_up_those_it_does_not_name);
    tcase_add_test(tests, ledger_is_not_there_if_nobody_knows);
    return unit_run("ledger", tests);
}
