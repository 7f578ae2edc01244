/* event_stream.c: where a stream stands (format.md, 5.1). */
#include "event_stream.h"

#include <string.h>

#include "reader.h"
#include "scene.h"
#include "unit.h"

static struct reader reader;
static struct trace_error error;
static struct event_stream *stream;

/* Two chunks: a snapshot and an allocation at (10, 3), another one at (20, 5). */
static void open_stream(void)
{
    struct trace_builder *builder = scene_new();
    builder_site(builder, 0, 1, SCENE_WORK, 8);
    builder_time(builder, 0, 10, 3);
    builder_seal(builder, 0, TRACE_EVENTS, BUILDER_PLAIN);
    builder_snapshot(builder, 0, "x");
    builder_allocate(builder, 0, 1);
    builder_time(builder, 0, 20, 5);
    builder_seal(builder, 0, TRACE_EVENTS, BUILDER_PLAIN);
    builder_allocate(builder, 0, 1);
    builder_write(builder, "t.trace");
    builder_free(builder);
    ck_assert_int_eq(reader_open("t.trace", &reader, &error), TRACE_OK);
    ck_assert_uint_eq(reader.stream_count, 1);
    stream = &reader.streams[0];
    event_stream_start(stream);
}

static enum trace_status load(void)
{
    return event_stream_load(stream, &reader.file, reader.decoder, &reader.damage, &error);
}

START_TEST(event_stream_goes_from_chunk_to_chunk)
{
    open_stream();
    size_t chunks = 0;
    uint32_t tick = 0;
    for (; !event_stream_is_at_end(stream); chunks++) {
        ck_assert_uint_ge(stream->tick, tick);
        tick = stream->tick;
        ck_assert_int_eq(load(), TRACE_OK);
        ck_assert_ptr_nonnull(stream->records);
        event_stream_next_chunk(stream);
        ck_assert_ptr_null(stream->records);
    }
    ck_assert_uint_eq(chunks, stream->chunk_count);
    ck_assert_uint_eq(stream->tick, 20);
    ck_assert_uint_eq(stream->epoch, 5);
    event_stream_start(stream);
    ck_assert_uint_lt(stream->tick, 20); // from the start again
    reader_close(&reader);
}
END_TEST

START_TEST(event_stream_goes_on_where_it_was_unloaded)
{
    open_stream();
    while (stream->chunk + 2 < stream->chunk_count) {
        event_stream_next_chunk(stream);
    }
    ck_assert_int_eq(load(), TRACE_OK);
    ck_assert_uint_eq(*stream->cursor.next, EVENT_SNAPSHOT_BYTE);
    ck_assert_uint_eq(stream->rank, 0);
    stream->cursor.next += 3; // the snapshot and its name
    event_stream_unload(stream);
    event_stream_unload(stream); // is legal
    ck_assert_int_eq(load(), TRACE_OK);
    ck_assert_int_eq(load(), TRACE_OK);
    ck_assert_uint_eq(*stream->cursor.next, trace_zigzag(1) << 2 | TRACE_EV_ALLOCATION);
    ck_assert_uint_eq(stream->rank, 1);
    event_stream_unload(stream);
    reader_close(&reader);
}
END_TEST

START_TEST(event_stream_passes_over_what_is_damaged)
{
    open_stream();
    // as if the file had changed after it was opened
    struct chunk *chunk = &reader.index.chunks[reader.index.events];
    chunk->compression = TRACE_ZSTD;
    size_t before = stream->chunk;
    ck_assert_int_eq(load(), TRACE_NOT_FOUND);
    ck_assert_uint_eq(stream->chunk, before + 1);
    ck_assert_ptr_null(stream->records);
    ck_assert_uint_eq(reader.damage.corrupt_chunks, 1);
    ck_assert_uint_eq(reader.damage.lost_bytes, chunk->used);
    reader_close(&reader);
}
END_TEST

START_TEST(event_stream_orders)
{
    // by tick, then epoch, then whether a snapshot comes next, then stream
    static const struct event_stream ordered[] = {
        {.tick = 1, .epoch = 9, .rank = 1, .stream = 9}, {.tick = 2, .epoch = 1, .rank = 1},
        {.tick = 2, .epoch = 3, .rank = 0, .stream = 7}, {.tick = 2, .epoch = 3, .rank = 1},
        {.tick = 2, .epoch = 3, .rank = 1, .stream = 1},
    };
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 5; j++) {
            ck_assert(event_stream_is_before(&ordered[i], &ordered[j]) == (i < j));
        }
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("event_stream");
    tcase_add_checked_fixture(tests, scene_enter, scene_leave);
    tcase_add_test(tests, event_stream_goes_from_chunk_to_chunk);
    tcase_add_test(tests, event_stream_goes_on_where_it_was_unloaded);
    tcase_add_test(tests, event_stream_passes_over_what_is_damaged);
    tcase_add_test(tests, event_stream_orders);
    return unit_run("event_stream", tests);
}
