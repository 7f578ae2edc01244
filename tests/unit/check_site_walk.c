/* site_walk.c: every site that allocated, once, and its stack under one number. */
#include "site_walk.h"

#include <stdlib.h>

#include "frame_table.h"
#include "reader.h"
#include "scene.h"
#include "unit.h"

/* Everything that a walk stands on. */
struct ground {
    struct frame_rules rules;
    struct strings *strings;
    struct symbolizer *symbolizer;
    struct module_table *modules;
    struct frame_table *frames;
    struct reader reader;
    uint32_t *numbers;
    struct attribution attribution;
    struct replay replay;
};

static void ground_open(struct ground *ground, const char *path)
{
    const struct symbol_options options = {0};
    const struct moment end = {.kind = MOMENT_END};
    struct trace_error error = {0};
    *ground = (struct ground){.strings = strings_new(), .symbolizer = symbolizer_new(&options)};
    ground->modules = module_table_new(ground->symbolizer, ground->strings);
    ground->frames = frame_table_new(ground->symbolizer, ground->modules, ground->strings,
                                     &ground->rules, "/scene");
    ck_assert_int_eq(reader_open(path, &ground->reader, &error), TRACE_OK);
    ck_assert_int_eq(
        module_table_add(ground->modules, &ground->reader.definitions, &ground->numbers, &error),
        TRACE_OK);
    ck_assert_int_eq(attribution_init(&ground->reader.definitions, ground->numbers, ground->frames,
                                      &ground->rules, &ground->attribution, &error),
                     TRACE_OK);
    ck_assert_int_eq(
        replay_run(&ground->reader, &end, NULL, NULL, NULL, NULL, &ground->replay, &error),
        TRACE_OK);
}

static void ground_close(struct ground *ground)
{
    replay_fini(&ground->replay);
    attribution_fini(&ground->attribution);
    free(ground->numbers);
    reader_close(&ground->reader);
    frame_table_free(ground->frames);
    module_table_free(ground->modules);
    symbolizer_free(ground->symbolizer);
    strings_free(ground->strings);
}

static void check_next(struct site_walk *walk, uint32_t size, uint32_t stack, bool is_stack_new)
{
    ck_assert(site_walk_next(walk));
    ck_assert_uint_eq(walk->definitions->sites[walk->at].size, size);
    ck_assert_uint_eq(walk->stack, stack);
    ck_assert_int_eq(walk->is_stack_new, is_stack_new);
}

START_TEST(site_walk_meets_what_allocated)
{
    static const uint32_t stacks[] = {SCENE_WORK, SCENE_MAIN,        SCENE_WORK, SCENE_VECTOR,
                                      77777,      TRACE_STACK_WHOLE, SCENE_WORK};
    struct trace_builder *builder = scene_new();
    for (uint32_t i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        builder_site(builder, 0, i + 1, stacks[i], i + 1);
        if (i != 3) { // VECTOR never allocates
            builder_allocate(builder, 0, i + 1);
        }
    }
    builder_release(builder, 0, 2, 0); // what is freed has allocated all the same
    builder_write(builder, "t.trace");
    builder_free(builder);

    struct ground ground;
    struct site_walk walk;
    struct trace_error error = {0};
    ground_open(&ground, "t.trace");
    ck_assert_int_eq(site_walk_start(&ground.replay, &ground.attribution, 40, &walk, &error),
                     TRACE_OK);
    check_next(&walk, 1, 40, true);
    check_next(&walk, 2, 41, true);
    check_next(&walk, 3, 40, false);
    check_next(&walk, 5, 42, true);
    check_next(&walk, 6, 42, false); // without frames, as one that is not defined
    check_next(&walk, 7, 40, false);
    ck_assert(!site_walk_next(&walk));
    ck_assert(!site_walk_next(&walk));
    ck_assert_uint_eq(walk.stacks, 43);
    site_walk_fini(&walk);
    ground_close(&ground);
}
END_TEST

START_TEST(site_walk_leaves_out_what_was_cleared)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 1);
    builder_site(builder, 0, 2, SCENE_MAIN, 2);
    builder_allocate(builder, 0, 1);
    builder_clear(builder, 0, 2);
    builder_allocate(builder, 0, 2);
    builder_write(builder, "t.trace");
    builder_free(builder);

    struct ground ground;
    struct site_walk walk;
    struct trace_error error = {0};
    ground_open(&ground, "t.trace");
    ck_assert_int_eq(site_walk_start(&ground.replay, &ground.attribution, 0, &walk, &error),
                     TRACE_OK);
    check_next(&walk, 2, 0, true);
    ck_assert(!site_walk_next(&walk));
    site_walk_fini(&walk);
    ground_close(&ground);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("site_walk");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, site_walk_meets_what_allocated);
    tcase_add_test(tests, site_walk_leaves_out_what_was_cleared);
    return unit_run("site_walk", tests);
}
