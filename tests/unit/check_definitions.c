/* definitions.c: ids in any order, missing, doubled, and the roots of stacks (format.md, 4). */
#include "definitions.h"

#include "reader.h"
#include "scene.h"
#include "unit.h"

static struct reader reader;
static struct trace_error error;

static const struct definitions *load(struct trace_builder *builder)
{
    builder_write(builder, "t.trace");
    builder_free(builder);
    ck_assert_int_eq(reader_open("t.trace", &reader, &error), TRACE_OK);
    return &reader.definitions;
}

START_TEST(definitions_take_ids_in_any_order)
{
    struct trace_builder *builder = builder_new();
    builder_stack(builder, 9, 4, 1, 0x900); // before its parent
    builder_stack(builder, 4, TRACE_STACK_CUT, 1, 0x400);
    builder_stack(builder, 5, TRACE_STACK_BROKEN, 0, 0x500);
    builder_stack(builder, 4, TRACE_STACK_CUT, 1, 0x400); // again, alike
    builder_site(builder, 3, 7, 9, UINT64_C(1) << 40);
    builder_site(builder, 0, 2, 4, 0);
    const struct definitions *definitions = load(builder);
    ck_assert_uint_eq(definitions->stack_count, 3);
    ck_assert_uint_eq(definitions->cut_count, 1);
    ck_assert_uint_eq(definitions->broken_count, 1);
    ck_assert_uint_eq(definitions_stack(definitions, 9)->address, 0x900);
    ck_assert_uint_eq(definitions_stack(definitions, 9)->parent, 4);
    ck_assert_uint_eq(definitions->site_count, 2);
    const struct site *site = &definitions->sites[7 - definitions->first_site];
    ck_assert(site->is_defined);
    ck_assert_uint_eq(site->size, UINT64_C(1) << 40);
    ck_assert_uint_eq(site->stack, 9);
    ck_assert_uint_eq(site->stream, 3);
    ck_assert(!definitions->sites[3 - definitions->first_site].is_defined);
    reader_close(&reader);
}
END_TEST

START_TEST(definitions_take_what_the_record_before_leads_to)
{
    static const uint8_t callee[] = {TRACE_DEF_STACK_CALLEE, 2};
    static const uint8_t branch[] = {TRACE_DEF_STACK_BRANCH, 3, 4};
    static const uint8_t latest[] = {TRACE_DEF_SITE_LATEST, 40};
    struct trace_builder *builder = builder_new();
    builder_stack(builder, 9, 4, 7, 0x900);
    builder_raw(builder, 0, TRACE_DEFINITIONS, callee, sizeof callee);
    builder_raw(builder, 0, TRACE_DEFINITIONS, branch, sizeof branch);
    builder_site(builder, 0, 2, 10, 30);
    builder_raw(builder, 0, TRACE_DEFINITIONS, latest, sizeof latest);
    builder_raw(builder, 0, TRACE_DEFINITIONS, latest, sizeof latest);
    const struct definitions *definitions = load(builder);
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 0);
    ck_assert_uint_eq(definitions->stack_count, 3);
    for (uint32_t id = 10; id < 12; id++) {
        const struct stack_node *node = definitions_stack(definitions, id);
        ck_assert_uint_eq(node->parent, 9);
        ck_assert_uint_eq(node->module, 7);
        ck_assert_uint_eq(node->address, id == 10 ? 0x901 : 0x903);
    }
    ck_assert_uint_eq(definitions->site_count, 3);
    for (uint32_t id = 3; id < 5; id++) {
        const struct site *site = &definitions->sites[id - definitions->first_site];
        ck_assert_uint_eq(site->stack, 11);
        ck_assert_uint_eq(site->size, 40);
    }
    reader_close(&reader);
}
END_TEST

/* At the beginning of a chunk there is none. */
START_TEST(definitions_refuse_what_no_record_leads_to)
{
    static const uint8_t records[][3] = {{TRACE_DEF_STACK_CALLEE, 2},
                                         {TRACE_DEF_STACK_BRANCH, 3, 4}};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        struct trace_builder *builder = builder_new();
        builder_raw(builder, 0, TRACE_DEFINITIONS, records[i], 2 + i);
        const struct definitions *definitions = load(builder);
        ck_assert_uint_eq(reader.damage.corrupt_chunks, 1);
        ck_assert_uint_eq(definitions->stack_count, 0);
        reader_close(&reader);
    }
}
END_TEST

/* A domain may come before its site, and one that makes no sense is no domain. */
START_TEST(definitions_know_domains_of_sites)
{
    static const uint8_t cut[] = {TRACE_DEF_DOMAIN, 1, 7};
    static const uint8_t large[] = {TRACE_DEF_DOMAIN, 7, 2, 0x80, 0x80, 0x80, 0x80, 0x10, 0};
    struct trace_builder *builder = builder_new();
    builder_domain(builder, 0, 7, UINT32_MAX);
    builder_domain(builder, 0, 100000, 5); // of no site
    builder_site(builder, 0, 7, 0, 1);
    builder_site(builder, 0, 2, 0, 2);
    builder_site(builder, 0, 3, 0, 3);
    builder_raw(builder, 0, TRACE_DEFINITIONS, cut, sizeof cut);
    builder_raw(builder, 0, TRACE_DEFINITIONS, large, sizeof large);
    builder_domain(builder, 0, 3, 6);
    const struct definitions *definitions = load(builder);
    ck_assert_uint_eq(definitions->sites[7 - definitions->first_site].domain, UINT32_MAX);
    ck_assert_uint_eq(definitions->sites[2 - definitions->first_site].domain, 0);
    ck_assert_uint_eq(definitions->sites[3 - definitions->first_site].domain, 6);
    ck_assert_uint_eq(definitions->site_count, 3);
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 0);
    reader_close(&reader);
}
END_TEST

START_TEST(definitions_have_no_frame_for_roots_and_strangers)
{
    static const uint32_t none[] = {
        TRACE_STACK_WHOLE, TRACE_STACK_CUT, TRACE_STACK_BROKEN, 3, 8, 100000, UINT32_MAX};
    struct trace_builder *builder = builder_new();
    builder_stack(builder, 9, 4, 1, 0x900);
    const struct definitions *definitions = load(builder);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        ck_assert_ptr_null(definitions_stack(definitions, none[i]));
    }
    ck_assert_ptr_nonnull(definitions_stack(definitions, 9));
    reader_close(&reader);
}
END_TEST

START_TEST(definitions_believe_the_latest_name_of_a_thread)
{
    struct trace_builder *builder = builder_new();
    builder_thread(builder, 0, 100, "first");
    builder_thread(builder, 0, 100, "second");
    builder_thread(builder, 0, 101, "heir"); // took the stream over
    builder_thread(builder, 1, 100, "nested");
    const struct definitions *definitions = load(builder);
    ck_assert_uint_eq(definitions->thread_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct thread_definition *thread = &definitions->threads[i];
        const char *expected = thread->thread == 101 ? "heir"
                               : thread->stream == 1 ? "nested"
                                                     : "second";
        ck_assert_str_eq(thread->name, expected);
    }
    reader_close(&reader);
}
END_TEST

/* A gap of lost definitions is bridged; a number that damage made is not believed. */
START_TEST(definitions_of_a_few_sites_need_little_memory)
{
    const size_t most = 16 << 20;
    struct trace_builder *builder = builder_new();
    builder_site(builder, 0, 7, 0, 1);
    builder_site(builder, 0, 200000, 0, 2);
    builder_site(builder, 0, UINT32_MAX - 1, 0, 3);
    const struct definitions *definitions = load(builder);
    ck_assert(definitions->sites[7 - definitions->first_site].is_defined);
    ck_assert_uint_lt(definitions->site_slots * sizeof *definitions->sites, most);
    ck_assert_uint_lt(200000 - definitions->first_site, definitions->site_slots);
    ck_assert_uint_eq(definitions->sites[200000 - definitions->first_site].size, 2);
    ck_assert_uint_eq(definitions->site_count, 2);
    reader_close(&reader);
}
END_TEST

START_TEST(definitions_of_nothing)
{
    const struct definitions *definitions = load(builder_new());
    ck_assert_ptr_null(definitions->process.executable);
    ck_assert_uint_eq(definitions->stack_count, 0);
    ck_assert_uint_eq(definitions->site_count, 0);
    ck_assert_ptr_null(definitions_stack(definitions, TRACE_STACK_FIRST));
    reader_close(&reader);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("definitions");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, definitions_take_ids_in_any_order);
    tcase_add_test(tests, definitions_take_what_the_record_before_leads_to);
    tcase_add_test(tests, definitions_refuse_what_no_record_leads_to);
    tcase_add_test(tests, definitions_know_domains_of_sites);
    tcase_add_test(tests, definitions_have_no_frame_for_roots_and_strangers);
    tcase_add_test(tests, definitions_believe_the_latest_name_of_a_thread);
    tcase_add_test(tests, definitions_of_a_few_sites_need_little_memory);
    tcase_add_test(tests, definitions_of_nothing);
    return unit_run("definitions", tests);
}
