/*
 * Which chunks a trace has: found by their headers, put in the order of their streams, with what
 * is doubled taken out and what is missing counted (format.md, 3).
 *
 * The index of a chunk takes less memory than a thousandth of the records that it leads to.
 */
#ifndef ANALYZER_CHUNK_INDEX_H
#define ANALYZER_CHUNK_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "trace_file.h"

/* What could not be used of a file. Everything here is told to the user. */
struct damage {
    uint64_t corrupt_chunks;   /* bad header, bad compression, or bad records */
    uint64_t truncated_chunks; /* the file ends before they do */
    uint64_t unknown_chunks;   /* of a kind that this program does not know */
    uint64_t missing_chunks;   /* gaps in sequence numbers, what is counted above included */
    uint64_t lost_bytes;       /* of records in chunks that had to be given up half-way */
};

/* Count a chunk that could not be read for what @status says. */
static inline void damage_count(struct damage *damage, enum trace_status status)
{
    damage->truncated_chunks += status == TRACE_TRUNCATED ? 1 : 0;
    damage->unknown_chunks += status == TRACE_UNSUPPORTED ? 1 : 0;
    damage->corrupt_chunks += status == TRACE_CORRUPT ? 1 : 0;
}

struct chunk_index {
    struct chunk *chunks; /* by content, stream, sequence */
    size_t count;
    size_t capacity;
    size_t events;   /* index of the first chunk of events: definitions come before */
    size_t pictures; /* index of the first chunk of heap pictures: they come last */
};

/*
 * Find the chunks of @file. Windows are copied here, those of events before those of definitions:
 * whatever a copied event names is then defined in what is copied, even while the traced process
 * runs on.
 * @damage: added to.
 * Errors: TRACE_IO, TRACE_NOMEM.
 */
enum trace_status chunk_index_build(const struct trace_file *file, struct chunk_index *ret_index,
                                    struct damage *damage, struct trace_error *error) TRACE_CHECKED;
void chunk_index_fini(struct chunk_index *index);

#endif
