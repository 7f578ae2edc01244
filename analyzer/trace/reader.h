/*
 * One trace, opened: what it defines, and its streams of events, ready to be replayed. Memory
 * follows what is defined and how many threads there were, not how much happened.
 */
#ifndef ANALYZER_READER_H
#define ANALYZER_READER_H

#include <stddef.h>
#include <stdint.h>

#include "chunk_index.h"
#include "definitions.h"
#include "error.h"
#include "event_stream.h"
#include "trace_file.h"

struct reader {
    struct trace_file file;
    struct chunk_index index;
    struct definitions definitions;
    struct event_stream *streams;
    size_t stream_count;
    struct chunk_decoder *decoder;
    struct damage damage;
    uint64_t event_bytes; /* of all chunks of events, decompressed */
    uint32_t last_tick;   /* of the last event */
};

/*
 * Open a trace and read everything but the events.
 * @path: must outlive @ret_reader.
 * Errors: those of trace_file_open, TRACE_IO, TRACE_NOMEM; a damaged chunk is none.
 */
enum trace_status reader_open(const char *path, struct reader *ret_reader,
                              struct trace_error *error) TRACE_CHECKED;
void reader_close(struct reader *reader);

#endif
