/* reader.c and below: which files are refused, and what is made of damaged ones. */
#include "reader.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scene.h"
#include "trace_codec.h"
#include "unit.h"

static struct reader reader;
static struct trace_error error;

static enum trace_status open_trace(struct trace_builder *builder)
{
    builder_write(builder, "t.trace");
    builder_free(builder);
    return reader_open("t.trace", &reader, &error);
}

/* Open bytes that are no valid trace, and give what was said about them. */
static const char *refusal(const void *bytes, size_t length, enum trace_status expected)
{
    builder_write_file("t.trace", bytes, length);
    ck_assert_int_eq(reader_open("t.trace", &reader, &error), expected);
    ck_assert_ptr_nonnull(strstr(error.text, "t.trace: "));
    return error.text;
}

START_TEST(reader_refuses_what_is_no_trace)
{
    static const uint8_t zeros[5000];
    ck_assert_int_eq(reader_open("none.trace", &reader, &error), TRACE_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "none.trace"));
    ck_assert_int_eq(mkdir("d.trace", 0700), 0);
    ck_assert_int_eq(reader_open("d.trace", &reader, &error), TRACE_CORRUPT);
    ck_assert_ptr_nonnull(strstr(error.text, "directory"));
    ck_assert_int_eq(rmdir("d.trace"), 0);
    ck_assert_int_eq(mkfifo("f.trace", 0700), 0);
    ck_assert_int_eq(reader_open("f.trace", &reader, &error), TRACE_CORRUPT);
    ck_assert_ptr_nonnull(strstr(refusal("", 0, TRACE_TRUNCATED), "empty"));
    ck_assert_ptr_nonnull(strstr(refusal("x", 1, TRACE_CORRUPT), "not a trace"));
    ck_assert_ptr_nonnull(strstr(refusal(zeros, sizeof zeros, TRACE_CORRUPT), "not a trace"));
    ck_assert_ptr_nonnull(strstr(refusal(TRACE_MAGIC, 8, TRACE_TRUNCATED), "ends inside"));
}
END_TEST

START_TEST(reader_refuses_bad_headers)
{
    struct trace_builder *builder = scene_new();
    size_t length = 0;
    uint8_t bytes[TRACE_HEADER_BYTES];
    struct trace_file_header header;
    builder_header(builder)->oldest_reader = TRACE_VERSION + 1;
    builder_header(builder)->version = TRACE_VERSION + 1;
    ck_assert_int_eq(open_trace(builder), TRACE_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.text, "newer"));
    builder = scene_new();
    builder_header(builder)->first_stack = 2;
    ck_assert_int_eq(open_trace(builder), TRACE_CORRUPT);
    builder = scene_new();
    memcpy(bytes, builder_bytes(builder, &length), sizeof bytes);
    builder_free(builder);
    memcpy(&header, bytes, sizeof header);
    header.pid++;
    memcpy(bytes, &header, sizeof header);
    ck_assert_ptr_nonnull(strstr(refusal(bytes, sizeof bytes, TRACE_CORRUPT), "damaged header"));
}
END_TEST

START_TEST(reader_takes_a_newer_version_that_it_can_read)
{
    struct trace_builder *builder = scene_new();
    builder_header(builder)->version = TRACE_VERSION + 1;
    ck_assert_int_eq(open_trace(builder), TRACE_OK);
    reader_close(&reader);
}
END_TEST

START_TEST(reader_loads_definitions)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 24);
    builder_site(builder, 3, 7, SCENE_MAIN, 32);
    builder_thread(builder, 3, 99, "first");
    builder_thread(builder, 3, 99, "renamed");
    builder_thread(builder, 3, 100, "second");
    ck_assert_int_eq(open_trace(builder), TRACE_OK);
    const struct definitions *definitions = &reader.definitions;
    ck_assert_str_eq(definitions->process.executable, "/bin/app");
    ck_assert_str_eq(definitions->process.directory, "/scene");
    ck_assert_uint_eq(definitions->process.argument_count, 2);
    ck_assert_uint_eq(definitions->process.argument_total, 3);
    ck_assert_str_eq(definitions->modules[1].path, "app");
    ck_assert_uint_eq(definitions->modules[1].bias, SCENE_BIAS);
    ck_assert_uint_eq(definitions->stack_count, 8);
    ck_assert_uint_eq(definitions->cut_count, 1);
    ck_assert_uint_eq(definitions_stack(definitions, SCENE_WORK)->parent, SCENE_MAIN);
    ck_assert_ptr_null(definitions_stack(definitions, TRACE_STACK_CUT));
    ck_assert_ptr_null(definitions_stack(definitions, 1000));
    ck_assert_uint_eq(definitions->site_count, 2);
    ck_assert_uint_eq(definitions->sites[6].stream, 3);
    ck_assert_uint_eq(definitions->sites[6].size, 32);
    ck_assert(!definitions->sites[5].is_defined);
    ck_assert_uint_eq(definitions->thread_count, 3);
    ck_assert_str_eq(definitions->threads[1].name, "renamed");
    reader_close(&reader);
}
END_TEST

START_TEST(reader_keeps_ids_of_a_forked_child_small)
{
    struct trace_builder *builder = builder_new();
    builder_header(builder)->first_stack = 4000000000u;
    builder_header(builder)->first_site = 3000000000u;
    builder_stack(builder, 4000000001u, TRACE_STACK_WHOLE, 0, 0x1234);
    builder_site(builder, 0, 3000000002u, 4000000001u, 5);
    ck_assert_int_eq(open_trace(builder), TRACE_OK);
    ck_assert_uint_eq(reader.definitions.stack_slots, 2);
    ck_assert_uint_eq(reader.definitions.site_slots, 3);
    ck_assert_ptr_nonnull(definitions_stack(&reader.definitions, 4000000001u));
    reader_close(&reader);
}
END_TEST

START_TEST(reader_does_not_believe_a_lonely_huge_id)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, UINT32_MAX, SCENE_MAIN, 5);
    ck_assert_int_eq(open_trace(builder), TRACE_OK);
    ck_assert_uint_lt(reader.definitions.site_slots, 1u << 23);
    ck_assert_uint_eq(reader.definitions.site_count, 0);
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 1);
    reader_close(&reader);
}
END_TEST

START_TEST(reader_skips_sized_definitions_and_gives_up_at_unknown_ones)
{
    static const uint8_t sized[] = {TRACE_DEF_SIZED + 5, 3, 0xff, 0xff, 0xff};
    static const uint8_t unknown[] = {TRACE_DEF_SIZED - 1, 3, 0xff, 0xff, 0xff};
    struct trace_builder *builder = scene_new();
    builder_raw(builder, 0, TRACE_DEFINITIONS, sized, sizeof sized);
    builder_site(builder, 0, 1, SCENE_WORK, 24);
    builder_raw(builder, 0, TRACE_DEFINITIONS, unknown, sizeof unknown);
    builder_site(builder, 0, 2, SCENE_WORK, 24);
    ck_assert_int_eq(open_trace(builder), TRACE_OK);
    ck_assert_uint_eq(reader.definitions.site_count, 1);
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 1);
    ck_assert_uint_gt(reader.damage.lost_bytes, sizeof unknown);
    reader_close(&reader);
}
END_TEST

START_TEST(reader_counts_what_is_missing)
{
    struct trace_builder *builder = scene_new();
    for (int i = 0; i < 4; i++) {
        static const uint8_t snapshot[] = {EVENT_SNAPSHOT_BYTE, 0};
        builder_raw(builder, 0, TRACE_EVENTS, snapshot, sizeof snapshot);
        builder_seal(builder, 0, TRACE_EVENTS, BUILDER_PLAIN);
    }
    size_t length = 0;
    uint8_t *bytes = malloc(1 << 20);
    memcpy(bytes, builder_bytes(builder, &length), 1);
    memcpy(bytes, builder_bytes(builder, &length), length);
    builder_free(builder);
    // The second of the four chunks of events loses its header: 128 bytes each, from 4096 on.
    bytes[TRACE_HEADER_BYTES + 128 + 20] ^= 1;
    builder_write_file("t.trace", bytes, length);
    free(bytes);
    ck_assert_int_eq(reader_open("t.trace", &reader, &error), TRACE_OK);
    ck_assert_uint_eq(reader.damage.missing_chunks, 1);
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 1);
    ck_assert_uint_eq(reader.streams[0].chunk_count, 3);
    reader_close(&reader);
}
END_TEST

START_TEST(reader_prefers_a_segment_to_its_window)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 24);
    builder_allocate(builder, 0, 1);
    builder_allocate(builder, 0, 1);
    builder_seal(builder, 0, TRACE_EVENTS, BUILDER_WINDOW);
    size_t length = 0;
    const uint8_t *bytes = builder_bytes(builder, &length);
    // The same once more, as the segment that the window was being made into.
    const size_t at = TRACE_HEADER_BYTES; // a multiple of TRACE_WINDOW_ALIGN
    struct trace_chunk header;
    uint8_t records[128] = {0};
    memcpy(&header, bytes + at, sizeof header);
    ck_assert_uint_eq(header.magic, TRACE_WINDOW_MAGIC);
    memcpy(records, bytes + at + sizeof header, header.used);
    header.magic = TRACE_SEGMENT_MAGIC;
    header.stored = header.used;
    header.check = trace_check(&header, offsetof(struct trace_chunk, check));
    builder_gap(builder, records, (64 - length % 64) % 64);
    builder_gap(builder, &header, sizeof header);
    builder_gap(builder, records, header.used);
    ck_assert_int_eq(open_trace(builder), TRACE_OK);
    ck_assert_uint_eq(reader.stream_count, 1);
    ck_assert_uint_eq(reader.streams[0].chunk_count, 1);
    ck_assert(!reader.streams[0].chunks[0].is_window);
    ck_assert_uint_eq(reader.damage.missing_chunks, 0);
    reader_close(&reader);
}
END_TEST

START_TEST(reader_finds_chunks_behind_anything)
{
    struct trace_builder *builder = scene_new();
    uint8_t junk[5003];
    memset(junk, 0xa5, sizeof junk);
    builder_gap(builder, junk, sizeof junk);
    builder_site(builder, 0, 1, SCENE_WORK, 24);
    ck_assert_int_eq(open_trace(builder), TRACE_OK);
    ck_assert_uint_eq(reader.definitions.site_count, 1);
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 0);
    reader_close(&reader);
}
END_TEST

START_TEST(reader_uses_what_is_there_of_a_cut_window)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 24);
    builder_seal(builder, 0, TRACE_DEFINITIONS, BUILDER_ZSTD);
    for (int i = 0; i < 1000; i++) {
        builder_allocate(builder, 0, 1);
    }
    builder_seal(builder, 0, TRACE_EVENTS, BUILDER_WINDOW);
    size_t length = 0;
    const uint8_t *bytes = builder_bytes(builder, &length);
    builder_write_file("t.trace", bytes, length - TRACE_WINDOW_BYTES + TRACE_CHUNK_BYTES + 600);
    builder_free(builder);
    ck_assert_int_eq(reader_open("t.trace", &reader, &error), TRACE_OK);
    ck_assert_uint_eq(reader.damage.truncated_chunks, 1);
    ck_assert_uint_eq(reader.streams[0].chunks[0].used, 600);
    reader_close(&reader);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("reader");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, reader_refuses_what_is_no_trace);
    tcase_add_test(tests, reader_refuses_bad_headers);
    tcase_add_test(tests, reader_takes_a_newer_version_that_it_can_read);
    tcase_add_test(tests, reader_loads_definitions);
    tcase_add_test(tests, reader_keeps_ids_of_a_forked_child_small);
    tcase_add_test(tests, reader_does_not_believe_a_lonely_huge_id);
    tcase_add_test(tests, reader_skips_sized_definitions_and_gives_up_at_unknown_ones);
    tcase_add_test(tests, reader_counts_what_is_missing);
    tcase_add_test(tests, reader_prefers_a_segment_to_its_window);
    tcase_add_test(tests, reader_finds_chunks_behind_anything);
    tcase_add_test(tests, reader_uses_what_is_there_of_a_cut_window);
    return unit_run("reader", tests);
}
