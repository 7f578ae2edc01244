/* chunk_index.c: the order of chunks, and what counts as damage (format.md, 3). */
#include "chunk_index.h"

#include <string.h>

#include "scene.h"
#include "unit.h"

static struct trace_file file;
static struct chunk_index index_of_file;
static struct damage damage;
static struct trace_error error;

static void build(struct trace_builder *builder)
{
    builder_write(builder, "t.trace");
    builder_free(builder);
    damage = (struct damage){0};
    ck_assert_int_eq(trace_file_open("t.trace", &file, &error), TRACE_OK);
    ck_assert_int_eq(chunk_index_build(&file, &index_of_file, &damage, &error), TRACE_OK);
}

static void finish(void)
{
    chunk_index_fini(&index_of_file);
    trace_file_close(&file);
}

static void add_chunk(struct trace_builder *builder, uint32_t stream, enum trace_content content,
                      enum builder_chunk kind)
{
    static const uint8_t record[] = {4};
    builder_raw(builder, stream, content, record, sizeof record);
    builder_seal(builder, stream, content, kind);
}

START_TEST(chunk_index_sorts_by_content_stream_and_sequence)
{
    struct trace_builder *builder = builder_new();
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t stream = 3; stream > 0; stream--) {
            add_chunk(builder, stream - 1, TRACE_EVENTS, i == 2 ? BUILDER_WINDOW : BUILDER_ZSTD);
            add_chunk(builder, stream - 1, TRACE_DEFINITIONS, BUILDER_PLAIN);
        }
    }
    build(builder);
    ck_assert_uint_eq(index_of_file.count, 18);
    ck_assert_uint_eq(index_of_file.events, 9);
    for (uint32_t i = 0; i < 18; i++) {
        const struct chunk *chunk = &index_of_file.chunks[i];
        ck_assert_uint_eq(chunk->content, i < 9 ? TRACE_DEFINITIONS : TRACE_EVENTS);
        ck_assert_uint_eq(chunk->stream, i % 9 / 3);
        ck_assert_uint_eq(chunk->sequence, i % 3);
        ck_assert(chunk->is_window == (i >= 9 && i % 3 == 2));
        ck_assert((chunk->copy != NULL) == chunk->is_window);
    }
    ck_assert_uint_eq(damage.missing_chunks + damage.corrupt_chunks, 0);
    finish();
}
END_TEST

START_TEST(chunk_index_of_nothing)
{
    build(builder_new());
    ck_assert_uint_eq(index_of_file.count, 0);
    ck_assert_uint_eq(index_of_file.events, 0);
    finish();
}
END_TEST

START_TEST(chunk_index_passes_over_holes_and_unknown_content)
{
    static uint8_t zeros[1 << 20];
    struct trace_builder *builder = builder_new();
    add_chunk(builder, 0, (enum trace_content)0, BUILDER_PLAIN); // no such content
    builder_gap(builder, zeros, sizeof zeros);
    add_chunk(builder, 0, TRACE_EVENTS, BUILDER_PLAIN);
    build(builder);
    ck_assert_uint_eq(damage.unknown_chunks, 1);
    ck_assert_uint_eq(damage.corrupt_chunks, 0);
    ck_assert_uint_eq(index_of_file.count, 1);
    finish();
}
END_TEST

START_TEST(damage_counts_by_status)
{
    struct damage counted = {0};
    damage_count(&counted, TRACE_OK);
    damage_count(&counted, TRACE_CORRUPT);
    damage_count(&counted, TRACE_UNSUPPORTED);
    damage_count(&counted, TRACE_TRUNCATED);
    damage_count(&counted, TRACE_TRUNCATED);
    ck_assert_uint_eq(counted.corrupt_chunks, 1);
    ck_assert_uint_eq(counted.unknown_chunks, 1);
    ck_assert_uint_eq(counted.truncated_chunks, 2);
    ck_assert_uint_eq(counted.missing_chunks + counted.lost_bytes, 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("chunk_index");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, chunk_index_sorts_by_content_stream_and_sequence);
    tcase_add_test(tests, chunk_index_of_nothing);
    tcase_add_test(tests, chunk_index_passes_over_holes_and_unknown_content);
    tcase_add_test(tests, damage_counts_by_status);
    return unit_run("chunk_index", tests);
}
