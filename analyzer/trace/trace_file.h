/*
 * A trace on disk: its header, and its chunks one at a time.
 *
 * The file is untrusted, and may be growing while it is read. Everything is read with pread into
 * memory of our own: a file that shrinks under a mapping would be SIGBUS.
 */
#ifndef ANALYZER_TRACE_FILE_H
#define ANALYZER_TRACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "trace_format.h"

#define TRACE_RECORDS_MAX (TRACE_WINDOW_BYTES - TRACE_CHUNK_BYTES) /* of one chunk */

struct trace_file {
    const char *path; /* the caller's */
    int fd;
    uint64_t size; /* when it was opened */
    struct trace_file_header header;
};

/* Where a chunk is; everything that its header says and a reader needs. */
struct chunk {
    uint64_t offset; /* of its header in the file */
    uint64_t first_epoch;
    uint32_t first_tick;
    uint32_t stream;
    uint32_t sequence;
    uint32_t stored;
    uint32_t used;
    uint8_t content; /* enum trace_content */
    uint8_t compression;
    bool is_window;
    uint8_t *copy; /* a window's records, taken when it was found; NULL for a segment */
};

struct chunk_decoder; /* decompression state and room for one compressed chunk */

/*
 * Open a trace and check its header (format.md, 2).
 * @path: must outlive @ret_file.
 * Errors: TRACE_IO, TRACE_TRUNCATED (empty, or ends inside the header), TRACE_CORRUPT (not a
 * trace, or a damaged header), TRACE_UNSUPPORTED (a newer format).
 */
enum trace_status trace_file_open(const char *path, struct trace_file *ret_file,
                                  struct trace_error *error) TRACE_CHECKED;
void trace_file_close(struct trace_file *file);

/*
 * Read up to @length bytes at @offset.
 * @ret_length: how many there were; fewer only at the end of the file.
 */
enum trace_status trace_file_read(const struct trace_file *file, uint64_t offset, void *buffer,
                                  size_t length, size_t *ret_length,
                                  struct trace_error *error) TRACE_CHECKED;

struct chunk_decoder *chunk_decoder_new(void);
void chunk_decoder_free(struct chunk_decoder *decoder);

/*
 * Get the records of a chunk.
 * @records: room for TRACE_RECORDS_MAX bytes; chunk->used of them are written.
 * Errors: TRACE_TRUNCATED, TRACE_CORRUPT, TRACE_UNSUPPORTED (a compression we do not know),
 * TRACE_IO. All but the last concern this chunk only, and leave @error alone.
 */
enum trace_status trace_file_read_chunk(const struct trace_file *file, const struct chunk *chunk,
                                        struct chunk_decoder *decoder, uint8_t *records,
                                        struct trace_error *error) TRACE_CHECKED;

#endif
