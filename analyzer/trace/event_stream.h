/*
 * The events of one stream: its chunks one after another, at most one of them in memory.
 *
 * A stream stands before its next record, at a moment (tick, epoch). Streams are ordered by that
 * moment, and among equal ones by whether a snapshot comes next (format.md, 5.1).
 */
#ifndef ANALYZER_EVENT_STREAM_H
#define ANALYZER_EVENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chunk_index.h"
#include "error.h"
#include "trace_codec.h"
#include "trace_file.h"

/* First byte of a SNAPSHOT record: such a small number is one byte of varint. */
#define EVENT_SNAPSHOT_BYTE ((TRACE_EV_SNAPSHOT << 3) | TRACE_EV_OTHER)

struct event_stream {
    const struct chunk *chunks; /* in order */
    size_t chunk_count;
    size_t chunk;               /* the current one; chunk_count at the end */
    uint8_t *records;           /* of the current chunk, or NULL */
    struct trace_cursor cursor; /* over them, when they are there */
    size_t position;            /* in them, when they are not */
    uint64_t epoch;
    uint32_t tick;
    uint32_t site; /* of the last allocation before the next record, in the chunk; 0: none */
    uint32_t stream;
    uint32_t rank; /* 0: before other records of the same moment; 1: among them */
};

/* Put the stream before its first record. */
void event_stream_start(struct event_stream *stream);

/*
 * Have the current chunk's records in memory, and the cursor before the next one. A chunk that
 * cannot be read is counted in @damage and passed over: then the stream's moment is that of the
 * next chunk, or its end is reached, and the records are not in memory.
 * Errors: TRACE_NOT_FOUND (passed over), TRACE_IO, TRACE_NOMEM.
 */
enum trace_status event_stream_load(struct event_stream *stream, const struct trace_file *file,
                                    struct chunk_decoder *decoder, struct damage *damage,
                                    struct trace_error *error) TRACE_CHECKED;

/* Give the memory of the current chunk back; the next load reads it again. */
void event_stream_unload(struct event_stream *stream);

/* Go on to the next chunk. */
void event_stream_next_chunk(struct event_stream *stream);

static inline bool event_stream_is_at_end(const struct event_stream *stream)
{
    return stream->chunk == stream->chunk_count;
}

/* Set the rank from what stands at the cursor. */
static inline void event_stream_look_ahead(struct event_stream *stream)
{
    const struct trace_cursor *cursor = &stream->cursor;
    bool is_snapshot = cursor->next < cursor->end && *cursor->next == EVENT_SNAPSHOT_BYTE;
    stream->rank = is_snapshot ? 0 : 1;
}

static inline bool event_stream_is_before(const struct event_stream *a,
                                          const struct event_stream *b)
{
    if (a->tick != b->tick) {
        return a->tick < b->tick;
    }
    if (a->epoch != b->epoch) {
        return a->epoch < b->epoch;
    }
    if (a->rank != b->rank) {
        return a->rank < b->rank;
    }
    return a->stream < b->stream;
}

/* Streams as a heap, the one that is next first. Put the one at @at where it belongs below. */
void event_stream_sift_down(struct event_stream **heap, size_t count, size_t at);

/* Return: the stream that comes after the first; NULL if there is but one. */
const struct event_stream *event_stream_second(struct event_stream *const *heap, size_t count);

#endif
