/* frame_table.c and modules.c: addresses to frames, each once, for the scene's "app". */
#include "frame_table.h"

#include <string.h>

#include "scene.h"
#include "unit.h"

static struct symbolizer *symbolizer;
static struct strings *strings;
static struct module_table *modules;
static struct frame_table *table;
static struct frame_rules rules;
static struct trace_error error;

static const uint8_t id_one[] = {1, 2};
static const uint8_t id_two[] = {1, 3};
static struct module_definition defined[] = {
    {.path = NULL}, // not defined
    {.path = "app", .build_id = id_one, .build_id_bytes = 2, .bias = 0x400000},
    {.path = "app", .build_id = id_two, .build_id_bytes = 2, .bias = 0x500000},
    {.path = "app", .build_id = id_one, .build_id_bytes = 2, .bias = 0x600000},
    {.path = "/lib/libtrace.so", .build_id = id_one}, // of no bytes
};
static const struct definitions definitions = {.modules = defined, .module_count = 5};
static uint32_t *numbers;

static void make_table(const char *directory)
{
    table = frame_table_new(symbolizer, modules, strings, &rules, directory);
    ck_assert_ptr_nonnull(table);
}

static void setup(void)
{
    static const struct symbol_options options;
    scene_enter();
    symbolizer = symbolizer_new(&options);
    strings = strings_new();
    modules = module_table_new(symbolizer, strings);
    ck_assert_int_eq(module_table_add(modules, &definitions, &numbers, &error), TRACE_OK);
}

static void teardown(void)
{
    frame_table_free(table);
    module_table_free(modules);
    symbolizer_free(symbolizer);
    strings_free(strings);
    patterns_fini(&rules.skip);
    free(numbers);
    scene_leave();
}

static const struct frame *only(uint32_t number)
{
    struct frame_list list = frame_table_at(table, number);
    ck_assert_uint_eq(list.count, 1);
    return list.frames;
}

START_TEST(modules_are_told_apart_by_path_and_build_id)
{
    uint32_t *again = NULL;
    ck_assert_uint_eq(numbers[0], MODULE_NONE);
    ck_assert_uint_eq(numbers[1], numbers[3]); // loaded elsewhere, but the same
    ck_assert_uint_ne(numbers[1], numbers[2]);
    ck_assert_uint_eq(module_table_count(modules), 3);
    ck_assert_str_eq(module_table_path(modules, numbers[2]), "app");
    ck_assert_ptr_eq(module_table_path(modules, numbers[1]),
                     module_table_path(modules, numbers[2]));
    ck_assert_ptr_null(module_table_path(modules, MODULE_NONE));
    ck_assert_int_eq(module_table_add(modules, &definitions, &again, &error), TRACE_OK);
    ck_assert_mem_eq(again, numbers, 5 * sizeof *again); // of another trace
    ck_assert_uint_eq(module_table_count(modules), 3);
    free(again);
}
END_TEST

START_TEST(module_address_takes_the_bias_off)
{
    uint32_t module = 0;
    struct stack_node node = {.address = 0x600101, .module = 3};
    ck_assert_uint_eq(module_address(&definitions, numbers, &node, &module), 0x100);
    ck_assert_uint_eq(module, numbers[3]);
    static const uint16_t unknown[] = {0, 5, UINT16_MAX};
    for (size_t i = 0; i < 3; i++) {
        node.module = unknown[i];
        ck_assert_uint_eq(module_address(&definitions, numbers, &node, &module), 0x600100);
        ck_assert_uint_eq(module, MODULE_NONE);
    }
}
END_TEST

START_TEST(frame_table_resolves)
{
    size_t unresolved = 0;
    make_table("/scene");
    uint32_t lined = frame_table_ask(table, numbers[1], 0x100);
    uint32_t symbol = frame_table_ask(table, numbers[1], 0x700);
    uint32_t bare = frame_table_ask(table, numbers[1], 0x500);
    uint32_t outside = frame_table_ask(table, MODULE_NONE, 0x500);
    uint32_t inlined = frame_table_ask(table, numbers[1], 0x600);
    ck_assert_uint_ge(lined, 1);
    ck_assert_uint_eq(frame_table_ask(table, numbers[1], 0x100), lined);
    ck_assert_uint_ne(outside, bare);
    ck_assert_uint_eq(frame_table_at(table, lined).count, 0); // not yet
    ck_assert_int_eq(frame_table_resolve(table, &error), TRACE_OK);
    ck_assert_str_eq(only(lined)->place, "src/main.c"); // below the directory
    ck_assert_str_eq(only(lined)->path, "/scene/src/main.c");
    ck_assert_uint_eq(only(lined)->line, 10);
    ck_assert(only(lined)->has_line && only(lined)->is_included);
    ck_assert_str_eq(only(symbol)->place, "app!exported+0x0");
    ck_assert(!only(symbol)->has_line);
    ck_assert_str_eq(only(bare)->place, "app!0x500");
    ck_assert_ptr_null(only(bare)->function);
    ck_assert_str_eq(only(outside)->place, "<unknown>!0x500");
    struct frame_list list = frame_table_at(table, inlined);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_str_eq(list.frames[0].function, "inner");
    ck_assert(list.frames[0].is_inlined && !list.frames[1].is_inlined);
    ck_assert_uint_eq(frame_table_count(table, &unresolved), 5);
    ck_assert_uint_eq(unresolved, 2);
    struct frame_tally tallies[8] = {0};
    frame_table_tally(table, tallies, sizeof tallies / sizeof tallies[0]);
    ck_assert_uint_eq(tallies[numbers[1]].addresses, 4);
    ck_assert_uint_eq(tallies[numbers[1]].unnamed, 1);
    ck_assert_uint_eq(tallies[numbers[1]].lineless, 2);
}
END_TEST

START_TEST(frame_table_applies_rules)
{
    ck_assert(patterns_add(&rules.skip, "main.c", true));
    make_table("/");
    uint32_t skipped = frame_table_ask(table, numbers[1], 0x100);
    uint32_t plumbing = frame_table_ask(table, numbers[1], 0x300);
    uint32_t tracer = frame_table_ask(table, numbers[4], 0x100);
    ck_assert_int_eq(frame_table_resolve(table, &error), TRACE_OK);
    ck_assert_str_eq(only(skipped)->place, "/scene/src/main.c"); // all files are below "/"
    ck_assert(only(skipped)->is_skipped && !only(skipped)->is_plumbing);
    ck_assert(only(plumbing)->is_plumbing && !only(plumbing)->is_skipped);
    ck_assert(only(tracer)->is_tracer && !only(skipped)->is_tracer);
}
END_TEST

START_TEST(frame_table_has_no_frames_of_strangers)
{
    make_table(NULL);
    ck_assert_uint_eq(frame_table_at(table, 0).count, 0);
    ck_assert_uint_eq(frame_table_at(table, 77).count, 0);
    ck_assert_int_eq(frame_table_resolve(table, &error), TRACE_OK); // of nothing
    ck_assert_str_eq(frame_table_unknown(table)->place, "<unknown>");
    frame_table_free(NULL);
    module_table_free(NULL);
}
END_TEST

START_TEST(frame_table_grows)
{
    enum { MANY = 50000 };
    static uint32_t asked[MANY];
    size_t unresolved = 0;
    make_table(NULL);
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < MANY; i++) {
            uint32_t number =
                frame_table_ask(table, i % 2 == 0 ? numbers[1] : numbers[2], 0x10000 + i / 2);
            ck_assert(pass == 0 ? number > 0 : number == asked[i]);
            asked[i] = number;
        }
        ck_assert_int_eq(frame_table_resolve(table, &error), TRACE_OK);
    }
    ck_assert_uint_eq(frame_table_count(table, &unresolved), MANY);
    ck_assert_uint_eq(unresolved, MANY);
    ck_assert_str_eq(only(asked[MANY - 1])->place, "app!0x161a7"); // 0x10000 + 24999
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("frame_table");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, modules_are_told_apart_by_path_and_build_id);
    tcase_add_test(tests, module_address_takes_the_bias_off);
    tcase_add_test(tests, frame_table_resolves);
    tcase_add_test(tests, frame_table_applies_rules);
    tcase_add_test(tests, frame_table_has_no_frames_of_strangers);
    tcase_add_test(tests, frame_table_grows);
    return unit_run("frame_table", tests);
}
