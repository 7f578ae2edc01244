/*
 * From a path to definitions and streams. The ways in which a file can be bad are named where they
 * are found: trace_file.c for the whole file, chunk_index.c for headers, definitions.c and
 * replay.c for records.
 */
#include "reader.h"

#include <stdlib.h>

#include "code_map.h"
#include "event.h"
#include "trace_codec.h"

static enum trace_status make_streams(struct reader *reader, struct trace_error *error)
{
    const struct chunk *chunks = reader->index.chunks;
    size_t first = reader->index.events;
    size_t end = reader->index.pictures;
    size_t count = 0;
    for (size_t i = first; i < end; i++) {
        count += i == first || chunks[i].stream != chunks[i - 1].stream ? 1 : 0;
        reader->event_bytes += chunks[i].used;
    }
    reader->streams = calloc(count + 1, sizeof *reader->streams);
    if (reader->streams == NULL) {
        return trace_fail(error, TRACE_NOMEM, 0, "%s: no memory for %zu streams", reader->file.path,
                          count);
    }
    reader->stream_count = count;
    struct event_stream *stream = reader->streams;
    for (size_t i = first; i < end; i++) {
        if (i > first && chunks[i].stream != chunks[i - 1].stream) {
            stream++;
        }
        if (stream->chunk_count == 0) {
            stream->chunks = &chunks[i];
            stream->stream = chunks[i].stream;
        }
        stream->chunk_count++;
    }
    return TRACE_OK;
}

/* Return: the tick after the chunk's last record that can be read. */
static uint32_t tick_after(const struct chunk *chunk, const uint8_t *records)
{
    struct trace_cursor cursor = trace_cursor_over(records, chunk->used);
    struct event_moment moment = {chunk->first_tick, chunk->first_epoch};
    while (cursor.next < cursor.end && event_skip(&cursor, &moment)) {
    }
    return moment.tick;
}

/* Find the tick of the last event: it is in the last chunk of some stream. */
static enum trace_status find_last_tick(struct reader *reader, struct trace_error *error)
{
    uint8_t records[TRACE_RECORDS_MAX];
    for (size_t i = 0; i < reader->stream_count; i++) {
        const struct event_stream *stream = &reader->streams[i];
        const struct chunk *chunk = &stream->chunks[stream->chunk_count - 1];
        enum trace_status status =
            trace_file_read_chunk(&reader->file, chunk, reader->decoder, records, error);
        if (status == TRACE_IO) {
            return status;
        }
        // Damage is counted when the chunk's turn comes; here it costs a little precision.
        uint32_t tick = status == TRACE_OK ? tick_after(chunk, records) : chunk->first_tick;
        reader->last_tick = tick > reader->last_tick ? tick : reader->last_tick;
    }
    return TRACE_OK;
}

enum trace_status reader_open(const char *path, struct reader *ret_reader,
                              struct trace_error *error)
{
    struct reader reader = {.file.fd = -1};
    enum trace_status status = trace_file_open(path, &reader.file, error);
    if (status != TRACE_OK) {
        return status;
    }
    reader.decoder = chunk_decoder_new();
    if (reader.decoder == NULL) {
        status = trace_fail(error, TRACE_NOMEM, 0, "%s: no memory to decompress it", path);
        goto out;
    }
    status = chunk_index_build(&reader.file, &reader.index, &reader.damage, error);
    if (status != TRACE_OK) {
        goto out;
    }
    status = definitions_load(&reader.file, &reader.index, reader.decoder, &reader.definitions,
                              &reader.damage, error);
    if (status != TRACE_OK) {
        goto out;
    }
    if (code_map_find(&reader.file, "/tmp", &reader.definitions) != TRACE_OK) {
        status = trace_fail(error, TRACE_NOMEM, 0, "%s: no memory for names of code", path);
        goto out;
    }
    status = make_streams(&reader, error);
    if (status == TRACE_OK) {
        status = find_last_tick(&reader, error);
    }
out:
    if (status != TRACE_OK) {
        reader_close(&reader);
        return status;
    }
    *ret_reader = reader;
    return TRACE_OK;
}

void reader_close(struct reader *reader)
{
    for (size_t i = 0; i < reader->stream_count; i++) {
        event_stream_unload(&reader->streams[i]);
    }
    free(reader->streams);
    reader->streams = NULL;
    reader->stream_count = 0;
    definitions_fini(&reader->definitions);
    chunk_index_fini(&reader->index);
    chunk_decoder_free(reader->decoder);
    reader->decoder = NULL;
    trace_file_close(&reader->file);
}
