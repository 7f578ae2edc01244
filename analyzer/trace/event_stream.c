/*
 * Which chunk a stream is in, and the one buffer that it holds. A chunk whose records have not been
 * looked at ranks before others of the same moment, for a snapshot may be its first record.
 */
#include "event_stream.h"

#include <stdlib.h>

static void enter_chunk(struct event_stream *stream)
{
    if (event_stream_is_at_end(stream)) {
        return;
    }
    const struct chunk *chunk = &stream->chunks[stream->chunk];
    bool is_later = chunk->first_tick > stream->tick ||
                    (chunk->first_tick == stream->tick && chunk->first_epoch > stream->epoch);
    // Time does not run backwards, whatever a damaged file says.
    if (is_later || stream->chunk == 0) {
        stream->tick = chunk->first_tick;
        stream->epoch = chunk->first_epoch;
    }
    stream->position = 0;
    stream->site = 0;
    stream->rank = 0;
}

void event_stream_start(struct event_stream *stream)
{
    event_stream_unload(stream);
    stream->chunk = 0;
    stream->tick = 0;
    stream->epoch = 0;
    enter_chunk(stream);
}

void event_stream_unload(struct event_stream *stream)
{
    if (stream->records != NULL) {
        stream->position = (size_t)(stream->cursor.next - stream->records);
        free(stream->records);
        stream->records = NULL;
    }
}

void event_stream_next_chunk(struct event_stream *stream)
{
    event_stream_unload(stream);
    stream->chunk++;
    enter_chunk(stream);
}

enum trace_status event_stream_load(struct event_stream *stream, const struct trace_file *file,
                                    struct chunk_decoder *decoder, struct damage *damage,
                                    struct trace_error *error)
{
    const struct chunk *chunk = &stream->chunks[stream->chunk];
    if (stream->records != NULL) {
        return TRACE_OK;
    }
    stream->records = malloc(TRACE_RECORDS_MAX);
    if (stream->records == NULL) {
        return trace_fail(error, TRACE_NOMEM, chunk->offset, "%s: no memory for a chunk of events",
                          file->path);
    }
    enum trace_status status = trace_file_read_chunk(file, chunk, decoder, stream->records, error);
    if (status == TRACE_OK) {
        stream->cursor = trace_cursor_over(stream->records, chunk->used);
        stream->cursor.next += stream->position < chunk->used ? stream->position : chunk->used;
        event_stream_look_ahead(stream);
        return TRACE_OK;
    }
    free(stream->records);
    stream->records = NULL;
    if (status == TRACE_IO) {
        return status;
    }
    damage_count(damage, status);
    damage->lost_bytes += chunk->used;
    event_stream_next_chunk(stream);
    return TRACE_NOT_FOUND;
}

void event_stream_sift_down(struct event_stream **heap, size_t count, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
            if (child < count && event_stream_is_before(heap[child], heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        struct event_stream *moved = heap[at];
        heap[at] = heap[least];
        heap[least] = moved;
        at = least;
    }
}

const struct event_stream *event_stream_second(struct event_stream *const *heap, size_t count)
{
    if (count < 2) {
        return NULL;
    }
    bool is_right = count > 2 && event_stream_is_before(heap[2], heap[1]);
    return is_right ? heap[2] : heap[1];
}
